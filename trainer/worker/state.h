/* state.h -- the training states of a run: what resuming needs.
 *
 *   RUN/state/step-00001220/   state.safetensors  state.json (its seal, written last)
 *
 * The front of a run is the first planned checkpoint that is not there: usually the next one,
 * but an early one when that was lost or damaged and is made again from an older state.
 *
 * Invariants:
 *   1. A state is whole or it is nothing: what does not verify is removed and never used.
 *   2. The newest two states at or before the front are kept.  So a kill costs no more than
 *      the steps since the last save, also while an old checkpoint is made again, and if the
 *      newest is damaged the one before is whole.
 *   3. The newest two states of all are kept: once the hole is filled, training goes on from
 *      where it had been.
 *   4. A state is removed only after a whole one of the step just saved is on disk.
 *   5. The front never moves back but by new damage, and by (2) the newest state before it only
 *      moves on.  Every attempt that lives from one save to the next therefore leaves
 *      (front, newest state before it) larger than it found it, and killing it again and again
 *      cannot keep a run from its end.
 */
#ifndef TRAINER_WORKER_STATE_H
#define TRAINER_WORKER_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/fsx.h"
#include "common/hash.h"
#include "trainer/worker/safetensors.h"

enum { STATES_KEPT = 2, STATE_ISA_BYTES = 32 };

/* What state.json says. */
typedef struct TrainState {
    char run[SHA256_HEX_BYTES];
    char corpus[SHA256_HEX_BYTES];
    char isa[STATE_ISA_BYTES]; /* that trained up to here; "" in a state that does not say */
    int64_t step;
    double loss_sum; /* of the steps since the checkpoint before */
    int64_t loss_count;
} TrainState;

/* Writes a state as `attempt`, then removes those that the invariants do not keep.  When the
 * write fails, nothing of it stays.  ERR_INTERRUPTED (attempt_check), ERR_IO, ERR_NOMEM. */
ErrCode state_write(const char *run_dir, int64_t attempt, const TrainState *s, int64_t front,
                    const TensorOut *t, size_t n, Err *err);

/* The newest state that verifies with above < step <= at_most; newer ones of these that do not
 * are removed, with a warning in the log.  `file` becomes the path of its tensors.
 * ERR_NOTFOUND if there is none. */
ErrCode state_newest(const char *run_dir, int64_t above, int64_t at_most, TrainState *ret,
                     char file[FSX_PATH_BYTES], Err *err);

/* True when this very state, of s->step, run, corpus and ISA, is on disk and verifies. */
bool state_is_there(const char *run_dir, const TrainState *s);

/* Removes what an attempt that was killed left unfinished.  ERR_IO, ERR_NOMEM. */
ErrCode states_clean(const char *run_dir, Err *err);

#endif
