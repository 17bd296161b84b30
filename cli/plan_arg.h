/* plan_arg.h -- a study's plan, with what slaw-worker and the disk say of this machine. */
#ifndef CLI_PLAN_ARG_H
#define CLI_PLAN_ARG_H

#include "cli/command.h"
#include "orchestrator/plan/plan.h"

typedef struct PlanArg {
    double flops_per_second; /* of one worker; NaN: measure each kind of run */
    double measure_seconds;  /* for all measurements; 0: none, times stay unknown */
    int64_t workers;         /* at a time */
} PlanArg;

/* Seconds of measuring, unless somebody says otherwise: less for a study of many runs, for which
 * a plan takes its time anyway. */
double plan_arg_measure_seconds(const Study *study);

/* Plans the study in dir.  What the worker cannot tell stays unknown, and unless the session is
 * quiet a line on standard error says why.  Errors of plan_make(); what is
 * there of earlier runs comes from the study's catalog, else its folders. */
ErrCode plan_arg(const Session *s, const Study *study, const char *dir, const PlanArg *a,
                 Arena *arena, Plan *ret, Err *err);

#endif
