/* record.h -- the two files that say how an attempt was started.
 *
 *   command      a POSIX shell script: the handle as a comment, then the words of
 *                the command, quoted; running it repeats the attempt by hand
 *   environment  NAME=value lines, sorted: what can change what a worker does
 *                (PATH, LANG, SLAW_*, OMP_*, LD_*, CUDA_*, SLURM_*, ...).  Never the whole
 *                environment: it often holds tokens, and these folders are copied about.
 */
#ifndef ORCHESTRATOR_LAUNCH_RECORD_H
#define ORCHESTRATOR_LAUNCH_RECORD_H

#include "common/buf.h"
#include "common/err.h"

/* Both are whole or absent (fsx_replace).  ERR_IO. */
ErrCode record_write_command(const char *dir, const char *const *argv, const char *handle,
                             Err *err);
ErrCode record_write_environment(const char *dir, char *const *envp, Err *err);

/* The handle line of dir/command, appended to out.  ERR_NOTFOUND, ERR_FORMAT, ERR_IO. */
ErrCode record_read_handle(const char *dir, Buf *out, Err *err);

#endif
