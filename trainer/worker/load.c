#include "trainer/worker/load.h"

#include "common/json.h"
#include "trainer/worker/tensors.h"

static ErrCode find_dir(const char *path, char out[FSX_PATH_BYTES], Err *err)
{
    ErrCode rc = ERR_OK;
    char probe[FSX_PATH_BYTES];
    TRY(fsx_join(probe, path, "manifest.json", err));
    if (fsx_exists(probe)) {
        return fsx_path(out, err, "%s", path);
    }
    TRY(fsx_join(probe, path, "checkpoints", err));
    if (fsx_is_dir(probe)) {
        return ckpt_newest(path, out, err);
    }
    (void)err_set(err, ERR_NOTFOUND, "%s is neither a checkpoint nor a run", path);
    rc = err_hint(err, "a checkpoint is a folder checkpoints/step-... with a manifest.json");
done:
    return rc;
}

ErrCode load_find(const char *path, Found *ret, Err *err)
{
    ErrCode rc = ERR_OK;
    char config[FSX_PATH_BYTES];
    json_t *json = NULL;
    TRY(find_dir(path, ret->dir, err));
    TRY(ckpt_verify(ret->dir, &ret->ckpt, NULL, err));
    TRY(fsx_join(config, ret->dir, "config.json", err));
    TRY(json_read_file(config, &json, err));
    rc = run_config_from_json(json, &ret->config, err);
    if (rc != ERR_OK) {
        (void)err_wrap(err, "%s", config);
    }
done:
    json_decref(json);
    return rc;
}

ErrCode load_model(const Found *f, size_t batch, size_t seq, Model **ret, Err *err)
{
    ErrCode rc = ERR_OK;
    char path[FSX_PATH_BYTES];
    Safetensors *s = NULL;
    Model *m = NULL;
    TRY(fsx_join(path, f->dir, "model.safetensors", err));
    TRY(safetensors_open(path, &s, err));
    TRY(model_open(&f->config.shape,
                   &(ModelHow){.use = MODEL_INFER,
                               .batch = batch,
                               .seq = seq,
                               .kern = kern_get(),
                               .precision = f->config.precision},
                   &m, err));
    rc = tensors_load_model(m, s, err);
    if (rc != ERR_OK) {
        (void)err_wrap(err, "%s", path);
        goto done;
    }
    *ret = m;
    m = NULL;
done:
    model_close(m);
    safetensors_close(s);
    return rc;
}
