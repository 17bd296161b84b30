/* worker_probe.h -- asks slaw-worker how fast this machine trains. */
#ifndef ORCHESTRATOR_CLI_WORKER_PROBE_H
#define ORCHESTRATOR_CLI_WORKER_PROBE_H

#include "common/err.h"

/* FLOP per second that one worker sustains (exact convention, logits included), by running
 * `slaw-worker probe`: below a second.  ERR_UNAVAILABLE: there is no worker, or it did not
 * answer within ten seconds; ERR_CHILD: it failed or its answer cannot be read. */
ErrCode worker_probe(double *ret_flops_per_second, Err *err);

#endif
