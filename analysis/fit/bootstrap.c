#include "analysis/fit/bootstrap.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/check.h"
#include "analysis/fit/parallel.h"
#include "analysis/fit/values.h"
#include "analysis/fit/wild.h"
#include "common/arena.h"
#include "common/rng.h"

enum { MIN_REPLICATES = 20 };

/* Two budgets differ by more than this in ln C. */
#define BUDGET_GAP 0.05

bool bootstrap_by_run(FitResampling kind, size_t n_points, size_t n_runs)
{
    return (kind == FIT_CLUSTERS || kind == FIT_WILD) && n_runs > 0 && n_runs < n_points;
}

const char *bootstrap_unit_text(FitResampling kind)
{
    static const char *const text[] = {
        [FIT_AUTO] = "none",           [FIT_CASES] = "points",
        [FIT_CLUSTERS] = "whole runs", [FIT_STRATIFIED] = "points within each compute budget",
        [FIT_RESIDUALS] = "residuals", [FIT_WILD] = "residuals weighted at random",
        [FIT_NO_INTERVALS] = "none",
    };
    return text[kind];
}

FitResampling bootstrap_kind(const FitOptions *o, const FitData *data)
{
    bool has_runs = bootstrap_by_run(FIT_CLUSTERS, data->n, data->n_runs);
    FitResampling kind = o->resampling;
    if (kind == FIT_AUTO) {
        bool is_small = data->n_runs < BOOTSTRAP_MANY_RUNS && !o->form->has_envelope;
        kind = !has_runs ? FIT_CASES : is_small ? FIT_WILD : FIT_CLUSTERS;
    }
    if (kind == FIT_CLUSTERS && !has_runs) {
        return FIT_CASES; /* every observation is a run */
    }
    bool is_short =
        bootstrap_by_run(kind, data->n, data->n_runs) && data->n_runs < BOOTSTRAP_MIN_RUNS;
    return is_short ? FIT_NO_INTERVALS : kind;
}

/* What one thread works in: its own weights over the shared data. */
typedef struct Bench {
    FitProblem problem;
    double *times;
    size_t *drawn; /* [n_units] how often each was drawn */
} Bench;

typedef struct Job {
    const FitOptions *o;
    const FitData *data;
    const FitProblem *p;
    const Solution *best, *second;
    FitResampling kind;
    bool by_run; /* units are runs, else observations */
    bool has_envelope;
    size_t n_at, n_values;
    double *values;  /* [items, n_values]; NaN throughout for a failed one */
    size_t *stratum; /* [n] which budget */
    size_t *order, *first, *count, n_strata; /* order: by C; a budget is count places from first */
    double *predicted, *residual;            /* [n] of FIT_RESIDUALS */
    Wild wild;
    Bench *bench; /* [threads] */
    size_t threads;
    Arena arena; /* of all the arrays but values */
} Job;

static size_t draw(const Job *j, uint32_t replicate, size_t i, size_t n)
{
    double u = rng_uniform(j->o->seed, rng_stream(RNG_BOOTSTRAP, replicate), i);
    return (size_t)(u * (double)n);
}

static void draw_cases(const Job *j, uint32_t replicate, Bench *b)
{
    memset(b->times, 0, sizeof *b->times * j->p->n);
    for (size_t i = 0; i < j->p->n; i++) {
        b->times[draw(j, replicate, i, j->p->n)] += 1.0;
    }
}

static void draw_clusters(const Job *j, uint32_t replicate, Bench *b)
{
    size_t n_runs = j->data->n_runs;
    memset(b->drawn, 0, sizeof *b->drawn * n_runs);
    for (size_t i = 0; i < n_runs; i++) {
        b->drawn[draw(j, replicate, i, n_runs)]++;
    }
    for (size_t i = 0; i < j->p->n; i++) {
        b->times[i] = (double)b->drawn[j->data->run[i]];
    }
}

static void draw_within_budgets(const Job *j, uint32_t replicate, Bench *b)
{
    memset(b->times, 0, sizeof *b->times * j->p->n);
    for (size_t i = 0; i < j->p->n; i++) {
        size_t s = j->stratum[i];
        size_t at = j->first[s] + draw(j, replicate, i, j->count[s]);
        b->times[j->order[at]] += 1.0;
    }
}

static void draw_residuals(const Job *j, uint32_t replicate, Bench *b)
{
    for (size_t i = 0; i < j->p->n; i++) {
        b->times[i] = 1.0;
    }
    problem_resample(j->p, b->times, &b->problem);
    for (size_t i = 0; i < j->p->n; i++) {
        double r = j->residual[draw(j, replicate, i, j->p->n)];
        double y = j->p->residual == FIT_LOG ? j->predicted[i] * exp(-r) : j->predicted[i] - r;
        b->problem.y[i] = y;
        b->problem.ln_y[i] = y > 0.0 ? log(y) : 0.0;
    }
}

