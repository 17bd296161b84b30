#include "cli/design_args.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/study_arg.h"
#include "cli/study_group.h"
#include "common/fsx.h"
#include "common/map.h"

/* ---- a study --------------------------------------------------------------------------------- */

/* Columns of one group while they grow. */
typedef struct Points {
    double *n, *d, *c;
    size_t *run;
} Points;

static double flops_per_token(const RunModel *m, ObsConvention c)
{
    return c == OBS_EXACT ? m->flops_exact : c == OBS_6ND ? m->flops_6nd : m->flops_paper;
}

static ErrCode add_run(const Study *study, size_t i, const FitArgs *a, ObsConvention convention,
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

static ErrCode group_points(const Study *study, const FitArgs *a, const size_t *of, size_t group,
                            Design *d, Err *err)
{
    size_t points = 0;
    ErrCode rc = ERR_OK;
    for (size_t i = 0; i < study->n_runs; i++) {
        points += of[i] == group ? (size_t)study->runs[i].checkpoints : 0;
    }
    Points p = {arena_array(&d->arena, points + 1, sizeof(double)),
                arena_array(&d->arena, points + 1, sizeof(double)),
                arena_array(&d->arena, points + 1, sizeof(double)),
                arena_array(&d->arena, points + 1, sizeof(size_t))};
    if (!p.n || !p.d || !p.c || !p.run) {
        return err_nomem(err, "the design");
    }
    DesignGroup *own = &d->group[group];
    own->data = (FitData){.params = p.n, .tokens = p.d, .flops = p.c, .run = p.run};
    for (size_t i = 0; rc == ERR_OK && i < study->n_runs; i++) {
        rc = of[i] == group ? add_run(study, i, a, d->convention, &p, own, err) : ERR_OK;
    }
    return rc;
}

/* Groups in the order of the matrix. */
static ErrCode of_study(const Study *study, const FitArgs *a, const char *by, Design *d, Err *err)
{
    Map groups = MAP_INIT(&d->arena);
    Buf name = BUF_INIT;
    ErrCode rc = ERR_OK;
    size_t *of = arena_array(&d->arena, study->n_runs + 1, sizeof *of);
    d->group = arena_array(&d->arena, study->n_runs + 1, sizeof *d->group);
    TRY(d->group && of ? ERR_OK : err_nomem(err, "the design"));
    for (size_t i = 0; i < study->n_runs; i++) {
        TRY(study_group_name(study, i, by, &name, err));
        of[i] = map_add_text(&groups, buf_str(&name));
        TRY(map_ok(&groups, "the design", err));
        if (of[i] == d->n_groups) {
            d->group[d->n_groups++] = (DesignGroup){.name = map_text(&groups, of[i])};
        }
    }
    for (size_t g = 0; g < d->n_groups; g++) {
        TRY(group_points(study, a, of, g, d, err));
    }
done:
    map_release(&groups);
    buf_release(&name);
    return rc;
}

static ErrCode open_study(const Session *s, FitRun *run, Design *d, Err *err)
{
    StudyArg study = {0};
    const char *by = s->fit.by;
    ErrCode rc = ERR_OK;
    TRY(study_arg_open(s, run->path, s->fit.dir, &study, err));
    d->convention = run->selected.convention;
    if (d->convention == OBS_DEFAULT || d->convention == OBS_GIVEN) {
        d->convention = OBS_PAPER;
    }
    by = by ? by : study.study->group_by;
    run->obs.convention = d->convention;
    run->selected.by = arena_strdup(&d->arena, by);
    memcpy(run->source.frame.digest, study.study->sha256, sizeof study.study->sha256);
    rc = run->selected.by ? of_study(study.study, &s->fit, by, d, err)
                          : err_nomem(err, "the design");
done:
    study_arg_close(&study);
    return rc;
}

bool design_is_study(const char *path)
{
    char file[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    if (fsx_is_dir(path)) {
        return fsx_join(file, path, "study.yaml", &err) == ERR_OK && fsx_exists(file);
    }
    return fit_is_study_file(path);
}

ErrCode design_open(const Session *s, const char *path, FitRun *run, Design *ret, Err *err)
{
    FitRun r = {.path = path};
    Design d = {.arena = ARENA_INIT};
    bool is_study = design_is_study(path);
    ErrCode rc = ERR_OK;
    if (is_study) {
        TRY(fit_args_plan(&s->fit, &r.source, &r.plan, &r.selected, err));
        TRY(open_study(s, &r, &d, err));
    } else {
        TRY(fit_args_begin(s, &s->fit, path, &r, err));
        r.selected.needs = 1u << OBS_COL_N | 1u << OBS_COL_D;
        r.selected.is_loss_signed = false;
        TRY(obs_select(&r.source.frame, &r.selected, &r.obs, err));
        TRY(design_of_obs(&r.obs, &d, err));
    }
    *run = r;
    *ret = d;
    return ERR_OK;
done:
    design_release(&d);
    fit_run_release(&r);
    return rc;
}
