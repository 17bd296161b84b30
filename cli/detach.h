/* detach.h -- a verb that goes on in the background, without a terminal.
 *
 *   parent                                child
 *   ------                                -----
 *   detach_begin: fork -----------------> own session: no hang-up, no ^C reaches it
 *   waits                                 does what can go wrong at once; its messages are
 *                                         still the caller's
 *   learns that it works, or how the <--- detach_ready: standard output and error go to a
 *   child ended                           file from now on
 */
#ifndef CLI_DETACH_H
#define CLI_DETACH_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/err.h"

typedef struct Detach {
    int ready_fd; /* of the child: tells the parent; -1 otherwise */
} Detach;

#define DETACH_INIT ((Detach){.ready_fd = -1})

typedef struct DetachOutcome {
    bool is_child;   /* this is the child: go on */
    bool is_ready;   /* of the parent: the child works in the background */
    pid_t pid;       /* of the child */
    int exit_status; /* of the parent when the child ended before it was ready */
} DetachOutcome;

/* Forks.  The parent returns when the child is ready or has ended.  ERR_IO. */
ErrCode detach_begin(Detach *d, DetachOutcome *ret, Err *err);

/* In the child: from here on it writes to the end of `log_path`, and reads nothing.  Without a
 * detach_begin(): nothing.  ERR_IO: the log cannot be opened. */
ErrCode detach_ready(Detach *d, const char *log_path, Err *err);

#endif
