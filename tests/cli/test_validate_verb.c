/* slaw validate as a user runs it. */
#include <check.h>
#include <math.h>
#include <string.h>

#include "common/json.h"
#include "tests/analysis/obs/small_catalog.h"
#include "tests/support/run_slaw.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static TmpDir tmp;

static int slaw(const char *args, bool has_stderr, Buf *out)
{
    return run_slaw(tmp.path, args, NULL, has_stderr ? "2>&1" : "2>/dev/null", out);
}

static json_t *answer(const char *args, int want)
{
    Buf out = BUF_INIT;
    int status = slaw(args, false, &out);
    ck_assert_msg(status == want, "%s: exit %d", args, status);
    json_t *v = json_loads(buf_str(&out), 0, NULL);
    ck_assert_msg(v != NULL, "%s", buf_str(&out));
    buf_release(&out);
    return v;
}

static const json_t *group(const json_t *v, size_t g)
{
    return json_array_get(json_object_get(v, "groups"), g);
}

static double real(const json_t *v, const char *key)
{
    return json_number_value(json_object_get(v, key));
}

/* Gadre et al. 2024 (arXiv:2403.08540), RedPajama runs, C4 validation loss and average error of 17 tasks
 * (github.com/mlfoundations/scaling, MIT): five small runs, the 1.4B run for the errors, two held out. */
static const char gadre[] = "N,D,M,loss,err\n"
                            "411616256,8232325120,20,3.149769457,0.6365529066\n"
                            "78914048,1578280960,20,3.89994299,0.7250451835\n"
                            "153677376,3073547520,20,3.531147408,0.6710080283\n"
                            "10569312,211386240,20,5.387020915,0.8134857368\n"
                            "10569312,3382179840,320,4.572292613,0.7671019084\n"
                            "1439795200,2.8795904e+10,20,2.768756662,0.5473253052\n"
                            "1439795200,9.21468928e+11,640,2.502053562,0.4752152317\n"
                            "6889410560,1.377882112e+11,20,2.424993099,0.4716371806\n";

/* Their published relative errors: 0.7103 % and 0.7320 % of the loss, 3.6365 % and 0.0464 % of the error. */
START_TEST(published_errors_are_reproduced)
{
    tmp = tmpdir_open();
    (void)tmpdir_write(&tmp, "gadre.csv", gadre);
    json_t *v = answer("validate gadre.csv --law overtrained --loss mse --residual raw"
                       " --train 'M=20&N<5e8' --train 'M=320' --test 'M=640' --test 'N>6e9'"
                       " --map error=err --chain error_decay --chain-train 'M=20&N<2e9'"
                       " --only hold-out --json",
                       0);
    static const double want[] = {0.7103, 0.7320}, chained[] = {3.6365, 0.0464};
    const json_t *points = json_object_get(json_object_get(group(v, 0), "hold_out"), "points");
    const json_t *chain = json_object_get(json_object_get(group(v, 0), "chain"), "points");
    ck_assert_uint_eq(json_array_size(points), 2);
    for (size_t i = 0; i < 2; i++) {
        const json_t *p = json_object_get(json_array_get(points, i), "predicted");
        double error = real(json_object_get(p, "overtrained"), "error");
        ck_assert_double_eq_tol(100.0 * error, want[i], 5e-5);
        ck_assert_double_eq_tol(100.0 * real(json_array_get(chain, i), "error"), chained[i], 5e-5);
    }
    json_decref(v);
    tmpdir_close(&tmp);
}
END_TEST

