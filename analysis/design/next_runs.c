#include "analysis/design/next_runs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/design/simulate.h"
#include "analysis/fit/fit.h"
#include "common/rng.h"

/* A refused law is looked at with this noise, and with exponents as little known as this. */
#define NOMINAL_NOISE 0.003
#define NOMINAL_PRIOR 10.0

const SuggestCandidate *next_candidate(const NextRuns *r, size_t i)
{
    return &r->pool.candidate[r->found.row[i].candidate];
}

const SuggestRun *next_run(const NextRuns *r, size_t i)
{
    return &r->pool.run[next_candidate(r, i)->tag];
}

const NextGroup *next_group(const NextRuns *r, const SuggestCandidate *c)
{
    for (size_t g = 0; g < r->n_groups; g++) {
        if (r->group[g].index == c->group) {
            return &r->group[g];
        }
    }
    return NULL;
}

/* ---- the laws now ---- */

/* How a law is fitted; N_opt and its like are wanted at the target's FLOP. */
static FitOptions how(const NextRuns *r)
{
    FitOptions o = report_options(r->plan, r->law);
    o.n_at = r->o->flops > 0.0 ? 1 : 0;
    o.at[0] = r->o->flops;
    return o;
}

/* The bootstrap's interval of the target. */
static ErrCode current_interval(const NextRuns *r, NextGroup *g, const FitDraws *draws, Err *err)
{
    const InfoTarget *t = &g->now.target;
    g->current = (FitInterval){(double)NAN, (double)NAN, (double)NAN};
    for (size_t k = 0; k < fit_slots(g->fit); k++) {
        const FitValue *v = fit_slot(g->fit, k);
        if (strcmp(v->name, t->name) == 0) {
            g->current = (FitInterval){v->se, v->lo, v->hi};
            return ERR_OK;
        }
    }
    double *x = calloc(draws->n + 1, sizeof *x);
    if (!x) {
        return err_nomem(err, "the interval");
    }
    for (size_t i = 0; i < draws->n; i++) { /* the loss at N, D */
        Truth at = {.form = g->fit->form};
        memcpy(at.params, fit_draw(draws, i), sizeof *at.params * g->fit->n_params);
        x[i] = truth_loss(&at, r->o->n, r->o->d, 6.0 * r->o->n * r->o->d);
    }
    ErrCode rc = draws->n ? fit_draws_interval(x, draws->n, draws->tail, &g->current, err) : ERR_OK;
    free(x);
    return rc;
}

static double or_zero(double x)
{
    return isnan(x) ? 0.0 : x;
}

static ErrCode fit_group(const NextRuns *r, size_t index, NextGroup *g, Err *err)
{
    FitOptions o = how(r);
    FitDraws draws = {0};
    ErrCode rc = ERR_OK;
    o.seed = rng_u64(o.seed, rng_stream(RNG_BOOTSTRAP, UINT32_MAX), index) >> 1;
    g->fit = calloc(1, sizeof *g->fit);
    if (!g->fit) {
        return err_nomem(err, "fit");
    }
    TRY(fit_draws(&o, &g->obs->data, g->fit, &draws, err));
    TRY(info_of_fit(g->fit, &g->obs->data, &g->now.info, err));
    TRY(info_target(&g->now.info, r->o->target, or_zero(r->o->flops), or_zero(r->o->n),
                    or_zero(r->o->d), &g->now.target, err));
    TRY(current_interval(r, g, &draws, err));
done:
    fit_draws_release(&draws);
    return rc;
}

/* A law of which only the level is known, and what the group's points tell of it. */
static void nominal_law(const Form *f, NextGroup *g)
{
    const FitData *d = &g->obs->data;
    double theta[FORM_MAX_PARAMS], params[FORM_MAX_PARAMS], centre[FORM_MAX_INPUTS] = {0.0};
    double level = 0.0;
    const InfoNoise noise = {.within = NOMINAL_NOISE * NOMINAL_NOISE, .kappa = 1.0};
    for (size_t i = 0; i < d->n; i++) {
        level += d->loss[i] / (double)d->n;
        for (size_t k = 0; k < form_columns(f); k++) {
            centre[k] += log(fit_data_input(d, f->input[k])[i] /
                             (f->input_unit[k] > 0.0 ? f->input_unit[k] : 1.0)) /
                         (double)d->n;
        }
    }
    for (size_t k = 0; k < f->n_params; k++) {
        const FormParam *p = &f->param[k];
        theta[k] = p->kind == FORM_SHAPE
                       ? (p->lo > 0.0 ? sqrt(p->lo * p->hi) : 0.5 * (p->lo + p->hi))
                       : log(level / (double)f->n_terms);
    }
    form_report(f, theta, centre, params);
    g->now.info = info_of_law(f, params, centre, noise, NOMINAL_PRIOR);
    g->now.target = (InfoTarget){.name = "the law", .unit = "1"};
    for (size_t i = 0; i < d->n; i++) {
        InfoRun point;
        info_run(&g->now.info, d->params[i], &d->tokens[i], d->flops ? &d->flops[i] : NULL, 1,
                 &point);
        info_add(&g->now.info, &point);
    }
}

