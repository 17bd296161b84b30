#include "catalog/reindex_run.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "catalog/attempt.h"
#include "catalog/checkpoint.h"
#include "catalog/evaluation.h"
#include "catalog/ingest.h"
#include "catalog/record.h"
#include "common/fsx.h"
#include "common/hash.h"
#include "common/json.h"

/* "attempt-012" -> 12, "step-00001220" -> 1220; -1 for anything else. */
static int64_t number_after(const char *name, const char *prefix)
{
    size_t n = strlen(prefix);
    if (strncmp(name, prefix, n) != 0 || !name[n] ||
        strspn(name + n, "0123456789") != strlen(name + n) || strlen(name + n) > 15) {
        return -1;
    }
    return strtoll(name + n, NULL, 10);
}

/* Time of the last change of a file in milliseconds, 0 when it does not exist. */
static UnixMs changed_ms(const char *dir, const char *name)
{
    char path[FSX_PATH_BYTES];
    Err ignored = ERR_INIT;
    struct stat st;
    if (fsx_join(path, dir, name, &ignored) != ERR_OK || stat(path, &st) != 0) {
        return 0;
    }
    return (UnixMs)st.st_mtim.tv_sec * MS_PER_S + st.st_mtim.tv_nsec / NS_PER_MS;
}

typedef struct Damage {
    Reindex *x;
    const char *path;
} Damage;

static void on_damage(void *ctx, int64_t offset, const char *why)
{
    const Damage *d = ctx;
    reindex_say(d->x, "%s: at byte %" PRId64 ": %s; skipped", d->path, offset, why);
}

static ErrCode ingest_attempt(Reindex *x, int64_t run_id, int64_t number, const char *dir,
                              bool *ret_has_bye, Err *err)
{
    char path[FSX_PATH_BYTES];
    IngestResult r;
    ErrCode rc = fsx_join(path, dir, "events.jsonl", err);
    Damage d = {.x = x, .path = path};
    IngestHooks hooks = {.ctx = &d, .on_damage = on_damage};
    if (rc == ERR_OK) {
        rc = catalog_ingest(x->c, run_id, number, path, &hooks, &r, err);
    }
    if (rc == ERR_OK) {
        x->totals.damaged_lines += r.damaged;
        *ret_has_bye = r.has_bye;
    }
    return rc;
}

/* may_run: the run's newest attempt, and no end of the run is on record. */
static ErrCode reindex_attempt(Reindex *x, int64_t run_id, int64_t number, const char *dir,
                               bool may_run, bool *ret_has_exit, Err *err)
{
    ErrCode rc = ERR_OK;
    Arena a = ARENA_INIT;
    ExitRecord e = {.state = CATALOG_ATTEMPT_LOST,
                    .code = CATALOG_NONE,
                    .signal = CATALOG_NONE,
                    .peak_rss_bytes = CATALOG_NONE,
                    .started_ms = changed_ms(dir, "command"),
                    .ended_ms = changed_ms(dir, "events.jsonl")};
    CatalogAttemptEnd end = {0};
    bool has_bye = false, has_exit = false;
    Err why = ERR_INIT;
    rc = exit_record_read(dir, &a, &e, &why);
    has_exit = rc == ERR_OK;
    if (rc != ERR_OK && rc != ERR_NOTFOUND) {
        reindex_problem(x, "%s", why.msg);
    }
    TRY(catalog_attempt_begin(x->c, run_id, number, CATALOG_NONE, e.started_ms, err));
    TRY(ingest_attempt(x, run_id, number, dir, &has_bye, err));
    if (has_exit || (!has_bye && !may_run)) {
        end = (CatalogAttemptEnd){.state = e.state,
                                  .exit_code = e.code,
                                  .exit_signal = e.signal,
                                  .reason = e.reason,
                                  .ended_ms = e.ended_ms,
                                  .peak_rss_bytes = e.peak_rss_bytes};
        TRY(catalog_attempt_end(x->c, run_id, number, &end, err));
    }
    x->totals.attempts++;
    *ret_has_exit = has_exit;

done:
    arena_release(&a);
    return rc;
}

