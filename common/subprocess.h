/* subprocess.h -- run another program to its end and read what it said.
 *
 * No shell is involved: argv goes to the program as it stands.  The child starts
 * with standard input from /dev/null, an empty signal mask, default signal
 * actions and LC_ALL=C, so that its messages do not depend on the user's locale.
 */
#ifndef COMMON_SUBPROCESS_H
#define COMMON_SUBPROCESS_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

/* Runs argv (NULL-terminated; argv[0] is looked up in PATH) in folder cwd (NULL: this one)
 * and waits.  Standard output and error are appended to `output`, in the order written.
 * *ret_status is the exit status, or 128 + the signal that ended it.
 * ERR_UNAVAILABLE when the program does not exist; ERR_IO, ERR_NOMEM. */
ErrCode subprocess_run(const char *const argv[], const char *cwd, Buf *output, int *ret_status,
                       Err *err);

/* A question to a program that answers on its standard output. */
typedef struct SubprocessAsk {
    const void *input; /* its standard input: input_bytes, whole before it starts */
    size_t input_bytes;
    int64_t patience_ms; /* it is killed after so long, or when it says more than max_bytes */
    size_t max_bytes;
} SubprocessAsk;

/* Runs argv as above in this folder; what it writes to standard output is appended to `output`,
 * its standard error is ours.  ERR_UNAVAILABLE when the program does not exist or was killed
 * by us; ERR_IO, ERR_NOMEM. */
ErrCode subprocess_ask(const char *const argv[], const SubprocessAsk *ask, Buf *output,
                       int *ret_status, Err *err);

#endif
