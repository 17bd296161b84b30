#include "catalog/verify.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "catalog/record.h"
#include "catalog/rows.h"
#include "common/fsx.h"
#include "common/hash.h"
#include "common/json.h"

/* What was found so far about one checkpoint. */
typedef struct Finding {
    CatalogCheckpointState state;
    char *why; /* [VERIFY_WHY_BYTES] */
    int64_t bytes;
} Finding;

static void __attribute__((format(printf, 3, 4)))
find(Finding *f, CatalogCheckpointState state, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(f->why, VERIFY_WHY_BYTES, fmt, ap);
    va_end(ap);
    f->state = state;
}

static bool is_plain_name(const char *name)
{
    return name[0] && name[0] != '.' && !strchr(name, '/');
}

/* One entry of "files".  ERR_IO only for a file that is there and cannot be read. */
static ErrCode check_file(const char *dir, const char *name, const json_t *entry, Finding *f,
                          Err *err)
{
    char path[FSX_PATH_BYTES], got[XXH128_HEX_BYTES];
    int64_t want_bytes = 0, got_bytes = 0;
    const char *want = NULL;
    Err bad = ERR_INIT;
    if (!is_plain_name(name) || json_get_i64(entry, "bytes", &want_bytes, &bad) != ERR_OK ||
        json_get_str(entry, "xxh128", &want, &bad) != ERR_OK) {
        find(f, CATALOG_CHECKPOINT_CORRUPT, "manifest.json: bad entry \"%.200s\"", name);
        return ERR_OK;
    }
    ErrCode rc = fsx_join(path, dir, name, err);
    if (rc == ERR_OK) {
        rc = hash_xxh128_file(path, got, &got_bytes, err);
    }
    if (rc == ERR_NOTFOUND) {
        find(f, CATALOG_CHECKPOINT_MISSING, "%.200s is not there", name);
        return ERR_OK;
    }
    if (rc != ERR_OK) {
        return rc;
    }
    f->bytes += got_bytes;
    if (got_bytes != want_bytes) {
        find(f, CATALOG_CHECKPOINT_CORRUPT, "%.200s has %" PRId64 " bytes, not %" PRId64, name,
             got_bytes, want_bytes);
    } else if (strcmp(got, want) != 0) {
        find(f, CATALOG_CHECKPOINT_CORRUPT, "%.200s has other bytes than were written", name);
    }
    return ERR_OK;
}

static ErrCode check_files(const char *dir, const json_t *manifest, Finding *f, Err *err)
{
    json_t *files = json_object_get(manifest, "files"), *entry = NULL;
    const char *name = NULL;
    if (!json_is_object(files) || json_object_size(files) == 0) {
        find(f, CATALOG_CHECKPOINT_CORRUPT, "manifest.json names no files");
        return ERR_OK;
    }
    json_object_foreach(files, name, entry)
    {
        ErrCode rc = check_file(dir, name, entry, f, err);
        if (rc != ERR_OK || f->state != CATALOG_CHECKPOINT_COMPLETE) {
            return rc;
        }
    }
    return ERR_OK;
}

static ErrCode check_manifest(const char *dir, const char *digest, Finding *f, json_t **ret,
                              Err *err)
{
    enum { MAX_BYTES = 1 << 20 };
    char path[FSX_PATH_BYTES], got[XXH128_HEX_BYTES];
    Buf text = BUF_INIT;
    ErrCode rc = fsx_join(path, dir, "manifest.json", err);
    if (rc == ERR_OK) {
        rc = fsx_read(path, MAX_BYTES, &text, err);
    }
    if (rc == ERR_NOTFOUND) {
        bool is_dir = fsx_is_dir(dir);
        find(f, CATALOG_CHECKPOINT_MISSING, "%s",
             is_dir ? "manifest.json is not there" : "the folder is not there");
        rc = ERR_OK;
    } else if (rc == ERR_OK) {
        f->bytes += (int64_t)text.len;
        hash_xxh128(buf_str(&text), text.len, got);
        if (strcmp(got, digest) != 0) {
            find(f, CATALOG_CHECKPOINT_CORRUPT, "manifest.json has other bytes than were written");
        } else {
            *ret = json_loadb(buf_str(&text), text.len, JSON_REJECT_DUPLICATES, NULL);
        }
    }
    buf_release(&text);
    return rc;
}

ErrCode verify_checkpoint(const char *checkpoint_dir, const char *digest,
                          CatalogCheckpointState *ret_state, char why[VERIFY_WHY_BYTES],
                          int64_t *ret_bytes, Err *err)
{
    why[0] = '\0';
    Finding f = {.state = CATALOG_CHECKPOINT_COMPLETE, .why = why};
    json_t *manifest = NULL;
    ErrCode rc = check_manifest(checkpoint_dir, digest, &f, &manifest, err);
    if (rc == ERR_OK && f.state == CATALOG_CHECKPOINT_COMPLETE) {
        rc = check_files(checkpoint_dir, manifest, &f, err);
    }
    json_decref(manifest);
    if (rc != ERR_OK) {
        return rc;
    }
    *ret_state = f.state;
    if (ret_bytes) {
        *ret_bytes = f.bytes;
    }
    return ERR_OK;
}

typedef struct Verify {
    Catalog *c;
    const char *study_dir;
    VerifyReport report;
    void *ctx;
    VerifyTotals totals;
} Verify;

