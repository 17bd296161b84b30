#include <check.h>
#include <math.h>
#include <string.h>

#include "analysis/validate/holdout.h"
#include "tests/analysis/fit/surface.h"
#include "tests/support/suite.h"

static Surface s;

static Rival law(const char *name, size_t bootstrap)
{
    Rival r = {.kind = RIVAL_LAW, .options = fit_defaults(form_find(name)), .is_asked = true};
    (void)strcpy(r.name, name);
    r.options.bootstrap = bootstrap;
    r.options.starts = 8;
    return r;
}

static HoldoutOptions one_law(size_t bootstrap)
{
    HoldoutOptions o = {.n_rivals = 1, .seed = 1};
    o.rival[0] = law("chinchilla", bootstrap);
    return o;
}

static void open(const HoldoutOptions *o, Holdout *h)
{
    Err err = ERR_INIT;
    ck_assert_msg(holdout_run(&s.data, o, h, &err) == ERR_OK, "%s", err.msg);
}

START_TEST(an_exact_law_is_predicted_exactly)
{
    HoldoutOptions o = one_law(0);
    Holdout h;
    surface_fill(&s, surface_law[0], 6, 5, 0.0, 1);
    open(&o, &h);
    ck_assert_int_eq(h.by, HOLDOUT_N);
    ck_assert_uint_eq(h.levels.n, 6);
    ck_assert_uint_eq(h.n_splits, 3); /* three, four and five sizes */
    ck_assert_uint_eq(h.n_undetermined, 2);
    ck_assert_uint_eq(h.split[0].levels, 3);
    ck_assert_uint_eq(h.split[0].n_train, 15);
    ck_assert_double_eq(h.split[0].hi, s.n[14]);
    ck_assert_uint_eq(h.n_points, 15 + 10 + 5);
    for (size_t k = 0; k < h.n_points; k++) {
        ck_assert_double_eq_tol(holdout_error(&h, &s.data, k, 0), 0.0, 1e-8);
    }
    ck_assert_uint_eq(h.ahead[0][0].n, 15);
    ck_assert_uint_eq(h.ahead[0][1].n, 10);
    ck_assert_uint_eq(h.ahead[0][2].n, 5);
    holdout_release(&h);
}
END_TEST

START_TEST(without_e_the_extrapolation_is_too_low)
{
    HoldoutOptions o = one_law(0);
    Holdout h;
    surface_fill(&s, surface_law[0], 7, 8, 0.0, 1);
    o.rival[1] = o.rival[0];
    (void)strcpy(o.rival[1].name, "chinchilla E=0");
    o.rival[1].options.fix.is_fixed[form_param(form_find("chinchilla"), "E")] = true;
    o.n_rivals = 2;
    open(&o, &h);
    ck_assert_double_lt(h.total[1].bias, -0.005);
    ck_assert_double_gt(h.total[1].mae, -h.total[1].bias - 1e-12);
    HoldoutPair pair;
    Err err = ERR_INIT;
    ck_assert_int_eq(holdout_pair(&h, &s.data, 0, 1, &pair, &err), ERR_OK);
    ck_assert_double_gt(pair.mean, 0.005);
    ck_assert_uint_eq(pair.n, 4 * 8); /* each held-out observation once */
    holdout_release(&h);
}
END_TEST

START_TEST(rules_of_thumb_do_what_they_say)
{
    HoldoutOptions o = one_law(0);
    Holdout h;
    /* without E and B a power law in N alone, which a line in logs continues exactly */
    static const double power[5] = {0.0, 406.4, 1e-9, 0.34, 0.28};
    surface_fill(&s, power, 6, 5, 0.0, 1);
    o.rival[0] = law("power:N", 0);
    o.rival[1] = (Rival){.name = "line", .kind = RIVAL_LINE};
    o.rival[2] = (Rival){.name = "nearest", .kind = RIVAL_NEAREST};
    o.n_rivals = 3;
    o.by = HOLDOUT_N;
    open(&o, &h);
    ck_assert_uint_eq(h.split[0].levels, 2);
    for (size_t k = 0; k < h.n_points; k++) {
        const HoldoutPoint *p = &h.point[k];
        ck_assert_double_eq_tol(holdout_error(&h, &s.data, k, 1), 0.0, 1e-9);
        /* the same D in the last size trained on */
        size_t same = 5 * (h.split[p->split].levels - 1) + p->at % 5;
        ck_assert_double_eq(h.prediction[3 * k + 2].value, s.loss[same]);
    }
    holdout_release(&h);
}
END_TEST

