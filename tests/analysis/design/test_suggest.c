/* Variance components and covariances against dense matrices of another program and against simulated
 * fits; designs against classical optimal ones, exhaustive search, and simulated refits. */
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/design/simulate.h"
#include "analysis/design/suggest.h"
#include "tests/support/suite.h"

enum { MAX_POINTS = 512 };

typedef struct Design {
    double n[MAX_POINTS], d[MAX_POINTS], loss[MAX_POINTS];
    size_t run[MAX_POINTS];
    FitData data;
} Design;

static void design_start(Design *s)
{
    memset(s, 0, sizeof *s);
    s->data = (FitData){.params = s->n, .tokens = s->d, .loss = s->loss, .run = s->run};
}

/* A run of size n with `points` checkpoints, even in ln D up to d. */
static void design_run(Design *s, double n, double d, size_t points)
{
    for (size_t j = 0; j < points; j++) {
        size_t k = s->data.n++;
        s->n[k] = n;
        s->d[k] = d * pow(20.0, points > 1 ? (double)j / (double)(points - 1) - 1.0 : 0.0);
        s->run[k] = s->data.n_runs;
        s->loss[k] = 1.0;
    }
    s->data.n_runs++;
}

static void design_grid(Design *s, size_t sizes, size_t points)
{
    design_start(s);
    for (size_t i = 0; i < sizes; i++) {
        design_run(s, 1e7 * pow(60.0, (double)i / (double)(sizes - 1)), 4e9, points);
    }
}

static FitOptions least_squares(const Form *f)
{
    FitOptions o = fit_defaults(f);
    o.loss = (FitLoss){FIT_MSE, 0.0, 1.0};
    o.starts = 8;
    o.bootstrap = 0;
    return o;
}

static Info info_at(const FitOptions *o, const Design *s)
{
    static FitResult fit;
    Info i;
    Err err = ERR_INIT;
    ck_assert_msg(fit_run(o, &s->data, &fit, &err) == ERR_OK, "%s", err.msg);
    ck_assert_msg(info_of_fit(&fit, &s->data, &i, &err) == ERR_OK, "%s", err.msg);
    return i;
}

/* ---- the noise --------------------------------------------------------------------------------- */

/* numpy, with dense projections of 20 x 20: five runs of 2 to 6 points of a power law in D. */
START_TEST(components_agree_with_numpy)
{
    static Design s;
    Err err = ERR_INIT;
    InfoTarget alpha;
    design_start(&s);
    for (size_t r = 0, k = 0; r < 5; r++) {
        for (size_t j = 0; j < r + 2; j++, k++) {
            s.n[k] = 1e7;
            s.d[k] = 1e8 * pow(3.0, (double)j) * (1.0 + 0.1 * (double)r);
            s.loss[k] = 20.0 * pow(s.d[k], -0.08) *
                        exp(0.004 * sin(5.0 * (double)r + 1.0) + 0.002 * cos(7.0 * (double)k));
            s.run[k] = r;
        }
    }
    s.data.n = 20;
    s.data.n_runs = 5;
    FitOptions o = least_squares(form_find("power:D"));
    Info i = info_at(&o, &s);
    ck_assert_double_eq_tol(i.noise.within / 1.508050888804e-06, 1.0, 1e-7);
    ck_assert_double_eq_tol(i.noise.between / 1.561059637129e-05, 1.0, 1e-7);
    ck_assert_int_eq(info_target(&i, "alpha", 0, 0, 0, &alpha, &err), ERR_OK);
    ck_assert_double_eq_tol(info_variance(&i, alpha.g) / 2.949445223890e-07, 1.0, 1e-7);
    ck_assert_double_eq_tol(info_log_det(&i), -27.6677744184, 1e-6);
    double cov[INFO_MAX];
    ck_assert(info_covariance(&i, cov));
    ck_assert_double_eq_tol(cov[0] * cov[3] - cov[1] * cov[2], exp(-27.6677744184),
                            1e-6 * exp(-27.6677744184));
}
END_TEST

/* Means over 200 studies; the between variance of 12 runs has a standard error of about
 * sqrt(2/9)/sqrt(200) = 3.3 %, the within of 96 points 1.1 %. */
