#include "analysis/fit/bootstrap.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/parallel.h"
#include "common/rng.h"

enum { MIN_REPLICATES = 20 };

FitResampling bootstrap_kind(const FitData *data)
{
    if (data->n_runs == 0 || data->n_runs == data->n) {
        return FIT_CASES;
    }
    return data->n_runs >= BOOTSTRAP_MIN_RUNS ? FIT_CLUSTERS : FIT_NO_INTERVALS;
}

size_t bootstrap_values(const FitProblem *p, const double *theta, const Envelope *e, double *values)
{
    const Form *f = p->form;
    f->report(theta, p->centre, values);
    size_t n = f->n_params;
    if (f->n_derived) {
        f->derive(values, values + n);
        n += f->n_derived;
    }
    if (e) {
        const double v[] = {e->a,           e->b,          e->k_n,  e->k_d,  e->a + e->b,
                            e->ratio_first, e->ratio_last, e->beta, e->alpha};
        memcpy(values + n, v, sizeof v);
        n += sizeof v / sizeof v[0];
    }
    return n;
}

/* What one thread works in: its own weights over the shared data. */
typedef struct Bench {
    FitProblem problem;
    double *weight;
    size_t *drawn; /* [n_runs] how often each run was drawn */
} Bench;

typedef struct Job {
    const FitOptions *o;
    const FitData *data;
    const FitProblem *p;
    const Solution *best, *second;
    FitResampling kind;
    bool has_envelope;
    size_t n_values;
    double *values; /* [replicates, n_values]; NaN throughout for a failed one */
    Bench *bench;   /* [threads] */
} Job;

static size_t draw(const Job *j, uint32_t replicate, size_t i, size_t n)
{
    double u = rng_uniform(j->o->seed, rng_stream(RNG_BOOTSTRAP, replicate), i);
    return (size_t)(u * (double)n);
}

static void resample(const Job *j, uint32_t replicate, Bench *b)
{
    size_t n = j->p->n, n_runs = j->data->n_runs;
    if (j->kind == FIT_CASES) {
        memset(b->weight, 0, sizeof *b->weight * n);
        for (size_t i = 0; i < n; i++) {
            b->weight[draw(j, replicate, i, n)] += 1.0;
        }
        return;
    }
    memset(b->drawn, 0, sizeof *b->drawn * n_runs);
    for (size_t i = 0; i < n_runs; i++) {
        b->drawn[draw(j, replicate, i, n_runs)]++;
    }
    for (size_t i = 0; i < n; i++) {
        b->weight[i] = (double)b->drawn[j->data->run[i]];
    }
}

/* Does input k still take enough values among the observations drawn? */
static bool has_spread(const FitProblem *p, size_t need)
{
    for (size_t k = 0; k < p->form->n_inputs; k++) {
        double seen[8];
        size_t n_seen = 0;
        for (size_t i = 0; i < p->n && n_seen < need; i++) {
            double v = p->x[i * p->form->n_inputs + k];
            bool is_new = p->weight[i] > 0.0;
            for (size_t s = 0; s < n_seen && is_new; s++) {
                is_new = fabs(seen[s] - v) > 1e-9;
            }
            if (is_new) {
                seen[n_seen++] = v;
            }
        }
        if (n_seen < need) {
            return false;
        }
    }
    return true;
}

static Solution warm_start(const FitProblem *p, const Solution *from)
{
    Solution s = *from;
    double least = solve_least_loss(p);
    for (size_t k = 0; k < p->form->n_terms; k++) {
        if (s.is_zero[k]) { /* the replicate decides for itself whether it is zero */
            s.theta[k] = log(1e-2 * least);
        }
    }
    solve_from(p, NULL, &s);
    return s;
}

