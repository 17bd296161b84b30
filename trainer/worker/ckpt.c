#include "trainer/worker/ckpt.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/log.h"
#include "trainer/worker/attempt.h"
#include "trainer/worker/sealed.h"
#include "trainer/worker/step_dir.h"

static const char kind[] = "checkpoints", seal[] = "manifest.json";
static const char model_name[] = "model.safetensors", config_name[] = "config.json";

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
    json_t *out = json_pack("{s:i, s:s, s:I, s:I, s:o, s:o, s:s, s:{s:o, s:o}}", "schema",
                            SEALED_SCHEMA, "run", c->run, "step", (json_int_t)c->step, "tokens",
                            (json_int_t)c->tokens, "train_loss", json_real_or_name(c->train_loss),
                            "evaluations", list, "corpus", c->corpus, "files", model_name,
                            step_dir_entry(model), config_name, step_dir_entry(config));
    if (c->isa[0] && json_object_set_new(out, "isa", json_string(c->isa)) != 0) {
        json_decref(out);
        return NULL;
    }
    return out;
}

/* Pretty JSON by fsx_replace(), and its sum. */
static ErrCode write_json(const char *path, const json_t *v, FileSum *ret, Err *err)
{
    ErrCode rc = ERR_OK;
    Buf text = BUF_INIT;
    json_pretty(v, &text);
    TRY(buf_ok(&text, err));
    TRY(fsx_replace(path, text.data, text.len, err));
    ret->bytes = (int64_t)text.len;
    hash_xxh128(text.data, text.len, ret->xxh128);
done:
    buf_release(&text);
    return rc;
}

static void receipt_fill(CkptReceipt *r, int64_t step, int64_t bytes, const char *digest)
{
    char name[STEP_NAME_BYTES];
    step_dir_name(step, name);
    (void)snprintf(r->path, sizeof r->path, "%s/%s", kind, name);
    r->bytes = bytes;
    (void)snprintf(r->digest, sizeof r->digest, "%s", digest);
}

typedef struct Writing {
    const char *run_dir;
    int64_t attempt;
    const Ckpt *ckpt;
    const json_t *config;
    const TensorOut *tensor;
    size_t n_tensors;
} Writing;

static ErrCode write_files(const Writing *w, const char *dir, CkptReceipt *ret, Err *err)
{
    ErrCode rc = ERR_OK;
    char path[FSX_PATH_BYTES];
    FileSum model = {0}, about = {0}, manifest = {0};
    TRY(fsx_join(path, dir, model_name, err));
    TRY(safetensors_write(path, "pt", w->tensor, w->n_tensors, &model, err));
    TRY(fsx_join(path, dir, config_name, err));
    TRY(write_json(path, w->config, &about, err));
    TRY(fsx_join(path, dir, seal, err));
    TRY(sealed_write(path, manifest_object(w->ckpt, &model, &about), w->run_dir, w->attempt,
                     &manifest, err));
    receipt_fill(ret, w->ckpt->step, model.bytes + about.bytes + manifest.bytes, manifest.xxh128);
done:
    return rc;
}

ErrCode ckpt_write(const char *run_dir, int64_t attempt, const Ckpt *c, const json_t *config,
                   const TensorOut *t, size_t n, CkptReceipt *ret, Err *err)
{
    char dir[FSX_PATH_BYTES] = "";
    const Writing w = {run_dir, attempt, c, config, t, n};
    ErrCode rc = attempt_check(run_dir, attempt, err);
    if (rc != ERR_OK) {
        return rc;
    }
    rc = step_dir_fresh(run_dir, kind, c->step, dir, err);
    if (rc == ERR_OK) {
        rc = write_files(&w, dir, ret, err);
    }
    if (rc != ERR_OK) {
        step_dir_abandon(run_dir, attempt, dir);
    }
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
        TRY(step_get_text(v, "task", e->task, sizeof e->task, err));
        TRY(step_get_real(v, "loss", &e->loss, err));
        TRY(step_get_real(v, "bits_per_byte", &e->bits_per_byte, err));
        TRY(json_get_i64(v, "items", &e->items, err));
    }
done:
    return rc;
}

