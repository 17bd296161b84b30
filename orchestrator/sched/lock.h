/* lock.h -- one scheduler a study, by a lock that the kernel holds.
 *
 * The file `lock` in the study's folder is locked as long as its holder lives
 * (an open-file-description lock, F_OFD_SETLK, which works on NFS, too): a holder
 * that is killed leaves no lock behind, so there is nothing to clean up and no
 * age to guess.  Its text says who holds it, for people and for `slaw stop`:
 *
 *   {"schema":1,"pid":123,"host":"alba","since":"2026-05-04T03:02:01.123Z"}
 */
#ifndef ORCHESTRATOR_SCHED_LOCK_H
#define ORCHESTRATOR_SCHED_LOCK_H

#include <sys/types.h>

#include "common/clock.h"
#include "common/err.h"

enum { LOCK_HOST_BYTES = 256 };

typedef struct Lock {
    int fd;
} Lock;

#define LOCK_INIT ((Lock){.fd = -1})

typedef struct LockHolder {
    pid_t pid; /* 0 when the file does not say (yet) */
    char host[LOCK_HOST_BYTES];
    char since[CLOCK_TEXT_BYTES];
} LockHolder;

/* Takes the lock of the study in `dir`, or says who has it: ERR_UNAVAILABLE.  ERR_IO. */
ErrCode lock_acquire(const char *dir, Lock *ret, Err *err);
void lock_release(Lock *l); /* an empty one is fine */

/* Who holds it.  ERR_NOTFOUND: nobody does. */
ErrCode lock_holder(const char *dir, LockHolder *ret, Err *err);

#endif
