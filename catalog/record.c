#include "catalog/record.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/fsx.h"
#include "common/json.h"

static json_t *text_or_null(const char *s)
{
    return s ? json_string(s) : json_null();
}

static json_t *i64_or_null(int64_t v)
{
    return v == CATALOG_NONE ? json_null() : json_integer(v);
}

/* Steals v (NULL when its builder ran out of memory).  A note: what it says is in the catalog, or
 * in events and checkpoints, which are durable. */
static ErrCode put(const char *dir, const char *name, json_t *v, Err *err)
{
    char path[FSX_PATH_BYTES];
    ErrCode rc = v ? fsx_join(path, dir, name, err) : err_nomem(err, name);
    if (rc == ERR_OK) {
        rc = json_note_file(path, v, err);
    }
    json_decref(v);
    return rc;
}

/* Reads dir/name and checks that it is an object of our schema version. */
static ErrCode get(const char *dir, const char *name, char path[FSX_PATH_BYTES], json_t **ret,
                   Err *err)
{
    json_t *v = NULL;
    int64_t schema = 0;
    ErrCode rc = fsx_join(path, dir, name, err);
    if (rc == ERR_OK) {
        rc = json_read_file(path, &v, err);
    }
    if (rc != ERR_OK) {
        return rc;
    }
    if (!json_is_object(v)) {
        rc = err_set(err, ERR_FORMAT, "%s: must be a JSON object", path);
    } else if ((rc = json_get_i64(v, "schema", &schema, err)) != ERR_OK) {
        (void)err_wrap(err, "%s", path);
    } else if (schema != RECORD_SCHEMA) {
        rc = err_set(err, ERR_FORMAT, "%s: schema %" PRId64 ", this program knows %d", path, schema,
                     RECORD_SCHEMA);
    }
    if (rc == ERR_OK) {
        *ret = v;
    } else {
        json_decref(v);
    }
    return rc;
}

/* Borrowed string of a member; NULL for null or an absent one. */
static ErrCode text_of(const json_t *v, const char *key, Arena *a, const char **ret, Err *err)
{
    const json_t *m = json_object_get(v, key);
    if (!m || json_is_null(m)) {
        *ret = NULL;
        return ERR_OK;
    }
    if (!json_is_string(m)) {
        return err_set(err, ERR_FORMAT, "\"%s\" must be a string or null", key);
    }
    *ret = arena_strdup(a, json_string_value(m));
    return *ret ? ERR_OK : err_nomem(err, key);
}

static ErrCode need_text(const json_t *v, const char *key, Arena *a, const char **ret, Err *err)
{
    const char *s = NULL;
    ErrCode rc = json_get_str(v, key, &s, err);
    if (rc != ERR_OK) {
        return rc;
    }
    *ret = arena_strdup(a, s);
    return *ret ? ERR_OK : err_nomem(err, key);
}

static ErrCode i64_or_none(const json_t *v, const char *key, int64_t *ret, Err *err)
{
    const json_t *m = json_object_get(v, key);
    if (!m || json_is_null(m)) {
        *ret = CATALOG_NONE;
        return ERR_OK;
    }
    return json_get_i64(v, key, ret, err);
}

/* Compact text with the order of keys kept by sorting: the same object, the same text. */
static ErrCode object_text(const json_t *v, Arena *a, const char **ret, Err *err)
{
    Buf text = BUF_INIT;
    json_canonical(v, &text);
    ErrCode rc = buf_ok(&text, err);
    if (rc == ERR_OK) {
        *ret = arena_strdup(a, buf_str(&text));
        rc = *ret ? ERR_OK : err_nomem(err, "a record");
    }
    buf_release(&text);
    return rc;
}

/* Reads dir/name, whose object `read` takes apart; names the file in its errors. */
static ErrCode get_record(const char *dir, const char *name,
                          ErrCode (*read)(const json_t *v, Arena *a, void *record, Err *err),
                          Arena *a, void *record, Err *err)
{
    char path[FSX_PATH_BYTES];
    json_t *v = NULL;
    ErrCode rc = get(dir, name, path, &v, err);
    if (rc != ERR_OK) {
        return rc;
    }
    rc = read(v, a, record, err);
    json_decref(v);
    return rc == ERR_OK ? rc : err_wrap(err, "%s", path);
}

