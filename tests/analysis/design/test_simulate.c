/* Truths against their closed forms; simulated losses against the moments that their noise must have;
 * simulations against what is known of least squares. */
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/design/simulate.h"
#include "tests/support/suite.h"

enum { MAX_POINTS = 512 };

typedef struct Design {
    double n[MAX_POINTS], d[MAX_POINTS];
    size_t run[MAX_POINTS];
    FitData data;
} Design;

static Design design;

static const FitData *grid(size_t sizes, size_t steps, bool has_runs)
{
    size_t k = 0;
    for (size_t i = 0; i < sizes; i++) {
        for (size_t j = 0; j < steps; j++, k++) {
            design.n[k] = 4.7e6 * pow(900.0, (double)i / (double)(sizes - 1));
            design.d[k] = 1.9e8 * pow(700.0, (double)j / (double)(steps > 1 ? steps - 1 : 1));
            design.run[k] = i;
        }
    }
    design.data = (FitData){.n = k,
                            .params = design.n,
                            .tokens = design.d,
                            .run = design.run,
                            .n_runs = has_runs ? sizes : 0};
    return &design.data;
}

START_TEST(truths_are_parsed)
{
    Truth t;
    Err err = ERR_INIT;
    ck_assert_int_eq(truth_parse("chinchilla:E=1.8,A=480,B=2k,alpha=0.35,beta=0.37", &t, &err), 0);
    ck_assert_double_eq_tol(truth_loss(&t, 1e8, 1e10, 0.0),
                            1.8 + 480 * pow(1e8, -0.35) + 2000 * pow(1e10, -0.37), 1e-12);
    ck_assert_int_eq(truth_parse("power:C:A=20,alpha=0.05", &t, &err), 0);
    ck_assert_double_eq_tol(truth_loss(&t, 1.0, 1.0, 1e20), 20 * pow(1e20, -0.05), 1e-12);
    ck_assert_int_eq(truth_parse("hoffmann", &t, &err), 0);
    /* the published best size of this law: arXiv:2203.15556, section 3.3, G (C/6)^a */
    double a = 0.28 / 0.62, g = pow(0.34 * 406.4 / (0.28 * 410.7), 1.0 / 0.62);
    ck_assert_double_eq_tol(truth_value(&t, "N_opt", 6e20) / (g * pow(1e20, a)), 1.0, 1e-12);
    ck_assert_double_eq_tol(truth_value(&t, "a", 0.0), a, 1e-12);
    ck_assert(isnan(truth_value(&t, "chance", 0.0)));
    ck_assert_int_eq(truth_parse("solvable:alpha=0.4,M=5000,ridge=none,E=2", &t, &err), 0);
    ck_assert_uint_eq(t.solvable.latent, 5000);
    ck_assert_int_eq((int)t.solvable.ridge, (int)SOLVABLE_RIDGELESS);
}
END_TEST

START_TEST(what_is_no_truth_is_named)
{
    static const char *const text[][2] = {
        {"chinchilla:E=1", "lacks A"},     {"chinchilla:E=1,gamma=2", "gamma"},
        {"logistic:k=1", "is no truth"},   {"nonsense", "is no truth"},
        {"solvable:beta=1", "beta"},       {"solvable:ridge=much", "ridge= takes"},
        {"chinchilla:E=x", "NAME=NUMBER"},
    };
    for (size_t i = 0; i < sizeof text / sizeof text[0]; i++) {
        Truth t;
        Err err = ERR_INIT;
        ck_assert_int_eq(truth_parse(text[i][0], &t, &err), ERR_USAGE);
        ck_assert_msg(strstr(err.msg, text[i][1]) != NULL, "%s: %s", text[i][0], err.msg);
    }
}
END_TEST

/* On C = 6 N D the solvable model without preference has its best size at equal features and
 * samples, and alpha is its slope there: L(N, N) falls as N^-alpha. */
START_TEST(the_solvable_truth_grows_evenly)
{
    Truth t;
    Err err = ERR_INIT;
    const FitData *data = grid(8, 9, false);
    ck_assert_int_eq(truth_parse("solvable:alpha=0.5,E=0,M=1M", &t, &err), ERR_OK);
    ck_assert_int_eq(truth_open(&t, data, &err), ERR_OK);
    double c = 6.0 * 1e4 * t.n_unit * t.d_unit; /* 100 features by 100 samples */
    double n = truth_value(&t, "N_opt", c) / t.n_unit;
    double ratio = truth_value(&t, "N_opt", 100.0 * c) / truth_value(&t, "N_opt", c);
    ck_assert_double_eq_tol(n, 100.0, 10.0);
    ck_assert_double_eq_tol(log(ratio) / log(100.0), 0.5, 0.01);
    double slope =
        log(truth_value(&t, "L_opt", c) / truth_value(&t, "L_opt", 100.0 * c)) / log(10.0);
    ck_assert_double_eq_tol(slope, 0.5, 0.02);
    truth_release(&t);
}
END_TEST

