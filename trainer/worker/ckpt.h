/* ckpt.h -- the checkpoints and the training states of a run, on disk.
 *
 *   RUN/checkpoints/step-00001220/   model.safetensors  config.json  manifest.json
 *   RUN/state/step-00001220/         state.safetensors  state.json
 *
 * Invariants:
 *   1. The JSON that names the other files with their sizes and XXH3-128 digests
 *      (manifest.json, state.json) is written last.  A folder without it is not
 *      a checkpoint; a folder whose files do not match it is damaged.
 *   2. Every file is written by fsx_replace(), and every folder is synced, so (1)
 *      holds after a SIGKILL and after a loss of power.
 *   3. Nothing in a checkpoint depends on time, host or attempt: a run that was
 *      killed and resumed leaves the same bytes as one that never stopped.
 *   4. Of the states, the newest two are kept: if the newest is damaged, the one
 *      before is whole.
 * docs/files.md lists every field.
 */
#ifndef TRAINER_WORKER_CKPT_H
#define TRAINER_WORKER_CKPT_H

#include <jansson.h>
#include <stdbool.h>

#include "common/err.h"
#include "common/fsx.h"
#include "common/hash.h"
#include "trainer/worker/safetensors.h"

enum { CKPT_MAX_EVALUATIONS = 8, CKPT_TASK_BYTES = 64, CKPT_STATES_KEPT = 2 };
enum { CKPT_ISA_BYTES = 32 };

typedef struct CkptEvaluation {
    char task[CKPT_TASK_BYTES];
    double loss; /* [nats/token] */
    double bits_per_byte;
    int64_t items; /* predictions scored */
} CkptEvaluation;

/* What manifest.json says. */
typedef struct Ckpt {
    char run[SHA256_HEX_BYTES];
    char corpus[SHA256_HEX_BYTES]; /* digest */
    char isa[CKPT_ISA_BYTES];      /* that made it, where its bits depend on it (bf16); "" in f32 */
    int64_t step;
    int64_t tokens;    /* D */
    double train_loss; /* mean over the steps since the checkpoint before [nats/token] */
    CkptEvaluation evaluation[CKPT_MAX_EVALUATIONS];
    size_t n_evaluations;
} Ckpt;

/* What a `checkpoint` event says beside it. */
typedef struct CkptReceipt {
    char path[64];                 /* relative to the run folder */
    int64_t bytes;                 /* of all its files */
    char digest[XXH128_HEX_BYTES]; /* of manifest.json */
} CkptReceipt;

/* What state.json says. */
typedef struct TrainState {
    char run[SHA256_HEX_BYTES];
    char corpus[SHA256_HEX_BYTES];
    char isa[CKPT_ISA_BYTES]; /* that trained up to here; "" in a state that does not say */
    int64_t step;
    double loss_sum; /* of the steps since the checkpoint before */
    int64_t loss_count;
} TrainState;

/* Writes a checkpoint; what an earlier try left in its folder is removed first.
 * `config` becomes its config.json.  ERR_IO, ERR_NOMEM. */
ErrCode ckpt_write(const char *run_dir, const Ckpt *c, const json_t *config, const TensorOut *t,
                   size_t n, CkptReceipt *ret, Err *err);

/* Checks one checkpoint folder: manifest, sizes, digests.  ERR_NOTFOUND without a
 * manifest, ERR_FORMAT when damaged.  ret and receipt may be NULL. */
ErrCode ckpt_verify(const char *dir, Ckpt *ret, CkptReceipt *receipt, Err *err);

/* Path of the checkpoint folder of `step`. */
ErrCode ckpt_dir(const char *run_dir, int64_t step, char out[FSX_PATH_BYTES], Err *err);

/* The folder of the newest checkpoint that verifies.  ERR_NOTFOUND if there is none. */
ErrCode ckpt_newest(const char *run_dir, char out[FSX_PATH_BYTES], Err *err);

/* Writes a state and removes all but the newest CKPT_STATES_KEPT.  ERR_IO, ERR_NOMEM. */
ErrCode state_write(const char *run_dir, const TrainState *s, const TensorOut *t, size_t n,
                    Err *err);

/* The newest state that verifies; newer ones that do not are removed, with a warning in
 * the log.  `file` becomes the path of its tensors.  ERR_NOTFOUND if there is none. */
ErrCode state_newest(const char *run_dir, TrainState *ret, char file[FSX_PATH_BYTES], Err *err);

#endif