static NextGroup begin_group(const ObsGroup *obs)
{
    NextGroup g = {.obs = obs,
                   .refusal = ERR_INIT,
                   .index = NEXT_NO_INDEX,
                   .sd_before = (double)NAN,
                   .sd_after = (double)NAN};
    for (size_t i = 0; i < obs->data.n; i++) {
        g.n_most = fmax(g.n_most, obs->data.params[i]);
        g.d_most = fmax(g.d_most, obs->data.tokens[i]);
    }
    return g;
}

static ErrCode fit_groups(NextRuns *r, Err *err)
{
    r->group = calloc(r->obs->n_groups + 1, sizeof *r->group);
    if (!r->group) {
        return err_nomem(err, "the groups");
    }
    for (size_t k = 0; k < r->obs->n_groups; k++) {
        const ObsGroup *obs = &r->obs->group[k];
        if (r->o->group && strcmp(r->o->group, obs->name) != 0) {
            continue;
        }
        NextGroup *g = &r->group[r->n_groups++];
        *g = begin_group(obs);
        ErrCode rc = fit_group(r, k, g, &g->refusal);
        g->is_refused = rc == ERR_NUMERIC || rc == ERR_INVALID;
        r->n_refused += g->is_refused ? 1 : 0;
        if (rc != ERR_OK && !g->is_refused) {
            *err = g->refusal;
            return rc;
        }
    }
    if (r->n_groups == 0) {
        return err_set(err, ERR_USAGE, "there is no group \"%s\"", r->o->group);
    }
    r->is_nominal = r->n_refused == r->n_groups;
    if (r->is_nominal && !form_is_powers(r->law)) {
        return err_set(err, ERR_NUMERIC,
                       "no group has a law, and none is known from which to design one for %s",
                       r->law->name);
    }
    return ERR_OK;
}

/* ---- choosing ---- */

/* So many runs determine the law with something to spare. */
static size_t enough_runs(const NextRuns *r)
{
    size_t n = r->o->choice.runs, p = r->law->n_params + 1;
    n = n > p * r->n_groups ? n : p * r->n_groups;
    return n < SUGGEST_MAX_RUNS ? n : SUGGEST_MAX_RUNS;
}

static ErrCode choose(NextRuns *r, Err *err)
{
    SuggestOptions o = r->o->choice;
    SuggestGroup *now = calloc(r->n_groups + 1, sizeof *now);
    size_t n = 0;
    ErrCode rc = ERR_OK;
    if (!now) {
        return err_nomem(err, "the groups");
    }
    for (size_t k = 0; k < r->n_groups; k++) {
        NextGroup *g = &r->group[k];
        if (g->is_refused && !r->is_nominal) {
            continue;
        }
        if (r->is_nominal) {
            nominal_law(r->law, g);
        }
        const ModelSizes *sizes = r->o->sizes ? &r->o->sizes[g->obs - r->obs->group] : NULL;
        g->index = n;
        TRY(sizes ? pool_add_models(&r->pool, n, g->obs->name, sizes, &r->o->pool, err)
                  : pool_add_grid(&r->pool, n, g->obs, &r->o->pool, err));
        now[n++] = g->now;
    }
    if (r->is_nominal) {
        o.criterion = SUGGEST_D;
        o.runs = enough_runs(r);
    }
    TRY(suggest_choose(now, n, r->pool.candidate, r->pool.n, &o, &r->found, err));
done:
    free(now);
    return rc;
}

static void give_seeds(NextRuns *r)
{
    for (size_t i = 0; i < r->found.n; i++) {
        const SuggestRun *own = next_run(r, i);
        r->row_seed[i] = own->seed;
        for (size_t k = 0; k < i && own->size; k++) {
            const SuggestRun *other = next_run(r, k);
            if (other->size && strcmp(own->size, other->size) == 0 &&
                strcmp(own->architecture, other->architecture) == 0 &&
                r->row_seed[k] >= r->row_seed[i]) {
                r->row_seed[i] = r->row_seed[k] + 1;
            }
        }
    }
}

/* ---- checking by simulation ---- */

/* Columns of a design while they grow. */
typedef struct Points {
    double *n, *d, *c;
    size_t *run, used;
} Points;

