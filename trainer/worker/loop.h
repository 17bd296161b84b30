/* loop.h -- one attempt at a run: train, evaluate, checkpoint, stop.
 *
 * What a step is: batch s - 1 of the sampler, loss and gradient, the check for
 * divergence, one AdamW update; then the model is "at step s".  Everything that a
 * step depends on is config.json, the corpus and the state (parameters, m, v, step),
 * so a run resumed from a state repeats the run that never stopped, bit for bit.
 *
 * At a planned checkpoint: evaluate, fdatasync of the events, state/, checkpoints/,
 * then the events `evaluation` and `checkpoint`.  A worker that is killed anywhere
 * in between finds on its next start a state at a planned step whose checkpoint is
 * absent or whose events may be missing: it completes it and emits them (again).
 */
#ifndef TRAINER_WORKER_LOOP_H
#define TRAINER_WORKER_LOOP_H

#include <stdint.h>

#include "common/err.h"

enum { LOOP_LOG_EVERY = 10 /* steps */ };

typedef struct LoopOptions {
    const char *run_dir, *corpus_dir;
    int64_t attempt;   /* -1: the first that has no events yet */
    int socket_fd;     /* -1: none */
    int64_t threads;   /* to begin with; 0: what config.json says, of "auto" as many as there are
                        * cores */
    int64_t most;      /* threads that the scheduler may ask for; 0: no more than these */
    int64_t max_steps; /* stop as by SIGTERM after so many steps of this attempt; 0: no limit */
} LoopOptions;

/* Runs to the end.  Besides the errors of reading and writing files:
 * ERR_INTERRUPTED after SIGTERM, SIGINT or max_steps (a state is written),
 * ERR_NUMERIC when the run diverged,
 * ERR_INVALID, ERR_FORMAT, ERR_NOTFOUND when this configuration can never run. */
ErrCode loop_run(const LoopOptions *options, Err *err);

/* Exit status of slaw-worker for a result of loop_run(): of a full disk EXIT_NO_SPACE. */
int loop_exit_status(const Err *err);

#endif
