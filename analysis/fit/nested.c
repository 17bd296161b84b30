#include "analysis/fit/nested.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/arrow.h"
#include "analysis/fit/bootstrap.h"
#include "analysis/fit/leverage.h"
#include "analysis/fit/parallel.h"
#include "analysis/fit/solve.h"
#include "common/arena.h"
#include "common/rng.h"

/* What one thread works in: the same observations with other responses. */
typedef struct Bench {
    Arrow joint;
    ArrowTheta *theta;
} Bench;

typedef struct Nested {
    const FitOptions *o;
    const NestedGroup *group;
    const FitData **data; /* [n_groups] of the groups */
    size_t n_groups;
    bool by_run;
    Arrow joint;             /* the observations, centred alike */
    ArrowTheta *full, *null; /* [n_groups] both minima */
    double **predicted;      /* [n_groups][n] of the shared fit */
    double **residual;       /* [n_groups][n] freed of their leverage */
    size_t df1, df2, threads;
    Bench *bench;      /* [threads] */
    double *statistic; /* [replicates]; NaN: failed */
    Arena arena;       /* of all the arrays */
} Nested;

static double statistic_of(double restricted, double full, size_t df1, size_t df2)
{
    double rise = fmax(restricted - full, 0.0);
    return rise / (double)df1 / (full / (double)df2);
}

/* ---- one replicate ---- */

static void redraw(const Nested *k, uint32_t replicate, Bench *b)
{
    for (size_t g = 0; g < k->n_groups; g++) {
        FitProblem *p = &b->joint.problem[g];
        const size_t *run = k->by_run ? k->group[g].data->run : NULL;
        for (size_t i = 0; i < p->n; i++) {
            uint64_t bits =
                rng_u64(k->group[g].seed, rng_stream(RNG_BOOTSTRAP, replicate), run ? run[i] : i);
            double r = bits >> 63 ? k->residual[g][i] : -k->residual[g][i];
            double law = k->predicted[g][i];
            p->y[i] = p->residual == FIT_LOG ? law * exp(-r) : law - r;
            p->ln_y[i] = p->residual == FIT_LOG ? log(law) - r : 0.0;
        }
    }
}

/* Least objective of one group by itself, from its own minimum and from the shared one. */
static double refit_alone(const FitProblem *p, const double *own, const double *shared,
                          bool *is_minimum)
{
    const double *start[] = {own, shared};
    double least = (double)INFINITY;
    *is_minimum = false;
    for (size_t s = 0; s < 2; s++) {
        Solution end = {.objective = 0.0};
        for (size_t a = 0; a < p->p; a++) {
            bool is_at_limit = start[s][a] <= PROBLEM_LN_ZERO;
            end.theta[a] = is_at_limit ? log(1e-2 * p->level) : start[s][a];
        }
        solve_from(p, NULL, SOLVE_WARM, &end);
        if (end.certificate.is_minimum && end.objective < least) {
            least = end.objective;
            *is_minimum = true;
        }
    }
    return least;
}

static void replicate_item(void *ctx, size_t worker, size_t item)
{
    Nested *k = ctx;
    Bench *b = &k->bench[worker];
    double full = 0.0;
    k->statistic[item] = (double)NAN;
    redraw(k, (uint32_t)item, b);
    for (size_t g = 0; g < k->n_groups; g++) {
        memcpy(b->theta[g], k->null[g], sizeof b->theta[g]);
        for (size_t a = 0; a < k->joint.p; a++) {
            if (b->theta[g][a] <= PROBLEM_LN_ZERO && !k->joint.problem[g].is_fixed[a]) {
                b->theta[g][a] = log(1e-2 * k->joint.problem[g].level);
            }
        }
    }
    ArrowEnd end = arrow_solve(&b->joint, &k->joint, ARROW_WARM, b->theta);
    bool is_minimum = end.is_minimum;
    for (size_t g = 0; g < k->n_groups && is_minimum; g++) {
        FitProblem p = b->joint.problem[g];
        memcpy(p.is_fixed, k->joint.problem[g].is_fixed, sizeof p.is_fixed);
        double shared = problem_value(&p, b->theta[g]);
        full += fmin(refit_alone(&p, k->full[g], b->theta[g], &is_minimum), shared);
    }
    if (is_minimum) {
        k->statistic[item] = statistic_of(end.objective, full, k->df1, k->df2);
    }
}

