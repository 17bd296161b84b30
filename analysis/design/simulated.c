#include "analysis/design/simulated.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/design/info.h"
#include "analysis/fit/fit.h"
#include "answer/render.h"

/* Noise unless told or seen. */
#define NOISE_RUN   0.003
#define NOISE_POINT 0.001

/* ---- the design ---- */

static double flops_at(const FitData *d, size_t i)
{
    return d->flops ? d->flops[i] : 6.0 * d->params[i] * d->tokens[i];
}

ErrCode design_of_obs(const Obs *obs, Design *ret, Err *err)
{
    Design d = {.arena = ARENA_INIT, .convention = obs->convention};
    d.group = arena_array(&d.arena, obs->n_groups + 1, sizeof *d.group);
    for (size_t g = 0; d.group && g < obs->n_groups; g++) {
        DesignGroup *own = &d.group[d.n_groups++];
        *own = (DesignGroup){.name = obs->group[g].name, .data = obs->group[g].data};
        const FitData *data = &own->data;
        double *last = arena_array(&d.arena, data->n_runs + data->n + 1, sizeof *last);
        if (!last) {
            d.group = NULL;
            break;
        }
        for (size_t i = 0; i < data->n; i++) { /* what a run costs is what its last point does */
            size_t run = data->n_runs ? data->run[i] : i;
            double c = flops_at(data, i);
            own->flops += fmax(c - last[run], 0.0);
            last[run] = fmax(c, last[run]);
        }
    }
    if (!d.group) {
        design_release(&d);
        return err_nomem(err, "the design");
    }
    *ret = d;
    return ERR_OK;
}

void design_release(Design *d)
{
    arena_release(&d->arena);
    *d = (Design){.arena = ARENA_INIT};
}

/* ---- the truth ---- */

static const ObsGroup *group_like(const Obs *o, const char *name)
{
    for (size_t g = 0; g < o->n_groups; g++) {
        if (strcmp(o->group[g].name, name) == 0) {
            return &o->group[g];
        }
    }
    return o->n_groups == 1 ? &o->group[0] : NULL;
}

/* The law of the group of the same name, and how its points scatter about it. */
static ErrCode truth_like(const Obs *like, const FitOptions *o, SimGroup *g, Err *err)
{
    const ObsGroup *own = group_like(like, g->design->name);
    FitOptions f = *o;
    Info info;
    double level = 1.0;
    ErrCode rc = ERR_OK;
    f.bootstrap = 0;
    if (!own) {
        (void)err_set(err, ERR_INVALID, "--like has no group \"%s\"", g->design->name);
        return err_hint(err, "group both alike with --by, or simulate one: --group");
    }
    FitResult *fit = calloc(1, sizeof *fit);
    if (!fit) {
        return err_nomem(err, "fit");
    }
    TRY(fit_run(&f, &own->data, fit, err));
    g->truth = truth_of_fit(fit);
    fit->loss.kind = FIT_MSE; /* the noise itself, not what a robust loss makes of it */
    TRY(info_of_fit(fit, &own->data, &info, err));
    level = fit->residual == FIT_LOG ? 1.0 : own->data.loss[0];
    g->noise.run = sqrt(info.noise.between) / level;
    g->noise.point = sqrt(info.noise.within) / level;
done:
    free(fit);
    return rc == ERR_OK ? rc : err_wrap(err, "--like, %s", own->name);
}

/* ---- simulating ---- */

static ErrCode run_group(const SimulatedOptions *o, uint64_t seed, SimGroup *g, Err *err)
{
    ErrCode rc = ERR_OK;
    SimOptions sim = o->sim;
    g->truth = o->truth;
    g->noise = (SimNoise){NOISE_RUN, NOISE_POINT, 0.0};
    if (o->like) {
        TRY(truth_like(o->like, &sim.fit, g, err));
    }
    g->noise.run = isnan(o->noise) ? g->noise.run : o->noise;
    g->noise.point = isnan(o->point_noise) ? g->noise.point : o->point_noise;
    g->noise.correlation = o->correlation;
    sim.noise = g->noise;
    sim.seed = seed;
    TRY(truth_open(&g->truth, &g->design->data, err));
    if (!o->is_one_set) {
        TRY(simulate_run(&g->truth, &g->design->data, &sim, &g->result, err));
    }
done:
    return rc;
}

ErrCode simulated_run(const Design *d, const SimulatedOptions *o, Simulated *ret, Err *err)
{
    Simulated s = {.design = d, .o = o, .group = calloc(d->n_groups + 1, sizeof *s.group)};
    ErrCode rc = ERR_OK;
    if (!s.group) {
        return err_nomem(err, "the simulation");
    }
    for (size_t k = 0; k < d->n_groups; k++) {
        if (!o->group || strcmp(o->group, d->group[k].name) == 0) {
            SimGroup *g = &s.group[s.n++];
            g->design = &d->group[k];
            TRY(run_group(o, o->sim.seed + k, g, err));
            s.n_undetermined += !o->is_one_set && g->result.refused == g->result.studies ? 1 : 0;
        }
    }
    if (s.n == 0) {
        rc = err_set(err, ERR_USAGE, "there is no group \"%s\"", o->group);
        goto done;
    }
    *ret = s;
    return ERR_OK;
done:
    simulated_release(&s);
    return rc;
}

void simulated_release(Simulated *s)
{
    for (size_t g = 0; s->group && g < s->n; g++) {
        truth_release(&s->group[g].truth);
    }
    free(s->group);
    *s = (Simulated){0};
}

/* ---- one data set ---- */

static ErrCode group_csv(const Simulated *s, size_t g, AnswerNode *table, Err *err)
{
    const SimGroup *own = &s->group[g];
    const FitData *d = &own->design->data;
    char run[64];
    double *loss = calloc(d->n + 1, sizeof *loss);
    double *work = calloc(d->n_runs + d->n + 1, sizeof *work);
    ErrCode rc = loss && work ? ERR_OK : err_nomem(err, "the data set");
    if (rc == ERR_OK) {
        simulate_losses(&own->truth, d, &own->noise, s->o->sim.seed + g, 0, loss, work);
    }
    for (size_t i = 0; rc == ERR_OK && i < d->n; i++) {
        (void)snprintf(run, sizeof run, "%zu-%zu", g + 1, d->n_runs ? d->run[i] + 1 : i + 1);
        answer_row(table, value_text(own->design->name), value_text(run), value_real(d->params[i]),
                   value_real(d->tokens[i]), value_real(flops_at(d, i)), value_real(loss[i]));
    }
    free(loss);
    free(work);
    return rc;
}

ErrCode simulated_csv(const Simulated *s, Buf *out, Err *err)
{
    static const Column column[] = {{"group"}, {"run"}, {"N"}, {"D"}, {"C"}, {"loss"}};
    Answer a = ANSWER_INIT;
    AnswerNode *table = answer_table(answer_top(&a), "points", NULL, COLUMNS(column));
    ErrCode rc = ERR_OK;
    for (size_t g = 0; g < s->n; g++) {
        TRY(group_csv(s, g, table, err));
    }
    TRY(answer_render(&a, FORMAT_CSV, &(AnswerStyle){0}, out, err));
done:
    answer_release(&a);
    return rc;
}