static void replicate(void *ctx, size_t worker, size_t item)
{
    const Job *j = ctx;
    Bench *b = &j->bench[worker];
    double *values = j->values + item * j->n_values;
    for (size_t k = 0; k < j->n_values; k++) {
        values[k] = (double)NAN;
    }
    resample(j, (uint32_t)item, b);
    if (!has_spread(&b->problem, b->problem.form->n_terms > 1 ? 3 : 2)) {
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
        (j->has_envelope && envelope_fit(j->data, b->weight, &envelope, &ignored) != ERR_OK)) {
        return;
    }
    (void)bootstrap_values(&b->problem, s.theta, j->has_envelope ? &envelope : NULL, values);
}

static void bench_release(Bench *bench, size_t n)
{
    for (size_t t = 0; bench && t < n; t++) {
        free(bench[t].weight);
        free(bench[t].drawn);
    }
    free(bench);
}

static Bench *bench_new(const FitProblem *p, size_t n_runs, size_t n)
{
    Bench *bench = calloc(n, sizeof *bench);
    bool is_good = bench != NULL;
    for (size_t t = 0; is_good && t < n; t++) {
        Bench *b = &bench[t];
        b->weight = calloc(p->n + 1, sizeof *b->weight);
        b->drawn = calloc(n_runs + 1, sizeof *b->drawn);
        b->problem = *p;
        b->problem.weight = b->weight;
        is_good = b->weight && b->drawn;
    }
    if (!is_good) {
        bench_release(bench, n);
        bench = NULL;
    }
    return bench;
}

/* se and percentile interval of column k over the replicates that have it. */
static void summarise(const Job *j, size_t k, double *column, FitValue *v)
{
    size_t n = 0;
    for (size_t r = 0; r < j->o->bootstrap; r++) {
        double x = j->values[r * j->n_values + k];
        if (isfinite(x)) {
            column[n++] = x;
        }
    }
    if (n < MIN_REPLICATES) {
        return;
    }
    gsl_sort(column, 1, n);
    if (column[0] == 0.0 && column[n - 1] == 0.0) {
        return; /* at a limit in all of them: that says nothing of how far it may be */
    }
    v->se = gsl_stats_sd(column, 1, n);
    v->lo = gsl_stats_quantile_from_sorted_data(column, 1, n, 0.025);
    v->hi = gsl_stats_quantile_from_sorted_data(column, 1, n, 0.975);
}

static void collect(const Job *j, double *column, FitResult *r)
{
    for (size_t k = 0; k < j->n_values; k++) {
        summarise(j, k, column, k < r->n_params ? &r->param[k] : &r->derived[k - r->n_params]);
    }
    r->resampling = j->kind;
    r->replicates = j->o->bootstrap;
    r->replicates_failed = 0;
    for (size_t i = 0; i < r->replicates; i++) {
        r->replicates_failed += isnan(j->values[i * j->n_values]) ? 1 : 0;
    }
}

ErrCode bootstrap_run(const FitOptions *o, const FitData *data, const FitProblem *p,
                      const Solution *best, const Solution *second, FitResult *r, Err *err)
{
    size_t threads = o->threads ? o->threads : 1;
    Job j = {.o = o, .data = data, .p = p, .best = best, .second = second};
    j.kind = bootstrap_kind(data);
    if (j.kind == FIT_NO_INTERVALS) {
        return ERR_OK;
    }
    j.has_envelope = r->has_envelope;
    j.n_values = r->n_params + r->n_derived;
    j.values = calloc(o->bootstrap * j.n_values + 1, sizeof *j.values);
    j.bench = bench_new(p, data->n_runs, threads);
    double *column = calloc(o->bootstrap + 1, sizeof *column);
    ErrCode rc = ERR_OK;
    if (!j.values || !j.bench || !column) {
        rc = err_nomem(err, "bootstrap");
    } else {
        parallel_for(threads, o->bootstrap, replicate, &j);
        collect(&j, column, r);
    }
    free(column);
    bench_release(j.bench, threads);
    free(j.values);
    return rc;
}