START_TEST(a_study_is_validated_by_group)
{
    tmp = tmpdir_open();
    small_catalog(tmp.path, 6);
    json_t *v = answer("validate . --law chinchilla,kaplan --bootstrap 40 --starts 8 --json", 0);
    ck_assert_int_eq(json_integer_value(json_object_get(v, "schema")), 1);
    ck_assert_str_eq(json_string_value(json_object_get(v, "source")), ".");
    ck_assert_ptr_nonnull(json_object_get(v, "input"));
    ck_assert_uint_eq(json_array_size(json_object_get(v, "groups")), 2);
    const json_t *g = group(v, 1);
    ck_assert_str_eq(json_string_value(json_object_get(g, "group")), "tnl");
    const json_t *h = json_object_get(g, "hold_out");
    ck_assert_str_eq(json_string_value(json_object_get(h, "by")), "N");
    /* last of each run: 3 + 2 + 1 predictions from 3, 4 and 5 sizes, of an exact law */
    ck_assert_uint_eq(json_array_size(json_object_get(h, "points")), 6);
    const json_t *total = json_object_get(json_object_get(h, "summary"), "chinchilla");
    ck_assert_double_lt(real(total, "mean_abs_error"), 1e-7);
    ck_assert_double_gt(
        real(json_object_get(json_object_get(h, "summary"), "chinchilla E=0"), "mean_abs_error"),
        1e-4);
    const json_t *law = json_array_get(json_object_get(g, "laws"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(law, "law")), "chinchilla");
    ck_assert(json_is_true(json_object_get(law, "best")));
    ck_assert_str_eq(json_string_value(json_object_get(json_object_get(g, "influence"), "unit")),
                     "run");
    static const char *const part[] = {"sensitivity", "residuals", "conclusion", "values"};
    for (size_t i = 0; i < 4; i++) {
        ck_assert_ptr_nonnull(json_object_get(g, part[i]));
    }
    /* N_total is in the catalog, so the choice is there */
    const json_t *choices = json_object_get(json_object_get(g, "sensitivity"), "choices");
    bool has_total = false;
    for (size_t i = 0; i < json_array_size(choices); i++) {
        const char *name = json_string_value(json_object_get(json_array_get(choices, i), "choice"));
        has_total = has_total || strcmp(name, "N with embeddings") == 0;
    }
    ck_assert(has_total);
    json_decref(v);
    tmpdir_close(&tmp);
}
END_TEST

START_TEST(text_says_the_answer_first)
{
    Buf out = BUF_INIT;
    tmp = tmpdir_open();
    small_catalog(tmp.path, 6);
    ck_assert_int_eq(slaw("validate . --law chinchilla --bootstrap 0 --starts 8", true, &out), 0);
    static const char *const want[] = {"Trained on the 40 points up to N = 2.8e+06",
                                       "predicts best",
                                       "Held out: the larger N",
                                       "levels ahead",
                                       "Influence: each run left out",
                                       "Sensitivity",
                                       "Jarque-Bera"};
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        ck_assert_msg(strstr(buf_str(&out), want[i]) != NULL, "no \"%s\" in\n%s", want[i],
                      buf_str(&out));
    }
    ck_assert_int_eq(slaw("validate . --law chinchilla --bootstrap 0 --format csv", false, &out),
                     0);
    ck_assert_int_eq(strncmp(buf_str(&out), "group,law,levels,trained_to,ahead,", 34), 0);
    buf_release(&out);
    tmpdir_close(&tmp);
}
END_TEST

/* One shape of an interval, one declaration of the laws, and only options that are honoured. */
START_TEST(an_interval_has_one_shape)
{
    tmp = tmpdir_open();
    small_catalog(tmp.path, 6);
    json_t *v = answer("validate . --law chinchilla,kaplan --bootstrap 40 --starts 8 --json", 0);
    const json_t *g = group(v, 0), *values = json_object_get(g, "values");
    const json_t *alpha = json_object_get(json_object_get(values, "alpha"), "interval");
    const json_t *points = json_object_get(json_object_get(g, "hold_out"), "points");
    const json_t *last = json_array_get(points, json_array_size(points) - 1);
    const json_t *predicted = json_object_get(last, "predicted");
    const json_t *own = json_object_get(json_object_get(predicted, "chinchilla"), "interval");
    const json_t *largest = json_object_get(json_object_get(g, "sensitivity"), "largest");
    const json_t *shift = json_object_get(json_object_get(largest, "alpha"), "interval");
    const json_t *const interval[] = {alpha, own, shift};
    for (size_t i = 0; i < 3; i++) {
        ck_assert_double_le(real(interval[i], "lo"), real(interval[i], "hi"));
        ck_assert_str_eq(json_string_value(json_object_get(interval[i], "method")), "bootstrap");
    }
    const json_t *o = json_object_get(v, "options");
    static const char *const gone[] = {"isoflop", "share", "window", "intervals"};
    for (size_t i = 0; i < 4; i++) {
        ck_assert_ptr_null(json_object_get(o, gone[i]));
    }
    ck_assert_ptr_nonnull(json_object_get(o, "hold_out"));
    json_decref(v);
    tmpdir_close(&tmp);
}
END_TEST

