#include "analysis/design/simulate.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/parallel.h"
#include "analysis/fit/values.h"
#include "common/rng.h"

/* z of 95 % two-sided and of 80 % power. */
#define DETECTABLE (1.959964 + 0.841621)

/* Streams of random numbers within a study. */
enum { OF_FIT, OF_NOISE, N_GROUPS = 3 };

typedef struct Slot {
    const char *name, *unit;
    double c, value;
    bool is_log;
    FitInterval by[FIT_N_METHODS];
} Slot;

/* What came of one study. */
typedef struct Outcome {
    bool is_refused;
    char reason[256];
    Slot slot[FIT_MAX_VALUES];
    size_t n;
    int seen[2]; /* -1: not compared; equal groups, different groups */
} Outcome;

typedef struct Worker {
    FitResult fit[2];
    double *loss, *work; /* [n], [n_runs + n] */
    bool is_short;
} Worker;

typedef struct Job {
    const Truth *truth, *moved;
    const FitData *design;
    const SimOptions *o;
    Outcome *outcome; /* [studies] */
    Worker *worker;   /* [threads] */
} Job;

/* ---- one study ----------------------------------------------------------------------------- */

uint64_t simulate_fit_seed(uint64_t seed, uint32_t study, uint32_t group)
{
    return rng_u64(seed, rng_stream(RNG_STUDY, study), 2 * (uint64_t)group + OF_FIT) >> 1;
}

void simulate_losses(const Truth *t, const FitData *design, const SimNoise *noise, uint64_t seed,
                     uint32_t study, double *loss, double *work)
{
    uint64_t stream = rng_stream(RNG_STUDY, study);
    uint64_t own = rng_u64(seed, stream, OF_NOISE); /* so that indices start anew */
    double *last = work, rest = sqrt(1.0 - noise->correlation * noise->correlation);
    for (size_t r = 0; r < design->n_runs; r++) {
        last[r] = (double)NAN;
    }
    for (size_t i = 0; i < design->n; i++) {
        double d = design->tokens[i], n = design->params[i];
        double c = design->flops ? design->flops[i] : 6.0 * n * d;
        size_t run = design->n_runs ? design->run[i] : i;
        double e = rng_normal(own, 1, i);
        if (design->n_runs) {
            e = isnan(last[run]) ? e : noise->correlation * last[run] + rest * e;
            last[run] = e;
        }
        double z = noise->run > 0.0 ? rng_normal(own, 2, run) : 0.0;
        loss[i] = truth_loss(t, n, d, c) * exp(noise->run * z + noise->point * e);
    }
}

static void keep_values(FitResult *r, Outcome *o)
{
    o->n = fit_slots(r);
    for (size_t k = 0; k < o->n; k++) {
        const FitValue *v = fit_slot(r, k);
        size_t before_at = r->n_params + r->n_derived;
        bool may_be_zero = k < r->n_params && r->form->param[k].may_vanish;
        Slot *s = &o->slot[k];
        *s = (Slot){.name = v->name,
                    .unit = v->unit,
                    .c = k < before_at ? 0.0 : r->at[(k - before_at) / FIT_PER_AT].c,
                    .value = v->value,
                    .is_log = values_is_scale(r, k) && !may_be_zero};
        memcpy(s->by, v->by, sizeof s->by);
        s->by[FIT_PERCENTILE] = (FitInterval){v->se, v->lo, v->hi};
    }
}

/* Does the interval of the difference leave 0 out?  -1: there is none. */
static int is_seen(const FitDraws *a, const FitDraws *b, size_t k)
{
    Err err = ERR_INIT;
    FitInterval gap = {(double)NAN, (double)NAN, (double)NAN};
    size_t n = a->n < b->n ? a->n : b->n;
    double *x = calloc(n + 1, sizeof *x);
    for (size_t i = 0; x && i < n; i++) {
        x[i] = fit_draw(b, i)[k] - fit_draw(a, i)[k];
    }
    ErrCode rc = x && n ? fit_draws_interval(x, n, fmax(a->tail, 0.0), &gap, &err) : ERR_NOMEM;
    free(x);
    return rc != ERR_OK || !isfinite(gap.lo) ? -1 : gap.lo > 0.0 || gap.hi < 0.0;
}

static FitOptions options_of(const SimOptions *o, uint32_t study, uint32_t group)
{
    FitOptions f = o->fit;
    f.seed = simulate_fit_seed(o->seed, study, group);
    f.threads = 1;
    return f;
}

