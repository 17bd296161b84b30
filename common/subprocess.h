/* subprocess.h -- run another program to its end and read what it said.
 *
 * No shell is involved: argv goes to the program as it stands.  The child starts
 * with standard input from /dev/null, an empty signal mask, default signal
 * actions and LC_ALL=C, so that its messages do not depend on the user's locale.
 */
#ifndef COMMON_SUBPROCESS_H
#define COMMON_SUBPROCESS_H

#include "common/buf.h"
#include "common/err.h"

/* Runs argv (NULL-terminated; argv[0] is looked up in PATH) in folder cwd (NULL: this one)
 * and waits.  Standard output and error are appended to `output`, in the order written.
 * *ret_status is the exit status, or 128 + the signal that ended it.
 * ERR_UNAVAILABLE when the program does not exist; ERR_IO, ERR_NOMEM. */
ErrCode subprocess_run(const char *const argv[], const char *cwd, Buf *output, int *ret_status,
                       Err *err);

#endif