/* ---- rooms ---- */

/* Shares inputs and weights with the observations, has responses of its own. */
static ErrCode bench_open(Nested *k, Bench *b, Err *err)
{
    ErrCode rc = arrow_copy(&k->joint, &b->joint, err);
    if (rc != ERR_OK) {
        return rc;
    }
    b->theta = arena_array(&k->arena, k->n_groups, sizeof *b->theta);
    bool has_memory = b->theta != NULL;
    for (size_t g = 0; g < k->n_groups; g++) {
        FitProblem *p = &b->joint.problem[g];
        const FitProblem *from = &k->joint.problem[g];
        size_t bytes = sizeof *p->y * (p->padded + 4);
        p->y = arena_alloc(&k->arena, bytes);
        p->ln_y = arena_alloc(&k->arena, bytes);
        has_memory = has_memory && p->y && p->ln_y;
        if (p->y && p->ln_y) {
            memcpy(p->y, from->y, bytes);
            memcpy(p->ln_y, from->ln_y, bytes);
        }
    }
    return has_memory ? ERR_OK : err_nomem(err, "bootstrap");
}

static void nested_release(Nested *k)
{
    for (size_t t = 0; k->bench && t < k->threads; t++) {
        arrow_release(&k->bench[t].joint, false);
    }
    arrow_release(&k->joint, true);
    arena_release(&k->arena);
}

/* theta of reported parameters; a coefficient that is 0 at its limit. */
static void place(const FitResult *r, const double *centre, double *theta)
{
    double params[FORM_MAX_PARAMS];
    for (size_t a = 0; a < r->n_params; a++) {
        params[a] = r->param[a].value;
    }
    form_internal(r->form, params, centre, theta);
    for (size_t a = 0; a < r->n_params; a++) {
        theta[a] = isfinite(theta[a]) ? theta[a] : PROBLEM_LN_ZERO;
    }
}

static ErrCode open_groups(Nested *k, const bool *is_shared, const FitResult *shared, Err *err)
{
    const FitOptions *o = k->o;
    ErrCode rc = arrow_open(k->n_groups, o->form->n_params, &k->joint, err);
    Arena *a = &k->arena;
    k->full = arena_array(a, k->n_groups, sizeof *k->full);
    k->null = arena_array(a, k->n_groups, sizeof *k->null);
    k->data =
        arena_array(a, k->n_groups, sizeof(FitData *)); /* NOLINT(bugprone-sizeof-expression) */
    k->predicted =
        arena_array(a, k->n_groups, sizeof(double *)); /* NOLINT(bugprone-sizeof-expression) */
    k->residual =
        arena_array(a, k->n_groups, sizeof(double *)); /* NOLINT(bugprone-sizeof-expression) */
    if (rc == ERR_OK && (!k->full || !k->null || !k->data || !k->predicted || !k->residual)) {
        rc = err_nomem(err, "nested test");
    }
    if (rc != ERR_OK) {
        return rc;
    }
    memcpy(k->joint.is_shared, is_shared, sizeof *is_shared * k->joint.p);
    for (size_t g = 0; g < k->n_groups && rc == ERR_OK; g++) {
        FitProblem *p = &k->joint.problem[g];
        size_t n = k->group[g].data->n;
        k->data[g] = k->group[g].data;
        rc = problem_open(p, o->form, o->loss, o->residual, &o->fix, shared[g].centre,
                          k->group[g].data, err);
        place(k->group[g].full, shared[g].centre, k->full[g]);
        memcpy(k->null[g], shared[g].theta, sizeof k->null[g]);
        k->predicted[g] = arena_array(a, n + 1, sizeof **k->predicted);
        k->residual[g] = arena_array(a, n + 1, sizeof **k->residual);
        if (rc == ERR_OK && (!k->predicted[g] || !k->residual[g])) {
            rc = err_nomem(err, "nested test");
        }
        for (size_t i = 0; rc == ERR_OK && i < n; i++) {
            k->predicted[g][i] = problem_predict(p, i, k->null[g]);
        }
    }
    return rc;
}

/* ---- the test ---- */