/* The entry attempt-K with the lowest K above `after`; by number, not by name: attempt-1000
 * follows attempt-999.  *ret_name NULL: none. */
static int64_t next_attempt(const char *const *names, size_t n, int64_t after,
                            const char **ret_name)
{
    int64_t next = INT64_MAX;
    *ret_name = NULL;
    for (size_t i = 0; i < n; i++) {
        int64_t k = number_after(names[i], "attempt-");
        if (k > after && k < next) {
            next = k;
            *ret_name = names[i];
        }
    }
    return next;
}

typedef struct NewestAttempt {
    int64_t number; /* -1: there is none */
    bool has_exit;  /* exit.json says how it ended */
} NewestAttempt;

/* Oldest first, so that the newest attempt's rows stay.  is_open: the run's end is not on
 * record, so its newest attempt may be at work. */
static ErrCode reindex_attempts(Reindex *x, int64_t run_id, const char *run_dir, bool is_open,
                                NewestAttempt *ret, Err *err)
{
    ErrCode rc = ERR_OK;
    Arena a = ARENA_INIT;
    const char **names = NULL, *name = NULL, *after = NULL;
    size_t n = 0;
    TRY(fsx_list(run_dir, &a, &names, &n, err));
    *ret = (NewestAttempt){.number = -1};
    for (int64_t k = next_attempt(names, n, -1, &name); name; name = after) {
        char dir[FSX_PATH_BYTES];
        int64_t following = next_attempt(names, n, k, &after);
        TRY(fsx_join(dir, run_dir, name, err));
        TRY(reindex_attempt(x, run_id, k, dir, is_open && !after, &ret->has_exit, err));
        ret->number = k;
        k = following;
    }

done:
    arena_release(&a);
    return rc;
}

/* The state of a checkpoint of which an event spoke, without reading its large files. */
static ErrCode state_on_disk(Reindex *x, const char *dir, const char *digest,
                             CatalogCheckpointState *ret, Err *err)
{
    char path[FSX_PATH_BYTES], got[XXH128_HEX_BYTES];
    int64_t bytes = 0;
    ErrCode rc = fsx_join(path, dir, RECORD_REMOVED, err);
    if (rc != ERR_OK) {
        return rc;
    }
    if (fsx_exists(path)) {
        *ret = CATALOG_CHECKPOINT_REMOVED;
        return ERR_OK;
    }
    rc = fsx_join(path, dir, "manifest.json", err);
    if (rc == ERR_OK) {
        rc = hash_xxh128_file(path, got, &bytes, err);
    }
    if (rc == ERR_NOTFOUND) {
        *ret = CATALOG_CHECKPOINT_MISSING;
        reindex_problem(x, "%s: is missing", path);
        return ERR_OK;
    }
    if (rc == ERR_OK) {
        bool is_same = strcmp(got, digest) == 0;
        *ret = is_same ? CATALOG_CHECKPOINT_COMPLETE : CATALOG_CHECKPOINT_CORRUPT;
        if (!is_same) {
            reindex_problem(x, "%s: has other bytes than its event says", path);
        }
    }
    CatalogCheckpointState marked = CATALOG_CHECKPOINT_COMPLETE;
    Err none = ERR_INIT;
    if (rc == ERR_OK && damage_record_read(dir, &marked, &none) == ERR_OK) {
        *ret = marked; /* verify has looked closer */
    }
    return rc;
}

static ErrCode check_known(Reindex *x, const char *run_dir, const CatalogCheckpoint *k, Err *err)
{
    char dir[FSX_PATH_BYTES];
    CatalogCheckpointState state = k->state;
    ErrCode rc = fsx_join(dir, run_dir, k->path, err);
    if (rc == ERR_OK) {
        rc = state_on_disk(x, dir, k->digest, &state, err);
    }
    if (rc == ERR_OK && state != k->state) {
        rc = catalog_checkpoint_set_state(x->c, k->run_id, k->step, state, err);
    }
    return rc;
}

