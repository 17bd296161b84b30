/* attempt.h -- the numbered attempts in a run's folder, and who of them may still write.
 *
 * The scheduler makes attempt-N+1/ before it starts that attempt, and numbers are never used
 * twice.  So an attempt that sees a folder with a larger number than its own has been given up
 * and may write no state and no checkpoint any more, however it came to live on: held by
 * SIGSTOP, on a host that was cut off, on a file system whose locks do not hold.
 *
 * The look is a readdir of the run's folder, a few entries: microseconds, less than a
 * thousandth of writing anything.  The folder is listed and no name is probed, because numbers
 * may leave gaps and because network file systems remember for a while that a name was absent,
 * while opening a folder asks the server.
 */
#ifndef TRAINER_WORKER_ATTEMPT_H
#define TRAINER_WORKER_ATTEMPT_H

#include <stdint.h>

#include "common/err.h"
#include "common/fsx.h"

/* Largest number of an attempt folder, -1 without one.  ERR_IO. */
ErrCode attempt_newest(const char *run_dir, int64_t *ret, Err *err);

/* Path of the folder of an attempt. */
ErrCode attempt_dir(const char *run_dir, int64_t attempt, char out[FSX_PATH_BYTES], Err *err);

/* ERR_INTERRUPTED "superseded by attempt N" when there is a larger number than `attempt`; -1
 * is nobody's number and never superseded.  ERR_IO. */
ErrCode attempt_check(const char *run_dir, int64_t attempt, Err *err);

#endif