static void draw_weights(const Job *j, uint32_t replicate, Bench *b)
{
    for (size_t i = 0; i < j->p->n; i++) {
        b->times[i] = 1.0;
    }
    problem_resample(j->p, b->times, &b->problem);
    wild_redraw(&j->wild, 0, j->o->seed, replicate, 0, &b->problem);
}

static void resample(const Job *j, uint32_t replicate, Bench *b)
{
    switch (j->kind) {
    case FIT_CLUSTERS:
        draw_clusters(j, replicate, b);
        break;
    case FIT_STRATIFIED:
        draw_within_budgets(j, replicate, b);
        break;
    case FIT_RESIDUALS:
        draw_residuals(j, replicate, b);
        return;
    case FIT_WILD:
        draw_weights(j, replicate, b);
        return;
    case FIT_CASES:
    case FIT_NO_INTERVALS:
    case FIT_AUTO:
        draw_cases(j, replicate, b);
        break;
    }
    problem_resample(j->p, b->times, &b->problem);
}

static Solution warm_start(const FitProblem *p, const Solution *from)
{
    Solution s = *from;
    for (size_t k = 0; k < p->p; k++) {
        if (s.is_zero[k]) { /* the replicate decides for itself whether it is zero */
            s.theta[k] = log(1e-2 * p->level);
        }
    }
    solve_from(p, NULL, SOLVE_WARM, &s);
    return s;
}

/* Fits what the bench holds; its values, or NaN throughout. */
static void refit(const Job *j, Bench *b, double *values)
{
    for (size_t k = 0; k < j->n_values; k++) {
        values[k] = (double)NAN;
    }
    if (!check_has_spread(&b->problem)) {
        return;
    }
    Solution s = warm_start(&b->problem, j->best);
    if (j->second) {
        Solution other = warm_start(&b->problem, j->second);
        if (other.certificate.is_minimum &&
            (!s.certificate.is_minimum || other.objective < s.objective)) {
            s = other;
        }
    }
    Envelope envelope;
    Err ignored = ERR_INIT;
    if (!s.certificate.is_minimum ||
        (j->has_envelope && envelope_fit(j->data, b->times, &envelope, &ignored) != ERR_OK)) {
        return;
    }
    (void)values_at(j->p->form, j->p->centre, s.theta, j->has_envelope ? &envelope : NULL, j->o->at,
                    j->n_at, values);
}

static void replicate(void *ctx, size_t worker, size_t item)
{
    const Job *j = ctx;
    Bench *b = &j->bench[worker];
    resample(j, (uint32_t)item, b);
    refit(j, b, j->values + item * j->n_values);
}

static void leave_out(void *ctx, size_t worker, size_t item)
{
    const Job *j = ctx;
    Bench *b = &j->bench[worker];
    for (size_t i = 0; i < j->p->n; i++) {
        size_t unit = j->by_run ? j->data->run[i] : i;
        b->times[i] = unit == item ? 0.0 : 1.0;
    }
    problem_resample(j->p, b->times, &b->problem);
    refit(j, b, j->values + item * j->n_values);
}

static void job_release(Job *j)
{
    for (size_t t = 0; j->bench && t < j->threads; t++) {
        problem_release(&j->bench[t].problem);
    }
    wild_release(&j->wild);
    arena_release(&j->arena);
}

static ErrCode benches(Job *j, Err *err)
{
    j->bench = arena_array(&j->arena, j->threads, sizeof *j->bench);
    if (!j->bench) {
        return err_nomem(err, "bootstrap");
    }
    for (size_t t = 0; t < j->threads; t++) {
        Bench *b = &j->bench[t];
        b->times = arena_array(&j->arena, j->p->n + 1, sizeof *b->times);
        b->drawn = arena_array(&j->arena, j->data->n_runs + 1, sizeof *b->drawn);
        ErrCode rc = problem_clone(j->p, &b->problem, err);
        if (rc != ERR_OK || !b->times || !b->drawn) {
            return rc != ERR_OK ? rc : err_nomem(err, "bootstrap");
        }
    }
    return ERR_OK;
}

