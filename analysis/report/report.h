/* report.h -- the laws of a source: every group by every law. */
#ifndef ANALYSIS_REPORT_REPORT_H
#define ANALYSIS_REPORT_REPORT_H

#include "analysis/fit/fit.h"
#include "analysis/fit/isoflop.h"
#include "analysis/fit/share.h"
#include "analysis/obs/obs.h"

enum { REPORT_MAX_LAWS = 8, REPORT_MAX_FIX = FORM_MAX_PARAMS };

/* What to fit to each group. */
typedef struct ReportPlan {
    const Form *law[REPORT_MAX_LAWS];
    size_t n_laws;
    bool has_loss, has_residual; /* else each law's own */
    FitLoss loss;
    FitResidual residual;
    struct {
        char name[32];
        double value;
    } fix[REPORT_MAX_FIX]; /* parameters held, in every law that has them */
    size_t n_fix;
    char share[REPORT_MAX_FIX]
              [32]; /* parameters common to all groups, in every law that has them */
    size_t n_share;
    size_t starts, bootstrap, threads;
    FitResampling resampling;
    bool has_all_intervals;
    double at[FIT_MAX_AT];
    size_t n_at;
    bool has_isoflop;      /* approach 2 beside the laws */
    size_t isoflop_window; /* points of a budget around its least loss; 0: all */
    uint64_t seed;
} ReportPlan;

/* How the plan fits one law. */
FitOptions report_options(const ReportPlan *plan, const Form *form);

/* One law of one group: fitted, or refused with the reason. */
typedef struct ReportFit {
    const ObsGroup *group; /* borrowed */
    const Form *form;
    bool is_refused;
    Err refusal;
    FitResult fit;
    FitDraws draws; /* the bootstrap's replicates; none of a joint fit */
} ReportFit;

/* One law of all groups together, some parameters shared. */
typedef struct ReportJoint {
    const Form *form;
    const char *shared[REPORT_MAX_FIX];
    size_t n_shared;
    ShareFit fit;
} ReportJoint;

/* Approach 2 of one group, or why it has none. */
typedef struct ReportIsoflop {
    const ObsGroup *group;
    bool is_refused;
    Err refusal;
    Isoflop fit;
} ReportIsoflop;

typedef struct Report {
    const char *source; /* borrowed, as are obs and plan's forms */
    const Obs *obs;
    uint64_t seed;
    ReportFit *fit;
    size_t n;
    size_t n_refused;
    ReportJoint joint[REPORT_MAX_LAWS];
    size_t n_joint;
    ReportIsoflop *isoflop; /* [n_isoflop] */
    size_t n_isoflop;
} Report;

/* Fits all.  A refusal (ERR_NUMERIC, ERR_INVALID) is part of the report; ERR_NOMEM is not. */
ErrCode report_make(const char *source, const Obs *obs, const ReportPlan *plan, Report *ret,
                    Err *err);
void report_release(Report *r);

#endif
