#include "orchestrator/cli/plan_arg.h"

#include <math.h>
#include <stdio.h>

#include "orchestrator/cli/disk.h"
#include "orchestrator/cli/worker_ask.h"

/* fsyncs of a checkpoint and the state beside it: folders, files, events. */
enum { SYNCS_A_CHECKPOINT = 15 };

static void say_unknown(const Session *s, const PlanArg *a, const Err *err)
{
    if (!s->is_quiet) {
        const char *what =
            isnan(a->flops_per_second) && a->measure_seconds > 0.0 ? "times are" : "memory is";
        (void)fprintf(stderr, "slaw: %s unknown: %s\n", what, err->msg);
    }
}

static void measure_disk(const char *dir, PlanGiven *given)
{
    Disk d;
    DiskSpeed speed;
    Err ignored = ERR_INIT;
    if (disk_of(dir, &d, &ignored) == ERR_OK && disk_speed(&d, &speed)) {
        given->checkpoint_s = SYNCS_A_CHECKPOINT * speed.sync_s;
        given->checkpoint_s_a_byte = 1.0 / speed.bytes_per_s;
    }
}

ErrCode plan_arg(const Session *s, const Study *study, const char *dir, const PlanArg *a,
                 Arena *arena, Plan *ret, Err *err)
{
    PlanGiven given = {.workers = a->workers, .corpus_bytes = plan_corpus_bytes(study, dir)};
    Err why = ERR_INIT;
    PlanCost *cost = arena_array(arena, study->n_runs + 1, sizeof *cost);
    bool is_measured = isnan(a->flops_per_second) && a->measure_seconds > 0.0;
    if (!cost) {
        return err_nomem(err, "the plan");
    }
    for (size_t i = 0; i < study->n_runs; i++) {
        cost[i] = PLAN_COST_UNKNOWN;
    }
    if (worker_estimate(study, is_measured ? a->measure_seconds : 0.0, cost, &why) != ERR_OK) {
        say_unknown(s, a, &why);
    } else if (is_measured) {
        measure_disk(dir, &given);
    }
    for (size_t i = 0; i < study->n_runs && !isnan(a->flops_per_second); i++) {
        int64_t memory_bytes = cost[i].memory_bytes;
        cost[i] = plan_cost_at(&study->runs[i], a->flops_per_second);
        cost[i].memory_bytes = memory_bytes;
    }
    given.cost = cost;
    return plan_make(study, dir, &given, arena, ret, err);
}