static bool has_repeated_runs(const FitData *d)
{
    return d->n_runs > 0 && d->n_runs < d->n;
}

static ErrCode fit_shared(const FitOptions *o, const bool *is_shared, const NestedGroup *group,
                          size_t n_groups, FitResult *ret, ShareFit *ret_whole, Err *err)
{
    FitOptions plain = *o;
    const FitData **data =
        calloc(n_groups, sizeof(FitData *)); /* NOLINT(bugprone-sizeof-expression) */
    if (!data) {
        return err_nomem(err, "nested test");
    }
    for (size_t g = 0; g < n_groups; g++) {
        data[g] = group[g].data;
    }
    plain.bootstrap = 0;
    plain.has_all_intervals = false;
    ErrCode rc = share_run(&plain, is_shared, data, n_groups, ret, ret_whole, err);
    free(data);
    return rc;
}

/* Residuals that stand for the errors.  A robust fit goes straight through some of few runs and would
 * leave them none: there least squares says what they are. */
static ErrCode take_errors(Nested *k, const bool *is_shared, Err *err)
{
    ArrowTheta *theta = calloc(k->n_groups, sizeof *theta);
    FitResult *squares = calloc(k->n_groups, sizeof *squares);
    ErrCode rc = theta && squares ? ERR_OK : err_nomem(err, "residuals");
    if (rc == ERR_OK) {
        memcpy(theta, k->null, sizeof *theta * k->n_groups);
    }
    if (rc == ERR_OK && k->by_run && k->o->loss.kind != FIT_MSE) {
        FitOptions o = *k->o;
        ShareFit whole;
        o.loss = (FitLoss){FIT_MSE, 0.0, 1.0};
        rc = fit_shared(&o, is_shared, k->group, k->n_groups, squares, &whole, err);
        for (size_t g = 0; rc == ERR_OK && g < k->n_groups; g++) {
            memcpy(theta[g], squares[g].theta, sizeof theta[g]);
        }
        rc = rc == ERR_NUMERIC ? ERR_OK : rc; /* then those of the robust fit must do */
    }
    for (size_t g = 0; rc == ERR_OK && g < k->n_groups; g++) {
        const FitProblem *p = &k->joint.problem[g];
        for (size_t i = 0; i < p->n; i++) {
            k->residual[g][i] = problem_residual(p, i, theta[g]);
        }
    }
    if (rc == ERR_OK) {
        rc = leverage_free(&k->joint, theta, k->data, k->by_run, LEVERAGE_POOLED, k->residual, err);
    }
    free(theta);
    free(squares);
    return rc;
}

static ErrCode bootstrap(Nested *k, const bool *is_shared, const FitResult *shared,
                         NestedTest *test, Err *err)
{
    ErrCode rc = ERR_OK;
    size_t n = k->o->bootstrap, above = 0;
    TRY(open_groups(k, is_shared, shared, err));
    TRY(take_errors(k, is_shared, err));
    k->bench = arena_array(&k->arena, k->threads, sizeof *k->bench);
    k->statistic = arena_array(&k->arena, n + 1, sizeof *k->statistic);
    if (!k->bench || !k->statistic) {
        rc = err_nomem(err, "bootstrap");
        goto done;
    }
    for (size_t t = 0; t < k->threads; t++) {
        TRY(bench_open(k, &k->bench[t], err));
    }
    parallel_for(k->threads, n, replicate_item, k);
    test->replicates = n;
    for (size_t i = 0; i < n; i++) {
        test->failed += isnan(k->statistic[i]) ? 1 : 0;
        above += k->statistic[i] >= test->statistic * (1.0 - 1e-12) ? 1 : 0;
    }
    if (n == 0) {
        (void)snprintf(test->why, sizeof test->why, "a bootstrap test needs replicates");
    } else if (2 * test->failed > n) {
        (void)snprintf(test->why, sizeof test->why,
                       "%zu of %zu bootstrap samples do not determine the law", test->failed, n);
    } else {
        test->p = (1.0 + (double)above) / (1.0 + (double)(n - test->failed));
    }
done:
    return rc;
}

