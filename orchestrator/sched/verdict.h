/* verdict.h -- what an attempt's end means: for the attempt, and for its run.
 *
 * A pure function of what was seen, so that the table of product.md ("A worker
 * exits ...") is one table here and one in its test.
 */
#ifndef ORCHESTRATOR_SCHED_VERDICT_H
#define ORCHESTRATOR_SCHED_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "orchestrator/launch/launch.h"
#include "orchestrator/sched/run_state.h"

enum { VERDICT_REASON_BYTES = 256, VERDICT_MAX_IDLE_REQUEUES = 5 };

/* What the scheduler remembers of a run's attempts while it lives. */
typedef struct Trouble {
    int64_t failures; /* charged attempts */
    int64_t stuck;    /* of these, the latest in a row that got no further than the one before */
    int64_t step;     /* where the latest charged one ended; -1 before the first */
    bool was_hung;
    char reason[VERDICT_REASON_BYTES];
    int64_t idle_requeues; /* in a row, none of which got further than the one before */
    int64_t requeue_step;
} Trouble;

#define TROUBLE_INIT ((Trouble){.step = -1, .requeue_step = -1})

/* How an attempt ended. */
typedef struct Ending {
    const char *start_error; /* why it never started, else NULL; no fault of the run */
    LaunchStatus status;     /* LAUNCH_GONE: its scheduler died, and the exit was not seen */
    bool has_bye;
    CatalogAttemptState bye; /* done, interrupted, diverged or failed */
    const char *bye_reason;  /* "" when there is none */
    const char *last_words;  /* last line of stderr.log; "" when there is none */
    bool is_complete;        /* every planned checkpoint is in the catalog */
    bool is_hung;            /* we ended it: no news for too long */
    int64_t silent_s;        /* with is_hung: for how long */
    bool is_stopping;        /* the scheduler had asked it to stop */
    int64_t step;            /* newest step it reported, or the one it resumed from */
} Ending;

typedef struct Verdict {
    AttemptEvent attempt;
    RunEvent run;
    bool is_charged;                       /* a retry was spent */
    bool is_no_space;                      /* the disk is full: nothing else may start */
    bool is_delayed;                       /* the next attempt waits for the back-off */
    char reason[VERDICT_REASON_BYTES];     /* of the attempt; "" when it finished */
    char run_reason[VERDICT_REASON_BYTES]; /* of the run's new state */
} Verdict;

/* Judges an ending and brings `t` up to date. */
Verdict verdict_of(const Ending *e, int64_t retries, Trouble *t);

/* Wait before the next attempt after `failures` (>= 1) in a row that got no further: none after the
 * first, which may be an accident, then first, 2 first, 4 first, ... up to max. */
int64_t verdict_backoff_ms(int64_t failures, int64_t first_ms, int64_t max_ms);

#endif
