/* isoflop.h -- approach 2: at each compute budget a parabola, through its least points a power law.
 *
 * Hoffmann et al. 2022, arXiv:2203.15556, section 3.2.  Observations whose C agree within 5 % are a
 * budget.  There the loss is regressed on log10 N and its square, and again on log10 D; the vertices
 * are N_opt and D_opt.  log10 N_opt and log10 D_opt are regressed on log10 C: N_opt = k_N C^a,
 * D_opt = k_D C^b, C in FLOP.  Ordinary least squares throughout.
 *
 * On an exact law E + A N^-alpha + B D^-beta and budgets centred alike the exponents are exact and
 * the coefficients are not: N_opt is off by up to 16 % at alpha/beta = 3, since the curve is no parabola.
 */
#ifndef ANALYSIS_FIT_ISOFLOP_H
#define ANALYSIS_FIT_ISOFLOP_H

#include "analysis/fit/problem.h"

enum { ISOFLOP_MAX_BUDGETS = 256, ISOFLOP_MIN_POINTS = 3, ISOFLOP_MIN_BUDGETS = 2 };

/* Why a budget has no vertex. */
typedef enum IsoflopState {
    ISOFLOP_USED,
    ISOFLOP_FEW,     /* fewer than three points or distinct N */
    ISOFLOP_NO_VALE, /* the parabola opens downwards or is flat */
} IsoflopState;

typedef struct IsoflopBudget {
    double c; /* mean of its points, geometric [FLOP] */
    size_t n; /* points in use */
    IsoflopState state;
    double n_opt, d_opt; /* vertices [parameters], [tokens] */
    double loss;         /* at the vertex in N [nats/token] */
    bool is_outside;     /* a vertex lies beyond the budget's own points */
} IsoflopBudget;

typedef struct Isoflop {
    IsoflopBudget budget[ISOFLOP_MAX_BUDGETS];
    size_t n_budgets, n_used, n_outside;
    double k_n, a, k_d, b;
    double se_a, se_b; /* of the second regression alone; NaN from two budgets */
} Isoflop;

/* Are N, D, C and the loss of every observation there and positive?  ERR_INVALID; `what` begins the
 * message. */
ErrCode isoflop_check(const FitData *d, const char *what, Err *err);

/* window: of each budget only so many points, those around its least loss in the order of N; 0: all.
 * ERR_NUMERIC with the reason when fewer than two budgets have a vertex, ERR_INVALID when N, D or C is
 * missing, ERR_NOMEM. */
ErrCode isoflop_fit(const FitData *data, size_t window, Isoflop *ret, Err *err);

#endif
