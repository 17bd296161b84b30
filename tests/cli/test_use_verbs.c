/* predict and allocate as a user runs them: the slaw program on CSV files and on a study. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/rng.h"
#include "tests/analysis/obs/small_catalog.h"
#include "tests/support/check_page.h"
#include "tests/support/json_at.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"
#include "tests/support/verb.h"

static const double law[] = {1.69, 406.4, 410.7, 0.34, 0.28};

static double truth(double n, double d)
{
    return law[0] + law[1] * pow(n, -law[3]) + law[2] * pow(d, -law[4]);
}

/* fits.csv: 7 sizes x 8 lengths of the law, each size a run s0 .. s6, with noise; column "half" has two groups;
 * C is 6 N D. */
static void write_csv(const char *name, double noise)
{
    Buf text = BUF_INIT;
    buf_puts(&text, "run,half,N,D,C,loss\n");
    for (int i = 0; i < 7; i++) {
        for (int j = 0; j < 8; j++) {
            double n = 1e7 * pow(3.0, i), d = 2e8 * pow(2.5, j);
            double loss = truth(n, d) * exp(noise * rng_normal(3, 1, (uint64_t)(8 * i + j)));
            buf_printf(&text, "s%d,%s,%.17g,%.17g,%.17g,%.17g\n", i, j % 2 ? "odd" : "even", n, d,
                       6.0 * n * d, loss);
        }
    }
    (void)tmpdir_write(&tmp, name, buf_str(&text));
    buf_release(&text);
}

START_TEST(predictions_of_exact_data_are_the_law)
{
    write_csv("exact.csv", 0.0);
    json_t *v = slaw_json("predict exact.csv --N 7e9,1G --D 3e11 --bootstrap 30 --json", 0);
    ck_assert_uint_eq(count_at(v, "predictions"), 2);
    const json_t *p = json_at(v, "predictions.0");
    ck_assert_double_eq_tol(number_at(p, "loss") / truth(7e9, 3e11), 1.0, 1e-10);
    ck_assert_double_eq_tol(number_at(p, "C") / 1.26e22, 1.0, 1e-12);
    const json_t *outside = json_object_get(p, "outside");
    ck_assert_double_eq_tol(number_at(outside, "N"), log(7e9 / 7.29e9) > 0.0 ? 1.0 : 0.0, 1e-12);
    ck_assert_double_eq_tol(number_at(outside, "D"), log(3e11 / (2e8 * pow(2.5, 7))), 1e-9);
    ck_assert_str_eq(text_at(p, "group"), "all");
    ck_assert_ptr_nonnull(json_object_get(v, "input"));
    json_decref(v);
    /* as many of both go in pairs; --grid makes all pairs */
    v = slaw_json("predict exact.csv --N 1e8,1e9 --D 1e10,1e11 --bootstrap 0 --json", 0);
    ck_assert_uint_eq(count_at(v, "predictions"), 2);
    ck_assert_double_eq(number_at(v, "predictions.1.D"), 1e11);
    p = json_at(v, "predictions.0");
    ck_assert(json_is_null(json_object_get(p, "lo")) &&
              json_is_null(json_object_get(p, "new_run")));
    ck_assert_ptr_null(json_object_get(p, "interval"));
    json_decref(v);
    v = slaw_json("predict exact.csv --N 1e8,1e9 --D 1e10,1e11 --grid --bootstrap 0 --json", 0);
    ck_assert_uint_eq(count_at(v, "predictions"), 4);
    json_decref(v);
    v = slaw_json("predict exact.csv --N 1e9 --flops 6e20 --bootstrap 0 --json", 0);
    ck_assert_double_eq_tol(number_at(v, "predictions.0.D") / 1e11, 1.0, 1e-12);
    json_decref(v);
}
END_TEST

START_TEST(intervals_are_nested_and_groups_are_apart)
{
    write_csv("noisy.csv", 0.01);
    json_t *v = slaw_json("predict noisy.csv --N 1e9 --D 1e11 --by half --json "
                          "--law chinchilla,kaplan,power:C --resample cases",
                          0);
    ck_assert_uint_eq(count_at(v, "predictions"), 6);
    for (size_t i = 0; i < 6; i++) {
        const json_t *p = json_at(v, "predictions.%zu", i);
        ck_assert(number_at(p, "lo") < number_at(p, "loss") &&
                  number_at(p, "loss") < number_at(p, "hi"));
        ck_assert(number_at(p, "predict_lo") < number_at(p, "lo"));
        ck_assert(number_at(p, "predict_hi") > number_at(p, "hi"));
        /* the flat ends are those of the objects */
        const json_t *law_interval = json_object_get(p, "interval");
        const json_t *new_run = json_object_get(p, "new_run");
        ck_assert_double_eq(number_at(law_interval, "lo"), number_at(p, "lo"));
        ck_assert_double_eq(number_at(new_run, "hi"), number_at(p, "predict_hi"));
        ck_assert_double_gt(number_at(law_interval, "se"), 0.0);
        ck_assert_str_eq(text_at(new_run, "method"), "bootstrap");
    }
    ck_assert_str_eq(text_at(v, "predictions.1.group"), "odd");
    json_decref(v);
}
END_TEST

