#include "analysis/fit/share.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/arrow.h"
#include "analysis/fit/bootstrap.h"
#include "analysis/fit/check.h"
#include "analysis/fit/parallel.h"
#include "analysis/fit/share_intervals.h"
#include "analysis/fit/solve.h"
#include "analysis/fit/starts.h"
#include "analysis/fit/values.h"
#include "analysis/fit/wild.h"
#include "common/arena.h"
#include "common/rng.h"

#define AT_MINIMUM 1e-8

/* ---- the whole fit ---- */

typedef struct Whole {
    const FitOptions *o;
    const FitData *const *data;
    Arrow joint;              /* the observations */
    size_t threads, n_values; /* values of all groups */
    Arrow *bench;             /* [threads] */
    bool owns_benches;        /* their problems are copies */
    double **times;           /* [threads] of the bootstrap */
    ArrowTheta *start;        /* [starts, n_groups] */
    ArrowEnd *end;            /* [starts] */
    ArrowTheta *best;         /* [n_groups] */
    FitResult *result;        /* [n_groups] */
    double *values;           /* [replicates, n_values] */
    FitResampling kind;
    bool by_run; /* units are runs, else observations */
    Wild wild;
    size_t *units;    /* [n_groups] runs or observations that may be left out */
    double *left_out; /* [sum of units, n_values] */
    Arena arena;      /* of all the arrays */
} Whole;

static void start_item(void *ctx, size_t worker, size_t item)
{
    Whole *w = ctx;
    Arrow *j = &w->bench[worker];
    w->end[item] = arrow_solve(j, &w->joint, ARROW_COLD, w->start + item * j->n_groups);
}

/* Start i: every group's own start i, the shared parameters at their mean. */
static ErrCode fill_starts(Whole *w, Err *err)
{
    const Arrow *j = &w->joint;
    size_t starts = w->o->starts, n_best;
    double *theta = calloc(starts * j->p + 1, sizeof *theta);
    ErrCode rc = theta ? ERR_OK : err_nomem(err, "starting points");
    for (size_t g = 0; g < j->n_groups && rc == ERR_OK; g++) {
        rc = starts_fill(&j->problem[g], w->o->seed, starts, theta, &n_best, err);
        for (size_t i = 0; rc == ERR_OK && i < starts; i++) {
            memcpy(w->start[i * j->n_groups + g], theta + i * j->p, sizeof *theta * j->p);
        }
    }
    free(theta);
    for (size_t i = 0; i < starts && rc == ERR_OK; i++) {
        ArrowTheta *own = w->start + i * j->n_groups;
        for (size_t a = 0; a < j->p; a++) {
            double mean = 0.0;
            for (size_t g = 0; g < j->n_groups; g++) {
                mean += own[g][a] / (double)j->n_groups;
            }
            for (size_t g = 0; g < j->n_groups; g++) {
                own[g][a] = j->problem[g].is_fixed[a] ? j->problem[g].fixed[a]
                            : j->is_shared[a]         ? mean
                                                      : own[g][a];
            }
        }
    }
    return rc;
}

/* Groups centred alike: once by their own means, then by the mean of all. */
static ErrCode open_groups(Whole *w, Err *err)
{
    const FitOptions *o = w->o;
    Arrow *j = &w->joint;
    double centre[FORM_MAX_INPUTS] = {0.0}, n = 0.0;
    ErrCode rc = ERR_OK;
    for (int round = 0; round < 2; round++) {
        for (size_t g = 0; g < j->n_groups && rc == ERR_OK; g++) {
            FitProblem *p = &j->problem[g];
            problem_release(p);
            rc = problem_open(p, o->form, o->loss, o->residual, &o->fix, round ? centre : NULL,
                              w->data[g], err);
            for (size_t k = 0; rc == ERR_OK && round == 0 && k < o->form->n_inputs; k++) {
                centre[k] += p->centre[k] * (double)p->n;
            }
            n += rc == ERR_OK && round == 0 ? (double)p->n : 0.0;
        }
        for (size_t k = 0; round == 0 && k < FORM_MAX_INPUTS; k++) {
            centre[k] /= n > 0.0 ? n : 1.0;
        }
    }
    return rc;
}