/* Observations in the order of ln C, cut where it jumps. */
static ErrCode budgets(Job *j, Err *err)
{
    size_t n = j->p->n;
    double *ln_c = arena_array(&j->arena, n + 1, sizeof *ln_c);
    j->stratum = arena_array(&j->arena, n + 1, sizeof *j->stratum);
    j->order = arena_array(&j->arena, n + 1, sizeof *j->order);
    j->first = arena_array(&j->arena, n + 1, sizeof *j->first);
    j->count = arena_array(&j->arena, n + 1, sizeof *j->count);
    if (!ln_c || !j->stratum || !j->order || !j->first || !j->count) {
        return err_nomem(err, "budgets");
    }
    for (size_t i = 0; i < n; i++) {
        ln_c[i] = j->data->flops ? log(j->data->flops[i]) : 0.0;
    }
    gsl_sort_index(j->order, ln_c, 1, n);
    size_t s = 0;
    for (size_t k = 0; k < n; k++) {
        if (k > 0 && ln_c[j->order[k]] - ln_c[j->order[k - 1]] > BUDGET_GAP) {
            s++;
            j->first[s] = k;
        }
        j->stratum[j->order[k]] = s;
        j->count[s]++;
    }
    j->n_strata = s + 1;
    return ERR_OK;
}

static ErrCode residuals(Job *j, Err *err)
{
    j->predicted = arena_array(&j->arena, j->p->n + 1, sizeof *j->predicted);
    j->residual = arena_array(&j->arena, j->p->n + 1, sizeof *j->residual);
    if (!j->predicted || !j->residual) {
        return err_nomem(err, "residuals");
    }
    for (size_t i = 0; i < j->p->n; i++) {
        j->predicted[i] = problem_predict(j->p, i, j->best->theta);
        j->residual[i] = problem_residual(j->p, i, j->best->theta);
    }
    return ERR_OK;
}

static ErrCode wild(Job *j, Err *err)
{
    Arrow alone;
    ErrCode rc = arrow_open(1, j->p->p, &alone, err);
    if (rc == ERR_OK) {
        ArrowTheta theta;
        alone.problem[0] = *j->p;
        memcpy(theta, j->best->theta, sizeof theta);
        rc = wild_open(&alone, &theta, &j->data, j->by_run, &j->wild, err);
        arrow_release(&alone, false);
    }
    return rc;
}

static ErrCode job_open(const FitOptions *o, const FitData *data, const FitProblem *p,
                        const Solution *best, const FitResult *r, Job *j, Err *err)
{
    *j = (Job){.o = o,
               .data = data,
               .p = p,
               .best = best,
               .kind = bootstrap_kind(o, data),
               .has_envelope = r->has_envelope,
               .n_at = r->n_at,
               .n_values = fit_slots(r),
               .threads = o->threads ? o->threads : 1};
    j->by_run = bootstrap_by_run(j->kind, data->n, data->n_runs);
    ErrCode rc = benches(j, err);
    if (rc == ERR_OK && j->kind == FIT_STRATIFIED) {
        rc = budgets(j, err);
    }
    if (rc == ERR_OK && j->kind == FIT_RESIDUALS) {
        rc = residuals(j, err);
    }
    if (rc == ERR_OK && j->kind == FIT_WILD) {
        rc = wild(j, err);
    }
    return rc;
}

/* What the samples leave of n; may be none. */
static double freedom(bool by_run, size_t n_points, size_t n_params, size_t n_runs)
{
    return by_run ? (double)n_runs - 1.0 : (double)n_points - (double)n_params;
}

BootstrapWidening bootstrap_widening(FitResampling kind, size_t n_points, size_t n_params,
                                     size_t n_runs)
{
    bool by_run = kind == FIT_CLUSTERS || bootstrap_by_run(kind, n_points, n_runs);
    double n = by_run ? (double)n_runs : (double)n_points;
    double dof = fmax(1.0, freedom(by_run, n_points, n_params, n_runs));
    return (BootstrapWidening){kind == FIT_WILD ? 1.0 : sqrt(n / dof), dof};
}

double bootstrap_widened_tail(BootstrapWidening w, double confidence)
{
    return gsl_cdf_ugaussian_P(-w.scale * gsl_cdf_tdist_Pinv(0.5 + 0.5 * confidence, w.dof));
}

double bootstrap_tail(FitResampling kind, size_t n_points, size_t n_params, size_t n_runs)
{
    bool by_run = kind == FIT_CLUSTERS || bootstrap_by_run(kind, n_points, n_runs);
    return freedom(by_run, n_points, n_params, n_runs) < 1.0
               ? 0.0
               : bootstrap_widened_tail(bootstrap_widening(kind, n_points, n_params, n_runs), 0.95);
}

