/* run_lock.h -- one worker at a time in a run folder.
 *
 * When a scheduler is killed and started again at once, the orphan of the old one may
 * still be finishing its step and writing its state.  The new worker waits for it.  The
 * lock is flock(2) on the folder itself: the kernel drops it with the process, and no file
 * is left behind.  Where a file system has no such lock, there is none.
 */
#ifndef TRAINER_WORKER_RUN_LOCK_H
#define TRAINER_WORKER_RUN_LOCK_H

#include <stdbool.h>

#include "common/err.h"

enum { RUN_LOCK_WAIT_MS = 60000 };

/* Takes the lock; close(*ret_fd) drops it.  ERR_CONFLICT when another worker holds it for
 * longer than wait_ms, ERR_INTERRUPTED when should_stop() (may be NULL) said so, ERR_IO,
 * ERR_NOTFOUND without such a folder. */
ErrCode run_lock(const char *run_dir, int wait_ms, bool (*should_stop)(void), int *ret_fd,
                 Err *err);

#endif