static ErrCode evaluations_of_manifest(Reindex *x, const json_t *m, const CatalogCheckpoint *k,
                                       Err *err)
{
    const json_t *list = json_object_get(m, "evaluations");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *e = json_array_get(list, i);
        CatalogEvaluation v = {.run_id = k->run_id,
                               .step = k->step,
                               .attempt = k->attempt,
                               .tokens = k->tokens,
                               .loss = (double)NAN,
                               .bits_per_byte = (double)NAN};
        ErrCode rc = json_get_str(e, "task", &v.task, err);
        if (rc == ERR_OK) {
            rc = json_get_i64(e, "items", &v.items, err);
        }
        (void)json_to_real(json_object_get(e, "loss"), &v.loss);
        (void)json_to_real(json_object_get(e, "bits_per_byte"), &v.bits_per_byte);
        if (rc == ERR_OK) {
            rc = catalog_evaluation_upsert(x->c, &v, err);
        }
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return ERR_OK;
}

/* Fills k from a manifest; false when it is not one of this run at this step. */
static bool read_manifest(const json_t *m, const CatalogRun *r, CatalogCheckpoint *k)
{
    const char *run = NULL, *name = NULL;
    int64_t step = 0;
    Err ignored = ERR_INIT;
    json_t *files = NULL, *f = NULL;
    if (json_get_str(m, "run", &run, &ignored) != ERR_OK || strcmp(run, r->hash) != 0 ||
        json_get_i64(m, "step", &step, &ignored) != ERR_OK || step != k->step ||
        json_get_i64(m, "tokens", &k->tokens, &ignored) != ERR_OK ||
        json_get_obj(m, "files", &files, &ignored) != ERR_OK ||
        !json_to_real(json_object_get(m, "train_loss"), &k->train_loss)) {
        return false;
    }
    json_object_foreach(files, name, f)
    {
        k->bytes += json_integer_value(json_object_get(f, "bytes"));
    }
    return true;
}

/* A checkpoint whose event was lost: the worker died between the two. */
static ErrCode add_unknown(Reindex *x, const CatalogRun *r, const char *run_dir, const char *name,
                           CatalogCheckpoint k, Err *err)
{
    ErrCode rc = ERR_OK;
    char dir[FSX_PATH_BYTES], path[FSX_PATH_BYTES], rel[FSX_PATH_BYTES];
    char digest[XXH128_HEX_BYTES];
    json_t *m = NULL;
    int64_t bytes = 0;
    TRY(fsx_join(rel, "checkpoints", name, err));
    TRY(fsx_join(dir, run_dir, rel, err));
    TRY(fsx_join(path, dir, "manifest.json", err));
    if (!fsx_exists(path)) {
        goto done; /* it was never finished */
    }
    TRY(hash_xxh128_file(path, digest, &bytes, err));
    TRY(json_read_file(path, &m, err));
    k.path = rel;
    k.digest = digest;
    k.bytes = bytes;
    k.created_ms = changed_ms(dir, "manifest.json");
    if (!read_manifest(m, r, &k)) {
        rc = err_set(err, ERR_FORMAT, "%s: not a manifest of this run and step", path);
        goto done;
    }
    TRY(catalog_checkpoint_upsert(x->c, &k, err));
    TRY(evaluations_of_manifest(x, m, &k, err));
    reindex_say(x, "%s: its event was never written; taken from the manifest", dir);

done:
    json_decref(m);
    return rc;
}

static bool is_known(const CatalogCheckpoint *list, size_t n, int64_t step)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i].step == step) {
            return true;
        }
    }
    return false;
}

static ErrCode reindex_checkpoints(Reindex *x, const CatalogRun *r, int64_t run_id,
                                   const char *run_dir, int64_t newest_attempt, Err *err)
{
    ErrCode rc = ERR_OK;
    Arena a = ARENA_INIT;
    CatalogCheckpoint *list = NULL;
    const char **names = NULL;
    size_t n = 0, n_names = 0;
    char dir[FSX_PATH_BYTES];
    TRY(catalog_checkpoint_list(x->c, run_id, &a, &list, &n, err));
    for (size_t i = 0; i < n; i++) {
        TRY(check_known(x, run_dir, &list[i], err));
    }
    TRY(fsx_join(dir, run_dir, "checkpoints", err));
    TRY(fsx_list(dir, &a, &names, &n_names, err));
    for (size_t i = 0; i < n_names; i++) {
        CatalogCheckpoint k = {.run_id = run_id,
                               .step = number_after(names[i], "step-"),
                               .attempt = newest_attempt < 0 ? 0 : newest_attempt,
                               .state = CATALOG_CHECKPOINT_COMPLETE};
        if (k.step < 0 || is_known(list, n, k.step)) {
            continue;
        }
        Err why = ERR_INIT;
        ErrCode found = add_unknown(x, r, run_dir, names[i], k, &why);
        if (found == ERR_FORMAT) {
            reindex_problem(x, "%s", why.msg);
        } else if (found != ERR_OK) {
            *err = why;
            rc = found;
            goto done;
        }
    }

done:
    arena_release(&a);
    return rc;
}