static ErrCode read_manifest(const json_t *object, Ckpt *c, Err *err)
{
    ErrCode rc = ERR_OK;
    TRY(step_get_text(object, "run", c->run, sizeof c->run, err));
    TRY(step_get_text(object, "corpus", c->corpus, sizeof c->corpus, err));
    TRY(step_get_text_or_none(object, "isa", c->isa, sizeof c->isa, err));
    TRY(json_get_i64(object, "step", &c->step, err));
    TRY(json_get_i64(object, "tokens", &c->tokens, err));
    TRY(step_get_real(object, "train_loss", &c->train_loss, err));
    TRY(read_evaluations(object, c, err));
done:
    return rc;
}

ErrCode ckpt_look(const char *dir, CkptLook how, Ckpt *ret, CkptReceipt *receipt, Err *err)
{
    ErrCode rc = ERR_OK;
    char path[FSX_PATH_BYTES];
    Ckpt c = {0};
    FileSum manifest = {0};
    json_t *object = NULL;
    int64_t bytes = 0;

    TRY(fsx_join(path, dir, seal, err));
    TRY(sealed_read(path, &object, &manifest, err));
    rc = read_manifest(object, &c, err);
    if (rc != ERR_OK) {
        (void)err_wrap(err, "%s", path);
        goto done;
    }
    if (how != CKPT_MANIFEST) {
        TRY(step_dir_check(dir, object, how == CKPT_BYTES ? STEP_BYTES : STEP_SIZES, &bytes, err));
    }
    if (ret) {
        *ret = c;
    }
    if (receipt) {
        receipt_fill(receipt, c.step, bytes + manifest.bytes, manifest.xxh128);
    }
done:
    json_decref(object);
    return rc;
}

ErrCode ckpt_verify(const char *dir, Ckpt *ret, CkptReceipt *receipt, Err *err)
{
    if (ckpt_is_removed(dir)) {
        (void)err_set(err, ERR_NOTFOUND, "%s: its weights were removed by slaw gc", dir);
        return err_hint(err, "the study's checkpoints.keep says which stay");
    }
    return ckpt_look(dir, CKPT_BYTES, ret, receipt, err);
}

static bool has(const char *dir, const char *name)
{
    char path[FSX_PATH_BYTES];
    Err ignored = ERR_INIT;
    return fsx_join(path, dir, name, &ignored) == ERR_OK && fsx_exists(path);
}

bool ckpt_is_marked(const char *dir)
{
    return has(dir, CKPT_DAMAGED);
}

bool ckpt_is_removed(const char *dir)
{
    return has(dir, CKPT_REMOVED);
}

ErrCode ckpt_dir(const char *run_dir, int64_t step, char out[FSX_PATH_BYTES], Err *err)
{
    return step_dir_path(run_dir, kind, step, out, err);
}

ErrCode ckpt_newest(const char *run_dir, char out[FSX_PATH_BYTES], Err *err)
{
    int64_t *step = NULL;
    size_t n = 0, n_removed = 0;
    ErrCode rc = step_dirs_list(run_dir, kind, &step, &n, err);
    if (rc != ERR_OK) {
        return rc;
    }
    rc = err_set(err, ERR_NOTFOUND, "%s: has no complete checkpoint", run_dir);
    for (size_t i = 0; i < n && rc != ERR_OK; i++) {
        Err why = ERR_INIT;
        rc = ckpt_dir(run_dir, step[i], out, &why);
        if (rc == ERR_OK) {
            n_removed += ckpt_is_removed(out);
            rc = ckpt_verify(out, NULL, NULL, &why);
        }
        if (rc != ERR_OK && rc != ERR_NOTFOUND) {
            log_line(LOG_WARN, "ckpt", "msg=\"%s\"", why.msg);
        }
    }
    free(step);
    if (rc != ERR_OK && n_removed > 0) {
        (void)err_set(err, ERR_NOTFOUND, "%s: slaw gc removed the weights of its checkpoints",
                      run_dir);
        (void)err_hint(err, "the study's checkpoints.keep says which stay");
    }
    return rc == ERR_OK ? ERR_OK : err->code;
}

ErrCode ckpts_clean(const char *run_dir, Err *err)
{
    return step_dirs_clean(run_dir, kind, seal, err);
}
