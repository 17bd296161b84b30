/* sealed.h -- a small JSON file that can tell that it was changed.
 *
 * Its last member is "sum", the XXH3-64 of every byte before `,\n  "sum"`: a flipped bit in a
 * loss or a step is found, where a digest of the other files would not look.  Files of schema 1
 * were written without it and are still read; from SEALED_SCHEMA on it must be there.
 */
#ifndef TRAINER_WORKER_SEALED_H
#define TRAINER_WORKER_SEALED_H

#include <jansson.h>

#include "common/err.h"
#include "common/hash.h"
#include "trainer/worker/safetensors.h"

enum { SEALED_SCHEMA = 2 };

/* Writes the object, its "sum" added, by fsx_replace_gated(); steals `v` (NULL: memory was
 * short).  The gate is attempt_check() of this attempt: between its look and the rename that makes
 * a checkpoint of a folder lie microseconds, not the time of a sync.  *ret: size and digest of
 * the file.  ERR_INTERRUPTED (attempt_check), ERR_NOMEM, ERR_IO. */
ErrCode sealed_write(const char *path, json_t *v, const char *run_dir, int64_t attempt,
                     FileSum *ret, Err *err);

/* Reads such an object.  *ret_sum (may be NULL): size and digest of the file.  ERR_NOTFOUND,
 * ERR_IO; ERR_FORMAT when it is damaged or of a newer schema. */
ErrCode sealed_read(const char *path, json_t **ret, FileSum *ret_sum, Err *err);

#endif
