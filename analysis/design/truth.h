/* truth.h -- a law that is known, from which data are made and against which fits are held.
 *
 * Either a form with its parameters, or the solvable model (solvable.h) with N counted in
 * parameters a feature and D in tokens a sample:
 *
 *   L(N, D) = E + scale L_solvable(N / n_unit, D / d_unit)
 */
#ifndef ANALYSIS_DESIGN_TRUTH_H
#define ANALYSIS_DESIGN_TRUTH_H

#include <stdbool.h>

#include "analysis/design/solvable.h"
#include "analysis/fit/result.h"

typedef struct Truth {
    const Form *form; /* NULL: the solvable model */
    double params[FORM_MAX_PARAMS];
    Solvable solvable;
    double offset;         /* E [nats/token] */
    double scale;          /* 0: so that the reducible loss in the middle of the data is 1 */
    double n_unit, d_unit; /* 0: 100 features and samples in the middle of the data */
} Truth;

/* Laws by name, of very different shape, all chinchilla. */
enum { TRUTH_NAMED = 6 };
extern const char *const truth_name[TRUTH_NAMED];
const Truth *truth_named(size_t i);

/* "chinchilla:E=1.8,A=480,B=2080,alpha=0.35,beta=0.37" (any law of N, D or C = 6 N D, with all its
 * parameters), one of truth_name[], or "solvable" with any of alpha, M, E, scale, N0, D0 and
 * ridge=none|best|NUMBER after a colon.  ERR_USAGE. */
ErrCode truth_parse(const char *text, Truth *ret, Err *err);

/* The law that a fit found. */
Truth truth_of_fit(const FitResult *fit);

/* Makes it ready for data like these: units of the solvable model, its spectrum.  ERR_INVALID when
 * the model breaks a rule or its law lacks an input; ERR_NOMEM. */
ErrCode truth_open(Truth *t, const FitData *data, Err *err);
void truth_release(Truth *t);

/* The loss at N [parameters], D [tokens] and C [FLOP] (which only laws in C read). */
double truth_loss(const Truth *t, double n, double d, double c);

/* What the truth has under the name of a fit's value: a parameter or derived value of the same name,
 * or N_opt, D_opt, L_opt, tokens_per_parameter at C = 6 N D; of the solvable model alpha = beta, the
 * exponent that both slopes tend to, a = b = 1/2 and E.  NaN: nothing. */
double truth_value(const Truth *t, const char *name, double c);

/* The same law with one parameter moved, an exponent about the data's geometric middle (so that the
 * loss there stays).  ERR_USAGE when it has no such parameter. */
ErrCode truth_moved(const Truth *t, const FitData *data, const char *param, double by, Truth *ret,
                    Err *err);

#endif