ErrCode study_record_write(const char *study_dir, const CatalogStudy *s, Err *err)
{
    json_error_t why;
    json_t *resolved = json_loads(s->resolved, JSON_REJECT_DUPLICATES, &why);
    if (!resolved) {
        return err_set(err, ERR_FORMAT, "study %s: the resolved study is not JSON: %s", s->name,
                       why.text);
    }
    return put(study_dir, "study.json",
               json_pack("{s:i, s:s, s:o, s:o, s:s, s:o}", "schema", RECORD_SCHEMA, "name", s->name,
                         "source_path", text_or_null(s->source_path), "source_sha256",
                         text_or_null(s->source_sha256), "slaw_version", s->slaw_version,
                         "resolved", resolved),
               err);
}

static ErrCode study_of(const json_t *v, Arena *a, void *record, Err *err)
{
    CatalogStudy s = {0};
    json_t *resolved = NULL;
    ErrCode rc = ERR_OK;
    TRY(need_text(v, "name", a, &s.name, err));
    TRY(text_of(v, "source_path", a, &s.source_path, err));
    TRY(text_of(v, "source_sha256", a, &s.source_sha256, err));
    TRY(need_text(v, "slaw_version", a, &s.slaw_version, err));
    TRY(json_get_obj(v, "resolved", &resolved, err));
    TRY(object_text(resolved, a, &s.resolved, err));
    *(CatalogStudy *)record = s;

done:
    return rc;
}

ErrCode study_record_read(const char *study_dir, Arena *a, CatalogStudy *ret, Err *err)
{
    return get_record(study_dir, "study.json", study_of, a, ret, err);
}

ErrCode run_record_write(const char *run_dir, const CatalogRun *r, Err *err)
{
    json_error_t why;
    json_t *axes = json_loads(r->axes, JSON_REJECT_DUPLICATES, &why);
    if (!json_is_object(axes)) {
        json_decref(axes);
        return err_set(err, ERR_FORMAT, "run %s: the axes are not a JSON object", r->name);
    }
    return put(
        run_dir, "run.json",
        json_pack("{s:i, s:s, s:o*, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:{s:f, s:f, s:f}, s:I}",
                  "schema", RECORD_SCHEMA, "run", r->hash, "id",
                  r->id > 0 ? json_integer(r->id) : NULL, "axes", axes, "position",
                  (json_int_t)r->position, "params", (json_int_t)r->params, "params_total",
                  (json_int_t)r->params_total, "tokens", (json_int_t)r->tokens, "steps",
                  (json_int_t)r->steps, "batch_tokens", (json_int_t)r->batch_tokens,
                  "flops_per_token", "6nd", r->flops_6nd, "exact", r->flops_exact, "paper",
                  r->flops_paper, "checkpoints", (json_int_t)r->checkpoints),
        err);
}

static ErrCode names_of_run(const json_t *config, Arena *a, void *record, Err *err)
{
    CatalogRun *r = record;
    ErrCode rc = ERR_OK;
    json_t *model = NULL;
    TRY(need_text(config, "run", a, &r->hash, err));
    TRY(need_text(config, "name", a, &r->name, err));
    TRY(need_text(config, "size", a, &r->size, err));
    TRY(json_get_obj(config, "model", &model, err));
    TRY(need_text(model, "architecture", a, &r->architecture, err));
    TRY(json_get_i64(config, "seed", &r->seed, err));
    TRY(object_text(config, a, &r->config, err));

done:
    return rc;
}

