#include "trainer/worker/ckpt.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/log.h"

static const char checkpoints_name[] = "checkpoints", state_name[] = "state";
static const char step_format[] = "step-%08" PRId64;
enum { SCHEMA = 1 };

/* ---------------------------------------------------------------- folders */

/* Step of a folder's name, or -1 if it is not of the form that we write. */
static int64_t step_of_name(const char *name)
{
    char *end = NULL;
    if (strncmp(name, "step-", 5) != 0 || name[5] < '0' || name[5] > '9') {
        return -1;
    }
    errno = 0;
    int64_t step = strtoll(name + 5, &end, 10);
    char again[32];
    (void)snprintf(again, sizeof again, step_format, step);
    return errno == 0 && strcmp(again, name) == 0 ? step : -1;
}

static int newest_first(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x < y) - (x > y);
}

/* Steps that have a folder below RUN/kind, newest first, malloc'd.  A missing folder has none. */
static ErrCode list_steps(const char *run_dir, const char *kind, int64_t **ret, size_t *ret_n,
                          Err *err)
{
    char dir[FSX_PATH_BYTES];
    ErrCode rc = fsx_join(dir, run_dir, kind, err);
    if (rc != ERR_OK) {
        return rc;
    }
    int64_t *step = NULL;
    size_t n = 0, cap = 0;
    DIR *d = opendir(dir);
    if (!d && errno != ENOENT) {
        return err_sys(err, "open %s", dir);
    }
    const struct dirent *entry;                 /* readdir is safe on a stream of our own */
    while (d && (entry = readdir(d)) != NULL) { /* NOLINT(concurrency-mt-unsafe) */
        int64_t s = step_of_name(entry->d_name);
        if (s < 0) {
            continue;
        }
        if (n == cap) {
            cap = cap ? 2 * cap : 64;
            int64_t *more = realloc(step, cap * sizeof *step);
            if (!more) {
                free(step);
                (void)closedir(d);
                return err_nomem(err, "a list of checkpoints");
            }
            step = more;
        }
        step[n++] = s;
    }
    if (d) {
        (void)closedir(d);
    }
    if (n > 0) {
        qsort(step, n, sizeof *step, newest_first);
    }
    *ret = step;
    *ret_n = n;
    return ERR_OK;
}

static ErrCode step_dir(const char *run_dir, const char *kind, int64_t step,
                        char out[FSX_PATH_BYTES], Err *err)
{
    char name[32];
    (void)snprintf(name, sizeof name, step_format, step);
    return fsx_path(out, err, "%s/%s/%s", run_dir, kind, name);
}

ErrCode ckpt_dir(const char *run_dir, int64_t step, char out[FSX_PATH_BYTES], Err *err)
{
    return step_dir(run_dir, checkpoints_name, step, out, err);
}

/* An empty folder RUN/kind/step-..., durable up to the run folder. */
static ErrCode fresh_dir(const char *run_dir, const char *kind, int64_t step,
                         char out[FSX_PATH_BYTES], Err *err)
{
    ErrCode rc = ERR_OK;
    char parent[FSX_PATH_BYTES];
    TRY(fsx_join(parent, run_dir, kind, err));
    TRY(step_dir(run_dir, kind, step, out, err));
    TRY(fsx_remove_tree(out, err));
    TRY(fsx_mkdirs(out, err));
    TRY(fsx_sync_dir(parent, err));
    TRY(fsx_sync_dir(run_dir, err));
done:
    return rc;
}

/* ---------------------------------------------------------------- sums of files */

static json_t *sum_object(const FileSum *s)
{
    return json_pack("{s:I, s:s}", "bytes", (json_int_t)s->bytes, "xxh128", s->xxh128);
}

static ErrCode verify_file(const char *dir, const char *name, const json_t *entry, Err *err)
{
    char path[FSX_PATH_BYTES], got[XXH128_HEX_BYTES];
    int64_t bytes = 0, got_bytes = 0;
    const char *want = NULL;
    ErrCode rc = ERR_OK;
    if (name[0] == '.' || strchr(name, '/')) {
        return err_set(err, ERR_FORMAT, "%s: \"%s\" is not the name of a file here", dir, name);
    }
    TRY(json_get_i64(entry, "bytes", &bytes, err));
    TRY(json_get_str(entry, "xxh128", &want, err));
    TRY(fsx_join(path, dir, name, err));
    rc = hash_xxh128_file(path, got, &got_bytes, err);
    if (rc == ERR_NOTFOUND) {
        rc = err_set(err, ERR_FORMAT, "%s: is missing", path);
    }
    if (rc == ERR_OK && (got_bytes != bytes || strcmp(got, want) != 0)) {
        rc = err_set(err, ERR_FORMAT, "%s: is damaged (%s)", path,
                     got_bytes != bytes ? "its size differs" : "its digest differs");
    }
done:
    return rc;
}

