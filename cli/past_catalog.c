#include "cli/past_catalog.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "catalog/attempt.h"
#include "catalog/checkpoint.h"
#include "catalog/location.h"
#include "catalog/run_status.h"
#include "common/fsx.h"
#include "orchestrator/sched/lock.h"

typedef struct Reading {
    Catalog *catalog;
    Past *past;
    bool is_held; /* a scheduler works on the study */
} Reading;

/* Who works on a run: the process of its newest attempt. */
static void read_worker(const Reading *x, const CatalogRunStatus *s, char out[300])
{
    Arena a = ARENA_INIT;
    CatalogAttempt t = {.pid = CATALOG_NONE};
    Err ignored = ERR_INIT;
    if (catalog_attempt_get(x->catalog, s->id, s->newest_attempt, &a, &t, &ignored) == ERR_OK &&
        t.pid != CATALOG_NONE) {
        (void)snprintf(out, 300, "process %" PRId64 "%s%.200s", t.pid, t.host ? " on " : "",
                       t.host ? t.host : "");
    } else {
        (void)snprintf(out, 300, "a worker");
    }
    arena_release(&a);
}

static ErrCode add_row(void *ctx, const CatalogRunStatus *s, Err *err)
{
    const Reading *x = ctx;
    char by[300] = "";
    PastRun r = {.name = s->name,
                 .dir = s->dir,
                 .state = catalog_run_state_name(s->state),
                 .reason = s->reason && s->reason[0] ? s->reason : NULL,
                 .attempts = s->attempts,
                 .newest_attempt = s->newest_attempt};
    int64_t complete = 0;
    ErrCode rc = ERR_OK;
    if (s->attempts > 0 && s->state != CATALOG_RUN_DONE) {
        rc = catalog_checkpoint_progress(x->catalog, s->id, &r.step, &complete, err);
    } else if (s->state == CATALOG_RUN_DONE) {
        r.step = s->steps;
        r.lost = s->complete < s->planned ? s->planned - s->complete : 0;
    }
    if (s->state == CATALOG_RUN_RUNNING && x->is_held) {
        read_worker(x, s, by);
        r.by = by;
    }
    return rc == ERR_OK ? past_add(x->past, &r, s->hash, err) : rc;
}

static ErrCode read_catalog(const char *dir, Past *p, Err *err)
{
    char path[FSX_PATH_BYTES];
    LockHolder holder;
    Err nobody = ERR_INIT;
    Reading x = {.past = p};
    const CatalogRunFilter all = {.states = (1U << CATALOG_N_RUN_STATES) - 1};
    ErrCode rc = ERR_OK;
    TRY(catalog_location_read(dir, path, err));
    TRY(catalog_open_readonly(path, &x.catalog, err));
    x.is_held = lock_holder(dir, &holder, &nobody) == ERR_OK;
    TRY(catalog_run_status_each(x.catalog, &all, add_row, &x, err));
done:
    catalog_close(x.catalog);
    return rc;
}

ErrCode past_of_study(const char *dir, Past *p, Err *err)
{
    Err why = ERR_INIT;
    ErrCode rc = ERR_OK;
    if (!fsx_is_dir(dir)) {
        return past_index(p, err);
    }
    rc = read_catalog(dir, p, &why);
    if (rc == ERR_NOMEM) {
        *err = why;
        return rc;
    }
    if (rc != ERR_OK) { /* the next writing verb says what is wrong with it, and mends it */
        p->n = 0;
        rc = past_read_files(dir, p, err);
    }
    return rc == ERR_OK ? past_index(p, err) : rc;
}
