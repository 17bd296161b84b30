#include "analysis/fit/sample.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/hash.h"

/* A number in [0, 1) that depends on the observation alone. */
static double place_of(const FitProblem *p, size_t i)
{
    double v[FORM_MAX_INPUTS + 2] = {p->y[i], p->weight[i]};
    problem_point(p, i, v + 2);
    uint64_t h = hash_u64(v, sizeof *v * (p->form->n_inputs + 2));
    return (double)(h >> 11) * 0x1p-53;
}

ErrCode sample_open(const FitProblem *p, FitProblem *ret, bool *ret_is_one, Err *err)
{
    *ret_is_one = p->n >= SAMPLE_ABOVE;
    if (!*ret_is_one) {
        return ERR_OK;
    }
    double *times = calloc(p->n, sizeof *times);
    ErrCode rc = times ? problem_clone(p, ret, err) : err_nomem(err, "sample");
    if (rc != ERR_OK) {
        free(times);
        return rc;
    }
    double share = (double)SAMPLE_SIZE / (double)p->n;
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++) {
        times[i] = place_of(p, i) < share ? 1.0 : 0.0;
        n += times[i] > 0.0 ? 1 : 0;
    }
    for (size_t i = 0; n < SAMPLE_SIZE / 4 && i < p->n; i++) { /* few distinct rows: every k-th */
        times[i] = i % (p->n / SAMPLE_SIZE) == 0 ? 1.0 : 0.0;
    }
    problem_resample(p, times, ret);
    free(times);
    return ERR_OK;
}
