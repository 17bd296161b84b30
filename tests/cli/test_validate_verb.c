/* slaw validate as a user runs it. */
#include <check.h>
#include <math.h>
#include <string.h>

#include "common/json.h"
#include "tests/analysis/obs/small_catalog.h"
#include "tests/support/check_page.h"
#include "tests/support/json_at.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"
#include "tests/support/verb.h"

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
    (void)tmpdir_write(&tmp, "gadre.csv", gadre);
    json_t *v = slaw_json("validate gadre.csv --law overtrained --loss mse --residual raw"
                          " --train 'M=20&N<5e8' --train 'M=320' --test 'M=640' --test 'N>6e9'"
                          " --map error=err --chain error_decay --chain-train 'M=20&N<2e9'"
                          " --only hold-out --json",
                          0);
    static const double want[] = {0.7103, 0.7320}, chained[] = {3.6365, 0.0464};
    const json_t *points = json_at(v, "groups.0.hold_out.points");
    const json_t *chain = json_at(v, "groups.0.chain.points");
    ck_assert_uint_eq(json_array_size(points), 2);
    for (size_t i = 0; i < 2; i++) {
        const json_t *p = json_at(points, "%zu.predicted", i);
        double error = number_at(p, "overtrained.error");
        ck_assert_double_eq_tol(100.0 * error, want[i], 5e-5);
        ck_assert_double_eq_tol(100.0 * number_at(chain, "%zu.error", i), chained[i], 5e-5);
    }
    json_decref(v);
}
END_TEST

START_TEST(a_study_is_validated_by_group)
{
    small_catalog(tmp.path, 6);
    json_t *v = slaw_json("validate . --law chinchilla,kaplan --bootstrap 40 --starts 8 --json", 0);
    ck_assert_str_eq(text_at(v, "source"), ".");
    ck_assert_ptr_nonnull(json_object_get(v, "input"));
    ck_assert_uint_eq(count_at(v, "groups"), 2);
    const json_t *g = json_at(v, "groups.1");
    ck_assert_str_eq(text_at(g, "group"), "tnl");
    const json_t *h = json_object_get(g, "hold_out");
    ck_assert_str_eq(text_at(h, "by"), "N");
    /* last of each run: 3 + 2 + 1 predictions from 3, 4 and 5 sizes, of an exact law */
    ck_assert_uint_eq(count_at(h, "points"), 6);
    const json_t *total = json_at(h, "summary.chinchilla");
    ck_assert_double_lt(number_at(total, "mean_abs_error"), 1e-7);
    ck_assert_double_gt(number_at(h, "summary.chinchilla E=0.mean_abs_error"), 1e-4);
    const json_t *law = json_at(g, "laws.0");
    ck_assert_str_eq(text_at(law, "law"), "chinchilla");
    ck_assert(json_is_true(json_object_get(law, "best")));
    ck_assert_str_eq(text_at(g, "influence.unit"), "run");
    static const char *const part[] = {"sensitivity", "residuals", "conclusion", "values"};
    for (size_t i = 0; i < 4; i++) {
        ck_assert_ptr_nonnull(json_object_get(g, part[i]));
    }
    /* N_total is in the catalog, so the choice is there */
    const json_t *choices = json_at(g, "sensitivity.choices");
    bool has_total = false;
    for (size_t i = 0; i < json_array_size(choices); i++) {
        const char *name = text_at(choices, "%zu.choice", i);
        has_total = has_total || strcmp(name, "N with embeddings") == 0;
    }
    ck_assert(has_total);
    json_decref(v);
}
END_TEST

START_TEST(text_says_the_answer_first)
{
    Buf out = BUF_INIT;
    small_catalog(tmp.path, 6);
    ck_assert_int_eq(slaw("validate . --law chinchilla --bootstrap 0 --starts 8", true, &out), 0);
    static const char *const want[] = {"Trained on the 40 points up to N = 2.8e+06",
                                       "predicts best",
                                       "Held out: the larger N",
                                       "levels ahead",
                                       "Influence: each left out in turn",
                                       "Sensitivity",
                                       "Jarque-Bera"};
    check_words(buf_str(&out), sizeof want / sizeof want[0], want);
    ck_assert_int_eq(slaw("validate . --law chinchilla --bootstrap 0 --format csv", false, &out),
                     0);
    ck_assert_int_eq(strncmp(buf_str(&out), "group,law,levels,trained_to,ahead,", 34), 0);
    buf_release(&out);
}
END_TEST

/* One shape of an interval, one declaration of the laws, and only options that are honoured. */
START_TEST(an_interval_has_one_shape)
{
    small_catalog(tmp.path, 6);
    json_t *v = slaw_json("validate . --law chinchilla,kaplan --bootstrap 40 --starts 8 --json", 0);
    const json_t *g = json_at(v, "groups.0"), *values = json_object_get(g, "values");
    const json_t *alpha = json_at(values, "alpha.interval");
    const json_t *points = json_at(g, "hold_out.points");
    const json_t *last = json_array_get(points, json_array_size(points) - 1);
    const json_t *predicted = json_object_get(last, "predicted");
    const json_t *own = json_at(predicted, "chinchilla.interval");
    const json_t *largest = json_at(g, "sensitivity.largest");
    const json_t *shift = json_at(largest, "alpha.interval");
    const json_t *const interval[] = {alpha, own, shift};
    for (size_t i = 0; i < 3; i++) {
        ck_assert_double_le(number_at(interval[i], "lo"), number_at(interval[i], "hi"));
        ck_assert_str_eq(text_at(interval[i], "method"), "bootstrap");
    }
    const json_t *o = json_object_get(v, "options");
    static const char *const gone[] = {"isoflop", "share", "window", "intervals"};
    for (size_t i = 0; i < 4; i++) {
        ck_assert_ptr_null(json_object_get(o, gone[i]));
    }
    ck_assert_ptr_nonnull(json_object_get(o, "hold_out"));
    json_decref(v);
}
END_TEST

START_TEST(answers_fit_the_page)
{
    small_catalog(tmp.path, 6);
    check_pages("validate . --law chinchilla,kaplan --bootstrap 20 --starts 8");
}
END_TEST

START_TEST(what_is_refused_is_said_with_exit_1)
{
    Buf out = BUF_INIT;
    small_catalog(tmp.path, 2);
    ck_assert_int_eq(slaw("validate . --law chinchilla", true, &out), 1);
    ck_assert_ptr_nonnull(
        strstr(buf_str(&out), "Refused: llama, fit: chinchilla needs at least 3 different"));
    ck_assert_ptr_null(strstr(buf_str(&out), "nan"));
    json_t *v = slaw_json("validate . --law chinchilla --json", 1);
    ck_assert_uint_ge(count_at(v, "refused"), 2);
    json_decref(v);
    buf_release(&out);
}
END_TEST

START_TEST(wrong_options_are_usage_errors)
{
    static const char *const bad[] = {"--hold-out sizes",   "--only all",
                                      "--train x",          "--format pdf",
                                      "--chain chinchilla", "--hold-out N --train N=1",
                                      "--isoflop",          "--share alpha"};
    small_catalog(tmp.path, 6);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char args[128];
        (void)snprintf(args, sizeof args, "validate . %s", bad[i]);
        CHECK_SLAW(args, 2, "");
    }
}
END_TEST

int main(void)
{
    return test_main(
        (TestPlan){.name = "validate_verb", .set_up = tmp_open, .tear_down = tmp_close});
}