/* Losses of a group by a truth, fitted. */
static ErrCode fit_group(const Job *j, Worker *w, uint32_t study, uint32_t group, const Truth *t,
                         FitResult *ret, FitDraws *draws, Err *err)
{
    FitData data = *j->design;
    FitOptions f = options_of(j->o, study, group);
    uint64_t seed = group ? rng_u64(j->o->seed, RNG_STUDY, group) : j->o->seed;
    simulate_losses(t, j->design, &j->o->noise, seed, study, w->loss, w->work);
    data.loss = w->loss;
    return draws ? fit_draws(&f, &data, ret, draws, err) : fit_run(&f, &data, ret, err);
}

static void compare_groups(const Job *j, Worker *w, uint32_t study, const FitDraws *first,
                           Outcome *o)
{
    int k = form_param(j->o->fit.form, j->o->difference);
    for (uint32_t g = 1; k >= 0 && first->n && g < N_GROUPS; g++) {
        FitDraws second = {0};
        Err err = ERR_INIT;
        if (fit_group(j, w, study, g, g == 1 ? j->truth : j->moved, &w->fit[1], &second, &err) ==
                ERR_OK &&
            second.n) {
            o->seen[g - 1] = is_seen(first, &second, (size_t)k);
        }
        fit_draws_release(&second);
    }
}

static void do_study(void *ctx, size_t worker, size_t item)
{
    const Job *j = ctx;
    Worker *w = &j->worker[worker];
    Outcome *o = &j->outcome[item];
    FitDraws draws = {0};
    Err err = ERR_INIT;
    o->seen[0] = o->seen[1] = -1;
    ErrCode rc = fit_group(j, w, (uint32_t)item, 0, j->truth, &w->fit[0],
                           j->o->difference ? &draws : NULL, &err);
    if (rc != ERR_OK) {
        o->is_refused = true;
        w->is_short = w->is_short || rc == ERR_NOMEM;
        (void)snprintf(o->reason, sizeof o->reason, "%.*s", (int)sizeof o->reason - 1, err.msg);
        return;
    }
    keep_values(&w->fit[0], o);
    if (j->o->difference) {
        compare_groups(j, w, (uint32_t)item, &draws, o);
    }
    fit_draws_release(&draws);
}

/* ---- all of them --------------------------------------------------------------------------- */

static void add_reason(Simulation *s, const char *text)
{
    size_t i = 0;
    while (i < s->n_reasons && strcmp(s->reason[i].text, text) != 0) {
        i++;
    }
    if (i == SIM_MAX_REASONS) {
        return;
    }
    if (i == s->n_reasons) {
        (void)snprintf(s->reason[s->n_reasons++].text, sizeof s->reason[0].text, "%s", text);
    }
    s->reason[i].n++;
}

static const Slot *slot_like(const Outcome *o, const SimValue *v)
{
    for (size_t k = 0; k < o->n; k++) {
        if (strcmp(o->slot[k].name, v->name) == 0 && o->slot[k].c == v->c) {
            return &o->slot[k];
        }
    }
    return NULL;
}

static double median_of(double *x, size_t n)
{
    gsl_sort(x, 1, n);
    return n ? gsl_stats_median_from_sorted_data(x, 1, n) : (double)NAN;
}

static void cover(const Outcome *outcome, size_t studies, FitMethod m, double *x, SimValue *v)
{
    SimCover *c = &v->by[m];
    for (size_t i = 0; i < studies; i++) {
        const Slot *s = slot_like(&outcome[i], v);
        if (s && isfinite(s->by[m].lo) && isfinite(s->by[m].hi)) {
            double lo = s->by[m].lo, hi = s->by[m].hi;
            c->held += lo <= v->truth && v->truth <= hi ? 1 : 0;
            x[c->given++] = v->is_log ? log(hi / lo) : hi - lo;
        }
    }
    c->width = median_of(x, c->given);
}

static void summarise(const Outcome *outcome, size_t studies, double *x, SimValue *v)
{
    for (size_t i = 0; i < studies; i++) {
        const Slot *s = slot_like(&outcome[i], v);
        v->is_log = v->is_log && (!s || s->value > 0.0);
    }
    for (size_t i = 0; i < studies; i++) {
        const Slot *s = slot_like(&outcome[i], v);
        if (s && isfinite(s->value)) {
            x[v->n++] = v->is_log ? log(s->value) : s->value;
        }
    }
    double mean = v->n ? gsl_stats_mean(x, 1, v->n) : (double)NAN;
    v->sd = v->n > 1 ? gsl_stats_sd(x, 1, v->n) : (double)NAN;
    v->bias = v->is_log ? expm1(mean - log(v->truth)) : mean - v->truth;
    v->median = median_of(x, v->n);
    v->median = v->is_log ? exp(v->median) : v->median;
    for (size_t m = 0; m < FIT_N_METHODS; m++) {
        cover(outcome, studies, (FitMethod)m, x, v);
    }
}