START_TEST(components_are_unbiased)
{
    static Design s;
    static double work[MAX_POINTS];
    double between = 0.0, within = 0.0;
    FitOptions o = least_squares(&form_chinchilla);
    const SimNoise noise = {0.004, 0.002, 0.0};
    design_grid(&s, 12, 8);
    for (uint32_t k = 0; k < 200; k++) {
        simulate_losses(truth_named(1), &s.data, &noise, 5, k, s.loss, work);
        Info i = info_at(&o, &s);
        between += i.noise.between / 200.0;
        within += i.noise.within / 200.0;
    }
    ck_assert_double_eq_tol(between / 16e-6, 1.0, 0.14);
    ck_assert_double_eq_tol(within / 4e-6, 1.0, 0.05);
}
END_TEST

/* Refits of 250 studies spread as the sandwich says: 4 standard errors of an sd are 18 %. */
static void compare_spread(FitOptions o, double room)
{
    static Design s;
    static Simulation sim;
    static double work[MAX_POINTS];
    const char *const name[] = {"alpha", "beta", "a", "N_opt", "L_opt", "E"};
    double expected[6] = {0.0};
    SimOptions so = {.fit = o, .studies = 250, .seed = 11, .noise = {0.003, 0.001, 0.0}};
    Err err = ERR_INIT;
    design_grid(&s, 12, 8);
    for (uint32_t k = 0; k < 30; k++) {
        simulate_losses(truth_named(1), &s.data, &so.noise, 12, k, s.loss, work);
        Info i = info_at(&o, &s);
        for (size_t v = 0; v < 6; v++) {
            InfoTarget t;
            ck_assert_int_eq(info_target(&i, name[v], 1e20, 0, 0, &t, &err), ERR_OK);
            expected[v] += info_variance(&i, t.g) / 30.0;
        }
    }
    so.fit.at[0] = 1e20;
    so.fit.n_at = 1;
    ck_assert_int_eq(simulate_run(truth_named(1), &s.data, &so, &sim, &err), ERR_OK);
    for (size_t v = 0; v < 6; v++) {
        for (size_t k = 0; k < sim.n_values; k++) {
            if (strcmp(sim.value[k].name, name[v]) == 0) {
                double ratio = sim.value[k].sd / sqrt(expected[v]);
                ck_assert_msg(fabs(ratio - 1.0) < room, "%s: simulated %g, expected %g", name[v],
                              sim.value[k].sd, sqrt(expected[v]));
            }
        }
    }
}

START_TEST(the_sandwich_is_what_fits_spread_by)
{
    compare_spread(least_squares(&form_chinchilla), 0.2);
}
END_TEST

/* kappa of a Huber loss is counted from few points, which adds to the room. */
START_TEST(robust_losses_spread_as_said)
{
    FitOptions o = least_squares(&form_chinchilla);
    o.loss = (FitLoss){FIT_HUBER, 1e-3, 1.0};
    compare_spread(o, 0.3);
}
END_TEST

/* ---- classical designs --------------------------------------------------------------------------- */

enum { N_LINE = 21 };

/* ln L = t - alpha x on x in [-1, 1], one point a run, every run at the same cost. */
static void line_candidates(SuggestCandidate *c, double *d)
{
    for (size_t k = 0; k < N_LINE; k++) {
        d[k] = 1e9 * exp((double)k / 10.0 - 1.0);
        c[k] = (SuggestCandidate){.n = 1e7, .d = d[k], .tokens = &d[k], .points = 1, .cost = 1.0};
    }
}

static SuggestGroup line_group(void)
{
    const Form *f = form_find("power:D");
    const double params[] = {20.0, 0.08}, centre[] = {log(1e9)};
    SuggestGroup g = {.info = info_of_law(f, params, centre, (InfoNoise){.within = 1e-6}, 1e3)};
    return g;
}

static size_t count_at(const Suggestion *s, size_t candidate)
{
    size_t n = 0;
    for (size_t k = 0; k < s->n; k++) {
        n += s->row[k].candidate == candidate ? 1 : 0;
    }
    return n;
}

/* Hoel and Levine 1964: to extrapolate a line to x0 > 1 put (x0 + 1)/(2 x0) of the points at 1 and
 * the rest at -1; x0 = 3: two thirds.  D-optimal is half and half. */