START_TEST(a_run_is_predicted_from_the_others)
{
    write_csv("noisy.csv", 0.005);
    json_t *v = slaw_json("predict noisy.csv --run s6 --json", 0);
    const json_t *p = json_at(v, "predictions.0");
    ck_assert_str_eq(text_at(p, "run"), "s6");
    ck_assert_double_eq(number_at(p, "points"), 8.0);
    ck_assert_double_eq(number_at(p, "n_fit"), 48.0);
    ck_assert_double_eq_tol(number_at(p, "N"), 7.29e9, 1.0);
    ck_assert_double_eq_tol(number_at(p, "error"), number_at(p, "loss") - number_at(p, "measured"),
                            1e-12);
    ck_assert_double_lt(fabs(number_at(p, "error_relative")), 0.03);
    ck_assert(json_is_boolean(json_at(p, "within.run")));
    ck_assert(number_at(p, "outside.N") > 1.0);
    json_decref(v);
    CHECK_SLAW("predict noisy.csv --run s6", 0,
               "Without s6, chinchilla predicts loss = ", "the interval of a new run.\n");
}
END_TEST

START_TEST(allocations_of_exact_data_are_the_closed_form)
{
    double sum = law[3] + law[4], g = pow(law[3] * law[1] / (law[4] * law[2]), 1.0 / sum);
    double c = 5.76e23, n = g * pow(c / 6.0, law[4] / sum), d = c / 6.0 / n;
    write_csv("exact.csv", 0.0);
    json_t *v = slaw_json("allocate exact.csv --flops 1e21,5.76e23 --convention 6nd --json", 0);
    const json_t *a = json_at(v, "allocations.1");
    ck_assert_double_eq_tol(number_at(a, "N") / n, 1.0, 1e-9);
    ck_assert_double_eq_tol(number_at(a, "D") / d, 1.0, 1e-9);
    ck_assert_double_eq_tol(number_at(a, "loss") / truth(n, d), 1.0, 1e-10);
    ck_assert_double_eq_tol(number_at(a, "tokens_per_parameter") / (d / n), 1.0, 1e-9);
    ck_assert(json_is_object(json_object_get(a, "intervals")));
    json_decref(v);
    char args[256];
    (void)snprintf(args, sizeof args, "allocate exact.csv --loss %.17g --N %.17g --json",
                   truth(n, d), n);
    v = slaw_json(args, 0);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_double_eq_tol(number_at(v, "allocations.%zu.C", i) / c, 1.0, 1e-8);
    }
    json_decref(v);
    (void)snprintf(args, sizeof args,
                   "allocate exact.csv --flops 5.76e23 --at-N %.17g --tokens-per-parameter 200 "
                   "--json",
                   n / 4.0);
    v = slaw_json(args, 0);
    ck_assert_uint_eq(count_at(v, "allocations"), 3);
    const json_t *cost = json_at(v, "allocations.1");
    double own = truth(n / 4.0, 4.0 * d);
    ck_assert_double_eq_tol(number_at(cost, "penalty"), own - truth(n, d), 1e-9);
    ck_assert_double_gt(number_at(cost, "compute_factor"), 1.2);
    ck_assert_double_eq_tol(number_at(v, "allocations.2.tokens_per_parameter"), 200.0, 1e-6);
    json_decref(v);
}
END_TEST