/* What status.json says; waiting without one. */
static StatusRecord read_status(Reindex *x, const char *run_dir, Arena *a)
{
    StatusRecord s = {.state = CATALOG_RUN_WAITING};
    Err why = ERR_INIT;
    ErrCode found = status_record_read(run_dir, a, &s, &why);
    if (found != ERR_OK && found != ERR_NOTFOUND) {
        reindex_problem(x, "%s", why.msg);
    }
    return s;
}

static bool is_open(const StatusRecord *s)
{
    return s->state == CATALOG_RUN_WAITING || s->state == CATALOG_RUN_RUNNING;
}

/* The run's state: what status.json says, corrected by what the attempts say when the
 * scheduler died between the two. */
static ErrCode settle(Reindex *x, const CatalogRun *r, int64_t run_id, const char *run_dir,
                      const NewestAttempt *newest, StatusRecord *s, Err *err)
{
    ErrCode rc = ERR_OK;
    Arena a = ARENA_INIT;
    CatalogAttempt last = {.state = CATALOG_ATTEMPT_LOST};
    if (newest->number >= 0) {
        TRY(catalog_attempt_get(x->c, run_id, newest->number, &a, &last, err));
    }
    if (is_open(s) && newest->number >= 0 && !newest->has_exit) {
        s->state = CATALOG_RUN_RUNNING; /* the next scheduler judges it */
        s->reason = NULL;
    } else if (is_open(s)) {
        bool is_done = last.state == CATALOG_ATTEMPT_DONE;
        if (is_done || s->state == CATALOG_RUN_RUNNING) {
            s->reason = NULL;
        }
        s->state = is_done ? CATALOG_RUN_DONE : CATALOG_RUN_WAITING;
    }
    TRY(catalog_run_set_state(x->c, run_id, s->state, s->reason, changed_ms(run_dir, "status.json"),
                              err));

done:
    arena_release(&a);
    return rc == ERR_OK ? rc : err_wrap(err, "run %s", r->name);
}

/* With its old id, or with any when a copy of the run has that. */
static ErrCode add_run(Reindex *x, const CatalogRun *r, const char *run_dir, int64_t *ret_id,
                       Err *err)
{
    UnixMs changed = changed_ms(run_dir, "run.json");
    ErrCode rc = catalog_run_restore(x->c, r, changed, ret_id, err);
    if (rc != ERR_CONFLICT || r->id == 0) {
        return rc;
    }
    reindex_problem(x, "%s/run.json: another run has the id %" PRId64 " as well", run_dir, r->id);
    *err = ERR_INIT;
    return catalog_run_upsert(x->c, r, changed, ret_id, err);
}

ErrCode reindex_run(Reindex *x, const CatalogRun *r, Err *err)
{
    ErrCode rc = ERR_OK;
    Arena a = ARENA_INIT;
    char run_dir[FSX_PATH_BYTES];
    int64_t id = 0;
    NewestAttempt newest;
    StatusRecord s;
    TRY(fsx_join(run_dir, x->study_dir, r->dir, err));
    s = read_status(x, run_dir, &a);
    TRY(add_run(x, r, run_dir, &id, err));
    TRY(reindex_attempts(x, id, run_dir, is_open(&s), &newest, err));
    TRY(reindex_checkpoints(x, r, id, run_dir, newest.number, err));
    TRY(settle(x, r, id, run_dir, &newest, &s, err));
    x->totals.runs++;

done:
    arena_release(&a);
    return rc;
}
