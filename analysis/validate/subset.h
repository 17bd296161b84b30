/* subset.h -- some of the observations, as data of their own. */
#ifndef ANALYSIS_VALIDATE_SUBSET_H
#define ANALYSIS_VALIDATE_SUBSET_H

#include "analysis/fit/problem.h"

typedef struct Subset {
    FitData data; /* columns of data.n; borrowed from the subset */
    size_t *at;   /* [data.n] index in the whole */
    double *column;
    size_t *run;
} Subset;

/* Those with keep [n], in their order; runs are numbered anew.  ERR_NOMEM. */
ErrCode subset_open(const FitData *whole, const bool *keep, Subset *ret, Err *err);
void subset_release(Subset *s);

#endif