static ErrCode open_rooms(Whole *w, Err *err)
{
    size_t groups = w->joint.n_groups, most = 0;
    for (size_t g = 0; g < groups; g++) {
        most = w->data[g]->n > most ? w->data[g]->n : most;
    }
    size_t rooms = w->o->starts > w->threads ? w->o->starts : w->threads;
    w->start = arena_array(&w->arena, rooms * groups + 1, sizeof *w->start);
    w->best = arena_array(&w->arena, groups + 1, sizeof *w->best);
    w->end = arena_array(&w->arena, w->o->starts + 1, sizeof *w->end);
    w->bench = arena_array(&w->arena, w->threads, sizeof *w->bench);
    w->times = arena_array(&w->arena, w->threads,
                           sizeof(double *)); /* NOLINT(bugprone-sizeof-expression) */
    bool has_memory = w->start && w->best && w->end && w->bench && w->times;
    ErrCode rc = has_memory ? ERR_OK : err_nomem(err, "joint fit");
    for (size_t t = 0; t < w->threads && rc == ERR_OK; t++) {
        rc = arrow_copy(&w->joint, &w->bench[t], err);
        w->times[t] = arena_array(&w->arena, 2 * most + 1, sizeof **w->times);
        rc = rc == ERR_OK && !w->times[t] ? err_nomem(err, "joint fit") : rc;
    }
    return rc;
}

static ErrCode search(Whole *w, ShareFit *whole, Err *err)
{
    const ArrowEnd *best = NULL;
    ErrCode rc = fill_starts(w, err);
    if (rc != ERR_OK) {
        return rc;
    }
    parallel_for(w->threads, w->o->starts, start_item, w);
    for (size_t i = 0; i < w->o->starts; i++) {
        bool is_lower = !best || w->end[i].objective < best->objective;
        best = isfinite(w->end[i].objective) && is_lower ? &w->end[i] : best;
    }
    if (!best || !best->is_minimum) {
        (void)err_set(err, ERR_NUMERIC, "%s: no start of the joint fit ended at a minimum",
                      w->o->form->name);
        return err_hint(err, "share fewer parameters, or try --starts 1000");
    }
    double noise = arrow_noise(&w->joint);
    for (size_t i = 0; i < w->o->starts; i++) {
        whole->at_minimum +=
            w->end[i].objective <= best->objective * (1.0 + AT_MINIMUM) + noise ? 1 : 0;
    }
    whole->starts = w->o->starts;
    whole->objective = best->objective;
    whole->decrement = best->promised / fmax(best->objective, noise);
    memcpy(w->best, w->start + (size_t)(best - w->end) * w->joint.n_groups,
           sizeof *w->best * w->joint.n_groups);
    return ERR_OK;
}

static ErrCode describe(Whole *w, Err *err)
{
    const FitOptions *o = w->o;
    for (size_t g = 0; g < w->joint.n_groups; g++) {
        const FitProblem *p = &w->joint.problem[g];
        FitResult *r = &w->result[g];
        Solution s = {.objective = problem_value(p, w->best[g]),
                      .certificate = {.is_minimum = true, .eigen_ratio = 1.0}};
        memcpy(s.theta, w->best[g], sizeof s.theta);
        for (size_t a = 0; a < p->p; a++) {
            s.is_zero[a] = !p->is_fixed[a] && s.theta[a] == PROBLEM_LN_ZERO;
        }
        ErrCode rc = check_end(p, &s, r, err);
        if (rc != ERR_OK) {
            return rc;
        }
        memcpy(r->theta, s.theta, sizeof r->theta);
        memcpy(r->centre, p->centre, sizeof r->centre);
        r->objective = s.objective;
        r->referee = (double)NAN;
        values_describe(p, o, r);
        fit_measure(p, r->theta, r);
        w->n_values += fit_slots(r);
    }
    return ERR_OK;
}

