#include "orchestrator/sched/retry.h"

#include "catalog/attempt.h"
#include "catalog/checkpoint.h"
#include "catalog/record.h"
#include "catalog/run_status.h"
#include "common/fsx.h"
#include "orchestrator/sched/run_state.h"

static const char why[] = "to be retried, as asked";

static ErrCode write_status(Catalog *c, const char *study_dir, const CatalogRun *r, Err *err)
{
    ErrCode rc = ERR_OK;
    char dir[FSX_PATH_BYTES];
    StatusRecord s = {
        .run = r->hash, .state = CATALOG_RUN_WAITING, .reason = why, .steps = r->steps};
    TRY(catalog_attempt_next_number(c, r->id, &s.attempts, err));
    TRY(catalog_checkpoint_progress(c, r->id, &s.step, &s.checkpoints, err));
    TRY(fsx_join(dir, study_dir, r->dir, err));
    TRY(status_record_write(dir, &s, err));

done:
    return rc;
}

static ErrCode set_waiting(Catalog *c, const CatalogRun *r, Err *err)
{
    CatalogRunState to = r->state;
    ErrCode rc = run_state_next(r->state, RUN_RETRY, &to, err);
    if (rc == ERR_OK) {
        rc = catalog_run_set_state(c, r->id, to, why, clock_unix_ms(), err);
    }
    return rc == ERR_OK ? ERR_OK : err_wrap(err, "%s", r->name);
}

/* All that failed or diverged; only what retrying needs is filled in. */
static ErrCode choose_bad(Catalog *c, Arena *a, CatalogRun **ret, size_t *ret_n, Err *err)
{
    const CatalogRunFilter bad = {.states =
                                      (1u << CATALOG_RUN_FAILED) | (1u << CATALOG_RUN_DIVERGED)};
    CatalogRunStatus *list = NULL;
    size_t n = 0;
    ErrCode rc = catalog_run_status_select(c, &bad, a, &list, &n, err);
    if (rc != ERR_OK) {
        return rc;
    }
    CatalogRun *runs = arena_array(a, n + 1, sizeof *runs);
    if (!runs) {
        return err_nomem(err, "runs");
    }
    for (size_t i = 0; i < n; i++) {
        runs[i] = (CatalogRun){.id = list[i].id,
                               .hash = list[i].hash,
                               .name = list[i].name,
                               .dir = list[i].dir,
                               .steps = list[i].steps,
                               .state = list[i].state};
    }
    *ret = runs;
    *ret_n = n;
    return ERR_OK;
}

/* The runs to change, into list[*ret_n]. */
static ErrCode choose(Catalog *c, char *const names[], size_t n_names, Arena *a, CatalogRun **ret,
                      size_t *ret_n, Err *err)
{
    if (n_names == 0) {
        return choose_bad(c, a, ret, ret_n, err);
    }
    CatalogRun *named = arena_array(a, n_names, sizeof *named);
    if (!named) {
        return err_nomem(err, "runs");
    }
    for (size_t i = 0; i < n_names; i++) {
        ErrCode rc = catalog_run_find(c, names[i], a, &named[i], err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    *ret = named;
    *ret_n = n_names;
    return ERR_OK;
}

ErrCode retry_runs(Catalog *c, const char *study_dir, char *const names[], size_t n_names,
                   int64_t *ret_n, Err *err)
{
    ErrCode rc = ERR_OK;
    Arena a = ARENA_INIT;
    CatalogRun *list = NULL;
    size_t n = 0;
    TRY(choose(c, names, n_names, &a, &list, &n, err));
    TRY(catalog_begin(c, err));
    for (size_t i = 0; i < n; i++) {
        TRY(set_waiting(c, &list[i], err));
    }
    TRY(catalog_commit(c, err));
    for (size_t i = 0; i < n; i++) {
        TRY(write_status(c, study_dir, &list[i], err));
    }
    *ret_n = (int64_t)n;

done:
    catalog_rollback(c);
    arena_release(&a);
    return rc;
}
