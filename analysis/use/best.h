/* best.h -- what a law L(N, D) says of a compute budget: the best N and D, the inverses, and what
 * another choice costs.
 *
 * A budget of C FLOP pays for training and, if T tokens of inference are to be served, for those:
 *
 *   C = F(N) D + 2 N T      F(N) by flops.h; 2 N FLOP a token served (arXiv:2401.00448, section 2)
 *
 * so that along it D(N) = (C - 2 N T) / F(N), and the best N is where d L(N, D(N)) / d ln N = 0.  With
 * F = k N, T = 0 and a law that knows its optimum (form->best_size) that is a formula; for chinchilla
 * N = G (C/k)^a.  Otherwise Brent's minimiser (gsl_min) finds N in ln N and Brent's root finder
 * (gsl_root) the zero of the derivative beside it, by differences of fourth order; no zero with a rising
 * derivative, no answer.
 *
 * Of laws that know distinct tokens U: U = min(D, unique).
 */
#ifndef ANALYSIS_USE_BEST_H
#define ANALYSIS_USE_BEST_H

#include "analysis/use/flops.h"

typedef struct Budget {
    FlopModel flops;
    double inference; /* T, tokens to be served after training; 0: none */
    double unique;    /* distinct tokens that there are; infinite: no limit */
} Budget;

/* One law with values for its parameters, spending a budget. */
typedef struct Curve {
    const Form *form;
    const double *params; /* reported, [form->n_params] */
    const Budget *budget;
    bool is_numeric; /* never by formula */
} Curve;

/* A law of the loss whose inputs are N, D and perhaps U. */
bool best_is_for(const Form *f);

/* Tokens of training that C pays for; may be negative. */
double best_tokens(const Budget *b, double c, double n);
/* What N and D cost [FLOP], inference included. */
double best_cost(const Budget *b, double n, double d);
/* The law's loss. */
double best_loss_at(const Curve *k, double n, double d);

typedef struct Best {
    double n, d, loss;
    double step; /* |dL/dlnN| / d2L/dlnN2 there: what is left to go in ln N; 0 by formula */
} Best;

/* Least loss for C [FLOP].  ERR_NUMERIC when the law has no least loss along C; ERR_INVALID when C
 * is not positive. */
ErrCode best_for_flops(const Curve *k, double c, Best *ret, Err *err);

/* Least C [FLOP] whose best loss is `loss`, with that best.  ERR_NUMERIC when no C reaches it (below
 * the law's E) or any C does. */
ErrCode best_for_loss(const Curve *k, double loss, double *ret_c, Best *ret, Err *err);

/* C for which N (or D) is the best choice.  ERR_NUMERIC when it is at no C. */
ErrCode best_for_size(const Curve *k, double n, double *ret_c, Best *ret, Err *err);
ErrCode best_for_tokens(const Curve *k, double d, double *ret_c, Best *ret, Err *err);

/* D with which a model of N reaches `loss`.  ERR_NUMERIC when no D does. */
ErrCode best_tokens_to_reach(const Curve *k, double n, double loss, double *ret_d, Err *err);

/* N for which C buys `ratio` tokens a parameter.  ERR_NUMERIC when there is none. */
ErrCode best_size_of_ratio(const Curve *k, double c, double ratio, double *ret_n, Err *err);

#endif
