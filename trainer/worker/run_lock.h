/* run_lock.h -- one worker at a time in a run folder.
 *
 * When a scheduler is killed and started again at once, the orphan of the old one may
 * still be finishing its step and writing its state.  The new worker waits for it.  The
 * lock is flock(2) on the folder itself: the kernel drops it with the process, and no file
 * is left behind.  Network file systems refuse that for a folder; there it is a lock of the open
 * file RUN/lock (F_OFD_SETLK), which NFS passes to its server.  Where a file system has no locks
 * at all, there is none.
 *
 * A holder that is stopped (SIGSTOP) keeps the lock: the scheduler kills it before it starts the
 * next attempt, and a holder that wakes up superseded drops the lock without having written
 * (attempt.h).  On a host that is cut off it can be neither killed nor asked; the next attempt
 * then gives up after RUN_LOCK_WAIT_MS and is retried.
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

/* The same by the file RUN/lock, whatever the folder could do. */
ErrCode run_lock_by_file(const char *run_dir, int wait_ms, bool (*should_stop)(void), int *ret_fd,
                         Err *err);

#endif
