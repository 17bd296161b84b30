/* plan.h -- what a study will cost, and which of its runs are still to be done.
 *
 * Counts per run, D = steps * batch [tokens], c = FLOP per token under a convention:
 *   FLOP of a step  c * batch                FLOP of the run  c * D
 *   disk            4 bytes * stored elements * checkpoints kept
 *                   + 12 bytes * stored elements * states kept   (parameters, AdamW m and v;
 *                   the newest two, or one when the run has one checkpoint)
 *   seconds         steps to come * (batch / tokens_per_s + update_s)
 *                   + checkpoints to come * (validation tokens / scored_per_s, and writing them)
 *   memory          of a worker at its peak: what the worker says, and the part of the corpus
 *                   that the run reads: 64 KiB, as the kernel maps them, for every sequence
 *                   that is read, at most all of it
 * The study's seconds are those of its workers together, longest run first; its memory that of
 * the largest runs to do, as many as there are workers, with the corpus, which they share, once.
 * Left out: making the corpus, starting processes, that workers share caches and memory.
 */
#ifndef ORCHESTRATOR_PLAN_PLAN_H
#define ORCHESTRATOR_PLAN_PLAN_H

#include <math.h>

#include "answer/answer.h"
#include "common/arena.h"
#include "common/err.h"
#include "common/machine.h"
#include "orchestrator/plan/past.h"
#include "orchestrator/spec/study.h"

typedef struct PlanFlops {
    double six_nd, exact, paper;
} PlanFlops;

/* What a run takes of this machine; PLAN_COST_UNKNOWN is the absence of knowledge. */
typedef struct PlanCost {
    double tokens_per_s;  /* training without the update; NaN: unknown */
    double scored_per_s;  /* validation [tokens/s]; NaN: unknown */
    double update_s;      /* once a step */
    int64_t memory_bytes; /* of a worker without the corpus; 0: unknown */
    bool is_measured;     /* this very model was measured */
} PlanCost;

#define PLAN_COST_UNKNOWN \
    ((PlanCost){.tokens_per_s = (double)NAN, .scored_per_s = (double)NAN, .update_s = (double)NAN})

/* The cost at a speed [FLOP/s] (exact convention, logits included): a token scored is a third of
 * one trained on, an update takes no time. */
PlanCost plan_cost_at(const RunSpec *r, double flops_per_second);

/* Runs that cost the same: of one model, batch and sequence. */
typedef struct PlanKinds {
    uint32_t *of;  /* [n_runs]: the kind of a run */
    size_t *first; /* [n]: the first run of the kind */
    size_t n;
} PlanKinds;

/* In the arena.  ERR_NOMEM. */
ErrCode plan_kinds(const Study *study, Arena *arena, PlanKinds *ret, Err *err);

/* What is known before planning. */
typedef struct PlanGiven {
    const PlanCost *cost;       /* [n_runs], or [kinds->n]; NULL: nothing is known of any */
    const PlanKinds *kinds;     /* of which `cost` tells; NULL: of every run */
    Past *past;                 /* what is there, indexed; NULL: read the study's folder */
    int64_t workers;            /* at a time */
    double checkpoint_s;        /* to write one, whatever its size */
    double checkpoint_s_a_byte; /* and for each byte of it */
    int64_t corpus_bytes;       /* of its token files */
} PlanGiven;

/* A run in the plan.  What follows from its RunSpec alone is a function below. */
typedef struct PlanCell {
    const RunSpec *run;
    double seconds;       /* of what is left of it, alone on one worker; NaN: unknown */
    int64_t memory_bytes; /* of its worker at its peak; 0: unknown */
    int64_t corpus_bytes; /* of these, the corpus */
    int64_t done_step;    /* complete up to here */
    const char *state;    /* "new", or the state of the run that is there */
    const char *why;      /* one sentence */
    bool is_todo;         /* `slaw run` would train it */
    bool is_measured;     /* its speed was measured with this very model */
} PlanCell;

/* Of a token, a step, the whole run [FLOP]. */
PlanFlops plan_flops_per_token(const RunSpec *r);
PlanFlops plan_flops_per_step(const RunSpec *r);
PlanFlops plan_flops_total(const RunSpec *r);

/* Of its checkpoints and states when it is done. */
int64_t plan_disk_bytes(const RunSpec *r);

/* A run that is there and that the study file no longer has. */
typedef struct PlanRetired {
    const PastRun *run;
    const char *why; /* one sentence */
} PlanRetired;

typedef struct Plan {
    PlanCell *cells; /* [n_cells], the study's order */
    size_t n_cells, n_todo;
    PlanRetired *retired; /* [n_retired], by name */
    size_t n_retired;
    int64_t checkpoints, tokens, disk_bytes;
    PlanFlops flops;
    double seconds;       /* until the last worker is done with what is left; NaN: unknown */
    int64_t memory_bytes; /* of all workers at a time; 0: unknown, or nothing is left to do */
    int64_t worker_bytes; /* of the largest of them */
} Plan;

/* Plans a study.  `study_dir` is where earlier runs may lie (NULL: nowhere; it need not
 * exist).  Everything in *ret lives in `arena` and borrows from the study and from given->past
 * (NULL: the folder is read, into the arena).  A run whose status.json is damaged counts as new.
 * ERR_NOMEM; ERR_IO for one that cannot be read. */
ErrCode plan_make(const Study *study, const char *study_dir, const PlanGiven *given, Arena *arena,
                  Plan *ret, Err *err);

/* Bytes of the token files of a study's corpus: those in study_dir/corpus, else about those of
 * the texts from which it will be made. */
int64_t plan_corpus_bytes(const Study *study, const char *study_dir);

/* Time until `n` jobs are done by `workers`, each taking the longest that is left [s]. */
double plan_makespan(const double *seconds, size_t n, int64_t workers, Arena *arena);

/* Is there memory for it?  ERR_UNAVAILABLE when a single worker needs more than the machine has.
 * When all of them together do, *ret_warns is set and err->msg and err->hint say so. */
ErrCode plan_check_memory(const Plan *p, int64_t workers, MachineMemory m, bool *ret_warns,
                          Err *err);

/* What people see of "cells"; JSON and CSV have them in full. */
typedef enum PlanView {
    PLAN_NO_RUNS,
    PLAN_COSTS, /* a line a run: what it costs */
    PLAN_WHY,   /* a line a run: what would happen to it */
} PlanView;

/* Of which the rows of "cells" and "retired" are made. */
typedef struct PlanRows {
    const Plan *plan;
    const Study *study;
    Answer *answer;
    Buf axes;
    char hash[SHA256_HEX_BYTES], dir[RUN_DIR_BYTES];
} PlanRows;

/* Adds totals for JSON, "cells" and "retired" (docs/json.md).  Their rows are made when they are
 * shown, so that a plan of any size takes little memory: *rows, the plan and the study must stay
 * until then. */
void plan_answer(const Plan *p, const Study *study, PlanView view, AnswerNode *top, PlanRows *rows);
void plan_rows_release(PlanRows *rows);

#endif