/* Which method these data allow, and for which units. */
static void choose(NestedMethod method, const FitOptions *o, Nested *k, NestedTest *test)
{
    size_t fewest = SIZE_MAX;
    bool has_runs = false;
    for (size_t g = 0; g < k->n_groups; g++) {
        const FitData *d = k->group[g].data;
        has_runs = has_runs || has_repeated_runs(d);
        fewest = d->n_runs < fewest ? d->n_runs : fewest;
    }
    k->by_run = has_runs && fewest > 0 && o->resampling != FIT_CASES;
    bool is_f =
        method == NESTED_F || (method == NESTED_AUTO && o->loss.kind == FIT_MSE && !k->by_run);
    test->method = is_f ? NESTED_F : NESTED_BOOTSTRAP;
    test->unit = k->by_run && !is_f ? FIT_CLUSTERS : FIT_CASES;
    if (!is_f && k->by_run && fewest < BOOTSTRAP_MIN_RUNS) {
        (void)snprintf(test->why, sizeof test->why,
                       "%zu runs in a group cannot show how runs differ", fewest);
    }
}

/* Objectives, parameters and the statistic. */
static void measure(Nested *k, const FitResult *shared, const ShareFit *whole, NestedTest *test)
{
    test->n = whole->n;
    test->restricted = whole->objective;
    test->restricted_params = whole->n_params;
    for (size_t g = 0; g < k->n_groups; g++) {
        const FitResult *full = k->group[g].full;
        test->full += fmin(full->objective, shared[g].objective);
        for (size_t a = 0; a < full->n_params; a++) {
            test->full_params += full->fix.is_fixed[a] ? 0 : 1;
        }
    }
    test->df1 = k->df1 = test->full_params - test->restricted_params;
    test->df2 = k->df2 = test->n > test->full_params ? test->n - test->full_params : 0;
    test->statistic = statistic_of(test->restricted, test->full, test->df1, test->df2);
}

/* Does the null leave nothing but rounding? */
static bool is_exact(const Nested *k, const FitResult *shared)
{
    double floor_sum = 0.0, sum = 0.0;
    for (size_t g = 0; g < k->n_groups; g++) {
        FitProblem p;
        Err ignored = ERR_INIT;
        if (problem_open(&p, k->o->form, k->o->loss, k->o->residual, &k->o->fix, shared[g].centre,
                         k->group[g].data, &ignored) != ERR_OK) {
            return false;
        }
        floor_sum += problem_noise(&p);
        sum += shared[g].objective;
        problem_release(&p);
    }
    return sum <= floor_sum;
}

ErrCode nested_test(const FitOptions *o, const bool *is_shared, NestedMethod method,
                    const NestedGroup *group, size_t n_groups, FitResult *ret_shared,
                    ShareFit *ret_whole, NestedTest *ret, Err *err)
{
    Nested k = {
        .o = o, .group = group, .n_groups = n_groups, .threads = o->threads ? o->threads : 1};
    NestedTest test = {.p = (double)NAN};
    ErrCode rc = ERR_OK;
    bool has_any = false;
    for (size_t a = 0; a < o->form->n_params; a++) {
        has_any = has_any || (is_shared[a] && !o->fix.is_fixed[a]);
    }
    if (!has_any || n_groups < 2) {
        return err_set(err, ERR_USAGE,
                       "a test of %s needs two groups and a free parameter to share",
                       o->form->name);
    }
    TRY(fit_shared(o, is_shared, group, n_groups, ret_shared, ret_whole, err));
    measure(&k, ret_shared, ret_whole, &test);
    choose(method, o, &k, &test);
    if (test.df2 > 0 && is_exact(&k, ret_shared)) {
        test.statistic = 0.0;
        test.p = 1.0;
        (void)snprintf(test.why, sizeof test.why, "the shared law meets every point exactly");
    } else if (test.df2 == 0 || !isfinite(test.statistic)) {
        (void)snprintf(test.why, sizeof test.why, "the separate fits leave no residuals");
    } else if (test.method == NESTED_F) {
        test.p = gsl_cdf_fdist_Q(test.statistic, (double)test.df1, (double)test.df2);
    } else if (!test.why[0]) {
        TRY(bootstrap(&k, is_shared, ret_shared, &test, err));
    }
    *ret = test;
done:
    nested_release(&k);
    return rc;
}
