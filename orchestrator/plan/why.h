/* why.h -- one sentence on what `slaw run` would do with a run, and what brought it there. */
#ifndef ORCHESTRATOR_PLAN_WHY_H
#define ORCHESTRATOR_PLAN_WHY_H

#include "orchestrator/plan/past.h"
#include "orchestrator/spec/study.h"

typedef struct Why {
    bool is_todo;
    const char *state; /* "new", or the state of the earlier run */
    const char *text;  /* one sentence */
} Why;

/* Of a run with its past, or NULL: it was never started.  Texts are made in the arena, or are
 * constants, or the past's.  ERR_NOMEM. */
ErrCode why_of(const PastRun *past, Arena *arena, Why *ret, Err *err);

/* Appends what two config.json objects differ in, of all that makes their identity, as
 * "training.optimizer.adamw.lr: 0.003 -> 0.001, ...", at most eight of them; returns how many
 * there are. */
size_t why_differences(const json_t *before, const json_t *after, Buf *out);

/* Runs of the past that the study file no longer has, by name. */
typedef struct Leftovers {
    PastRun **run; /* [n], malloc'ed; the runs are the past's */
    size_t n;
    bool is_thorough; /* few enough to compare settings, not names alone */
} Leftovers;

/* `n_new` runs of the study will be compared with them.  ERR_NOMEM. */
ErrCode leftovers_of(Past *past, size_t n_new, Leftovers *ret, Err *err);
void leftovers_release(Leftovers *l);

/* For run i of the study, which is new: the leftover of its name that differs in the fewest
 * settings, else (when thorough) that of its architecture and size.  Appends the
 * differences; *ret is its index, SIZE_MAX when there is none.  ERR_NOMEM. */
ErrCode why_changed(const Study *study, size_t i, const Leftovers *l, const char *study_dir,
                    Buf *out, size_t *ret, Err *err);

#endif
