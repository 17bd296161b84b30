/* conditioning.h -- how hard the least-squares problem at a fit is, by the parameters it is posed in.
 *
 * kappa = (largest / least singular value of J)^2, the condition number of the Gauss-Newton Hessian J'J,
 * where J has the derivatives of the predictions (of their logs for log residuals) by
 *
 *   raw        the equation's own parameters            (E, A, B, alpha, beta)
 *   logs       ln of coefficients instead               (ln E, ln A, ln B, alpha, beta)
 *   centred    the same with inputs centred in logs: what this fitter solves (form.h)
 *   scaled     centred, with columns of unit length
 *   projected  shapes alone, what linear coefficients can do taken out (variable projection,
 *              Golub and Pereyra 1973; Kaufman's Jacobian)
 *
 * Digits lost in solving for the parameters are about log10 kappa.  Parameters that are held or at their limit
 * 0 are not counted.
 */
#ifndef ANALYSIS_FIT_CONDITIONING_H
#define ANALYSIS_FIT_CONDITIONING_H

#include "analysis/fit/problem.h"

/* With more observations it is not computed: it would take as long as the fit. */
enum { CONDITIONING_MAX = 20000 };

/* NaN: not defined (no shapes, no linear coefficients) or not computed. */
typedef struct Conditioning {
    double raw, logs, centred, scaled, projected;
} Conditioning;

/* At theta [p->p]. */
Conditioning conditioning_of(const FitProblem *p, const double *theta);

#endif
