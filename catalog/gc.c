#include "catalog/gc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "catalog/study.h"
#include "common/arena.h"
#include "common/fsx.h"
#include "common/json.h"

enum { STATES_KEPT = 2 };

/* One run while it is looked at. */
typedef struct Gc {
    Catalog *c;
    const GcOptions *o;
    const json_t *study_tasks; /* `evaluation` of the study, NULL if it says nothing */
    const CatalogRun *run;
    json_t *config;
    Keep keep;
    CatalogCheckpoint *list;
    size_t n;
    bool *goes; /* [n] its weights are to be removed now */
    GcFiles files;
} Gc;

static ErrCode set_why(GcRun *r, bool is_trouble, const char *why)
{
    (void)snprintf(r->why, sizeof r->why, "%s", why);
    r->is_trouble = is_trouble;
    return ERR_OK;
}

/* ---------------------------------------------------------------- what goes */

static bool is_scored(const CatalogEvaluation *list, size_t n, int64_t step, const char *task)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i].step == step && strcmp(list[i].task, task) == 0) {
            return true;
        }
    }
    return false;
}

bool gc_is_needed(const json_t *tasks, const CatalogEvaluation *list, size_t n, int64_t step)
{
    for (size_t i = 0; i < json_array_size(tasks); i++) {
        const char *task = json_string_value(json_array_get(tasks, i));
        if (task && !is_scored(list, n, step, task)) {
            return true;
        }
    }
    return false;
}

/* The run is done and all its checkpoints are as they should be; else why not, into r->why. */
static void check_run(const Gc *g, GcRun *r)
{
    char why[GC_WHY_BYTES];
    int64_t bad = 0;
    if (g->run->state != CATALOG_RUN_DONE) {
        (void)snprintf(why, sizeof why, "it is %s", catalog_run_state_name(g->run->state));
        (void)set_why(r, false, why);
        return;
    }
    for (size_t i = 0; i < g->n; i++) {
        bad += g->list[i].state == CATALOG_CHECKPOINT_MISSING ||
               g->list[i].state == CATALOG_CHECKPOINT_CORRUPT;
    }
    bad += (int64_t)g->n < g->run->checkpoints ? g->run->checkpoints - (int64_t)g->n : 0;
    if (bad > 0) {
        (void)snprintf(why, sizeof why,
                       "%" PRId64 " of its checkpoints are missing or damaged; slaw run makes them "
                       "again",
                       bad);
        (void)set_why(r, true, why);
    }
}

/* The newest keep.weights stay, and those that wait for an evaluation. */
static ErrCode choose(Gc *g, Arena *a, Err *err)
{
    ErrCode rc = ERR_OK;
    CatalogEvaluation *scored = NULL;
    size_t n_scored = 0;
    const json_t *tasks = json_object_get(g->config, "evaluation");
    g->goes = arena_array(a, g->n + 1, sizeof *g->goes);
    if (!g->goes) {
        rc = err_nomem(err, "the checkpoints of a run");
        goto done;
    }
    TRY(catalog_evaluation_list(g->c, g->run->id, a, &scored, &n_scored, err));
    for (size_t i = 0; i < g->n; i++) { /* by step */
        const CatalogCheckpoint *k = &g->list[i];
        g->goes[i] = k->state == CATALOG_CHECKPOINT_COMPLETE &&
                     (int64_t)(g->n - i) > g->keep.weights &&
                     !gc_is_needed(tasks, scored, n_scored, k->step) &&
                     !gc_is_needed(g->study_tasks, scored, n_scored, k->step);
    }
done:
    return rc;
}

/* ---------------------------------------------------------------- removing */