START_TEST(approaches_stand_beside_each_other)
{
    write_csv("noisy.csv", 0.002);
    json_t *v = slaw_json("allocate noisy.csv --approaches --flops 1e20 --bootstrap 40 --json", 0);
    const json_t *all = json_at(v, "approaches.0.approaches");
    ck_assert_uint_eq(json_array_size(all), 4);
    const json_t *envelope = json_array_get(all, 0), *fit = json_array_get(all, 3);
    ck_assert_str_eq(text_at(envelope, "method"), "envelope");
    ck_assert_str_eq(text_at(fit, "approach"), "3");
    ck_assert_double_eq_tol(number_at(fit, "a"), law[4] / (law[3] + law[4]), 0.02);
    ck_assert(json_is_object(json_at(envelope, "intervals.a")));
    ck_assert(isfinite(number_at(envelope, "bias.a")));
    ck_assert(json_is_array(json_at(v, "approaches.0.disagreements")));
    json_decref(v);
    CHECK_SLAW("allocate noisy.csv --approaches --bootstrap 0", 0, "3         parametric",
               "N_opt(");
    CHECK_SLAW("allocate noisy.csv --approaches --bootstrap 0 --format csv", 0,
               "group,approach,method,name,C,value,lo,hi,bias", "all,3,parametric,D_opt,");
}
END_TEST

/* small_catalog has no column that 6nd and the others agree on: C_paper and C_exact are its own. */
START_TEST(a_study_is_asked_under_each_convention)
{
    small_catalog(tmp_folder("study"), 4);
    static const char *const convention[] = {"6nd", "exact", "paper"};
    double n[3];
    for (size_t i = 0; i < 3; i++) {
        char args[128];
        (void)snprintf(args, sizeof args,
                       "allocate study --flops 1e14 --convention %s --law chinchilla "
                       "--bootstrap 0 --starts 8 --json",
                       convention[i]);
        json_t *v = slaw_json(args, 0);
        ck_assert_uint_eq(count_at(v, "allocations"), 2);
        ck_assert_str_eq(text_at(v, "convention"), convention[i]);
        const json_t *a = json_at(v, "allocations.0");
        const json_t *f = json_at(v, "fits.0.flops_per_token");
        n[i] = number_at(a, "N");
        ck_assert(number_at(a, "step") < 1e-8 && number_at(f, "misfit") < 0.1);
        json_decref(v);
    }
    ck_assert(n[0] > 0.0 && n[1] > 0.0 && n[2] > 0.0);
}
END_TEST

START_TEST(mistakes_have_their_exit_status)
{
    write_csv("fits.csv", 0.005);
    check_mistakes("use");
}
END_TEST

/* Every table fits the width asked for, and LaTeX has no mathematics outside of dollars. */
START_TEST(answers_fit_the_page)
{
    static const char *const args[] = {
        "predict noisy.csv --by half --N 1e9,7e11 --D 1e11,1e13 --bootstrap 20",
        "predict noisy.csv --run s6 --bootstrap 20",
        "allocate noisy.csv --by half --flops 1e20,1e24 --at-N 1e9 --bootstrap 20",
        "allocate noisy.csv --approaches --flops 1e20,1e21 --bootstrap 20"};
    write_csv("noisy.csv", 0.005);
    for (size_t i = 0; i < sizeof args / sizeof args[0]; i++) {
        check_pages(args[i]);
    }
}
END_TEST

/* --loss 2.5 asks for a loss, and the options that are recorded say so. */
START_TEST(what_is_recorded_is_what_was_asked)
{
    write_csv("fits.csv", 0.005);
    json_t *v = slaw_json("allocate fits.csv --loss 2.5 --bootstrap 0 --json", 0);
    const json_t *options = json_object_get(v, "options");
    ck_assert_double_eq(number_at(options, "at_loss.0"), 2.5);
    ck_assert_ptr_null(json_object_get(options, "share"));
    ck_assert_ptr_null(json_object_get(options, "isoflop"));
    json_decref(v);
}
END_TEST

/* What is refused is part of the answer, on standard output, with its hint. */
START_TEST(refusals_are_part_of_the_answer)
{
    Buf out = BUF_INIT;
    write_csv("fits.csv", 0.005);
    json_t *v = slaw_json("allocate fits.csv --at-loss 2.5,1.5 --json", 1);
    ck_assert_uint_eq(count_at(v, "allocations"), 1);
    const json_t *refused = json_at(v, "refused.0");
    ck_assert_str_eq(text_at(refused, "group"), "all");
    ck_assert_ptr_nonnull(strstr(text_at(refused, "reason"), "reaches a loss of 1.5"));
    ck_assert_ptr_nonnull(json_object_get(refused, "hint"));
    json_decref(v);
    ck_assert_int_eq(slaw("allocate fits.csv --at-loss 1.5", false, &out), 1);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "Refused: all: chinchilla: no compute reaches"));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "Hint: "));
    buf_release(&out);
}
END_TEST

int main(void)
{
    return test_main(
        (TestPlan){.name = "cli/use_verbs", .set_up = tmp_open, .tear_down = tmp_close});
}
