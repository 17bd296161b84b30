/* problem.h -- what is minimised: the sum over observations of rho(residual).
 *
 *   mse    rho(r) = r^2                                            (no 1/2)
 *   huber  rho(r) = r^2/2 for |r| <= delta, delta (|r| - delta/2) beyond
 *   l1     rho(r) = |r|
 *   residual log: r = ln L_pred - ln L        raw: r = L_pred - L   [nats/token]
 *
 * Always the SUM, never the mean: a mean scales the gradient by 1/n, and a solver
 * that stops on a gradient norm then stops early.  An observation may carry a
 * weight (how often a bootstrap replicate drew it).
 */
#ifndef ANALYSIS_FIT_PROBLEM_H
#define ANALYSIS_FIT_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/forms/form.h"
#include "common/err.h"

typedef enum FitLossKind { FIT_MSE, FIT_HUBER, FIT_L1 } FitLossKind;
typedef enum FitResidual { FIT_LOG, FIT_RAW } FitResidual;

typedef struct FitLoss {
    FitLossKind kind;
    double delta; /* of huber */
} FitLoss;

/* Observations, columns of length n; borrowed.  c and run may be NULL. */
typedef struct FitData {
    size_t n;
    const double *params; /* N [parameters] */
    const double *tokens; /* D [tokens] */
    const double *flops;  /* C [FLOP] */
    const double *loss;   /* [nats/token] */
    const size_t *run;    /* 0 .. n_runs-1: observations of one run are correlated */
    size_t n_runs;        /* 0: unknown, observations are independent */
} FitData;

typedef struct FitProblem {
    const Form *form;
    FitLoss loss;
    FitResidual residual;
    size_t n, p;
    double centre[FORM_MAX_INPUTS];
    double *x;                      /* [n, form->n_inputs] centred logs */
    double *y;                      /* [n] loss */
    double *ln_y;                   /* [n] */
    double *weight;                 /* [n] */
    bool is_fixed[FORM_MAX_PARAMS]; /* theta that the solver leaves alone */
} FitProblem;

/* Copies and centres the data.  ERR_INVALID naming the first value that is not finite
 * and positive; ERR_NOMEM. */
ErrCode problem_init(FitProblem *p, const Form *form, FitLoss loss, FitResidual residual,
                     const FitData *data, Err *err);
void problem_release(FitProblem *p);

/* Residual of observation i. */
double problem_residual(const FitProblem *p, size_t i, const double *theta);

/* The objective at theta [p]. */
double problem_value(const FitProblem *p, const double *theta);

/* How the matrix of problem_derivatives is made. */
typedef enum ProblemCurvature {
    PROBLEM_EXACT, /* the Hessian: psi' J'J + psi d2r.  Quadratic convergence */
    PROBLEM_IRLS,  /* psi(r)/r J'J: positive semidefinite everywhere */
} ProblemCurvature;

/* Objective, gradient [p] and curvature [p, p].  Not for l1. */
double problem_derivatives(const FitProblem *p, const double *theta, ProblemCurvature kind,
                           double *grad, double *hess);

/* An objective below this is rounding error of the residuals themselves. */
double problem_noise(const FitProblem *p);

#endif