/* After names_of_run(). */
static ErrCode numbers_of_run(const json_t *v, Arena *a, void *record, Err *err)
{
    CatalogRun *r = record;
    const char *hash = NULL;
    ErrCode rc = ERR_OK;
    json_t *axes = NULL, *flops = NULL;
    TRY(json_get_str(v, "run", &hash, err));
    if (json_object_get(v, "id")) { /* slaw 0.1 wrote none */
        TRY(json_get_i64(v, "id", &r->id, err));
    }
    TRY(json_get_obj(v, "axes", &axes, err));
    TRY(object_text(axes, a, &r->axes, err));
    TRY(json_get_i64(v, "position", &r->position, err));
    TRY(json_get_i64(v, "params", &r->params, err));
    TRY(json_get_i64(v, "params_total", &r->params_total, err));
    TRY(json_get_i64(v, "tokens", &r->tokens, err));
    TRY(json_get_i64(v, "steps", &r->steps, err));
    TRY(json_get_i64(v, "batch_tokens", &r->batch_tokens, err));
    TRY(json_get_obj(v, "flops_per_token", &flops, err));
    TRY(json_get_f64(flops, "6nd", &r->flops_6nd, err));
    TRY(json_get_f64(flops, "exact", &r->flops_exact, err));
    TRY(json_get_f64(flops, "paper", &r->flops_paper, err));
    TRY(json_get_i64(v, "checkpoints", &r->checkpoints, err));
    if (strcmp(hash, r->hash) != 0) {
        rc = err_set(err, ERR_FORMAT, "of run %.12s, config.json of run %.12s", hash, r->hash);
    }

done:
    return rc;
}

ErrCode run_record_read(const char *run_dir, Arena *a, CatalogRun *ret, Err *err)
{
    CatalogRun r = {0};
    ErrCode rc = get_record(run_dir, "config.json", names_of_run, a, &r, err);
    if (rc == ERR_OK) {
        rc = get_record(run_dir, "run.json", numbers_of_run, a, &r, err);
    }
    if (rc == ERR_OK) {
        *ret = r;
    }
    return rc;
}

ErrCode status_record_write(const char *run_dir, const StatusRecord *s, Err *err)
{
    return put(run_dir, "status.json",
               json_pack("{s:i, s:s, s:s, s:o, s:I, s:I, s:I, s:I}", "schema", RECORD_SCHEMA, "run",
                         s->run, "state", catalog_run_state_name(s->state), "reason",
                         text_or_null(s->reason), "attempts", (json_int_t)s->attempts, "step",
                         (json_int_t)s->step, "steps", (json_int_t)s->steps, "checkpoints",
                         (json_int_t)s->checkpoints),
               err);
}

static ErrCode status_of(const json_t *v, Arena *a, void *record, Err *err)
{
    StatusRecord s = {0};
    const char *state = NULL;
    ErrCode rc = ERR_OK;
    TRY(need_text(v, "run", a, &s.run, err));
    TRY(json_get_str(v, "state", &state, err));
    if (!catalog_run_state_parse(state, &s.state)) {
        return err_set(err, ERR_FORMAT, "\"state\": a run cannot be \"%s\"", state);
    }
    TRY(text_of(v, "reason", a, &s.reason, err));
    TRY(json_get_i64(v, "attempts", &s.attempts, err));
    TRY(json_get_i64(v, "step", &s.step, err));
    TRY(json_get_i64(v, "steps", &s.steps, err));
    TRY(json_get_i64(v, "checkpoints", &s.checkpoints, err));
    *(StatusRecord *)record = s;

done:
    return rc;
}

ErrCode status_record_read(const char *run_dir, Arena *a, StatusRecord *ret, Err *err)
{
    return get_record(run_dir, "status.json", status_of, a, ret, err);
}

ErrCode exit_record_write(const char *attempt_dir, const ExitRecord *e, Err *err)
{
    return put(attempt_dir, "exit.json",
               json_pack("{s:i, s:s, s:o, s:o, s:o, s:I, s:I, s:o}", "schema", RECORD_SCHEMA,
                         "state", catalog_attempt_state_name(e->state), "code",
                         i64_or_null(e->code), "signal", i64_or_null(e->signal), "reason",
                         text_or_null(e->reason), "started_ms", (json_int_t)e->started_ms,
                         "ended_ms", (json_int_t)e->ended_ms, "peak_rss_bytes",
                         i64_or_null(e->peak_rss_bytes)),
               err);
}