START_TEST(a_line_interpolates_in_the_other_input)
{
    static double n[] = {1e6, 1e6, 1e7, 1e7, 1e8}, d[] = {1e9, 4e9, 1e9, 4e9, 2e9};
    static double loss[] = {4.0, 2.0, 2.0, 1.0, 9.0};
    const FitData data = {.n = 5, .params = n, .tokens = d, .loss = loss};
    const bool known[] = {true, true, true, true, false};
    Levels l;
    Trained t;
    Prediction p;
    Err err = ERR_INIT;
    ck_assert_int_eq(levels_make(n, 5, &l, &err), ERR_OK);
    const RivalView view = {&data, loss, n, d, &l, known};
    const Rival line = {.name = "line", .kind = RIVAL_LINE};
    const Rival nearest = {.name = "nearest", .kind = RIVAL_NEAREST};
    ck_assert_int_eq(trained_open(&line, &view, NULL, &t, &err), ERR_OK);
    ck_assert_int_eq(trained_predict(&t, &view, 4, &p, &err), ERR_OK);
    /* halfway in ln D: sqrt(8) and sqrt(2), which halve again with N */
    ck_assert_double_eq_tol(p.value, sqrt(0.5), 1e-12);
    trained_release(&t);
    ck_assert_int_eq(trained_open(&nearest, &view, NULL, &t, &err), ERR_OK);
    d[4] = 1.9e9;
    ck_assert_int_eq(trained_predict(&t, &view, 4, &p, &err), ERR_OK);
    ck_assert_double_eq(p.value, 2.0);
    d[4] = 2.1e9;
    ck_assert_int_eq(trained_predict(&t, &view, 4, &p, &err), ERR_OK);
    ck_assert_double_eq(p.value, 1.0);
    trained_release(&t);
    const bool few[] = {false, false, true, true, false};
    const RivalView less = {&data, loss, n, d, &l, few};
    ck_assert_int_eq(trained_open(&line, &less, NULL, &t, &err), ERR_NUMERIC);
    levels_release(&l);
}
END_TEST

START_TEST(of_runs_the_last_observation_is_predicted)
{
    HoldoutOptions o = one_law(0);
    Holdout h;
    surface_fill(&s, surface_law[0], 6, 5, 0.0, 1);
    s.data.run = s.run;
    s.data.n_runs = 6;
    open(&o, &h);
    ck_assert_uint_eq(h.n_points, 3 + 2 + 1);
    for (size_t k = 0; k < h.n_points; k++) {
        ck_assert_uint_eq(h.point[k].at % 5, 4);
    }
    holdout_release(&h);
    o.is_all = true;
    open(&o, &h);
    ck_assert_uint_eq(h.n_points, 15 + 10 + 5);
    holdout_release(&h);
    o.by = HOLDOUT_RUN;
    o.is_all = false;
    open(&o, &h);
    ck_assert_uint_eq(h.levels.n, 6);
    holdout_release(&h);
    o.by = HOLDOUT_D;
    open(&o, &h);
    ck_assert_uint_eq(h.levels.n, 5);
    ck_assert_uint_eq(h.split[0].levels, 3);
    ck_assert_uint_eq(h.n_points, 6 * 2 + 6); /* each run at each later D */
    holdout_release(&h);
}
END_TEST

START_TEST(budgets_are_held_out_where_sizes_have_no_steps)
{
    HoldoutOptions o = one_law(0);
    Holdout h;
    size_t k = 0;
    for (size_t b = 0; b < 6; b++) { /* six budgets, sizes that never repeat */
        for (size_t i = 0; i < 9; i++, k++) {
            double c = 1e18 * pow(4.0, (double)b);
            s.n[k] = 1e7 * pow(1.4, (double)(b * 1) + 0.9 * (double)i) * (1.0 + 0.013 * (double)k);
            s.c[k] = c;
            s.d[k] = c / 6.0 / s.n[k];
            s.loss[k] = 1.69 + 406.4 * pow(s.n[k], -0.34) + 410.7 * pow(s.d[k], -0.28);
        }
    }
    s.data = (FitData){.n = k, .params = s.n, .tokens = s.d, .flops = s.c, .loss = s.loss};
    open(&o, &h);
    ck_assert_int_eq(h.by, HOLDOUT_BUDGET);
    ck_assert_uint_eq(h.levels.n, 6);
    ck_assert_double_lt(h.total[0].mae, 1e-7);
    ck_assert_double_eq_tol(h.ahead[0][0].c_factor, 4.0, 1e-9);
    holdout_release(&h);
}
END_TEST