/* Counts and criteria of all groups together. */
static void measure(const Whole *w, ShareFit *whole)
{
    const Arrow *j = &w->joint;
    double squares = 0.0, floor_sum = 0.0;
    for (size_t g = 0; g < j->n_groups; g++) {
        const FitProblem *p = &j->problem[g];
        whole->n += p->n;
        floor_sum += p->ulp_squares;
        for (size_t i = 0; i < p->n; i++) {
            double r = problem_residual(p, i, w->best[g]);
            squares += r * r;
        }
        for (size_t a = 0; a < j->p; a++) {
            whole->n_params += !p->is_fixed[a] && (g == 0 || !j->is_shared[a]) ? 1 : 0;
        }
    }
    double n = (double)whole->n, k = (double)whole->n_params + 1.0;
    double rss = fmax(squares, floor_sum);
    whole->n_groups = j->n_groups;
    whole->aic = n * log(rss / n) + 2.0 * k;
    whole->bic = n * log(rss / n) + log(n) * k;
}

/* ---- bootstrap: every group resampled ---- */

static void draw_group(const Whole *w, size_t g, uint32_t replicate, uint64_t offset, double *times)
{
    const FitData *d = w->data[g];
    for (size_t i = 0; i < d->n; i++) {
        times[i] = 1.0;
    }
    if (w->kind == FIT_WILD) {
        return; /* all stay */
    }
    size_t units = w->by_run ? d->n_runs : d->n;
    double *drawn = times + d->n;
    memset(drawn, 0, sizeof *drawn * units);
    for (size_t i = 0; i < units; i++) {
        double u = rng_uniform(w->o->seed, rng_stream(RNG_BOOTSTRAP, replicate), offset + i);
        drawn[(size_t)(u * (double)units)] += 1.0;
    }
    for (size_t i = 0; i < d->n; i++) {
        times[i] = drawn[w->by_run ? d->run[i] : i];
    }
}

/* From the whole fit to the minimum of what the bench holds; values of all groups, or NaN. */
static void refit(const Whole *w, size_t worker, bool has_spread, double *values)
{
    Arrow *j = &w->bench[worker];
    ArrowTheta *theta = w->start + worker * j->n_groups; /* starts are done with by now */
    ArrowEnd e = {.is_minimum = false};
    for (size_t g = 0; g < j->n_groups; g++) {
        memcpy(theta[g], w->result[g].theta, sizeof theta[g]);
    }
    if (has_spread) {
        e = arrow_solve(j, &w->joint, ARROW_WARM, theta);
    }
    for (size_t k = 0; k < w->n_values; k++) {
        values[k] = (double)NAN;
    }
    for (size_t g = 0; e.is_minimum && g < j->n_groups; g++) {
        values += values_at(w->o->form, w->joint.problem[g].centre, theta[g], NULL, w->o->at,
                            w->result[g].n_at, values);
    }
}

static void replicate_item(void *ctx, size_t worker, size_t item)
{
    Whole *w = ctx;
    Arrow *j = &w->bench[worker];
    uint64_t offset = 0;
    bool has_spread = true;
    for (size_t g = 0; g < j->n_groups; g++) {
        draw_group(w, g, (uint32_t)item, offset, w->times[worker]);
        problem_resample(&w->joint.problem[g], w->times[worker], &j->problem[g]);
        if (w->kind == FIT_WILD) {
            wild_redraw(&w->wild, g, w->o->seed, (uint32_t)item, offset, &j->problem[g]);
        }
        has_spread = has_spread && check_has_spread(&j->problem[g]);
        offset += w->data[g]->n;
    }
    refit(w, worker, has_spread, w->values + item * w->n_values);
}

static void leave_out_item(void *ctx, size_t worker, size_t item)
{
    Whole *w = ctx;
    Arrow *j = &w->bench[worker];
    size_t first = 0;
    bool has_spread = true;
    for (size_t g = 0; g < j->n_groups; g++) {
        const FitData *d = w->data[g];
        for (size_t i = 0; i < d->n; i++) {
            size_t unit = first + (w->by_run ? d->run[i] : i);
            w->times[worker][i] = unit == item ? 0.0 : 1.0;
        }
        problem_resample(&w->joint.problem[g], w->times[worker], &j->problem[g]);
        has_spread = has_spread && check_has_spread(&j->problem[g]);
        first += w->units[g];
    }
    refit(w, worker, has_spread, w->left_out + item * w->n_values);
}

