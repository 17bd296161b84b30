#include "cli/design_args.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/study_arg.h"
#include "cli/study_group.h"
#include "common/fsx.h"
#include "common/json.h"
#include "common/map.h"
#include "common/words.h"

/* ---- a study --------------------------------------------------------------------------------- */

/* Columns of one group while they grow. */
typedef struct Points {
    double *n, *d, *c;
    size_t *run;
} Points;

/* The group of every run, new ones added in the order of the matrix. */
static ErrCode group_runs(const Study *study, const char *by, Map *groups, size_t *of,
                          DesignSource *d, Err *err)
{
    Buf name = BUF_INIT;
    ErrCode rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < study->n_runs; i++) {
        rc = study_group_name(study, i, by, &name, err);
        of[i] = rc == ERR_OK ? map_add_text(groups, buf_str(&name)) : 0;
        rc = rc == ERR_OK ? map_ok(groups, "the design", err) : rc;
        if (rc == ERR_OK && of[i] == d->n_groups) {
            d->group[d->n_groups++] = (DesignGroup){.name = map_text(groups, of[i])};
        }
    }
    buf_release(&name);
    return rc;
}

static double flops_per_token(const RunModel *m, ObsConvention c)
{
    return c == OBS_EXACT ? m->flops_exact : c == OBS_6ND ? m->flops_6nd : m->flops_paper;
}

static ErrCode add_run(const Study *study, size_t i, const DesignArgs *a, ObsConvention convention,
                       Points *p, DesignGroup *g, Err *err)
{
    const RunSpec *r = &study->runs[i];
    RunConfig k;
    ErrCode rc = study_run_config(study, i, &k, err);
    int64_t *at = rc == ERR_OK ? calloc((size_t)k.checkpoint_count + 1, sizeof *at) : NULL;
    if (rc == ERR_OK) {
        rc = at ? run_config_checkpoint_steps(&k, at, err) : err_nomem(err, "checkpoints");
    }
    double per_token = flops_per_token(r->model, convention);
    size_t run = g->data.n_runs;
    for (int64_t j = 0; rc == ERR_OK && j < k.checkpoint_count; j++) {
        double tokens = (double)at[j] * (double)r->batch_tokens;
        bool is_last = j + 1 == k.checkpoint_count;
        if ((a->final_only && !is_last) || tokens < a->skip_fraction * (double)run_spec_tokens(r)) {
            continue;
        }
        size_t at_point = g->data.n++;
        p->n[at_point] = (double)r->model->params;
        p->d[at_point] = tokens;
        p->c[at_point] = per_token * tokens;
        p->run[at_point] = run;
    }
    g->data.n_runs++;
    g->flops += per_token * (double)run_spec_tokens(r);
    free(at);
    return rc;
}

ErrCode design_of_study(const Study *study, const DesignArgs *a, Arena *arena, DesignSource *ret,
                        Err *err)
{
    const char *by = a->by ? a->by : study->group_by;
    size_t points = 0;
    ret->by = arena_strdup(arena, by);
    ret->convention = ret->convention == OBS_DEFAULT || ret->convention == OBS_GIVEN
                          ? OBS_PAPER
                          : ret->convention;
    ret->group = arena_array(arena, study->n_runs + 1, sizeof *ret->group);
    size_t *of = arena_array(arena, study->n_runs + 1, sizeof *of);
    if (!ret->group || !of || !ret->by) {
        return err_nomem(err, "the design");
    }
    Map groups = MAP_INIT(arena);
    ErrCode rc = group_runs(study, by, &groups, of, ret, err);
    map_release(&groups);
    for (size_t g = 0; rc == ERR_OK && g < ret->n_groups; g++) {
        points = 0;
        for (size_t i = 0; i < study->n_runs; i++) {
            points += of[i] == g ? (size_t)study->runs[i].checkpoints : 0;
        }
        Points p = {arena_array(arena, points + 1, sizeof(double)),
                    arena_array(arena, points + 1, sizeof(double)),
                    arena_array(arena, points + 1, sizeof(double)),
                    arena_array(arena, points + 1, sizeof(size_t))};
        if (!p.n || !p.d || !p.c || !p.run) {
            return err_nomem(err, "the design");
        }
        DesignGroup *own = &ret->group[g];
        own->data = (FitData){.params = p.n, .tokens = p.d, .flops = p.c, .run = p.run};
        for (size_t i = 0; rc == ERR_OK && i < study->n_runs; i++) {
            rc = of[i] == g ? add_run(study, i, a, ret->convention, &p, own, err) : ERR_OK;
        }
    }
    return rc;
}

