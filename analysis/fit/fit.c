#include "analysis/fit/fit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/bootstrap.h"
#include "analysis/fit/check.h"
#include "analysis/fit/intervals.h"
#include "analysis/fit/nls.h"
#include "analysis/fit/parallel.h"
#include "analysis/fit/sample.h"
#include "analysis/fit/solve.h"
#include "analysis/fit/starts.h"
#include "analysis/fit/values.h"

#define AT_MINIMUM       1e-8
#define DISTINCT_MINIMUM 1e-6

/* Enough to choose a member of a family by BIC; the one chosen gets all that are asked for. */
enum { FAMILY_STARTS = 24 };

/* ---- multi-start ---- */

typedef struct Search {
    const FitProblem *p;
    Nls **nls;     /* [threads] */
    Solution *end; /* [starts] */
    double *theta; /* [starts, p] where each began */
    size_t n_best; /* the first ones, of the grid: GSL goes first there */
} Search;

static void search_item(void *ctx, size_t worker, size_t item)
{
    Search *s = ctx;
    Nls *nls = item < s->n_best ? s->nls[worker] : NULL;
    solve_from(s->p, nls, SOLVE_COLD, &s->end[item]);
}

static void search_release(Search *s, size_t threads)
{
    for (size_t t = 0; s->nls && t < threads; t++) {
        nls_free(s->nls[t]);
    }
    free(s->nls);
    free(s->end);
    free(s->theta);
}

static ErrCode search_all(const FitOptions *o, Search *s, size_t threads, Err *err)
{
    const FitProblem *p = s->p;
    s->theta = calloc(o->starts * p->p + 1, sizeof *s->theta);
    s->nls = calloc(threads, sizeof(Nls *)); /* NOLINT(bugprone-sizeof-expression): pointers */
    s->end = calloc(o->starts + 1, sizeof *s->end);
    ErrCode rc = s->theta && s->nls && s->end ? ERR_OK : err_nomem(err, "starting points");
    for (size_t t = 0; t < threads && rc == ERR_OK; t++) {
        rc = nls_new(p->n, p->p, &s->nls[t], err);
    }
    if (rc == ERR_OK) {
        rc = starts_fill(p, o->seed, o->starts, s->theta, &s->n_best, err);
    }
    for (size_t i = 0; rc == ERR_OK && i < o->starts; i++) {
        memcpy(s->end[i].theta, s->theta + i * p->p, sizeof *s->theta * p->p);
    }
    if (rc == ERR_OK) {
        parallel_for(threads, o->starts, search_item, s);
    }
    return rc;
}

/* The lowest certified end, or the lowest of all when none is. */
static const Solution *lowest(const Search *s, size_t n, double above)
{
    const Solution *best = NULL;
    for (size_t i = 0; i < n; i++) {
        const Solution *e = &s->end[i];
        bool is_candidate = isfinite(e->objective) && e->objective > above &&
                            (above < 0.0 || e->certificate.is_minimum);
        if (is_candidate && (!best || e->objective < best->objective)) {
            best = e;
        }
    }
    return best;
}

static bool is_elsewhere(const FitProblem *p, const Solution *a, const Solution *b)
{
    for (size_t i = 0; i < p->p; i++) {
        if (fabs(a->theta[i] - b->theta[i]) > 1e-3 * fmax(1.0, fabs(a->theta[i]))) {
            return true;
        }
    }
    return false;
}

/* Counts the ends; returns the second-best distinct minimum or NULL. */
static const Solution *count_ends(const Search *s, size_t n, const Solution *best, FitResult *r)
{
    double noise = problem_noise(s->p);
    bool is_unique = true;
    r->starts = n;
    for (size_t i = 0; i < n; i++) {
        const Solution *e = &s->end[i];
        bool is_there = e->objective <= best->objective * (1.0 + AT_MINIMUM) + noise;
        r->at_minimum += is_there ? 1 : 0;
        r->not_converged += is_there || e->certificate.is_minimum ? 0 : 1;
        is_unique = is_unique && !(is_there && is_elsewhere(s->p, best, e));
    }
    if (!is_unique) {
        fit_warn(r, "not_unique: other parameters reach the same objective within 1e-8");
    }
    if (r->at_minimum < 2 && n > 1) {
        fit_warn(r, "starts: only one of %zu starts reached the minimum; try --starts %zu", n,
                 4 * n);
    }
    return lowest(s, n, best->objective * (1.0 + DISTINCT_MINIMUM) + noise);
}