/* A moved exponent leaves the loss in the middle of the data. */
START_TEST(a_moved_truth_turns_about_the_middle)
{
    const FitData *data = grid(9, 9, false);
    const Truth *t = truth_named(0);
    Truth moved;
    Err err = ERR_INIT;
    double n = sqrt(design.n[0] * design.n[80]), d = sqrt(design.d[0] * design.d[80]);
    ck_assert_int_eq(truth_moved(t, data, "alpha", 0.05, &moved, &err), ERR_OK);
    ck_assert_double_eq_tol(moved.params[3], 0.39, 1e-12);
    ck_assert_double_eq_tol(truth_loss(&moved, n, d, 0), truth_loss(t, n, d, 0), 1e-9);
    ck_assert_int_eq(truth_moved(t, data, "gamma", 0.05, &moved, &err), ERR_USAGE);
}
END_TEST

/* ln L - ln truth: variance run^2 + point^2, covariance within a run run^2 + point^2 rho^|i-j|; over
 * 4,000 studies of 16 x 4 points with standard errors of 1.1 % (variances of 64,000 numbers whose
 * runs share a part) and less; allowed 4 of them. */
START_TEST(noise_has_its_moments)
{
    enum { STUDIES = 4000 };
    const FitData *data = grid(16, 4, true);
    const SimNoise noise = {0.003, 0.002, 0.6};
    double loss[64], work[80], same = 0.0, next = 0.0, third = 0.0, mean = 0.0;
    for (uint32_t s = 0; s < STUDIES; s++) {
        double e[64];
        simulate_losses(truth_named(0), data, &noise, 7, s, loss, work);
        for (size_t i = 0; i < 64; i++) {
            e[i] = log(loss[i] / truth_loss(truth_named(0), design.n[i], design.d[i], 0.0));
            mean += e[i] / (64.0 * STUDIES);
        }
        for (size_t r = 0; r < 16; r++) {
            for (size_t i = 0; i < 4; i++) {
                same += e[4 * r + i] * e[4 * r + i] / (64.0 * STUDIES);
            }
            next += e[4 * r] * e[4 * r + 1] / (16.0 * STUDIES);
            third += e[4 * r] * e[4 * r + 3] / (16.0 * STUDIES);
        }
    }
    ck_assert_double_eq_tol(mean, 0.0, 4.0 * 0.0036 / sqrt(16.0 * STUDIES));
    ck_assert_double_eq_tol(same / 13e-6, 1.0, 0.03);
    ck_assert_double_eq_tol(next / (9e-6 + 4e-6 * 0.6), 1.0, 0.03);
    ck_assert_double_eq_tol(third / (9e-6 + 4e-6 * 0.216), 1.0, 0.03);
}
END_TEST

static SimOptions options(void)
{
    SimOptions o = {.fit = fit_defaults(&form_chinchilla), .studies = 40, .seed = 3, .threads = 1};
    o.fit.loss = (FitLoss){FIT_MSE, 0.0, 1.0};
    o.fit.starts = 8;
    o.fit.bootstrap = 60;
    o.fit.at[0] = 1e21;
    o.fit.n_at = 1;
    o.noise = (SimNoise){.run = 0.005, .point = 0.002};
    return o;
}

static const SimValue *named(const Simulation *s, const char *name)
{
    for (size_t k = 0; k < s->n_values; k++) {
        if (strcmp(s->value[k].name, name) == 0) {
            return &s->value[k];
        }
    }
    ck_abort_msg("no %s", name);
    return NULL;
}

START_TEST(threads_change_no_bit)
{
    static Simulation one, three;
    SimOptions o = options();
    Err err = ERR_INIT;
    const FitData *data = grid(16, 12, true);
    o.difference = "alpha";
    o.difference_by = 0.05;
    o.studies = 10;
    ck_assert_int_eq(simulate_run(truth_named(1), data, &o, &one, &err), ERR_OK);
    o.threads = 3;
    ck_assert_int_eq(simulate_run(truth_named(1), data, &o, &three, &err), ERR_OK);
    ck_assert_uint_eq(one.n_values, three.n_values);
    ck_assert(memcmp(&one.value, &three.value, sizeof one.value) == 0);
    ck_assert(memcmp(&one.detectable, &three.detectable, sizeof one.detectable) == 0);
    ck_assert_uint_eq(one.seen, three.seen);
    ck_assert_uint_eq(one.compared, three.compared);
}
END_TEST