void bootstrap_summarise(const double *draws, size_t n_draws, size_t stride, double tail,
                         double *column, FitValue *v)
{
    size_t n = 0;
    for (size_t r = 0; r < n_draws; r++) {
        if (isfinite(draws[r * stride])) {
            column[n++] = draws[r * stride];
        }
    }
    if (n < MIN_REPLICATES) {
        return;
    }
    gsl_sort(column, 1, n);
    if (column[0] == column[n - 1]) {
        return; /* at a limit, or held: that says nothing of how far it may be */
    }
    v->se = gsl_stats_sd(column, 1, n);
    v->lo = gsl_stats_quantile_from_sorted_data(column, 1, n, tail);
    v->hi = gsl_stats_quantile_from_sorted_data(column, 1, n, 1.0 - tail);
    v->by[FIT_PERCENTILE] = (FitInterval){v->se, v->lo, v->hi};
}

static void collect(const Job *j, double *column, FitResult *r)
{
    double tail = bootstrap_tail(j->kind, j->p->n, check_free(j->p), j->data->n_runs);
    for (size_t k = 0; k < j->n_values; k++) {
        bootstrap_summarise(j->values + k, j->o->bootstrap, j->n_values, tail, column,
                            fit_slot(r, k));
    }
    r->resampling = j->kind;
    r->replicates = j->o->bootstrap;
    r->replicates_failed = 0;
    for (size_t i = 0; i < r->replicates; i++) {
        r->replicates_failed += isnan(j->values[i * j->n_values]) ? 1 : 0;
    }
}

/* What the replicates that could be fitted say is conditional on that; past a half it is not
 * printed. */
static void judge(const FitData *data, FitResult *r)
{
    bool is_void = r->replicates_failed * 2 > r->replicates;
    bool by_run = bootstrap_by_run(r->resampling, data->n, data->n_runs);
    if (by_run && data->n_runs < BOOTSTRAP_FEW_RUNS && !is_void) {
        fit_warn(r,
                 "few_runs: intervals from %zu runs %s too narrow; six runs or more give honest "
                 "ones",
                 data->n_runs, r->resampling == FIT_WILD ? "may be" : "are");
    }
    if (r->replicates_failed * 10 <= r->replicates) {
        return;
    }
    fit_warn(r, "bootstrap: %zu of %zu samples do not determine this law%s", r->replicates_failed,
             r->replicates,
             is_void ? "; no intervals" : "; the intervals are of the others and too narrow");
    for (size_t i = 0; is_void && i < fit_slots(r); i++) {
        FitValue *v = fit_slot(r, i);
        v->se = v->lo = v->hi = (double)NAN;
        v->by[FIT_PERCENTILE] = (FitInterval){(double)NAN, (double)NAN, (double)NAN};
    }
}

ErrCode bootstrap_run(const FitOptions *o, const FitData *data, const FitProblem *p,
                      const Solution *best, const Solution *second, FitResult *r,
                      double **ret_draws, Err *err)
{
    Job j;
    *ret_draws = NULL;
    if (o->bootstrap == 0) {
        return ERR_OK;
    }
    if (bootstrap_kind(o, data) == FIT_NO_INTERVALS) {
        fit_warn(r, "few_runs: %zu runs cannot show how runs differ; no intervals", data->n_runs);
        return ERR_OK;
    }
    ErrCode rc = job_open(o, data, p, best, r, &j, err);
    j.second = second;
    j.values = calloc(o->bootstrap * j.n_values + 1, sizeof *j.values);
    double *column = calloc(o->bootstrap + 1, sizeof *column);
    if (rc == ERR_OK && (!j.values || !column)) {
        rc = err_nomem(err, "bootstrap");
    }
    if (rc == ERR_OK) {
        parallel_for(j.threads, o->bootstrap, replicate, &j);
        collect(&j, column, r);
        judge(data, r);
        if (j.kind == FIT_STRATIFIED && 2 * j.n_strata > p->n) {
            fit_warn(r, "few_budgets: %zu budgets of C for %zu points; strata of one never vary",
                     j.n_strata, p->n);
        }
        *ret_draws = j.values;
        j.values = NULL;
    }
    free(column);
    free(j.values);
    job_release(&j);
    return rc;
}

ErrCode bootstrap_leave_out(const FitOptions *o, const FitData *data, const FitProblem *p,
                            const Solution *best, const FitResult *r, double **ret, size_t *ret_n,
                            Err *err)
{
    Job j;
    ErrCode rc = job_open(o, data, p, best, r, &j, err);
    *ret_n = j.by_run ? data->n_runs : p->n;
    j.values = calloc(*ret_n * j.n_values + 1, sizeof *j.values);
    if (rc == ERR_OK && !j.values) {
        rc = err_nomem(err, "jackknife");
    }
    if (rc == ERR_OK) {
        parallel_for(j.threads, *ret_n, leave_out, &j);
    } else {
        free(j.values);
        j.values = NULL;
    }
    *ret = j.values;
    job_release(&j);
    return rc;
}
