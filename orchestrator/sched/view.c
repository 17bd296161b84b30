#include "orchestrator/sched/view.h"

#include <math.h>

static double mean_speed(const ViewLeft *v)
{
    double sum = 0.0;
    size_t n = 0;
    for (size_t i = 0; i < v->n_live; i++) {
        double s = v->live[i].flops_per_s;
        if (isfinite(s) && s > 0.0) {
            sum += s;
            n++;
        }
    }
    return n > 0 ? sum / (double)n : (double)NAN;
}

double view_eta_s(const ViewLeft *v)
{
    double left = v->idle, mean = mean_speed(v);
    int64_t n_open = v->n_idle;
    for (size_t i = 0; i < v->n_live; i++) {
        left += v->live[i].left;
        n_open += v->live[i].left > 0.0;
    }
    if (isnan(mean)) {
        return left > 0.0 ? (double)NAN : 0.0;
    }
    double longest = v->longest_idle / mean;
    for (size_t i = 0; i < v->n_live; i++) {
        double s = v->live[i].flops_per_s;
        longest = fmax(longest, v->live[i].left / (isfinite(s) && s > 0.0 ? s : mean));
    }
    int64_t busy = n_open < v->workers ? n_open : v->workers;
    return fmax(longest, left / (mean * (double)(busy > 0 ? busy : 1)));
}