static ErrCode check_manifests(const Gc *g, GcRun *r, Err *err)
{
    ErrCode rc = ERR_OK;
    Err why = ERR_INIT;
    for (size_t i = 0; i < g->n && rc == ERR_OK; i++) {
        rc = g->goes[i] ? gc_check_manifest(&g->files, &g->list[i], &why) : ERR_OK;
    }
    if (rc == ERR_FORMAT) {
        (void)err_wrap(&why, "slaw verify has not seen it yet");
        return set_why(r, true, why.msg);
    }
    if (rc != ERR_OK) {
        *err = why;
    }
    return rc;
}

/* a, and the take-backs. */
static ErrCode announce(const Gc *g, Err *err)
{
    ErrCode rc = ERR_OK;
    for (size_t i = 0; i < g->n && rc == ERR_OK; i++) {
        const CatalogCheckpoint *k = &g->list[i];
        bool is_announced = gc_is_announced(&g->files, k);
        if (g->goes[i] && !is_announced) {
            rc = gc_announce(&g->files, k, g->keep, err);
        } else if (!g->goes[i] && is_announced && k->state == CATALOG_CHECKPOINT_COMPLETE) {
            rc = gc_take_back(&g->files, k, err);
        }
    }
    return rc;
}

/* b */
static ErrCode mark(const Gc *g, Err *err)
{
    ErrCode rc = ERR_OK;
    TRY(catalog_begin(g->c, err));
    for (size_t i = 0; i < g->n; i++) {
        if (g->goes[i]) {
            TRY(catalog_checkpoint_set_state(g->c, g->run->id, g->list[i].step,
                                             CATALOG_CHECKPOINT_REMOVED, err));
        }
    }
    TRY(catalog_commit(g->c, err));
done:
    catalog_rollback(g->c);
    return rc;
}

/* c, with what an earlier gc did not come to. */
static ErrCode delete_weights(Gc *g, Err *err)
{
    ErrCode rc = ERR_OK;
    for (size_t i = 0; i < g->n; i++) {
        bool is_begun = g->list[i].state == CATALOG_CHECKPOINT_REMOVED &&
                        gc_is_announced(&g->files, &g->list[i]);
        if (g->goes[i] || is_begun) {
            TRY(gc_delete_weights(&g->files, &g->list[i], err));
        }
    }
done:
    return rc;
}

static bool any_goes(const Gc *g)
{
    for (size_t i = 0; i < g->n; i++) {
        if (g->goes[i]) {
            return true;
        }
    }
    return false;
}

static ErrCode apply(Gc *g, GcRun *r, Err *err)
{
    ErrCode rc = ERR_OK;
    TRY(check_manifests(g, r, err));
    if (r->why[0]) {
        goto done;
    }
    TRY(gc_delete_states(&g->files, g->keep.states ? STATES_KEPT : 0, err));
    TRY(gc_delete_leftovers(&g->files, err));
    if (g->o->only_states) {
        goto done;
    }
    if (!g->o->is_dry) {
        TRY(announce(g, err));
        if (any_goes(g)) {
            TRY(mark(g, err));
        }
    }
    TRY(delete_weights(g, err));
done:
    return rc;
}

/* ---------------------------------------------------------------- one run */

static ErrCode read_keep(Gc *g, GcRun *r, Err *err)
{
    json_error_t why;
    g->config = json_loads(g->run->config, 0, &why);
    if (!g->config) {
        return err_set(err, ERR_FORMAT, "run %s: config: %s", g->run->name, why.text);
    }
    if (g->o->keep) {
        g->keep = *g->o->keep;
    } else {
        Err odd = ERR_INIT;
        const json_t *checkpoints = json_object_get(g->config, "checkpoints");
        if (keep_from_json(json_object_get(checkpoints, "keep"), &g->keep, &odd) != ERR_OK) {
            return set_why(r, true, odd.msg);
        }
    }
    r->keep = g->keep;
    return ERR_OK;
}

