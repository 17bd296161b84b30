/* worker_path.h -- where the program is that attempts run. */
#ifndef ORCHESTRATOR_LAUNCH_WORKER_PATH_H
#define ORCHESTRATOR_LAUNCH_WORKER_PATH_H

#include "common/err.h"
#include "common/fsx.h"

/* slaw-worker: $SLAW_WORKER, else beside this program, else ../libexec/slaw/ from there,
 * else in PATH.  ERR_UNAVAILABLE says where it looked; a $SLAW_WORKER that cannot be
 * executed is an error, never passed over. */
ErrCode worker_path(char out[FSX_PATH_BYTES], Err *err);

#endif