START_TEST(a_law_in_c_needs_no_n)
{
    HoldoutOptions o = {.n_rivals = 3, .seed = 1};
    Holdout h;
    o.rival[0] = law("power:C", 0);
    o.rival[1] = (Rival){.name = "line", .kind = RIVAL_LINE};
    o.rival[2] = (Rival){.name = "nearest", .kind = RIVAL_NEAREST};
    for (size_t k = 0; k < 24; k++) {
        s.n[k] = s.d[k] = (double)NAN;
        s.c[k] = 1e18 * pow(2.0, (double)(k / 2)) * (k % 2 ? 1.01 : 1.0);
        s.loss[k] = 30.0 * pow(s.c[k], -0.05);
    }
    s.data = (FitData){.n = 24, .params = s.n, .tokens = s.d, .flops = s.c, .loss = s.loss};
    open(&o, &h);
    ck_assert_int_eq(h.by, HOLDOUT_BUDGET);
    ck_assert_uint_eq(h.levels.n, 12);
    ck_assert_double_lt(h.total[0].mae, 1e-10);
    ck_assert_uint_eq(h.total[1].n, 0); /* without another input nothing is at the same one */
    ck_assert_uint_eq(h.total[2].n, 0);
    ck_assert(!h.is_eligible[1]);
    holdout_release(&h);
}
END_TEST

/* Nominal 95 % of measurements: 40 studies of the last split's 6 sizes, 240 predictions at least. */
START_TEST(intervals_cover_measurements)
{
    size_t n = 0, covered = 0, law_covered = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        HoldoutOptions o = one_law(100);
        Holdout h;
        o.rival[0].options.loss = (FitLoss){FIT_MSE, 0.0, 1.0};
        o.seed = seed;
        surface_fill(&s, surface_law[0], 7, 8, 0.01, seed);
        open(&o, &h);
        n += h.ahead[0][0].n_intervals;
        covered += h.ahead[0][0].covered;
        law_covered += h.ahead[0][0].law_covered;
        holdout_release(&h);
    }
    double share = (double)covered / (double)n;
    ck_assert_uint_gt(n, 1000);
    ck_assert_double_gt(share, 0.90);
    ck_assert_double_lt(share, 0.99);
    ck_assert_uint_lt(law_covered, covered); /* the law's own interval leaves out the noise */
}
END_TEST

START_TEST(the_same_seed_gives_the_same_bits_with_threads)
{
    HoldoutOptions o = one_law(50);
    Holdout a, b;
    surface_fill(&s, surface_law[0], 6, 6, 0.01, 3);
    open(&o, &a);
    o.rival[0].options.threads = 2;
    open(&o, &b);
    ck_assert_uint_eq(a.n_points, b.n_points);
    for (size_t k = 0; k < a.n_points; k++) {
        ck_assert_mem_eq(&a.prediction[k], &b.prediction[k], sizeof a.prediction[k]);
    }
    holdout_release(&a);
    holdout_release(&b);
}
END_TEST

START_TEST(given_conditions_make_one_split)
{
    HoldoutOptions o = one_law(0);
    Holdout h;
    bool train[SURFACE_MAX] = {false}, test[SURFACE_MAX] = {false};
    surface_fill(&s, surface_law[1], 5, 5, 0.0, 1);
    for (size_t i = 0; i < 25; i++) {
        train[i] = i < 20 && i % 5 < 4;
        test[i] = i == 24;
    }
    o.by = HOLDOUT_GIVEN;
    o.is_train = train;
    o.is_test = test;
    open(&o, &h);
    ck_assert_uint_eq(h.n_splits, 1);
    ck_assert_uint_eq(h.n_points, 1);
    ck_assert_uint_eq(h.point[0].at, 24);
    ck_assert_uint_eq(h.split[0].n_train, 16);
    ck_assert_double_eq_tol(h.total[0].mae, 0.0, 1e-8);
    ck_assert_double_eq_tol(h.point[0].c_factor, s.c[24] / s.c[18], 1e-12);
    holdout_release(&h);
}
END_TEST

START_TEST(what_cannot_be_held_out_is_refused)
{
    HoldoutOptions o = one_law(0);
    Holdout h;
    HoldoutBy by;
    Err err = ERR_INIT;
    surface_fill(&s, surface_law[0], 3, 8, 0.0, 1);
    o.by = HOLDOUT_N; /* three sizes are needed, none is left to predict */
    ck_assert_int_eq(holdout_run(&s.data, &o, &h, &err), ERR_NUMERIC);
    ck_assert_ptr_nonnull(strstr(err.hint, "--hold-out"));
    o.by = HOLDOUT_RUN;
    ck_assert_int_eq(holdout_run(&s.data, &o, &h, &err), ERR_INVALID);
    o.by = HOLDOUT_BUDGET;
    s.data.flops = NULL;
    ck_assert_int_eq(holdout_run(&s.data, &o, &h, &err), ERR_INVALID);
    ck_assert_int_eq(holdout_by_parse("sizes", &by, &err), ERR_USAGE);
    ck_assert_int_eq(holdout_by_parse("budget", &by, &err), ERR_OK);
    ck_assert_int_eq(by, HOLDOUT_BUDGET);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "holdout"});
}