/* damaged.json as it should be for what was found.  *ret_changed: it was not. */
static ErrCode mark_folder(const char *dir, CatalogCheckpointState found, const char *why,
                           bool *ret_changed, Err *err)
{
    CatalogCheckpointState marked = CATALOG_CHECKPOINT_COMPLETE;
    Err none = ERR_INIT;
    if (!fsx_is_dir(dir)) {
        return ERR_OK; /* there is no place for a mark, and nobody will take it for whole */
    }
    (void)damage_record_read(dir, &marked, &none);
    if (marked == found) {
        return ERR_OK;
    }
    *ret_changed = true;
    return found == CATALOG_CHECKPOINT_COMPLETE ? damage_record_clear(dir, err)
                                                : damage_record_write(dir, found, why, err);
}

static ErrCode verify_one(Verify *v, const CatalogRun *run, CatalogCheckpoint *k, Err *err)
{
    char dir[FSX_PATH_BYTES], why[VERIFY_WHY_BYTES];
    CatalogCheckpointState found = CATALOG_CHECKPOINT_COMPLETE;
    int64_t bytes = 0;
    bool is_marked = false;
    ErrCode rc = ERR_OK;
    TRY(fsx_path(dir, err, "%s/%s/%s", v->study_dir, run->dir, k->path));
    TRY(verify_checkpoint(dir, k->digest, &found, why, &bytes, err));
    if (!v->c->is_readonly) {
        TRY(mark_folder(dir, found, why, &is_marked, err));
        v->totals.marked += is_marked || found != k->state;
    }
    v->totals.good += found == CATALOG_CHECKPOINT_COMPLETE;
    v->totals.missing += found == CATALOG_CHECKPOINT_MISSING;
    v->totals.corrupt += found == CATALOG_CHECKPOINT_CORRUPT;
    v->totals.changed += found != k->state;
    v->totals.bytes += bytes;
    if (v->report) {
        v->report(v->ctx, run, k, found, why);
    }
    k->state = found;

done:
    return rc;
}

/* Marks the run's checkpoints; a transaction a run, so that what was found is not lost. */
static ErrCode mark(Catalog *c, const CatalogCheckpoint *list, const bool *is_changed, size_t n,
                    Err *err)
{
    ErrCode rc = catalog_begin(c, err);
    for (size_t i = 0; rc == ERR_OK && i < n; i++) {
        if (is_changed[i]) {
            rc = catalog_checkpoint_set_state(c, list[i].run_id, list[i].step, list[i].state, err);
        }
    }
    if (rc == ERR_OK) {
        rc = catalog_commit(c, err);
    }
    catalog_rollback(c);
    return rc;
}

static ErrCode verify_run(Verify *v, const CatalogRun *run, Err *err)
{
    ErrCode rc = ERR_OK;
    Arena a = ARENA_INIT;
    CatalogCheckpoint *list = NULL;
    size_t n = 0;
    bool any = false;
    bool *is_changed = NULL;
    TRY(catalog_checkpoint_list(v->c, run->id, &a, &list, &n, err));
    is_changed = arena_array(&a, n + 1, sizeof *is_changed);
    if (!is_changed) {
        rc = err_nomem(err, "the checkpoints of a run");
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        CatalogCheckpointState before = list[i].state;
        if (before == CATALOG_CHECKPOINT_REMOVED) {
            continue;
        }
        TRY(verify_one(v, run, &list[i], err));
        is_changed[i] = list[i].state != before;
        any = any || is_changed[i];
    }
    if (any && !v->c->is_readonly) {
        TRY(mark(v->c, list, is_changed, n, err));
    }

done:
    arena_release(&a);
    return rc;
}

/* What a report says of a run; not its configuration, of which there may be 100,000. */
static ErrCode list_runs(Catalog *c, Arena *a, Rows *runs, Err *err)
{
    Stmt q = stmt_kept(&c->stmts, "SELECT id, hash, name, dir, state FROM run INDEXED BY run_list"
                                  " ORDER BY state = 'retired', position, id");
    for (CatalogRun *r; (r = rows_next(runs, &q)) != NULL;) {
        r->id = stmt_col_i64(&q);
        r->hash = stmt_col_text(&q, a);
        r->name = stmt_col_text(&q, a);
        r->dir = stmt_col_text(&q, a);
        (void)catalog_run_state_parse(stmt_col_view(&q), &r->state); /* the column has a CHECK */
    }
    return stmt_finish(&q, err);
}

ErrCode catalog_verify(Catalog *c, const char *study_dir, int64_t run_id, VerifyReport report,
                       void *ctx, VerifyTotals *ret, Err *err)
{
    Verify v = {.c = c, .study_dir = study_dir, .report = report, .ctx = ctx};
    ErrCode rc = ERR_OK;
    Arena a = ARENA_INIT;
    Rows runs = {.arena = &a, .size = sizeof(CatalogRun)};
    TRY(list_runs(c, &a, &runs, err));
    for (size_t i = 0; i < runs.n; i++) {
        const CatalogRun *run = (const CatalogRun *)runs.data + i;
        if (run_id < 0 || run->id == run_id) {
            TRY(verify_run(&v, run, err));
        }
    }
    *ret = v.totals;

done:
    arena_release(&a);
    return rc;
}
