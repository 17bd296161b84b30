/* fit_args.h -- what every verb of the analysis shares: a SOURCE, which of its rows, and what is
 * fitted to them. */
#ifndef CLI_FIT_ARGS_H
#define CLI_FIT_ARGS_H

#include "analysis/report/provenance.h"
#include "analysis/report/report.h"
#include "cli/command.h"
#include "draw/plot.h"

#define FIT_ARGS_DEFAULT                                                               \
    {                                                                                  \
        .task = "validation", .starts = 64, .bootstrap = 200, .seed = 1, .threads = 1, \
        .resampling = "auto"                                                           \
    }

/* Rows of an option table; `at` is the offset of the FitArgs in the command's struct. */
#define FIT_ARGS_OPTS(at)                                                                          \
    {"dir", "DIR", "of a study file (default runs/<study>)", OPT_TEXT,                             \
     (at) + offsetof(FitArgs, dir)},                                                               \
        {"law", "NAMES", "with commas: chinchilla, power:N, ... (default: the study's)", OPT_TEXT, \
         (at) + offsetof(FitArgs, law)},                                                           \
        {"loss", "KIND", "huber:DELTA, mse, l1 or asymmetric:WEIGHT (default: the law's)",         \
         OPT_TEXT, (at) + offsetof(FitArgs, loss)},                                                \
        {"residual", "KIND", "log or raw (default: the law's)", OPT_TEXT,                          \
         (at) + offsetof(FitArgs, residual)},                                                      \
        {"by", "COLUMNS", "one fit for each value, as architecture,lr (default: the study's)",     \
         OPT_TEXT, (at) + offsetof(FitArgs, by)},                                                  \
        {"where", "COND", "rows with COLUMN=VALUE; also != < <= > >=; may be repeated", OPT_TEXTS, \
         (at) + offsetof(FitArgs, where)},                                                         \
        {"map", "NAME=COLUMN", "where N, D, loss, ... is found; COLUMN*2048 scales; repeatable",   \
         OPT_TEXTS, (at) + offsetof(FitArgs, map)},                                                \
        {"fix", "PARAM=X", "hold a parameter of the law, as E=0; may be repeated", OPT_TEXTS,      \
         (at) + offsetof(FitArgs, fix)},                                                           \
        {"share", "PARAMS", "one value for all groups, as alpha,beta", OPT_TEXT,                   \
         (at) + offsetof(FitArgs, share)},                                                         \
        {"isoflop", NULL, "approach 2 beside the laws: a parabola at each compute budget",         \
         OPT_FLAG, (at) + offsetof(FitArgs, isoflop)},                                             \
        {"window", "N", "of --isoflop: points of a budget around its least loss (default all)",    \
         OPT_I64, (at) + offsetof(FitArgs, window)},                                               \
        {"best-per", "COLUMNS", "of rows alike in these (N,D) only the one of least loss",         \
         OPT_TEXT, (at) + offsetof(FitArgs, best_per)},                                            \
        {"at-flops", "C", "best N and D for C = 6 N D; several with commas", OPT_TEXT,             \
         (at) + offsetof(FitArgs, at_flops)},                                                      \
        {"resample", "KIND", "cases, cluster, stratified, residual, wild or auto (default auto)",  \
         OPT_TEXT, (at) + offsetof(FitArgs, resampling)},                                          \
        {"intervals", NULL, "BCa, sandwich, profile and jackknife beside the bootstrap", OPT_FLAG, \
         (at) + offsetof(FitArgs, all_intervals)},                                                 \
        {"task", "NAME", "evaluations of this task (default validation)", OPT_TEXT,                \
         (at) + offsetof(FitArgs, task)},                                                          \
        {"convention", "NAME", "of C: paper, exact, 6nd or given (default paper, else given)",     \
         OPT_TEXT, (at) + offsetof(FitArgs, convention)},                                          \
        {"final-only", NULL, "only the last observation of each run", OPT_FLAG,                    \
         (at) + offsetof(FitArgs, final_only)},                                                    \
        {"min-tokens", "D", "leave out observations below this D (default 0)", OPT_F64,            \
         (at) + offsetof(FitArgs, min_tokens)},                                                    \
        {"skip-fraction", "F", "leave out the first share of each run (default 0)", OPT_F64,       \
         (at) + offsetof(FitArgs, skip_fraction)},                                                 \
        {"starts", "N", "starting points (default 64)", OPT_I64,                                   \
         (at) + offsetof(FitArgs, starts)},                                                        \
        {"bootstrap", "N", "replicates for the intervals, 0 for none (default 200)", OPT_I64,      \
         (at) + offsetof(FitArgs, bootstrap)},                                                     \
        {"seed", "N", "of starts and replicates (default 1)", OPT_I64,                             \
         (at) + offsetof(FitArgs, seed)},                                                          \
    {                                                                                              \
        "threads", "N", "cannot change a result (default 1)", OPT_I64,                             \
            (at) + offsetof(FitArgs, threads)                                                      \
    }

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

/* Adds the source, its digest, the rows and every option above (report/provenance.h).  ERR_NOMEM. */
ErrCode fit_run_provenance(const FitRun *r, json_t *obj, Err *err);

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
