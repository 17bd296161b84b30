#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/envelope.h"
#include "tests/analysis/fit/surface.h"
#include "tests/support/suite.h"

static Surface surface;
static double weight[SURFACE_MAX];

static ErrCode envelope(Envelope *ret, Err *err)
{
    for (size_t i = 0; i < surface.data.n; i++) {
        weight[i] = 1.0;
    }
    return envelope_fit(&surface.data, weight, ret, err);
}

/* On the law E + A N^-alpha + B D^-beta with C = 6 N D the optimum is known: a = beta / (alpha +
 * beta).  Fifteen sizes over a factor of 900 and a parabola through three of them: the third
 * order that it leaves out is worth 0.02 here, steps and linear interpolation included. */
START_TEST(the_envelope_of_a_known_law_has_its_exponents)
{
    Envelope e;
    Err err = ERR_INIT;
    const double *law = surface_law[0];
    surface_fill(&surface, law, 15, 30, 0.0, 0);
    ck_assert_msg(envelope(&e, &err) == ERR_OK, "%s", err.msg);
    ck_assert(e.is_inner);
    ck_assert_uint_ge(e.n_sizes, 5);
    double a = law[4] / (law[3] + law[4]);
    ck_assert_double_eq_tol(e.a, a, 0.02);
    ck_assert_double_eq_tol(e.a + e.b, 1.0, 1e-3); /* C = 6 N D exactly; N between sizes */
    ck_assert_double_eq_tol(e.ratio_first, 1.0, 2e-2);
    for (size_t i = 0; i < e.n_points; i++) {
        const EnvelopePoint *p = &e.point[i];
        double g = pow(law[3] * law[1] / (law[4] * law[2]), 1.0 / (law[3] + law[4]));
        double n = g * pow(p->c / 6.0, a), d = p->c / 6.0 / n;
        double least = law[0] + law[1] * pow(n, -law[3]) + law[2] * pow(d, -law[4]);
        ck_assert_double_eq_tol(p->loss, least, 2e-3 * least);
    }
}
END_TEST

START_TEST(runs_group_the_curves_and_zero_weight_removes_them)
{
    Envelope e, fewer;
    Err err = ERR_INIT;
    surface_fill(&surface, surface_law[0], 8, 20, 0.0, 0);
    surface.data.run = surface.run;
    surface.data.n_runs = 8;
    ck_assert_int_eq(envelope(&e, &err), ERR_OK);
    double gone = e.point[0].size;
    for (size_t i = 0; i < surface.data.n; i++) {
        weight[i] = surface.n[i] == gone ? 0.0 : 1.0;
    }
    ck_assert_int_eq(envelope_fit(&surface.data, weight, &fewer, &err), ERR_OK);
    for (size_t i = 0; i < fewer.n_points; i++) {
        ck_assert_double_ne(fewer.point[i].size, gone);
    }
}
END_TEST

START_TEST(sizes_that_never_compete_are_refused)
{
    Envelope e;
    Err err = ERR_INIT;
    surface_fill(&surface, surface_law[0], 1 + 1, 3, 0.0, 0);
    for (size_t i = 0; i < surface.data.n; i++) {
        surface.c[i] *= i < 3 ? 1.0 : 1e9;
    }
    ck_assert_int_eq(envelope(&e, &err), ERR_NUMERIC);
    ck_assert_ptr_nonnull(strstr(err.msg, "never share"));
    surface_fill(&surface, surface_law[0], 1 + 1, 12, 0.0, 0);
    for (size_t i = 12; i < 24; i++) {
        surface.loss[i] = surface.loss[i - 12] + 1.0;
        surface.c[i] = surface.c[i - 12];
    }
    ck_assert_int_eq(envelope(&e, &err), ERR_NUMERIC);
    ck_assert_ptr_nonnull(strstr(err.msg, "is best at every compute"));
}
END_TEST

/* Bins of a decade: the least loss of each is a point of a power law, the others lie above it; their order
 * decides nothing. */
START_TEST(bins_take_the_observation_of_least_loss)
{
    EnvelopeBins e;
    Err err = ERR_INIT;
    size_t k = 0;
    for (int b = 0; b < 6; b++) {
        for (int j = 0; j < 4; j++, k++) {
            surface.c[k] = pow(10.0, 17.0 + b + 0.2 * j);
            double best = 0.09 * pow(surface.c[k], 0.48);
            surface.n[k] = j == b % 4 ? best : best * (2.0 + j);
            surface.d[k] = surface.c[k] / 6.0 / surface.n[k];
            surface.loss[k] = j == b % 4 ? 3.0 : 3.1 + 0.01 * j;
        }
    }
    surface.data = (FitData){
        .n = k, .params = surface.n, .tokens = surface.d, .flops = surface.c, .loss = surface.loss};
    ck_assert_msg(envelope_bins(&surface.data, 1.0, &e, &err) == ERR_OK, "%s", err.msg);
    ck_assert_uint_eq(e.n_bins, 6);
    ck_assert_double_eq_tol(e.a, 0.48, 1e-12);
    ck_assert_double_eq_tol(e.b, 0.52, 1e-12);
    ck_assert_double_eq_tol(e.k_n / 0.09, 1.0, 1e-10);
    ck_assert_double_eq_tol(e.k_d * 6.0 * 0.09, 1.0, 1e-10);
    surface.data.n = 4;
    ck_assert_int_eq(envelope_bins(&surface.data, 1.0, &e, &err), ERR_NUMERIC);
    ck_assert_ptr_nonnull(strstr(err.msg, "fill 1 bins of C"));
    surface.d[2] = -1.0;
    ck_assert_int_eq(envelope_bins(&surface.data, 1.0, &e, &err), ERR_INVALID);
    surface.data.flops = NULL;
    ck_assert_int_eq(envelope_bins(&surface.data, 1.0, &e, &err), ERR_INVALID);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "analysis/fit/envelope"});
}
