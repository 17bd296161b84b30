/* fit_args.h -- what every verb of the analysis shares: a SOURCE, which of its rows, and what is
 * fitted to them. */
#ifndef CLI_FIT_ARGS_H
#define CLI_FIT_ARGS_H

#include "analysis/report/provenance.h"
#include "analysis/report/report.h"
#include "cli/command.h"
#include "draw/plot.h"

/* Is it a study file, by its name? */
bool fit_is_study_file(const char *path);

/* A source, opened, selected and fitted; report borrows from obs, so it must stay where it is. */
typedef struct FitRun {
    const char *path; /* what the user typed; borrowed */
    ObsSource source;
    ObsOptions selected; /* borrows from the FitArgs and from source */
    ReportPlan plan;
    Obs obs;
    Report report;
    bool is_unfitted; /* set by a verb that was asked for the rows alone: of the options only those
                         that chose rows are said */
} FitRun;

/* What the options say, of a source (zeroed: none yet).  ERR_USAGE. */
ErrCode fit_args_plan(const FitArgs *a, const ObsSource *source, ReportPlan *plan,
                      ObsOptions *selection, Err *err);

/* Opens, and selects nothing yet.  `path` is what the user typed: a study file, a study's folder, a
 * catalog, a CSV. */
ErrCode fit_args_begin(const Session *s, const FitArgs *a, const char *path, FitRun *ret, Err *err);

/* Selects, too, but fits nothing: for verbs that fit in their own way. */
ErrCode fit_args_open(const Session *s, const FitArgs *a, const char *path, FitRun *ret, Err *err);

/* The same, and the plan's laws fitted to every group.  `path` must outlive *ret.  Refusals are in
 * ret->report. */
ErrCode fit_args_run(const Session *s, const FitArgs *a, const char *path, FitRun *ret, Err *err);
void fit_run_release(FitRun *r);

/* Begins s->answer with schema, source, version, seed, rows, input and the options that the verb
 * honours, its own among them, and returns its top.  ERR_NOMEM. */
ErrCode fit_run_answer(Session *s, const FitRun *r, AnswerNode **ret, Err *err);

/* Writes a figure into fit_run_folder(r, out) and lets gnuplot draw it. */
ErrCode fit_run_draw(const FitRun *r, const char *out, const PlotFigure *figure, Err *err);

/* Sets the exit status of what fit_args_run() fitted: EXIT_SOME_FAILED when a fit was refused. */
void fit_run_status(Session *s, const FitRun *r);

/* <study>/reports, made if missing, or `out` when given; ERR_USAGE when the source is no
 * study and out is NULL. */
ErrCode fit_run_folder(const FitRun *r, const char *out, char ret[4096], Err *err);

#endif