static ErrCode exit_of(const json_t *v, Arena *a, void *record, Err *err)
{
    ExitRecord e = {0};
    const char *state = NULL;
    ErrCode rc = ERR_OK;
    TRY(json_get_str(v, "state", &state, err));
    if (!catalog_attempt_state_parse(state, &e.state)) {
        return err_set(err, ERR_FORMAT, "\"state\": an attempt cannot be \"%s\"", state);
    }
    TRY(i64_or_none(v, "code", &e.code, err));
    TRY(i64_or_none(v, "signal", &e.signal, err));
    TRY(text_of(v, "reason", a, &e.reason, err));
    TRY(json_get_i64(v, "started_ms", &e.started_ms, err));
    TRY(json_get_i64(v, "ended_ms", &e.ended_ms, err));
    TRY(i64_or_none(v, "peak_rss_bytes", &e.peak_rss_bytes, err));
    *(ExitRecord *)record = e;

done:
    return rc;
}

ErrCode exit_record_read(const char *attempt_dir, Arena *a, ExitRecord *ret, Err *err)
{
    return get_record(attempt_dir, "exit.json", exit_of, a, ret, err);
}

ErrCode damage_record_write(const char *checkpoint_dir, CatalogCheckpointState state,
                            const char *why, Err *err)
{
    char path[FSX_PATH_BYTES];
    json_t *v = json_pack("{s:i, s:s, s:s}", "schema", RECORD_SCHEMA, "state",
                          catalog_checkpoint_state_name(state), "why", why);
    ErrCode rc =
        v ? fsx_join(path, checkpoint_dir, RECORD_DAMAGED, err) : err_nomem(err, RECORD_DAMAGED);
    if (rc == ERR_OK) {
        rc = json_write_file(path, v, err);
    }
    json_decref(v);
    return rc;
}

ErrCode damage_record_clear(const char *checkpoint_dir, Err *err)
{
    char path[FSX_PATH_BYTES];
    ErrCode rc = fsx_join(path, checkpoint_dir, RECORD_DAMAGED, err);
    if (rc != ERR_OK || (unlink(path) != 0 && (errno == ENOENT || errno == ENOTDIR))) {
        return rc;
    }
    return fsx_exists(path) ? err_sys(err, "remove %s", path) : fsx_sync_dir(checkpoint_dir, err);
}

ErrCode damage_record_read(const char *checkpoint_dir, CatalogCheckpointState *ret, Err *err)
{
    char path[FSX_PATH_BYTES];
    json_t *v = NULL;
    const char *state = NULL;
    Err why = ERR_INIT;
    ErrCode rc = get(checkpoint_dir, RECORD_DAMAGED, path, &v, &why);
    if (rc == ERR_NOTFOUND || rc == ERR_NOMEM) {
        *err = why;
        return rc;
    }
    if (rc != ERR_OK || json_get_str(v, "state", &state, &why) != ERR_OK ||
        !catalog_checkpoint_state_parse(state, ret) || *ret != CATALOG_CHECKPOINT_MISSING) {
        *ret = CATALOG_CHECKPOINT_CORRUPT;
    }
    json_decref(v);
    return ERR_OK;
}

static ErrCode corpus_of(const json_t *v, Arena *a, void *record, Err *err)
{
    CatalogCorpus c = {0};
    json_t *held_out = NULL;
    ErrCode rc = ERR_OK;
    TRY(need_text(v, "digest", a, &c.digest, err));
    TRY(json_get_obj(v, "validation", &held_out, err));
    TRY(json_get_f64(held_out, "bytes_per_token", &c.validation_bytes_per_token, err));
    TRY(object_text(v, a, &c.manifest, err));
    *(CatalogCorpus *)record = c;

done:
    return rc;
}

ErrCode corpus_record_read(const char *corpus_dir, Arena *a, CatalogCorpus *ret, Err *err)
{
    return get_record(corpus_dir, "manifest.json", corpus_of, a, ret, err);
}
