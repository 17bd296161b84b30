#include "cli/plan_arg.h"

#include <math.h>
#include <stdio.h>

#include "cli/disk.h"
#include "cli/past_catalog.h"
#include "cli/worker_ask.h"

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

/* What every kind of run takes, as far as anybody can tell. */
static void ask_costs(const Session *s, const Study *study, const char *dir, const PlanArg *a,
                      const PlanKinds *kinds, PlanCost *cost, PlanGiven *given)
{
    Err why = ERR_INIT;
    bool is_measured = isnan(a->flops_per_second) && a->measure_seconds > 0.0;
    for (size_t i = 0; i < kinds->n; i++) {
        cost[i] = PLAN_COST_UNKNOWN;
    }
    if (worker_estimate(study, kinds, is_measured ? a->measure_seconds : 0.0, cost, &why) !=
        ERR_OK) {
        say_unknown(s, a, &why);
    } else if (is_measured) {
        measure_disk(dir, given);
    }
    for (size_t i = 0; i < kinds->n && !isnan(a->flops_per_second); i++) {
        int64_t memory_bytes = cost[i].memory_bytes;
        cost[i] = plan_cost_at(&study->runs[kinds->first[i]], a->flops_per_second);
        cost[i].memory_bytes = memory_bytes;
    }
}

double plan_arg_measure_seconds(const Study *study)
{
    enum { MANY_RUNS = 10000 };
    return study->n_runs > MANY_RUNS ? 0.5 : 3.0;
}

ErrCode plan_arg(const Session *s, const Study *study, const char *dir, const PlanArg *a,
                 Arena *arena, Plan *ret, Err *err)
{
    PlanGiven given = {.workers = a->workers, .corpus_bytes = plan_corpus_bytes(study, dir)};
    Past past = PAST_INIT(arena);
    PlanKinds kinds;
    PlanCost *cost = NULL;
    ErrCode rc = ERR_OK;
    TRY(past_of_study(dir, &past, err));
    TRY(plan_kinds(study, arena, &kinds, err));
    cost = arena_array(arena, kinds.n + 1, sizeof *cost);
    if (!cost) {
        return err_nomem(err, "the plan");
    }
    ask_costs(s, study, dir, a, &kinds, cost, &given);
    given.cost = cost;
    given.kinds = &kinds;
    given.past = &past;
    TRY(plan_make(study, dir, &given, arena, ret, err));
done:
    past_release(&past);
    return rc;
}