/* Checks every file that `files` of the object names; adds their bytes to *bytes. */
static ErrCode verify_files(const char *dir, const json_t *object, int64_t *bytes, Err *err)
{
    json_t *files = NULL, *entry;
    const char *name;
    ErrCode rc = json_get_obj(object, "files", &files, err);
    if (rc != ERR_OK) {
        return rc;
    }
    json_object_foreach(files, name, entry)
    {
        rc = verify_file(dir, name, entry, err);
        if (rc != ERR_OK) {
            return rc;
        }
        *bytes += json_integer_value(json_object_get(entry, "bytes"));
    }
    return json_object_size(files) > 0 ? ERR_OK
                                       : err_set(err, ERR_FORMAT, "%s: names no files", dir);
}

static ErrCode check_schema(const json_t *object, Err *err)
{
    int64_t schema = 0;
    ErrCode rc = json_get_i64(object, "schema", &schema, err);
    if (rc == ERR_OK && schema != SCHEMA) {
        rc = err_set(err, ERR_FORMAT, "\"schema\" is %" PRId64 ", not %d", schema, SCHEMA);
    }
    return rc;
}

static ErrCode get_text(const json_t *object, const char *key, char *out, size_t n, Err *err)
{
    const char *s = NULL;
    ErrCode rc = json_get_str(object, key, &s, err);
    if (rc == ERR_OK && strlen(s) >= n) {
        rc = err_set(err, ERR_FORMAT, "\"%s\" is too long", key);
    }
    if (rc == ERR_OK) {
        memcpy(out, s, strlen(s) + 1);
    }
    return rc;
}

/* The same for a member that may be absent: then "". */
static ErrCode get_text_or_none(const json_t *object, const char *key, char *out, size_t n,
                                Err *err)
{
    out[0] = '\0';
    return json_object_get(object, key) ? get_text(object, key, out, n, err) : ERR_OK;
}

static ErrCode get_real(const json_t *object, const char *key, double *ret, Err *err)
{
    return json_to_real(json_object_get(object, key), ret)
               ? ERR_OK
               : err_set(err, ERR_FORMAT, "\"%s\" must be a number", key);
}

/* ---------------------------------------------------------------- checkpoints */

static json_t *manifest_object(const Ckpt *c, const FileSum *model, const FileSum *config)
{
    json_t *list = json_array();
    for (size_t i = 0; i < c->n_evaluations; i++) {
        const CkptEvaluation *e = &c->evaluation[i];
        (void)json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:I}", "task", e->task, "loss",
                                                    json_real_or_name(e->loss), "bits_per_byte",
                                                    json_real_or_name(e->bits_per_byte), "items",
                                                    (json_int_t)e->items));
    }
    if (json_array_size(list) != c->n_evaluations) {
        json_decref(list);
        return NULL;
    }
    json_t *out = json_pack("{s:i, s:s, s:I, s:I, s:o, s:o, s:s, s:{s:o, s:o}}", "schema", SCHEMA,
                            "run", c->run, "step", (json_int_t)c->step, "tokens",
                            (json_int_t)c->tokens, "train_loss", json_real_or_name(c->train_loss),
                            "evaluations", list, "corpus", c->corpus, "files", "model.safetensors",
                            sum_object(model), "config.json", sum_object(config));
    if (c->isa[0] && json_object_set_new(out, "isa", json_string(c->isa)) != 0) {
        json_decref(out);
        return NULL;
    }
    return out;
}

/* Pretty JSON by fsx_replace(), and its sum. */
static ErrCode write_json(const char *dir, const char *name, const json_t *v, FileSum *ret,
                          Err *err)
{
    ErrCode rc = ERR_OK;
    char path[FSX_PATH_BYTES];
    Buf text = BUF_INIT;
    if (!v) {
        rc = err_nomem(err, name);
        goto done;
    }
    json_pretty(v, &text);
    TRY(buf_ok(&text, err));
    TRY(fsx_join(path, dir, name, err));
    TRY(fsx_replace(path, text.data, text.len, err));
    ret->bytes = (int64_t)text.len;
    hash_xxh128(text.data, text.len, ret->xxh128);
done:
    buf_release(&text);
    return rc;
}

static void receipt_fill(CkptReceipt *r, int64_t step, int64_t bytes, const char *digest)
{
    char name[32];
    (void)snprintf(name, sizeof name, step_format, step);
    (void)snprintf(r->path, sizeof r->path, "%s/%s", checkpoints_name, name);
    r->bytes = bytes;
    (void)snprintf(r->digest, sizeof r->digest, "%s", digest);
}

