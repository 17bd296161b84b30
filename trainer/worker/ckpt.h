/* ckpt.h -- the checkpoints of a run, on disk.
 *
 *   RUN/checkpoints/step-00001220/   model.safetensors  config.json  manifest.json
 *
 * Invariants:
 *   1. manifest.json, which names the other files with their sizes and XXH3-128 digests and
 *      carries a sum of itself, is written last.  A folder without it is not a checkpoint; a
 *      folder whose files do not match it is damaged.
 *   2. Every file is written by fsx_replace(), and every folder is synced, so (1)
 *      holds after a SIGKILL and after a loss of power.
 *   3. Nothing in a checkpoint depends on time, host or attempt: a run that was
 *      killed and resumed leaves the same bytes as one that never stopped, and one that is
 *      made again is the one that was lost.
 *   4. A checkpoint that is whole is never written again.
 *   5. damaged.json in the folder (slaw verify found that it differs from what the catalog
 *      knows) makes it bad whatever its bytes say, until it is made again: the mark goes with
 *      the folder.
 *   6. removed.json beside a manifest that is whole (slaw gc took the weights away) makes it
 *      count as there: it is not made again, and no event speaks of it.
 * docs/files.md lists every field; state.h has the training states.
 */
#ifndef TRAINER_WORKER_CKPT_H
#define TRAINER_WORKER_CKPT_H

#include <jansson.h>
#include <stdbool.h>

#include "common/err.h"
#include "common/fsx.h"
#include "common/hash.h"
#include "trainer/worker/safetensors.h"

enum { CKPT_MAX_EVALUATIONS = 8, CKPT_TASK_BYTES = 64, CKPT_ISA_BYTES = 32 };

/* Left in a checkpoint's folder by slaw verify and slaw gc. */
#define CKPT_DAMAGED "damaged.json"
#define CKPT_REMOVED "removed.json"

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

/* Writes a checkpoint as `attempt`; what an earlier try left in its folder is removed first, and
 * when the write fails nothing of it stays.  `config` becomes its config.json.
 * ERR_INTERRUPTED (attempt_check), ERR_IO, ERR_NOMEM. */
ErrCode ckpt_write(const char *run_dir, int64_t attempt, const Ckpt *c, const json_t *config,
                   const TensorOut *t, size_t n, CkptReceipt *ret, Err *err);

typedef enum CkptLook {
    CKPT_MANIFEST, /* of the manifest alone: it is whole */
    CKPT_SIZES,    /* and every file is there with its size */
    CKPT_BYTES,    /* and has its digest */
} CkptLook;

/* Looks at one checkpoint folder.  ERR_NOTFOUND without a manifest, ERR_FORMAT when damaged,
 * ERR_IO.  ret and receipt may be NULL. */
ErrCode ckpt_look(const char *dir, CkptLook how, Ckpt *ret, CkptReceipt *receipt, Err *err);

/* ckpt_look() with CKPT_BYTES; of one whose weights were removed it says so, ERR_NOTFOUND. */
ErrCode ckpt_verify(const char *dir, Ckpt *ret, CkptReceipt *receipt, Err *err);

/* The folder has the mark of (5), of (6). */
bool ckpt_is_marked(const char *dir);
bool ckpt_is_removed(const char *dir);

/* Path of the checkpoint folder of `step`. */
ErrCode ckpt_dir(const char *run_dir, int64_t step, char out[FSX_PATH_BYTES], Err *err);

/* The folder of the newest checkpoint that verifies.  ERR_NOTFOUND if there is none. */
ErrCode ckpt_newest(const char *run_dir, char out[FSX_PATH_BYTES], Err *err);

/* Removes what an attempt that was killed left unfinished.  ERR_IO, ERR_NOMEM. */
ErrCode ckpts_clean(const char *run_dir, Err *err);

#endif