/* Has every group runs, and one of them more than one observation? */
static bool have_runs(const Whole *w)
{
    bool is_repeated = false;
    for (size_t g = 0; g < w->joint.n_groups; g++) {
        const FitData *d = w->data[g];
        is_repeated = is_repeated || bootstrap_by_run(FIT_CLUSTERS, d->n, d->n_runs);
        if (d->n_runs == 0) {
            return false;
        }
    }
    return is_repeated;
}

/* Runs where one group has any to draw; nothing where one has too few; random weights where one has
 * few. */
static FitResampling kind_of_all(const Whole *w)
{
    FitResampling kind = FIT_CASES;
    for (size_t g = 0; g < w->joint.n_groups; g++) {
        FitResampling own = bootstrap_kind(w->o, w->data[g]);
        if (own == FIT_NO_INTERVALS) {
            return own;
        }
        kind = own == FIT_WILD || (own == FIT_CLUSTERS && kind != FIT_WILD) ? own : kind;
    }
    return kind == FIT_CLUSTERS && !have_runs(w) ? FIT_CASES : kind;
}

static void warn_few_runs(const Whole *w)
{
    for (size_t g = 0; g < w->joint.n_groups; g++) {
        fit_warn(
            &w->result[g],
            "few_runs: a group of fewer than %d runs cannot show how runs differ; no intervals",
            BOOTSTRAP_MIN_RUNS);
    }
}

static ErrCode open_benches(Whole *w, Err *err)
{
    for (size_t t = 0; t < w->threads; t++) { /* until now they borrow the observations */
        memset(w->bench[t].problem, 0, sizeof *w->bench[t].problem * w->joint.n_groups);
    }
    w->owns_benches = true;
    for (size_t t = 0; t < w->threads; t++) {
        for (size_t g = 0; g < w->joint.n_groups; g++) {
            ErrCode rc = problem_clone(&w->joint.problem[g], &w->bench[t].problem[g], err);
            if (rc != ERR_OK) {
                return rc;
            }
        }
    }
    return ERR_OK;
}

static double tail_of(const Whole *w, const ShareFit *whole)
{
    size_t n_runs = 0;
    for (size_t g = 0; w->by_run && g < w->joint.n_groups; g++) {
        n_runs += w->data[g]->n_runs;
    }
    return bootstrap_tail(w->kind, whole->n, whole->n_params, n_runs);
}

static ErrCode bootstrap(Whole *w, ShareFit *whole, Err *err)
{
    size_t replicates = w->o->bootstrap, at = 0;
    w->values = arena_array(&w->arena, replicates * w->n_values + 1, sizeof *w->values);
    double *column = calloc(replicates + 1, sizeof *column);
    if (!w->values || !column) {
        free(column);
        return err_nomem(err, "bootstrap");
    }
    parallel_for(w->threads, replicates, replicate_item, w);
    for (size_t i = 0; i < replicates; i++) {
        whole->replicates_failed += isnan(w->values[i * w->n_values]) ? 1 : 0;
    }
    double tail = tail_of(w, whole);
    for (size_t g = 0; g < w->joint.n_groups; g++) {
        FitResult *r = &w->result[g];
        r->resampling = whole->resampling = w->kind;
        r->replicates = whole->replicates = replicates;
        r->replicates_failed = whole->replicates_failed;
        for (size_t k = 0; k < fit_slots(r); k++, at++) {
            bootstrap_summarise(w->values + at, replicates, w->n_values, tail, column,
                                fit_slot(r, k));
        }
    }
    free(column);
    return ERR_OK;
}