ErrCode ckpt_write(const char *run_dir, const Ckpt *c, const json_t *config, const TensorOut *t,
                   size_t n, CkptReceipt *ret, Err *err)
{
    ErrCode rc = ERR_OK;
    char dir[FSX_PATH_BYTES], path[FSX_PATH_BYTES];
    FileSum model = {0}, about = {0}, manifest = {0};
    json_t *object = NULL;

    TRY(fresh_dir(run_dir, checkpoints_name, c->step, dir, err));
    TRY(fsx_join(path, dir, "model.safetensors", err));
    TRY(safetensors_write(path, "pt", t, n, &model, err));
    TRY(write_json(dir, "config.json", config, &about, err));
    object = manifest_object(c, &model, &about);
    TRY(write_json(dir, "manifest.json", object, &manifest, err));
    receipt_fill(ret, c->step, model.bytes + about.bytes + manifest.bytes, manifest.xxh128);

done:
    json_decref(object);
    return rc;
}

static ErrCode read_evaluations(const json_t *object, Ckpt *c, Err *err)
{
    const json_t *list = json_object_get(object, "evaluations");
    if (!json_is_array(list) || json_array_size(list) > CKPT_MAX_EVALUATIONS) {
        return err_set(err, ERR_FORMAT, "\"evaluations\" must be an array of at most %d",
                       CKPT_MAX_EVALUATIONS);
    }
    ErrCode rc = ERR_OK;
    c->n_evaluations = json_array_size(list);
    for (size_t i = 0; i < c->n_evaluations; i++) {
        const json_t *v = json_array_get(list, i);
        CkptEvaluation *e = &c->evaluation[i];
        TRY(get_text(v, "task", e->task, sizeof e->task, err));
        TRY(get_real(v, "loss", &e->loss, err));
        TRY(get_real(v, "bits_per_byte", &e->bits_per_byte, err));
        TRY(json_get_i64(v, "items", &e->items, err));
    }
done:
    return rc;
}

static ErrCode read_manifest(const json_t *object, Ckpt *c, Err *err)
{
    ErrCode rc = ERR_OK;
    TRY(check_schema(object, err));
    TRY(get_text(object, "run", c->run, sizeof c->run, err));
    TRY(get_text(object, "corpus", c->corpus, sizeof c->corpus, err));
    TRY(get_text_or_none(object, "isa", c->isa, sizeof c->isa, err));
    TRY(json_get_i64(object, "step", &c->step, err));
    TRY(json_get_i64(object, "tokens", &c->tokens, err));
    TRY(get_real(object, "train_loss", &c->train_loss, err));
    TRY(read_evaluations(object, c, err));
done:
    return rc;
}

ErrCode ckpt_verify(const char *dir, Ckpt *ret, CkptReceipt *receipt, Err *err)
{
    ErrCode rc = ERR_OK;
    char path[FSX_PATH_BYTES], digest[XXH128_HEX_BYTES];
    Ckpt c = {0};
    json_t *object = NULL;
    int64_t bytes = 0, manifest_bytes = 0;

    TRY(fsx_join(path, dir, "manifest.json", err));
    TRY(hash_xxh128_file(path, digest, &manifest_bytes, err));
    TRY(json_read_file(path, &object, err));
    rc = read_manifest(object, &c, err);
    if (rc != ERR_OK) {
        (void)err_wrap(err, "%s", path);
        goto done;
    }
    TRY(verify_files(dir, object, &bytes, err));
    if (ret) {
        *ret = c;
    }
    if (receipt) {
        receipt_fill(receipt, c.step, bytes + manifest_bytes, digest);
    }
done:
    json_decref(object);
    return rc;
}

ErrCode ckpt_newest(const char *run_dir, char out[FSX_PATH_BYTES], Err *err)
{
    int64_t *step = NULL;
    size_t n = 0;
    ErrCode rc = list_steps(run_dir, checkpoints_name, &step, &n, err);
    if (rc != ERR_OK) {
        return rc;
    }
    rc = err_set(err, ERR_NOTFOUND, "%s: has no complete checkpoint", run_dir);
    for (size_t i = 0; i < n && rc != ERR_OK; i++) {
        Err why = ERR_INIT;
        rc = ckpt_dir(run_dir, step[i], out, &why);
        if (rc == ERR_OK) {
            rc = ckpt_verify(out, NULL, NULL, &why);
        }
        if (rc != ERR_OK && rc != ERR_NOTFOUND) {
            log_line(LOG_WARN, "ckpt", "msg=\"%s\"", why.msg);
        }
    }
    free(step);
    return rc == ERR_OK ? ERR_OK : err->code;
}