static void reduce(const Job *j, double *x, Simulation *s)
{
    size_t n = j->o->studies;
    const Outcome *first = NULL;
    s->studies = n;
    s->detectable = (double)NAN;
    for (size_t i = 0; i < n; i++) {
        const Outcome *o = &j->outcome[i];
        s->refused += o->is_refused ? 1 : 0;
        if (o->is_refused) {
            add_reason(s, o->reason);
        } else if (!first || o->n > first->n) {
            first = o;
        }
        s->compared_equal += o->seen[0] >= 0 ? 1 : 0;
        s->seen_equal += o->seen[0] == 1 ? 1 : 0;
        s->compared += o->seen[1] >= 0 ? 1 : 0;
        s->seen += o->seen[1] == 1 ? 1 : 0;
    }
    for (size_t k = 0; first && k < first->n; k++) {
        const Slot *slot = &first->slot[k];
        SimValue *v = &s->value[s->n_values++];
        *v = (SimValue){.name = slot->name,
                        .unit = slot->unit,
                        .c = slot->c,
                        .is_log = slot->is_log,
                        .truth = truth_value(j->truth, slot->name, slot->c)};
        summarise(j->outcome, n, x, v);
        if (j->o->difference && strcmp(v->name, j->o->difference) == 0) {
            double sd = v->is_log ? v->sd * v->median : v->sd;
            s->detectable = DETECTABLE * sqrt(2.0) * sd;
        }
    }
}

static ErrCode check_input(const Truth *t, const FitData *design, const SimOptions *o, Err *err)
{
    const SimNoise *k = &o->noise;
    bool is_noise = k->run >= 0.0 && k->run < 1.0 && k->point >= 0.0 && k->point < 1.0 &&
                    k->correlation >= 0.0 && k->correlation < 1.0;
    if (!is_noise) {
        return err_set(err, ERR_INVALID,
                       "noise is a share from 0 to below 1, and so is its correlation");
    }
    for (size_t i = 0; i < design->n; i++) {
        double n = design->params[i], d = design->tokens[i];
        double loss = truth_loss(t, n, d, design->flops ? design->flops[i] : 6.0 * n * d);
        if (!(loss > 0.0 && isfinite(loss))) {
            (void)err_set(err, ERR_INVALID, "the truth has no loss at N = %.4g, D = %.4g", n, d);
            return err_hint(err, "the solvable model without ridge is infinite at N/N0 = D/D0: "
                                 "ridge=best");
        }
    }
    return ERR_OK;
}

static ErrCode open_workers(Job *j, size_t threads, Err *err)
{
    j->outcome = calloc(j->o->studies, sizeof *j->outcome);
    j->worker = calloc(threads, sizeof *j->worker);
    bool is_whole = j->outcome && j->worker;
    for (size_t i = 0; is_whole && i < threads; i++) {
        j->worker[i].loss = calloc(j->design->n + 1, sizeof(double));
        j->worker[i].work = calloc(j->design->n_runs + j->design->n + 1, sizeof(double));
        is_whole = j->worker[i].loss && j->worker[i].work;
    }
    return is_whole ? ERR_OK : err_nomem(err, "the simulation");
}

static void close_workers(Job *j, size_t threads)
{
    for (size_t i = 0; j->worker && i < threads; i++) {
        free(j->worker[i].loss);
        free(j->worker[i].work);
    }
    free(j->worker);
    free(j->outcome);
}

ErrCode simulate_run(const Truth *t, const FitData *design, const SimOptions *o, Simulation *ret,
                     Err *err)
{
    size_t threads = o->threads ? o->threads : 1;
    Truth moved = *t;
    Job j = {.truth = t, .moved = &moved, .design = design, .o = o};
    double *x = NULL;
    ErrCode rc = ERR_OK;
    *ret = (Simulation){0};
    TRY(check_input(t, design, o, err));
    if (o->difference) {
        TRY(truth_moved(t, design, o->difference, o->difference_by, &moved, err));
    }
    TRY(open_workers(&j, threads, err));
    parallel_for(threads, o->studies, do_study, &j);
    x = calloc(o->studies + 1, sizeof *x);
    for (size_t i = 0; i < threads; i++) {
        if (j.worker[i].is_short || !x) {
            rc = err_nomem(err, "the simulation");
            goto done;
        }
    }
    reduce(&j, x, ret);
done:
    free(x);
    close_workers(&j, threads);
    return rc;
}