static void add_point(Points *p, double n, double d, double c, size_t run)
{
    p->n[p->used] = n;
    p->d[p->used] = d;
    p->c[p->used] = c;
    p->run[p->used++] = run;
}

/* The group's points and those of the runs suggested for it. */
static ErrCode extended(const NextRuns *r, const NextGroup *g, Arena *arena, FitData *ret, Err *err)
{
    const FitData *d = &g->obs->data;
    size_t n = d->n, runs = d->n_runs;
    for (size_t i = 0; i < r->found.n; i++) {
        const SuggestCandidate *c = next_candidate(r, i);
        n += c->group == g->index ? c->points : 0;
    }
    Points p = {arena_array(arena, n, sizeof(double)), arena_array(arena, n, sizeof(double)),
                arena_array(arena, n, sizeof(double)), arena_array(arena, n, sizeof(size_t)), 0};
    if (!p.n || !p.d || !p.c || !p.run) {
        return err_nomem(err, "the simulation");
    }
    for (size_t i = 0; i < d->n; i++) {
        add_point(&p, d->params[i], d->tokens[i],
                  d->flops ? d->flops[i] : 6.0 * d->params[i] * d->tokens[i], runs ? d->run[i] : 0);
    }
    for (size_t i = 0; i < r->found.n; i++) {
        const SuggestCandidate *c = next_candidate(r, i);
        bool is_own = c->group == g->index;
        for (size_t j = 0; is_own && j < c->points; j++) {
            add_point(&p, c->n, c->tokens[j], c->flops ? c->flops[j] : 6.0 * c->n * c->tokens[j],
                      runs);
        }
        runs += runs && is_own ? 1 : 0;
    }
    *ret =
        (FitData){.n = n, .params = p.n, .tokens = p.d, .flops = p.c, .run = p.run, .n_runs = runs};
    return ERR_OK;
}

/* Standard deviation of the target over simulated studies measured as `data` is. */
static ErrCode spread(const NextRuns *r, const NextGroup *g, const FitData *data, double *ret,
                      Err *err)
{
    Info info;
    FitResult plain = *g->fit;
    Simulation *sim = calloc(1, sizeof *sim);
    SimOptions o = {.fit = how(r),
                    .studies = r->o->studies,
                    .threads = r->plan->threads,
                    .seed = r->plan->seed};
    Truth t = truth_of_fit(g->fit);
    ErrCode rc = ERR_OK;
    if (!sim) {
        return err_nomem(err, "the simulation");
    }
    plain.loss.kind = FIT_MSE; /* the noise itself, not what a robust loss makes of it */
    TRY(info_of_fit(&plain, &g->obs->data, &info, err));
    o.noise = (SimNoise){.run = sqrt(info.noise.between), .point = sqrt(info.noise.within)};
    o.fit.bootstrap = 0;
    TRY(simulate_run(&t, data, &o, sim, err));
    *ret = (double)NAN;
    for (size_t k = 0; k < sim->n_values; k++) {
        if (strcmp(sim->value[k].name, g->now.target.name) == 0) {
            *ret = sim->value[k].sd;
        }
    }
done:
    free(sim);
    return rc;
}

static ErrCode verify(NextRuns *r, Err *err)
{
    ErrCode rc = ERR_OK;
    for (size_t k = 0; k < r->n_groups && r->o->studies && !r->is_nominal && rc == ERR_OK; k++) {
        NextGroup *g = &r->group[k];
        Arena arena = ARENA_INIT;
        FitData more;
        if (g->is_refused) {
            continue;
        }
        rc = extended(r, g, &arena, &more, err);
        rc = rc == ERR_OK ? spread(r, g, &g->obs->data, &g->sd_before, err) : rc;
        rc = rc == ERR_OK ? spread(r, g, &more, &g->sd_after, err) : rc;
        arena_release(&arena);
    }
    return rc;
}

ErrCode next_runs(const Obs *obs, const ReportPlan *plan, const NextOptions *o, NextRuns *ret,
                  Err *err)
{
    NextRuns r = {
        .obs = obs, .plan = plan, .o = o, .law = plan->law[0], .pool = {.arena = ARENA_INIT}};
    ErrCode rc = ERR_OK;
    TRY(fit_groups(&r, err));
    TRY(choose(&r, err));
    give_seeds(&r);
    TRY(verify(&r, err));
    *ret = r;
    return ERR_OK;
done:
    next_runs_release(&r);
    return rc;
}

void next_runs_release(NextRuns *r)
{
    for (size_t g = 0; r->group && g < r->n_groups; g++) {
        free(r->group[g].fit);
    }
    free(r->group);
    pool_release(&r->pool);
    *r = (NextRuns){.pool = {.arena = ARENA_INIT}};
}
