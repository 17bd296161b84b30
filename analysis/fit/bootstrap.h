/* bootstrap.h -- intervals by refitting resampled data.
 *
 * Replicate r of seed s is a pure function of (s, r): the random numbers are counted, not
 * drawn in turn (common/rng.h), so neither threads nor the number of replicates
 * before it can change one.  Every replicate is minimised to its own certified minimum,
 * from the full fit and from its second-best minimum; one that has none is counted
 * as failed and left out.
 */
#ifndef ANALYSIS_FIT_BOOTSTRAP_H
#define ANALYSIS_FIT_BOOTSTRAP_H

#include "analysis/fit/fit.h"
#include "analysis/fit/solve.h"

/* With fewer runs there are no intervals: three runs of three sizes determine A, alpha and E
 * exactly, and no resampling can see how runs differ.  Below BOOTSTRAP_FEW_RUNS there is a warning. */
enum { BOOTSTRAP_MIN_RUNS = 4, BOOTSTRAP_FEW_RUNS = 6 };

/* From so many runs on `auto` draws whole runs; with fewer it keeps every run and weights its
 * residuals (fit/wild.h), because samples of few runs lack sizes of the design.  Not for a law with an
 * envelope, which is made of the runs' own losses. */
enum { BOOTSTRAP_MANY_RUNS = 8 };

/* Which kind of resampling these data allow: what is asked for, `auto` resolved. */
FitResampling bootstrap_kind(const FitOptions *o, const FitData *data);

/* Are whole runs the units (else observations)?  kind as bootstrap_kind() gives it. */
bool bootstrap_by_run(FitResampling kind, size_t n_points, size_t n_runs);

/* What samples are of, for a sentence: "whole runs". */
const char *bootstrap_unit_text(FitResampling kind);

/* Fills se, lo, hi of every value, r->resampling, r->replicates and r->replicates_failed, with
 * warnings.  `best` is the full fit, `second` another minimum or NULL.  *ret_draws [replicates,
 * fit_slots(r)] is for the caller to free, NaN throughout for a failed replicate, or NULL when there
 * are none.  ERR_NOMEM. */
ErrCode bootstrap_run(const FitOptions *o, const FitData *data, const FitProblem *p,
                      const Solution *best, const Solution *second, FitResult *r,
                      double **ret_draws, Err *err);

/* Plain percentiles are too narrow in small samples, by the factor sqrt((n-p)/n) and for want of
 * Student's t; so ends of intervals are taken at Phi(-scale t(dof)), scale = sqrt(n/dof) and dof = n - p (Hesterberg
 * 2015, section 5.3).  Where runs are drawn n is their number and p is 1.  `wild` has scale 1: its residuals
 * are freed of their leverage.  dof is at least 1. */
typedef struct BootstrapWidening {
    double scale, dof;
} BootstrapWidening;

BootstrapWidening bootstrap_widening(FitResampling kind, size_t n_points, size_t n_params,
                                     size_t n_runs);

/* Share of replicates beyond each end of an interval of this confidence. */
double bootstrap_widened_tail(BootstrapWidening w, double confidence);

/* That of a 95 % interval: 0.025 for large n, 0 without degrees of freedom. */
double bootstrap_tail(FitResampling kind, size_t n_points, size_t n_params, size_t n_runs);

/* se and percentile interval of draws[0], draws[stride] ... that are finite; none from fewer than
 * 20 or when all are equal.  column has room for n_draws. */
void bootstrap_summarise(const double *draws, size_t n_draws, size_t stride, double tail,
                         double *column, FitValue *v);

/* Refits the observations left by leaving out one at a time, or one run at a time where runs are the
 * units: values [*ret_n, fit_slots(r)] for the caller to free.  ERR_NOMEM. */
ErrCode bootstrap_leave_out(const FitOptions *o, const FitData *data, const FitProblem *p,
                            const Solution *best, const FitResult *r, double **ret, size_t *ret_n,
                            Err *err);

#endif
