#include "orchestrator/sched/view.h"

#include <math.h>
#include <stdlib.h>

static double work_total(const SchedRun *r)
{
    return r->flops_per_step * (double)r->spec->steps;
}

static bool is_settled(const SchedRun *r)
{
    return r->state != CATALOG_RUN_WAITING && r->state != CATALOG_RUN_RUNNING;
}

static double work_left(const SchedRun *r)
{
    return is_settled(r) ? 0.0 : r->flops_per_step * (double)(r->spec->steps - r->step);
}

/* [FLOP/s], NaN while it is unknown. */
static double speed(const SchedRun *r)
{
    return r->state == CATALOG_RUN_RUNNING
               ? r->tokens_per_s * r->flops_per_step / (double)r->spec->batch_tokens
               : (double)NAN;
}

static double eta(const SchedRun *runs, size_t n, int64_t workers)
{
    double left = 0.0, sum = 0.0, longest = 0.0;
    int64_t n_known = 0, n_open = 0;
    for (size_t i = 0; i < n; i++) {
        double s = speed(&runs[i]), w = work_left(&runs[i]);
        left += w;
        n_open += w > 0.0;
        if (isfinite(s) && s > 0.0) {
            sum += s;
            n_known++;
        }
    }
    if (n_known == 0) {
        return left > 0.0 ? (double)NAN : 0.0;
    }
    double mean = sum / (double)n_known;
    for (size_t i = 0; i < n; i++) {
        double s = speed(&runs[i]);
        longest = fmax(longest, work_left(&runs[i]) / (isfinite(s) && s > 0.0 ? s : mean));
    }
    int64_t busy = n_open < workers ? n_open : workers;
    return fmax(longest, left / (mean * (double)(busy > 0 ? busy : 1)));
}

SchedView view_of(const SchedRun *runs, size_t n, int64_t workers, double elapsed_s)
{
    SchedView v = {.runs = runs, .n_runs = n, .elapsed_s = elapsed_s};
    for (size_t i = 0; i < n; i++) {
        v.by_state[runs[i].state]++;
        v.flops_total += work_total(&runs[i]);
        v.flops_done += work_total(&runs[i]) - work_left(&runs[i]);
    }
    v.eta_s = eta(runs, n, workers);
    return v;
}

/* qsort has no argument for it; one thread sorts at a time, so a thread-local will do. */
static _Thread_local const SchedRun *sorted_runs;

static int by_work(const void *a, const void *b)
{
    size_t i = *(const size_t *)a, j = *(const size_t *)b;
    double x = work_left(&sorted_runs[i]), y = work_left(&sorted_runs[j]);
    if (x != y) {
        return x > y ? -1 : 1;
    }
    return i < j ? -1 : i > j; /* the study's order */
}

void view_longest_first(const SchedRun *runs, size_t n, size_t *index)
{
    for (size_t i = 0; i < n; i++) {
        index[i] = i;
    }
    sorted_runs = runs;
    qsort(index, n, sizeof *index, by_work);
    sorted_runs = NULL;
}