START_TEST(tables_fit_the_width)
{
    Buf out = BUF_INIT;
    tmp = tmpdir_open();
    small_catalog(tmp.path, 6);
    ck_assert_int_eq(
        slaw("validate . --law chinchilla,kaplan --bootstrap 20 --starts 8 --width 80", true, &out),
        0);
    for (const char *line = buf_str(&out); *line;) {
        size_t n = strcspn(line, "\n");
        ck_assert_uint_le(n, 80);
        line += n + (line[n] == '\n');
    }
    buf_release(&out);
    tmpdir_close(&tmp);
}
END_TEST

/* What LaTeX would take as mathematics outside of it is what stopped it: _ and ^. */
START_TEST(latex_has_its_mathematics_in_math_mode)
{
    Buf out = BUF_INIT;
    tmp = tmpdir_open();
    small_catalog(tmp.path, 6);
    ck_assert_int_eq(
        slaw("validate . --law chinchilla --bootstrap 20 --starts 8 --format latex", true, &out),
        0);
    bool is_math = false, is_comment = false, is_escaped = false;
    for (const char *c = buf_str(&out); *c; c++) {
        is_comment = *c == '\n' ? false : is_comment || (*c == '%' && !is_escaped);
        is_math = !is_comment && !is_escaped && *c == '$' ? !is_math : is_math;
        ck_assert_msg(is_math || is_comment || is_escaped || (*c != '_' && *c != '^'), "%.60s", c);
        is_escaped = *c == '\\' && !is_escaped;
    }
    ck_assert(!is_math);
    buf_release(&out);
    tmpdir_close(&tmp);
}
END_TEST

START_TEST(what_is_refused_is_said_with_exit_1)
{
    Buf out = BUF_INIT;
    tmp = tmpdir_open();
    small_catalog(tmp.path, 2);
    ck_assert_int_eq(slaw("validate . --law chinchilla", true, &out), 1);
    ck_assert_ptr_nonnull(
        strstr(buf_str(&out), "Refused: llama, fit: chinchilla needs at least 3 different"));
    ck_assert_ptr_null(strstr(buf_str(&out), "nan"));
    json_t *v = answer("validate . --law chinchilla --json", 1);
    ck_assert_uint_ge(json_array_size(json_object_get(v, "refused")), 2);
    json_decref(v);
    buf_release(&out);
    tmpdir_close(&tmp);
}
END_TEST

START_TEST(wrong_options_are_usage_errors)
{
    static const char *const bad[] = {"--hold-out sizes",   "--only all",
                                      "--train x",          "--format pdf",
                                      "--chain chinchilla", "--hold-out N --train N=1",
                                      "--isoflop",          "--share alpha"};
    Buf out = BUF_INIT;
    tmp = tmpdir_open();
    small_catalog(tmp.path, 6);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char args[128];
        (void)snprintf(args, sizeof args, "validate . %s", bad[i]);
        ck_assert_msg(slaw(args, true, &out) == 2, "%s: %s", bad[i], buf_str(&out));
    }
    buf_release(&out);
    tmpdir_close(&tmp);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "validate_verb"});
}