/* Without noise every study finds the truth. */
START_TEST(without_noise_nothing_is_off)
{
    static Simulation s;
    SimOptions o = options();
    Err err = ERR_INIT;
    o.noise = (SimNoise){0};
    o.fit.bootstrap = 0;
    o.studies = 3;
    ck_assert_int_eq(simulate_run(truth_named(0), grid(8, 9, false), &o, &s, &err), ERR_OK);
    ck_assert_double_lt(fabs(named(&s, "alpha")->bias), 1e-10);
    ck_assert_double_lt(fabs(named(&s, "N_opt")->bias), 1e-8);
    ck_assert_uint_eq(named(&s, "alpha")->by[FIT_PERCENTILE].given, 0);
}
END_TEST

/* 95 % intervals of 40 studies hold a truth at least 32 times: one in 20,000 simulations of a right
 * one would not (binomial).  A difference of 12 standard deviations is seen always. */
START_TEST(intervals_hold_and_differences_show)
{
    static Simulation s;
    SimOptions o = options();
    Err err = ERR_INIT;
    o.difference = "alpha";
    o.difference_by = 0.3;
    ck_assert_int_eq(simulate_run(truth_named(1), grid(16, 12, true), &o, &s, &err), ERR_OK);
    ck_assert_uint_eq(s.refused, 0);
    const char *const name[] = {"E", "alpha", "beta", "a", "N_opt", "L_opt"};
    for (size_t i = 0; i < 6; i++) {
        const SimValue *v = named(&s, name[i]);
        ck_assert_uint_eq(v->by[FIT_PERCENTILE].given, 40);
        ck_assert_msg(v->by[FIT_PERCENTILE].held >= 32, "%s: %zu of 40", name[i],
                      v->by[FIT_PERCENTILE].held);
        ck_assert_msg(fabs(v->is_log ? log1p(v->bias) : v->bias) <
                          4.5 * v->sd / sqrt(40.0) + 0.2 * v->sd,
                      "%s: bias %g, sd %g", name[i], v->bias, v->sd);
    }
    ck_assert_uint_eq(s.compared, 40);
    ck_assert_uint_eq(s.seen, 40);
    ck_assert_uint_le(s.seen_equal, 8);
    ck_assert_double_eq_tol(s.detectable, 2.801585 * sqrt(2.0) * named(&s, "alpha")->sd, 1e-5);
}
END_TEST

/* Twice the noise, twice the spread (within 4 standard errors of a ratio of two sd of 40: the same
 * random numbers are used, so that the ratio is exact to first order). */
START_TEST(spread_grows_with_noise)
{
    static Simulation low, high;
    SimOptions o = options();
    Err err = ERR_INIT;
    o.fit.bootstrap = 0;
    o.noise = (SimNoise){.run = 0.001, .point = 0.001};
    ck_assert_int_eq(simulate_run(truth_named(0), grid(8, 9, true), &o, &low, &err), ERR_OK);
    o.noise = (SimNoise){.run = 0.002, .point = 0.002};
    ck_assert_int_eq(simulate_run(truth_named(0), grid(8, 9, true), &o, &high, &err), ERR_OK);
    ck_assert_double_eq_tol(named(&high, "alpha")->sd / named(&low, "alpha")->sd, 2.0, 0.1);
}
END_TEST

START_TEST(refusals_are_counted_and_mistakes_named)
{
    static Simulation s;
    SimOptions o = options();
    Err err = ERR_INIT;
    Truth t;
    o.studies = 5;
    ck_assert_int_eq(simulate_run(truth_named(0), grid(2, 9, false), &o, &s, &err), ERR_OK);
    ck_assert_uint_eq(s.refused, 5);
    ck_assert_uint_eq(s.n_values, 0);
    ck_assert_uint_eq(s.reason[0].n, 5);
    ck_assert_ptr_nonnull(strstr(s.reason[0].text, "N"));
    o.noise.run = 1.5;
    ck_assert_int_eq(simulate_run(truth_named(0), grid(8, 9, false), &o, &s, &err), ERR_INVALID);
    o.noise.run = 0.0;
    o.difference = "chance";
    ck_assert_int_eq(simulate_run(truth_named(0), grid(8, 9, false), &o, &s, &err), ERR_USAGE);
    o.difference = NULL;
    ck_assert_int_eq(truth_parse("solvable:ridge=none,N0=47k,D0=1.9M", &t, &err), ERR_OK);
    ck_assert_int_eq(truth_open(&t, grid(8, 9, false), &err), ERR_OK);
    ck_assert_int_eq(simulate_run(&t, grid(8, 9, false), &o, &s, &err), ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(err.hint, "ridge=best"));
    truth_release(&t);
}
END_TEST

int main(void)
{
    (void)gsl_set_error_handler_off();
    return test_main((TestPlan){.name = "simulate"});
}