/* Where gsl_multifit_nlinear alone ends from theta. */
static double referee_from(const Search *s, const FitProblem *p, double *theta)
{
    nls_improve(s->nls[0], p, theta);
    return problem_value(s->p, theta);
}

/* Another solver on the same sum, from the grid's best start and from the minimum itself.  That it
 * ends higher is its own affair (a robust loss takes it hundreds of rounds); lower is ours. */
static void ask_referee(const Search *s, const Solution *best, FitResult *r)
{
    const FitProblem *p = s->p;
    r->referee = (double)NAN;
    if (p->loss.kind == FIT_L1) {
        return;
    }
    FitProblem held = *p;
    double start[FORM_MAX_PARAMS], end[FORM_MAX_PARAMS];
    for (size_t i = 0; i < p->p; i++) {
        held.is_fixed[i] = held.is_fixed[i] || best->is_zero[i];
        start[i] = held.is_fixed[i] ? best->theta[i] : s->theta[i];
        end[i] = best->theta[i];
    }
    r->referee = referee_from(s, &held, start);
    double least = fmin(r->referee, referee_from(s, &held, end));
    if (least < best->objective * (1.0 - AT_MINIMUM) - problem_noise(p)) {
        fit_warn(r, "referee: GSL ends lower, at %.9g; try --starts %zu", least, 4 * r->starts);
    }
}

/* ---- what is reported ---- */

void fit_measure(const FitProblem *p, const double *theta, FitResult *r)
{
    double n = (double)p->n, mean = 0.0, raw = 0.0, logs = 0.0, total = 0.0;
    for (size_t i = 0; i < p->n; i++) {
        mean += p->y[i] / n;
    }
    for (size_t i = 0; i < p->n; i++) {
        double loss = problem_predict(p, i, theta);
        double e = loss - p->y[i], l = log(loss) - p->ln_y[i];
        raw += e * e;
        logs += p->y[i] > 0.0 ? l * l : (double)NAN;
        total += (p->y[i] - mean) * (p->y[i] - mean);
    }
    double rss = fmax(p->residual == FIT_LOG ? logs : raw, p->ulp_squares);
    double k = (double)check_free(p) + 1.0; /* and the variance */
    r->rmse = sqrt(raw / n);
    r->rmse_log = sqrt(logs / n);
    r->r2 = total > 0.0 ? 1.0 - raw / total : (double)NAN;
    r->aic = n * log(rss / n) + 2.0 * k;
    r->bic = n * log(rss / n) + log(n) * k;
}

static void add_envelope(const FitData *data, FitResult *r)
{
    Err err = ERR_INIT;
    if (!r->form->has_envelope) {
        return;
    }
    double *weight = calloc(data->n + 1, sizeof *weight);
    for (size_t i = 0; weight && i < data->n; i++) {
        weight[i] = 1.0;
    }
    ErrCode rc = weight && data->params && data->tokens
                     ? envelope_fit(data, weight, &r->envelope, &err)
                     : err_set(&err, ERR_NUMERIC, "the points lack N or D");
    free(weight);
    if (rc != ERR_OK) {
        fit_warn(r, "envelope: no N_opt and D_opt: %s", err.msg);
        return;
    }
    r->has_envelope = true;
    if (!r->envelope.is_inner) {
        fit_warn(r,
                 "envelope: hardly any C has sizes on both sides of the best one; a and b follow "
                 "the ends of the runs");
    }
    if (r->envelope.n_sizes < 3) {
        fit_warn(r, "envelope: only %zu sizes are best anywhere; a and b are steps between them",
                 r->envelope.n_sizes);
    }
    double lo = fmin(r->envelope.ratio_first, r->envelope.ratio_last);
    double hi = fmax(r->envelope.ratio_first, r->envelope.ratio_last);
    if (hi > 1.25 * lo) {
        fit_warn(r,
                 "drift: a + b = %.3f, so 6 N_opt D_opt / C goes from %.2f to %.2f over the data",
                 r->envelope.a + r->envelope.b, r->envelope.ratio_first, r->envelope.ratio_last);
    }
}