START_TEST(lines_are_measured_at_their_ends)
{
    SuggestCandidate c[N_LINE];
    double d[N_LINE];
    Suggestion s;
    Err err = ERR_INIT;
    line_candidates(c, d);
    SuggestGroup g = line_group();
    ck_assert_int_eq(info_target(&g.info, "loss", 0.0, 1e7, 1e9 * exp(3.0), &g.target, &err), 0);
    SuggestOptions o = {SUGGEST_C, 12, 12.0};
    ck_assert_int_eq(suggest_choose(&g, 1, c, N_LINE, &o, &s, &err), ERR_OK);
    ck_assert_uint_eq(s.n, 12);
    ck_assert_uint_eq(count_at(&s, N_LINE - 1), 8);
    ck_assert_uint_eq(count_at(&s, 0), 4);
    /* and the error is the closed form: s sqrt(x0^2)/sqrt(n) at these weights */
    double loss = 20.0 * pow(1e9 * exp(3.0), -0.08);
    ck_assert_double_eq_tol(s.row[11].after / (loss * 1e-3 * 3.0 / sqrt(12.0)), 1.0, 1e-5);
    o.criterion = SUGGEST_D;
    ck_assert_int_eq(suggest_choose(&g, 1, c, N_LINE, &o, &s, &err), ERR_OK);
    ck_assert_uint_eq(count_at(&s, N_LINE - 1), 6);
    ck_assert_uint_eq(count_at(&s, 0), 6);
}
END_TEST

/* Checkpoints of one run share its error: without an error of their own, a second one in the same
 * place tells nothing. */
START_TEST(a_run_is_one_witness_of_its_own_error)
{
    double d[] = {1e9, 1e9 * exp(1.0)}, twice[] = {1e9 * exp(1.0), 1e9 * exp(1.0)};
    SuggestGroup g = line_group();
    InfoRun a, b;
    Err err = ERR_INIT;
    g.info.noise = (InfoNoise){.between = 1e-6, .has_runs = true};
    ck_assert_int_eq(info_target(&g.info, "alpha", 0, 0, 0, &g.target, &err), ERR_OK);
    info_run(&g.info, 1e7, &d[0], NULL, 1, &a);
    info_run(&g.info, 1e7, &d[1], NULL, 1, &b);
    info_add(&g.info, &a);
    info_add(&g.info, &b);
    double once = suggest_error(&g);
    ck_assert_double_eq_tol(once / (1e-3 * sqrt(2.0)), 1.0, 1e-4); /* slope of two points */
    info_remove(&g.info, &b);
    info_run(&g.info, 1e7, twice, NULL, 2, &b);
    info_add(&g.info, &b);
    ck_assert_double_eq_tol(suggest_error(&g) / once, 1.0, 1e-4);
}
END_TEST

/* ---- studies ------------------------------------------------------------------------------------- */

enum { SIZES = 9, LENGTHS = 6, N_GRID = SIZES * LENGTHS, CHECKPOINTS = 6 };

typedef struct Grid {
    SuggestCandidate c[N_GRID];
    double d[N_GRID][CHECKPOINTS];
} Grid;

static void grid_candidates(Grid *g)
{
    for (size_t k = 0; k < N_GRID; k++) {
        double n = 1e7 * pow(600.0, (double)(k / LENGTHS) / (SIZES - 1));
        double d = 1e9 * pow(60.0, (double)(k % LENGTHS) / (LENGTHS - 1));
        for (size_t j = 0; j < CHECKPOINTS; j++) {
            g->d[k][j] = d * pow(20.0, (double)j / (CHECKPOINTS - 1) - 1.0);
        }
        g->c[k] = (SuggestCandidate){
            .n = n, .d = d, .tokens = g->d[k], .points = CHECKPOINTS, .cost = 6.0 * n * d};
    }
}

static SuggestGroup small_study(Design *s, const char *target)
{
    static double work[MAX_POINTS];
    Err err = ERR_INIT;
    FitOptions o = least_squares(&form_chinchilla);
    const SimNoise noise = {0.003, 0.001, 0.0};
    design_grid(s, 7, CHECKPOINTS);
    simulate_losses(truth_named(1), &s->data, &noise, 1, 0, s->loss, work);
    SuggestGroup g = {.info = info_at(&o, s)};
    ck_assert_int_eq(info_target(&g.info, target, 1e22, 0, 0, &g.target, &err), ERR_OK);
    return g;
}

