/* loop_parts.h -- what the files of the training loop share.  Private to loop*.c and resume.c.
 *
 *   loop.c         an attempt from its lock to its bye; one step after the other
 *   loop_open.c    configuration, event log, corpus, model, memory
 *   loop_say.c     its event lines, and its share of the machine
 *   resume.c       which checkpoints are there, and where training begins
 */
#ifndef TRAINER_WORKER_LOOP_PARTS_H
#define TRAINER_WORKER_LOOP_PARTS_H

#include <jansson.h>

#include "common/arena.h"
#include "common/clock.h"
#include "common/machine.h"
#include "trainer/config/run_config.h"
#include "trainer/data/sampler.h"
#include "trainer/models/model.h"
#include "trainer/optim/optim.h"
#include "trainer/worker/ckpt.h"
#include "trainer/worker/control.h"
#include "trainer/worker/events.h"
#include "trainer/worker/loop.h"
#include "trainer/worker/state.h"
#include "trainer/worker/tensors.h"

/* Of a planned checkpoint. */
typedef enum CkptFound {
    CKPT_ABSENT, /* missing, half-written, damaged or marked so: to be made (again) */
    CKPT_THERE,
    CKPT_GONE, /* there, but slaw gc took its weights away: not made again */
} CkptFound;

typedef struct Loop {
    const char *run_dir;
    int lock_fd;
    int64_t attempt;    /* our number; -1 until it is known */
    int64_t steps_left; /* of this attempt */
    size_t threads, most_threads;
    Control control;
    CoreSet cores; /* where we were told to run */
    bool is_pinned;
    RunConfig config;
    json_t *json;      /* config.json */
    json_t *ckpt_json; /* config.json of its checkpoints */
    EventLog *events;
    Corpus *corpus;
    Sampler sampler;
    const Kern *kern;
    Model *model;
    Optim optim;
    Arena arena;              /* all memory of the loop but the model's; sealed before it */
    uint16_t *tokens;         /* [B, n+1] */
    TensorOut *tensor;        /* [3 tensors] */
    int64_t *checkpoint_step; /* [config.checkpoint_count] */
    CkptFound *found;         /* [config.checkpoint_count] */
    TrainState state;         /* where we are */
    int64_t saved_step;       /* of the newest state on disk; -1: none */
    int64_t timed_tokens;     /* trained since the step event before ... */
    MonoNs timed_ns;          /* ... in this time */
} Loop;

/* ---- loop_open.c */

/* config.json, our number, the event log; ERR_INTERRUPTED when we are superseded already. */
ErrCode loop_open_config(Loop *l, Err *err);
ErrCode loop_open_events(Loop *l, const LoopOptions *o, Err *err);

/* Corpus, model and all memory of the loop. */
ErrCode loop_open_training(Loop *l, const char *corpus_dir, Err *err);
void loop_close(Loop *l);

/* ---- loop_say.c */

int64_t loop_tokens_at(const Loop *l, int64_t step);
ErrCode loop_say_hello(Loop *l, Err *err);
ErrCode loop_say_step(Loop *l, double loss, double grad_norm, double lr, Err *err);
ErrCode loop_say_checkpoint(Loop *l, const Ckpt *c, const CkptReceipt *r, Err *err);
ErrCode loop_say_bye(Loop *l, ErrCode result, const char *why, Err *err);

void loop_set_threads(Loop *l, const LoopOptions *o);

/* Does what the scheduler wished last; true when anything changed.  Between two steps only. */
bool loop_take_share(Loop *l);

/* The same, and says so. */
ErrCode loop_follow_share(Loop *l, Err *err);

/* ---- resume.c */

/* Index of a planned checkpoint, -1 if none is planned at this step. */
int64_t loop_planned(const Loop *l, int64_t step);

/* Float32 has the same bits on every ISA; bf16 goes on where it began, or a curve would be of
 * two computations.  ERR_INVALID with the cure. */
ErrCode loop_check_isa(const Loop *l, const char *isa, const char *what, Err *err);

/* Removes what killed attempts left unfinished, and finds out which planned checkpoints are
 * there. */
ErrCode resume_review(Loop *l, Err *err);

/* First planned step whose checkpoint is not there; -1: nothing is missing. */
int64_t resume_front(const Loop *l);

/* The whole checkpoint of a planned step.  ERR_NOTFOUND if it is not whole, ERR_INVALID if it is
 * of another run. */
ErrCode resume_find(const Loop *l, int64_t index, CkptLook how, Ckpt *ret, CkptReceipt *receipt,
                    Err *err);

/* Looks again at one of them. */
ErrCode resume_look(Loop *l, int64_t index, CkptLook how, Err *err);

/* loop_check_isa() of every checkpoint that is there: a run may have no state any more. */
ErrCode resume_check_isas(const Loop *l, Err *err);

/* Takes up the newest state that is further than we are and not beyond `front`; *ret_taken is set
 * if there is one. */
ErrCode resume_take_up(Loop *l, int64_t front, bool *ret_taken, Err *err);

#endif