static void warn_outside(FitResult *r)
{
    for (size_t i = 0; i < r->n_at; i++) {
        if (r->at[i].is_outside) {
            fit_warn(r, "outside: the best N and D at C = %.3g are not within the data",
                     r->at[i].c);
        }
    }
}

/* What the starts found on a sample, minimised on all observations; the lower one first. */
static void finish_on_all(const FitProblem *p, const Solution **best, const Solution **second,
                          Solution on_all[2])
{
    on_all[0] = **best;
    solve_from(p, NULL, SOLVE_WARM, &on_all[0]);
    *best = &on_all[0];
    if (!*second) {
        return;
    }
    on_all[1] = **second;
    solve_from(p, NULL, SOLVE_WARM, &on_all[1]);
    *second = &on_all[1];
    if (on_all[1].objective < on_all[0].objective) {
        *best = &on_all[1];
        *second = &on_all[0];
    }
    bool is_other = (*second)->certificate.is_minimum && is_elsewhere(p, *best, *second);
    *second = is_other ? *second : NULL;
}

static ErrCode fit_problem(const FitOptions *o, const FitData *data, const FitProblem *p,
                           FitResult *r, double **ret_draws, Err *err)
{
    size_t threads = o->threads ? o->threads : 1;
    FitProblem sample = {0};
    bool is_sample = false;
    Search s = {.p = p};
    Solution on_all[2];
    const Solution *best = NULL, *second = NULL;
    double *draws = NULL;
    ErrCode rc = ERR_OK;
    TRY(check_observations(p, r, err));
    TRY(sample_open(p, &sample, &is_sample, err));
    s.p = is_sample ? &sample : p;
    r->searched = s.p->n;
    TRY(search_all(o, &s, threads, err));
    best = lowest(&s, o->starts, -1.0);
    if (!best) {
        rc = err_set(err, ERR_NUMERIC, "%s: no start stayed within finite numbers", p->form->name);
        goto done;
    }
    if (is_sample) {
        second = count_ends(&s, o->starts, best, r);
        ask_referee(&s, best, r);
        finish_on_all(p, &best, &second, on_all);
        r->referee = (double)NAN; /* it was compared on the sample */
    }
    TRY(check_end(p, best, r, err));
    if (!is_sample) {
        second = count_ends(&s, o->starts, best, r);
        ask_referee(&s, best, r);
    }
    memcpy(r->theta, best->theta, sizeof r->theta);
    memcpy(r->centre, p->centre, sizeof r->centre);
    r->objective = best->objective;
    r->certificate = best->certificate;
    r->conditioning = conditioning_of(s.p, best->theta);
    if (second) {
        r->has_second = true;
        r->second_objective = second->objective;
        form_report(p->form, second->theta, p->centre, r->second_param);
    }
    add_envelope(data, r);
    values_describe(p, o, r);
    warn_outside(r);
    fit_measure(p, best->theta, r);
    TRY(bootstrap_run(o, data, p, best, second, r, &draws, err));
    if (o->has_all_intervals) {
        TRY(intervals_add(o, data, p, best, draws, r, err));
    }
    *ret_draws = draws;
    draws = NULL;
done:
    free(draws);
    search_release(&s, threads);
    if (is_sample) {
        problem_release(&sample);
    }
    return rc;
}