static ErrCode open_study(const Session *s, const DesignArgs *a, const char *path,
                          DesignSource *ret, Err *err)
{
    StudyArg study = {0};
    ret->is_study = true;
    ErrCode rc = study_arg_open(s, path, a->dir, &study, err);
    if (rc == ERR_OK) {
        rc = design_of_study(study.study, a, &ret->arena, ret, err);
        study_arg_close(&study);
    }
    return rc;
}

/* ---- a CSV ----------------------------------------------------------------------------------- */

static ErrCode open_table(const DesignArgs *a, const char *path, DesignSource *ret, Err *err)
{
    ObsOptions o = {.by = a->by,
                    .needs = 1u << OBS_COL_N | 1u << OBS_COL_D,
                    .is_final_only = a->final_only,
                    .skip_fraction = a->skip_fraction,
                    .convention = ret->convention};
    for (size_t i = 0; i < a->where.n; i++) {
        o.where[o.n_where++] = a->where.item[i];
    }
    for (size_t i = 0; i < a->map.n; i++) {
        o.map[o.n_map++] = a->map.item[i];
    }
    ErrCode rc = obs_source_open(path, &ret->source, err);
    if (rc == ERR_OK) {
        rc = obs_select(&ret->source.frame, &o, &ret->obs, err);
    }
    if (rc != ERR_OK) {
        return rc;
    }
    ret->by = ret->obs.by;
    ret->convention = ret->obs.convention;
    ret->group = arena_array(&ret->arena, ret->obs.n_groups, sizeof *ret->group);
    if (!ret->group) {
        return err_nomem(err, "the design");
    }
    for (size_t g = 0; g < ret->obs.n_groups; g++) {
        DesignGroup *own = &ret->group[ret->n_groups++];
        *own = (DesignGroup){.name = ret->obs.group[g].name, .data = ret->obs.group[g].data};
        const FitData *d = &own->data;
        double *last = arena_array(&ret->arena, d->n_runs + d->n + 1, sizeof *last);
        if (!last) {
            return err_nomem(err, "the design");
        }
        for (size_t i = 0; i < d->n; i++) { /* what a run costs is what its last point does */
            size_t run = d->n_runs ? d->run[i] : i;
            double c = d->flops ? d->flops[i] : 6.0 * d->params[i] * d->tokens[i];
            own->flops += fmax(c - last[run], 0.0);
            last[run] = fmax(c, last[run]);
        }
    }
    return ERR_OK;
}

static bool is_study_path(const char *path)
{
    char file[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    const char *dot = strrchr(path, '.');
    if (fsx_is_dir(path)) {
        return fsx_join(file, path, "study.yaml", &err) == ERR_OK && fsx_exists(file);
    }
    return dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

ErrCode design_open(const Session *s, const DesignArgs *a, const char *path, DesignSource *ret,
                    Err *err)
{
    DesignSource d = {.arena = ARENA_INIT, .obs = {.arena = ARENA_INIT}};
    ErrCode rc = ERR_OK;
    TRY(words_check_number("skip-fraction", a->skip_fraction, 0.0, 1.0, err));
    if (a->convention) {
        TRY(obs_convention_parse(a->convention, &d.convention, err));
    }
    TRY(is_study_path(path) ? open_study(s, a, path, &d, err) : open_table(a, path, &d, err));
    *ret = d;
    return ERR_OK;
done:
    design_release(&d);
    return rc;
}

void design_release(DesignSource *d)
{
    obs_release(&d->obs);
    obs_source_release(&d->source);
    arena_release(&d->arena);
    *d = (DesignSource){.arena = ARENA_INIT, .obs = {.arena = ARENA_INIT}};
}