/* Against all pairs. */
START_TEST(no_pair_is_better)
{
    static Design s;
    static Grid grid;
    const char *const target[] = {"loss", "N_opt", "alpha", "beta"};
    grid_candidates(&grid);
    for (size_t t = 0; t < 4; t++) {
        for (int criterion = 0; criterion < 2; criterion++) {
            SuggestGroup g = small_study(&s, target[t]);
            SuggestOptions o = {criterion ? SUGGEST_D : SUGGEST_C, 2, 3e19};
            Suggestion found;
            Err err = ERR_INIT;
            double least = (double)INFINITY, got;
            ck_assert_int_eq(suggest_choose(&g, 1, grid.c, N_GRID, &o, &found, &err), ERR_OK);
            ck_assert_uint_ge(found.n, 1);
            ck_assert_double_le(found.cost, o.budget);
            for (size_t a = 0; a < N_GRID; a++) {
                for (size_t b = a; b < N_GRID; b++) {
                    Info i = g.info;
                    InfoRun run;
                    if (grid.c[a].cost + grid.c[b].cost > o.budget) {
                        continue;
                    }
                    info_run(&i, grid.c[a].n, grid.c[a].tokens, NULL, CHECKPOINTS, &run);
                    info_add(&i, &run);
                    info_run(&i, grid.c[b].n, grid.c[b].tokens, NULL, CHECKPOINTS, &run);
                    info_add(&i, &run);
                    least =
                        fmin(least, criterion ? info_log_det(&i) : info_variance(&i, g.target.g));
                }
            }
            Info i = g.info;
            for (size_t k = 0; k < found.n; k++) {
                const SuggestCandidate *c = &grid.c[found.row[k].candidate];
                InfoRun run;
                info_run(&i, c->n, c->tokens, NULL, CHECKPOINTS, &run);
                info_add(&i, &run);
            }
            got = criterion ? info_log_det(&i) : info_variance(&i, g.target.g);
            double excess = criterion ? got - least : log(got / least);
            ck_assert_msg(excess < 1e-6, "%s, criterion %d: %g above the best pair", target[t],
                          criterion, excess);
        }
    }
}
END_TEST

/* Spread of the loss at 1e22 FLOP over refits of `studies` simulated studies with one more run. */
static double simulated_error(const SuggestCandidate *c)
{
    static Design s;
    static Simulation sim;
    Err err = ERR_INIT;
    SimOptions o = {.fit = least_squares(&form_chinchilla),
                    .studies = 300,
                    .seed = 21,
                    .noise = {0.003, 0.001, 0.0}};
    o.fit.at[0] = 1e22;
    o.fit.n_at = 1;
    design_grid(&s, 7, CHECKPOINTS);
    if (c) {
        design_run(&s, c->n, c->d, CHECKPOINTS);
    }
    ck_assert_int_eq(simulate_run(truth_named(1), &s.data, &o, &sim, &err), ERR_OK);
    for (size_t k = 0; k < sim.n_values; k++) {
        if (strcmp(sim.value[k].name, "L_opt") == 0) {
            return sim.value[k].sd;
        }
    }
    return (double)NAN;
}

/* The narrowing that is promised is the one that refits show (300 studies each with the same noise:
 * 4 standard errors of a ratio of two sd are 4 sqrt(1/300) = 23 % at most), and the run that is
 * suggested beats the dearest affordable one and the median one. */
