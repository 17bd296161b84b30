/* plan.h -- what a study will cost, and which of its runs are still to be done.
 *
 * Counts per run, D = steps * batch [tokens], c = FLOP per token under a convention:
 *   FLOP of a step  c * batch                FLOP of the run  c * D
 *   disk            4 bytes * stored elements * checkpoints kept
 *                   + 12 bytes * stored elements * states kept   (parameters, AdamW m and v;
 *                   the newest two, or one when the run has one checkpoint)
 *   seconds         (exact + logits) FLOP per token * (tokens still to train + 1/3 of the tokens
 *                   still to score, validation tokens * checkpoints to come) / FLOP per second
 * The study's seconds are those of its workers together, longest run first.  Left out: the
 * corpus, starting processes, writing checkpoints, and that FLOP per second differ by
 * architecture and size (docs/study-file.md says by how much).
 */
#ifndef ORCHESTRATOR_PLAN_PLAN_H
#define ORCHESTRATOR_PLAN_PLAN_H

#include "common/arena.h"
#include "common/err.h"
#include "orchestrator/spec/study.h"

typedef struct PlanFlops {
    double six_nd, exact, paper;
} PlanFlops;

typedef struct PlanCell {
    const RunSpec *run;
    int64_t tokens; /* D [tokens] */
    PlanFlops flops_per_token, flops_per_step, flops_total;
    int64_t checkpoints, disk_bytes;
    double seconds;    /* of what is left of it, alone on one worker; NaN: unknown */
    int64_t done_step; /* complete up to here */
    bool is_todo;      /* `slaw run` would train it */
    const char *state; /* "new", or the run's state in its status.json */
    const char *why;   /* one sentence */
} PlanCell;

typedef struct Plan {
    PlanCell *cells; /* [n_cells], the study's order */
    size_t n_cells, n_todo;
    int64_t checkpoints, tokens, disk_bytes;
    PlanFlops flops;
    double seconds; /* until the last worker is done with what is left; NaN: unknown */
} Plan;

/* Plans a study.  `study_dir` is where earlier runs may lie (NULL: nowhere; it need not
 * exist), `flops_per_second` what one worker sustains (NaN: unknown).  Everything in *ret
 * lives in `arena` and borrows from the study.  ERR_NOMEM; ERR_FORMAT for a damaged
 * status.json. */
ErrCode plan_make(const Study *study, const char *study_dir, double flops_per_second, Arena *arena,
                  Plan *ret, Err *err);

/* Time until `n` jobs are done by `workers`, each taking the longest that is left [s]. */
double plan_makespan(const double *seconds, size_t n, int64_t workers, Arena *arena);

/* The plan as `slaw plan --json` prints it; NULL when memory is short. */
json_t *plan_json(const Plan *p, const Study *study);

#endif
