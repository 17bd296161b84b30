/* use_args.h -- the frame of `predict` and `allocate`: every law fitted to every group, questions put
 * to each fit, and what is refused named. */
#ifndef CLI_USE_ARGS_H
#define CLI_USE_ARGS_H

#include "analysis/use/use_answer.h"
#include "cli/fit_args.h"
#include "common/words.h"

typedef struct Use {
    Session *s;
    FitRun run;
    UseFit *fit; /* [n] of every group, each law of the plan */
    size_t n;
    bool has_laws;    /* more than one */
    AnswerNode *top;  /* of the answer, with provenance and convention */
    AnswerNode *lead; /* for people, before what is added to top */
    AnswerNode *laws, *fits, *refused;
    bool is_far; /* set by ask: something that was asked lies far beyond the data */
} Use;

/* Opens the source, lists laws and groups, begins the answer; fits nothing.  The laws that the user
 * named must all hold for is_for ("is no law WHAT" else) and predict one thing; of a study's own those
 * are taken that do.  ERR_USAGE; ERR_NOMEM; errors of fit_args_open().  *ret is for use_release() in
 * any case, and must stay where it is. */
ErrCode use_open(Session *s, const char *path, bool (*is_for)(const Form *f), const char *what,
                 Use *ret, Err *err);
void use_release(Use *u);

/* How the plan fits this law with intervals for what is computed from it. */
FitOptions use_options(const FitRun *r, const Form *form);

/* Fits all; a fit that is refused says so.  ERR_NOMEM. */
ErrCode use_fit(Use *u, Err *err);

/* Puts questions 0 to n - 1 to every fit that is not refused: `ask` adds what it finds to the answer,
 * or says why there is none.  Then adds the fits and all refusals, which set the exit status.
 * ERR_NOMEM. */
ErrCode use_ask(Use *u, size_t n, ErrCode (*ask)(void *work, UseFit *f, size_t k, Err *why),
                void *work, Err *err);

#endif