START_TEST(what_is_promised_is_found)
{
    static Design s;
    static Grid grid;
    Suggestion found;
    Err err = ERR_INIT;
    grid_candidates(&grid);
    design_grid(&s, 7, CHECKPOINTS);
    /* at the true law and noise, so that only first order and search are tested */
    SuggestGroup g = small_study(&s, "loss");
    form_internal(&form_chinchilla, truth_named(1)->params, g.info.centre, g.info.theta);
    g.info.noise.between = 9e-6;
    g.info.noise.within = 1e-6;
    memset(g.info.h, 0, sizeof g.info.h);
    memset(g.info.m, 0, sizeof g.info.m);
    g.info.n = g.info.n_runs = 0;
    for (size_t i = 0; i < 7; i++) {
        InfoRun run;
        info_run(&g.info, s.n[i * CHECKPOINTS], &s.d[i * CHECKPOINTS], NULL, CHECKPOINTS, &run);
        info_add(&g.info, &run);
    }
    ck_assert_int_eq(info_target(&g.info, "loss", 1e22, 0, 0, &g.target, &err), ERR_OK);
    SuggestOptions o = {SUGGEST_C, 1, 2e19};
    ck_assert_int_eq(suggest_choose(&g, 1, grid.c, N_GRID, &o, &found, &err), ERR_OK);
    ck_assert_uint_eq(found.n, 1);
    double before = simulated_error(NULL);
    double after = simulated_error(&grid.c[found.row[0].candidate]);
    double largest = simulated_error(&grid.c[found.largest]);
    ck_assert_msg(fabs(before / found.row[0].before - 1.0) < 0.2, "before: %g, promised %g", before,
                  found.row[0].before);
    double narrowing = after / before, promised = found.row[0].after / found.row[0].before;
    ck_assert_msg(fabs(narrowing / promised - 1.0) < 0.23, "narrowing %g, promised %g", narrowing,
                  promised);
    ck_assert_double_lt(promised, 0.9);
    ck_assert_double_lt(after, largest);
    double others = 0.0;
    for (size_t k = 0, n = 0; n < 4; k++) { /* four others, spread over the affordable ones */
        size_t at = (k * 23 + 5) % N_GRID;
        if (grid.c[at].cost <= o.budget && at != found.row[0].candidate) {
            double sd = simulated_error(&grid.c[at]);
            ck_assert_msg(sd > after * 0.95, "candidate %zu is better: %g, not %g", at, sd, after);
            others += sd / 4.0;
            n++;
        }
    }
    ck_assert_double_gt(others, after);
}
END_TEST

START_TEST(nothing_affordable_is_nothing)
{
    static Design s;
    static Grid grid;
    Suggestion found;
    Err err = ERR_INIT;
    grid_candidates(&grid);
    SuggestGroup g = small_study(&s, "loss");
    SuggestOptions o = {SUGGEST_C, 3, 1.0};
    ck_assert_int_eq(suggest_choose(&g, 1, grid.c, N_GRID, &o, &found, &err), ERR_OK);
    ck_assert_uint_eq(found.n, 0);
    ck_assert_uint_eq(found.affordable, 0);
    o.runs = 0;
    ck_assert_int_eq(suggest_choose(&g, 1, grid.c, N_GRID, &o, &found, &err), ERR_USAGE);
    o = (SuggestOptions){SUGGEST_C, 1, -1.0};
    ck_assert_int_eq(suggest_choose(&g, 1, grid.c, N_GRID, &o, &found, &err), ERR_USAGE);
    o.budget = 1e20;
    grid.c[3].points = 0;
    ck_assert_int_eq(suggest_choose(&g, 1, grid.c, N_GRID, &o, &found, &err), ERR_USAGE);
    InfoTarget t;
    ck_assert_int_eq(info_target(&g.info, "chance", 1e22, 0, 0, &t, &err), ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(err.hint, "tokens_per_parameter"));
}
END_TEST

START_TEST(what_it_does_not_know_it_says)
{
    static Design s;
    static FitResult fit;
    Info i;
    Err err = ERR_INIT;
    double sigma[MAX_POINTS], work[MAX_POINTS];
    design_grid(&s, 7, CHECKPOINTS);
    simulate_losses(truth_named(1), &s.data, &(SimNoise){0.003, 0.001, 0}, 1, 0, s.loss, work);
    FitOptions o = least_squares(&form_chinchilla);
    ck_assert_int_eq(fit_run(&o, &s.data, &fit, &err), ERR_OK);
    FitData with = s.data;
    for (size_t k = 0; k < MAX_POINTS; k++) {
        sigma[k] = 1.0;
    }
    with.sigma = sigma;
    ck_assert_int_eq(info_of_fit(&fit, &with, &i, &err), ERR_USAGE);
    fit.loss.kind = FIT_ASYMMETRIC;
    ck_assert_int_eq(info_of_fit(&fit, &s.data, &i, &err), ERR_USAGE);
    fit.loss.kind = FIT_MSE;
    s.data.n = 5;
    s.data.n_runs = 0;
    ck_assert_int_eq(info_of_fit(&fit, &s.data, &i, &err), ERR_NUMERIC);
}
END_TEST

int main(void)
{
    (void)gsl_set_error_handler_off();
    return test_main((TestPlan){.name = "suggest"});
}
