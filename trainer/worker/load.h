/* load.h -- a model from a checkpoint on disk, for everything but training. */
#ifndef TRAINER_WORKER_LOAD_H
#define TRAINER_WORKER_LOAD_H

#include "trainer/config/run_config.h"
#include "trainer/models/model.h"
#include "trainer/worker/ckpt.h"

/* A checkpoint that was found, and whose files match their digests. */
typedef struct Found {
    char dir[FSX_PATH_BYTES];
    Ckpt ckpt;
    RunConfig config;
} Found;

/* `path` is a checkpoint folder, or a run folder: then its newest whole checkpoint.
 * ERR_NOTFOUND, ERR_FORMAT (damaged), ERR_INVALID, ERR_IO. */
ErrCode load_find(const char *path, Found *ret, Err *err);

/* Opens the model of a found checkpoint for inference and reads its weights.  The caller
 * closes *ret.  ERR_FORMAT, ERR_NOMEM, ERR_IO. */
ErrCode load_model(const Found *f, size_t batch, size_t seq, Model **ret, Err *err);

#endif