/* A worker that somebody started by hand; -1 and the reason when there is one. */
static int lock_run(const Gc *g, GcRun *r)
{
    int fd = open(g->files.run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        Err why = ERR_INIT;
        (void)err_sys(&why, "its folder");
        (void)set_why(r, true, why.msg);
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        (void)set_why(r, true, "a worker is at work in its folder");
        (void)close(fd);
        return -1;
    }
    return fd;
}

static ErrCode tidy(Gc *g, GcRun *r, Arena *a, Err *err)
{
    ErrCode rc = ERR_OK;
    char dir[FSX_PATH_BYTES];
    int lock = -1;
    check_run(g, r);
    if (!r->why[0]) {
        TRY(read_keep(g, r, err));
    }
    if (r->why[0]) {
        goto done;
    }
    TRY(fsx_join(dir, g->o->study_dir, g->run->dir, err));
    g->files = (GcFiles){.run_dir = dir, .is_dry = g->o->is_dry};
    lock = lock_run(g, r);
    if (lock >= 0) {
        TRY(choose(g, a, err));
        TRY(apply(g, r, err));
        r->count = g->files.count;
    }
done:
    if (lock >= 0) {
        (void)close(lock);
    }
    json_decref(g->config);
    return rc;
}

static ErrCode gc_run(Catalog *c, const GcOptions *o, const json_t *study_tasks,
                      const CatalogRun *run, GcTotals *t, Err *err)
{
    ErrCode rc = ERR_OK;
    Arena a = ARENA_INIT;
    Gc g = {.c = c, .o = o, .study_tasks = study_tasks, .run = run};
    GcRun r = {.run = run};
    TRY(catalog_checkpoint_list(c, run->id, &a, &g.list, &g.n, err));
    TRY(tidy(&g, &r, &a, err));
    t->count.checkpoints += r.count.checkpoints;
    t->count.states += r.count.states;
    t->count.leftovers += r.count.leftovers;
    t->count.bytes += r.count.bytes;
    t->runs += r.count.checkpoints + r.count.states + r.count.leftovers > 0;
    t->trouble += r.is_trouble;
    if (o->report) {
        o->report(o->ctx, &r);
    }
done:
    arena_release(&a);
    return rc == ERR_OK ? ERR_OK : err_wrap(err, "%s", run->name);
}

/* ---------------------------------------------------------------- all runs */

/* What the study plans now: a run's own configuration may be older.  *ret may stay NULL. */
static ErrCode read_tasks(Catalog *c, Arena *a, json_t **ret, Err *err)
{
    CatalogStudy study;
    ErrCode rc = catalog_study_get(c, a, &study, err);
    if (rc == ERR_NOTFOUND) {
        *err = ERR_INIT;
        return ERR_OK;
    }
    if (rc == ERR_OK) {
        json_t *v = json_loads(study.resolved, 0, NULL);
        *ret = json_incref(json_object_get(v, "evaluation"));
        json_decref(v);
    }
    return rc;
}

ErrCode catalog_gc(Catalog *c, const GcOptions *o, GcTotals *ret, Err *err)
{
    ErrCode rc = ERR_OK;
    Arena a = ARENA_INIT;
    CatalogRun *runs = NULL;
    size_t n = 0;
    json_t *tasks = NULL;
    GcTotals t = {0};
    GcFiles study = {.run_dir = o->study_dir, .is_dry = o->is_dry};
    TRY(read_tasks(c, &a, &tasks, err));
    TRY(catalog_run_list(c, &a, &runs, &n, err));
    for (size_t i = 0; i < n; i++) {
        if (o->run_id < 0 || runs[i].id == o->run_id) {
            TRY(gc_run(c, o, tasks, &runs[i], &t, err));
        }
    }
    if (o->run_id < 0 && !o->only_states) {
        TRY(gc_delete_old_leftovers(&study, err));
        t.count.leftovers += study.count.leftovers;
        t.count.bytes += study.count.bytes;
    }
    *ret = t;
done:
    json_decref(tasks);
    arena_release(&a);
    return rc;
}
