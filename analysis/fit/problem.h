/* problem.h -- what is minimised: the sum over observations of rho(residual).
 *
 *   mse    rho(r) = r^2                                            (no 1/2)
 *   huber  rho(r) = r^2/2 for |r| <= delta, delta (|r| - delta/2) beyond
 *   l1     rho(r) = |r|
 *   asymmetric   rho of huber, times `over` where the law is above the observation (r > 0)
 *   residual log: r = ln L_pred - ln L        raw: r = L_pred - L   [unit of the response]
 *
 * Always the SUM, never the mean: a mean scales the gradient by 1/n, and a solver
 * that stops on a gradient norm then stops early.  An observation may carry a
 * weight (how often a bootstrap replicate drew it, or 1/sigma^2).
 */
#ifndef ANALYSIS_FIT_PROBLEM_H
#define ANALYSIS_FIT_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/forms/form.h"
#include "common/err.h"

typedef enum FitLossKind { FIT_MSE, FIT_HUBER, FIT_L1, FIT_ASYMMETRIC } FitLossKind;
typedef enum FitResidual { FIT_LOG, FIT_RAW } FitResidual;

typedef struct FitLoss {
    FitLossKind kind;
    double delta; /* of huber and asymmetric */
    double over;  /* of asymmetric: weight of overestimates */
} FitLoss;

/* Observations, columns of length n; borrowed.  Any column but the law's own may be NULL. */
typedef struct FitData {
    size_t n;
    const double *params;   /* N [parameters] */
    const double *tokens;   /* D [tokens] */
    const double *flops;    /* C [FLOP] */
    const double *loss;     /* [nats/token] */
    const double *unique;   /* U, distinct tokens [tokens] */
    const double *experts;  /* of a routed model */
    const double *accuracy; /* share of right answers */
    const double *error;    /* share of wrong answers */
    const double *rate;     /* learning rate */
    const double *batch;    /* as the source has it */
    const double *sigma;    /* standard error of the residual; weight 1/sigma^2.  NULL: equal */
    const size_t *run;      /* 0 .. n_runs-1: observations of one run are correlated */
    size_t n_runs;          /* 0: unknown, observations are independent */
} FitData;

const double *fit_data_input(const FitData *data, FormInput k);
const double *fit_data_response(const FitData *data, FormResponse r);

/* ln of the value a coefficient at its limit 0 has in theta: exp() of it is 0. */
#define PROBLEM_LN_ZERO (-1000.0)

/* Parameters held at a value of the equation. */
typedef struct FitFix {
    bool is_fixed[FORM_MAX_PARAMS];
    double value[FORM_MAX_PARAMS];
} FitFix;

typedef struct FitProblem {
    const Form *form;
    FitLoss loss;
    FitResidual residual;
    size_t n, p;
    size_t padded; /* n up to a multiple of 4: length of the columns; the rest has weight 0 */
    double centre[FORM_MAX_INPUTS];
    double x_lo[FORM_MAX_INPUTS], x_hi[FORM_MAX_INPUTS]; /* range of the centred inputs */
    double *x;                                           /* [n_inputs][padded] centred inputs */
    double *y;                                           /* [padded] response */
    double *ln_y;                                        /* [padded]; only for log residuals */
    double *weight;                                      /* [padded] */
    double level;                   /* scale of the response: least positive |y| */
    double ulp_sum, ulp_squares;    /* weighted sums of the residuals' rounding, and its squares */
    bool is_fixed[FORM_MAX_PARAMS]; /* theta that the solver leaves alone */
    double fixed[FORM_MAX_PARAMS];  /* their values */
} FitProblem;

/* Copies and centres the data.  fix may be NULL.  centre [n_inputs] may be NULL: the data's own
 * means.  ERR_INVALID naming the first value that is not finite or not positive where it must be,
 * or a parameter that cannot have its fixed value; ERR_NOMEM. */
ErrCode problem_open(FitProblem *p, const Form *form, FitLoss loss, FitResidual residual,
                     const FitFix *fix, const double *centre, const FitData *data, Err *err);
/* Without fixed parameters. */
ErrCode problem_init(FitProblem *p, const Form *form, FitLoss loss, FitResidual residual,
                     const FitData *data, Err *err);
void problem_release(FitProblem *p);

/* A copy with room for the same observations, for problem_resample.  ERR_NOMEM. */
ErrCode problem_clone(const FitProblem *p, FitProblem *ret, Err *err);
/* to: the observations of `from` with the positive ones of times [n] as factors of their weights;
 * what was left out is not there, and costs nothing. */
void problem_resample(const FitProblem *from, const double *times, FitProblem *to);

/* Inputs of observation i. */
static inline void problem_point(const FitProblem *p, size_t i, double *x)
{
    for (size_t k = 0; k < p->form->n_inputs; k++) {
        x[k] = p->x[k * p->padded + i];
    }
}

/* What the law says of observation i. */
double problem_predict(const FitProblem *p, size_t i, const double *theta);
/* Residual of observation i. */
double problem_residual(const FitProblem *p, size_t i, const double *theta);
/* rho of one residual. */
double problem_rho(const FitLoss *loss, double r);

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