static ErrCode other_intervals(Whole *w, const ShareFit *whole, Err *err)
{
    size_t total = 0;
    w->units = arena_array(&w->arena, w->joint.n_groups, sizeof *w->units);
    if (!w->units) {
        return err_nomem(err, "intervals");
    }
    for (size_t g = 0; g < w->joint.n_groups; g++) {
        w->units[g] = w->by_run ? w->data[g]->n_runs : w->data[g]->n;
        total += w->units[g];
    }
    w->left_out = arena_array(&w->arena, total * w->n_values + 1, sizeof *w->left_out);
    if (!w->left_out) {
        return err_nomem(err, "jackknife");
    }
    parallel_for(w->threads, total, leave_out_item, w);
    const ShareUnits units = {.by_run = w->by_run,
                              .total = total,
                              .n_values = w->n_values,
                              .n = w->units,
                              .left_out = w->left_out,
                              .draws = w->values,
                              .replicates = w->o->bootstrap,
                              .tail = tail_of(w, whole),
                              .n_params = whole->n_params};
    return share_intervals_add(w->o, w->data, &w->joint, w->best, &units, w->result, err);
}

static ErrCode add_intervals(Whole *w, ShareFit *whole, Err *err)
{
    ErrCode rc = ERR_OK;
    w->kind = kind_of_all(w);
    w->by_run = w->kind != FIT_CASES && have_runs(w);
    if (!w->o->bootstrap && !w->o->has_all_intervals) {
        return ERR_OK;
    }
    if (w->kind == FIT_NO_INTERVALS) {
        warn_few_runs(w);
        return ERR_OK;
    }
    if (w->kind == FIT_WILD) {
        TRY(wild_open(&w->joint, w->best, w->data, w->by_run, &w->wild, err));
    }
    TRY(open_benches(w, err));
    if (w->o->bootstrap) {
        TRY(bootstrap(w, whole, err));
    }
    if (w->o->has_all_intervals) {
        TRY(other_intervals(w, whole, err));
    }
done:
    return rc;
}

static void whole_release(Whole *w)
{
    for (size_t t = 0; w->bench && t < w->threads; t++) {
        for (size_t g = 0; w->owns_benches && g < w->joint.n_groups; g++) {
            problem_release(&w->bench[t].problem[g]);
        }
        arrow_release(&w->bench[t], false);
    }
    wild_release(&w->wild);
    arrow_release(&w->joint, true);
    arena_release(&w->arena);
}

ErrCode share_run(const FitOptions *o, const bool *is_shared, const FitData *const *data,
                  size_t n_groups, FitResult *ret, ShareFit *ret_whole, Err *err)
{
    Whole w = {.o = o, .data = data, .result = ret, .threads = o->threads ? o->threads : 1};
    ErrCode rc = ERR_OK;
    *ret_whole = (ShareFit){.resampling = FIT_NO_INTERVALS};
    TRY(arrow_open(n_groups, o->form->n_params, &w.joint, err));
    memcpy(w.joint.is_shared, is_shared, sizeof *is_shared * o->form->n_params);
    TRY(open_groups(&w, err));
    for (size_t g = 0; g < n_groups; g++) {
        memset(&ret[g], 0, sizeof ret[g]);
        ret[g].form = o->form;
        ret[g].loss = o->loss;
        ret[g].residual = o->residual;
        ret[g].fix = o->fix;
        ret[g].n = data[g]->n;
        ret[g].n_runs = data[g]->n_runs;
        ret[g].resampling = FIT_NO_INTERVALS;
        TRY(check_observations(&w.joint.problem[g], &ret[g], err));
    }
    TRY(open_rooms(&w, err));
    TRY(search(&w, ret_whole, err));
    TRY(describe(&w, err));
    measure(&w, ret_whole);
    for (size_t g = 0; g < n_groups; g++) {
        ret[g].starts = ret_whole->starts;
        ret[g].at_minimum = ret_whole->at_minimum;
        ret[g].certificate = (Certificate){.decrement = ret_whole->decrement,
                                           .gradient = (double)NAN,
                                           .step = (double)NAN,
                                           .eigen_ratio = (double)NAN,
                                           .is_minimum = true};
    }
    TRY(add_intervals(&w, ret_whole, err));
done:
    whole_release(&w);
    return rc;
}
