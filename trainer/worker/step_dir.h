/* step_dir.h -- the folders RUN/<kind>/step-00001220/ of checkpoints and states.
 *
 * One file of such a folder is its seal: written last, it names the others with their sizes and
 * digests (trainer/worker/sealed.h).  A folder without it is unfinished work of an attempt that
 * was killed.  Private to trainer/worker.
 */
#ifndef TRAINER_WORKER_STEP_DIR_H
#define TRAINER_WORKER_STEP_DIR_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/fsx.h"
#include "trainer/worker/safetensors.h"

enum { STEP_NAME_BYTES = 32 };

/* "step-00001220". */
void step_dir_name(int64_t step, char out[STEP_NAME_BYTES]);

/* RUN/kind/step-00001220. */
ErrCode step_dir_path(const char *run_dir, const char *kind, int64_t step, char out[FSX_PATH_BYTES],
                      Err *err);

/* Steps that have a folder below RUN/kind, newest first; free(*ret).  A missing folder has none.
 * ERR_IO, ERR_NOMEM. */
ErrCode step_dirs_list(const char *run_dir, const char *kind, int64_t **ret, size_t *ret_n,
                       Err *err);

/* An empty folder, durable up to the run's; what an earlier try left in it is removed.  ERR_IO. */
ErrCode step_dir_fresh(const char *run_dir, const char *kind, int64_t step,
                       char out[FSX_PATH_BYTES], Err *err);

/* After a write into it failed: away with it, so that a full disk gets its space back, unless a
 * newer attempt may be writing there by now.  Best effort. */
void step_dir_abandon(const char *run_dir, int64_t attempt, const char *dir);

/* Removes every folder below RUN/kind that has no file `seal`.  ERR_IO, ERR_NOMEM. */
ErrCode step_dirs_clean(const char *run_dir, const char *kind, const char *seal, Err *err);

typedef enum StepLook {
    STEP_SIZES, /* every file is there with its size: one stat each */
    STEP_BYTES, /* and has its digest: reads everything */
} StepLook;

/* Checks the files that `files` of the object names; adds their bytes to *bytes.  ERR_FORMAT when
 * one is missing or differs, ERR_IO. */
ErrCode step_dir_check(const char *dir, const json_t *object, StepLook how, int64_t *bytes,
                       Err *err);

/* {"bytes","xxh128"}: an entry of `files`; NULL when memory is short. */
json_t *step_dir_entry(const FileSum *s);

/* Members of such an object.  ERR_FORMAT. */
ErrCode step_get_text(const json_t *object, const char *key, char *out, size_t n, Err *err);
ErrCode step_get_text_or_none(const json_t *object, const char *key, char *out, size_t n, Err *err);
ErrCode step_get_real(const json_t *object, const char *key, double *ret, Err *err);

#endif
