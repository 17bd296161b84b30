/* fit_args.h -- what `fit`, `table` and `plot` share: a SOURCE, which of its rows, and what is
 * fitted to them. */
#ifndef ORCHESTRATOR_CLI_FIT_ARGS_H
#define ORCHESTRATOR_CLI_FIT_ARGS_H

#include "analysis/report/report.h"
#include "orchestrator/cli/command.h"

typedef struct FitArgs {
    const char *dir, *law, *loss, *residual, *by, *convention, *task;
    OptTexts where, map;
    int64_t starts, bootstrap, seed, threads;
    double min_tokens, skip_fraction;
    bool final_only;
} FitArgs;

#define FIT_ARGS_DEFAULT                                                                    \
    {                                                                                       \
        .residual = "log", .task = "validation", .starts = 64, .bootstrap = 200, .seed = 1, \
        .threads = 1                                                                        \
    }

/* Rows of an option table; `at` is the offset of the FitArgs in the command's struct. */
#define FIT_ARGS_OPTS(at)                                                                          \
    {"dir", "DIR", "of a study file (default runs/<study>)", OPT_TEXT,                             \
     (at) + offsetof(FitArgs, dir)},                                                               \
        {"law", "NAMES", "chinchilla, paper_power, or both with a comma (default: the study's)",   \
         OPT_TEXT, (at) + offsetof(FitArgs, law)},                                                 \
        {"loss", "KIND", "huber:DELTA, mse or l1 (default: huber:1e-3; paper_power: mse)",         \
         OPT_TEXT, (at) + offsetof(FitArgs, loss)},                                                \
        {"residual", "KIND", "log or raw (default log)", OPT_TEXT,                                 \
         (at) + offsetof(FitArgs, residual)},                                                      \
        {"by", "COLUMN", "one fit for each value of it (default: the study's)", OPT_TEXT,          \
         (at) + offsetof(FitArgs, by)},                                                            \
        {"where", "COND", "rows with COLUMN=VALUE; also != < <= > >=; may be repeated", OPT_TEXTS, \
         (at) + offsetof(FitArgs, where)},                                                         \
        {"map", "NAME=COLUMN", "where N, D, C, loss, run or task is found; may be repeated",       \
         OPT_TEXTS, (at) + offsetof(FitArgs, map)},                                                \
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

/* A source, opened, selected and fitted. */
typedef struct FitRun {
    ObsSource source;
    Obs obs;
    Report report;
} FitRun;

/* `path` is what the user typed (a study file, a study's folder, a catalog, a CSV) and must
 * outlive *ret.  Refusals are in ret->report. */
ErrCode fit_args_run(const Session *s, const FitArgs *a, const char *path, FitRun *ret, Err *err);
void fit_run_release(FitRun *r);

/* Prints each refusal to standard error and sets the exit status. */
void fit_run_report_refusals(Session *s, const FitRun *r);

/* <study>/reports, made if missing, or `out` when given; ERR_USAGE when the source is no
 * study and out is NULL. */
ErrCode fit_run_folder(const FitRun *r, const char *out, char ret[4096], Err *err);

#endif