/* ---------------------------------------------------------------- states */

static ErrCode prune_states(const char *run_dir, Err *err)
{
    int64_t *step = NULL;
    size_t n = 0;
    ErrCode rc = list_steps(run_dir, state_name, &step, &n, err);
    for (size_t i = CKPT_STATES_KEPT; i < n && rc == ERR_OK; i++) {
        char dir[FSX_PATH_BYTES];
        rc = step_dir(run_dir, state_name, step[i], dir, err);
        if (rc == ERR_OK) {
            rc = fsx_remove_tree(dir, err);
        }
    }
    free(step);
    return rc;
}

ErrCode state_write(const char *run_dir, const TrainState *s, const TensorOut *t, size_t n,
                    Err *err)
{
    ErrCode rc = ERR_OK;
    char dir[FSX_PATH_BYTES], path[FSX_PATH_BYTES];
    FileSum tensors = {0}, ignored = {0};
    json_t *object = NULL;

    TRY(fresh_dir(run_dir, state_name, s->step, dir, err));
    TRY(fsx_join(path, dir, "state.safetensors", err));
    TRY(safetensors_write(path, "slaw-state", t, n, &tensors, err));
    object =
        json_pack("{s:i, s:s, s:I, s:{s:o, s:I}, s:s, s:s, s:{s:o}}", "schema", SCHEMA, "run",
                  s->run, "step", (json_int_t)s->step, "train_loss", "sum",
                  json_real_or_name(s->loss_sum), "count", (json_int_t)s->loss_count, "corpus",
                  s->corpus, "isa", s->isa, "files", "state.safetensors", sum_object(&tensors));
    TRY(write_json(dir, "state.json", object, &ignored, err));
    TRY(prune_states(run_dir, err));

done:
    json_decref(object);
    return rc;
}

static ErrCode read_state(const json_t *object, TrainState *s, Err *err)
{
    ErrCode rc = ERR_OK;
    json_t *sums = NULL;
    TRY(check_schema(object, err));
    TRY(get_text(object, "run", s->run, sizeof s->run, err));
    TRY(get_text(object, "corpus", s->corpus, sizeof s->corpus, err));
    TRY(get_text_or_none(object, "isa", s->isa, sizeof s->isa, err));
    TRY(json_get_i64(object, "step", &s->step, err));
    TRY(json_get_obj(object, "train_loss", &sums, err));
    TRY(get_real(sums, "sum", &s->loss_sum, err));
    TRY(json_get_i64(sums, "count", &s->loss_count, err));
done:
    return rc;
}

static ErrCode state_verify(const char *dir, int64_t step, TrainState *ret, Err *err)
{
    ErrCode rc = ERR_OK;
    char path[FSX_PATH_BYTES];
    json_t *object = NULL;
    int64_t bytes = 0;

    TRY(fsx_join(path, dir, "state.json", err));
    TRY(json_read_file(path, &object, err));
    TRY(read_state(object, ret, err));
    if (ret->step != step) {
        rc = err_set(err, ERR_FORMAT, "%s: is of step %" PRId64, path, ret->step);
        goto done;
    }
    TRY(verify_files(dir, object, &bytes, err));
done:
    json_decref(object);
    return rc;
}

ErrCode state_newest(const char *run_dir, TrainState *ret, char file[FSX_PATH_BYTES], Err *err)
{
    int64_t *step = NULL;
    size_t n = 0;
    ErrCode rc = list_steps(run_dir, state_name, &step, &n, err);
    if (rc != ERR_OK) {
        return rc;
    }
    rc = err_set(err, ERR_NOTFOUND, "%s: has no training state", run_dir);
    for (size_t i = 0; i < n; i++) {
        char dir[FSX_PATH_BYTES];
        TrainState s = {0};
        Err why = ERR_INIT;
        rc = step_dir(run_dir, state_name, step[i], dir, err);
        if (rc != ERR_OK) {
            break;
        }
        rc = state_verify(dir, step[i], &s, &why);
        if (rc == ERR_OK) {
            *ret = s;
            rc = fsx_join(file, dir, "state.safetensors", err);
            break;
        }
        if (rc != ERR_NOTFOUND && rc != ERR_FORMAT) { /* a disk that cannot be read now */
            *err = why;
            break;
        }
        log_line(LOG_WARN, "ckpt", "step=%" PRId64 " msg=\"state is not whole, removed: %s\"",
                 step[i], why.msg);
        rc = fsx_remove_tree(dir, err);
        if (rc != ERR_OK) {
            break;
        }
        rc = err_set(err, ERR_NOTFOUND, "%s: has no training state that is whole", run_dir);
    }
    free(step);
    return rc;
}