static ErrCode run_one(const FitOptions *o, const FitData *data, FitResult *ret, double **ret_draws,
                       Err *err)
{
    FitProblem p;
    *ret_draws = NULL;
    if (data->n == 0) {
        return err_set(err, ERR_NUMERIC, "%s: there are no points", o->form->name);
    }
    ErrCode rc = problem_open(&p, o->form, o->loss, o->residual, &o->fix, NULL, data, err);
    if (rc != ERR_OK) {
        return rc;
    }
    FitResult *r = calloc(1, sizeof *r);
    if (!r) {
        problem_release(&p);
        return err_nomem(err, "fit");
    }
    r->form = o->form;
    r->loss = o->loss;
    r->residual = o->residual;
    r->fix = o->fix;
    r->n = data->n;
    r->n_runs = data->n_runs;
    r->resampling = FIT_NO_INTERVALS;
    rc = fit_problem(o, data, &p, r, ret_draws, err);
    if (rc == ERR_OK) {
        *ret = *r;
    }
    free(r);
    problem_release(&p);
    return rc;
}

ErrCode fit_run(const FitOptions *o, const FitData *data, FitResult *ret, Err *err)
{
    double *draws = NULL;
    ErrCode rc = run_one(o, data, ret, &draws, err);
    free(draws);
    return rc;
}

static ErrCode run_family(const FitOptions *o, const FitData *data, FitResult *ret,
                          double **ret_draws, Err *err)
{
    FitOptions one = *o;
    Err refusal = ERR_INIT;
    const Form *best = o->form;
    const char *name[4];
    double bic[4], least = (double)INFINITY;
    size_t n = 0;
    one.bootstrap = 0;
    one.has_all_intervals = false;
    one.starts = o->starts < FAMILY_STARTS ? o->starts : FAMILY_STARTS;
    FitResult *trial = o->form->richer ? calloc(1, sizeof *trial) : NULL;
    for (const Form *f = o->form; trial && n < 4; f = f->richer ? form_find(f->richer) : NULL) {
        if (!f) {
            break;
        }
        one.form = f;
        if (fit_run(&one, data, trial, &refusal) == ERR_OK) {
            best = trial->bic < least ? f : best;
            least = fmin(least, trial->bic);
            name[n] = f->name;
            bic[n++] = trial->bic;
        }
    }
    free(trial);
    one = *o;
    one.form = best;
    ErrCode rc = run_one(&one, data, ret, ret_draws, err);
    for (size_t i = 0; rc == ERR_OK && i < n; i++) {
        ret->rival[i] = name[i];
        ret->rival_bic[i] = bic[i];
        ret->n_rivals = i + 1;
    }
    return rc;
}

ErrCode fit_family(const FitOptions *o, const FitData *data, FitResult *ret, Err *err)
{
    double *draws = NULL;
    ErrCode rc = run_family(o, data, ret, &draws, err);
    free(draws);
    return rc;
}

ErrCode fit_draws(const FitOptions *o, const FitData *data, FitResult *ret, FitDraws *ret_draws,
                  Err *err)
{
    *ret_draws = (FitDraws){0};
    ErrCode rc = run_family(o, data, ret, &ret_draws->value, err);
    if (rc == ERR_OK && ret_draws->value && ret->replicates_failed * 2 <= ret->replicates) {
        size_t n_free = 0;
        for (size_t k = 0; k < ret->n_params; k++) {
            n_free += ret->fix.is_fixed[k] ? 0 : 1;
        }
        ret_draws->n = o->bootstrap;
        ret_draws->width = fit_slots(ret);
        ret_draws->tail = bootstrap_tail(ret->resampling, ret->n, n_free, ret->n_runs);
    }
    return rc;
}

void fit_draws_release(FitDraws *d)
{
    free(d->value);
    *d = (FitDraws){0};
}

const double *fit_draw(const FitDraws *d, size_t replicate)
{
    return d->value + replicate * d->width;
}

ErrCode fit_draws_interval(const double *x, size_t n, double tail, FitInterval *ret, Err *err)
{
    FitValue v = {.se = (double)NAN, .lo = (double)NAN, .hi = (double)NAN};
    double *column = calloc(n + 1, sizeof *column);
    if (!column) {
        return err_nomem(err, "interval");
    }
    bootstrap_summarise(x, n, 1, tail, column, &v);
    free(column);
    *ret = (FitInterval){v.se, v.lo, v.hi};
    return ERR_OK;
}
