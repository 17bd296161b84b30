/* core.h -- the part of an observational analysis that a replicate and a hold-out repeat. */
#ifndef ANALYSIS_OBSERVE_CORE_H
#define ANALYSIS_OBSERVE_CORE_H

#include "analysis/observe/observe.h"

/* Components of some models of a table: models index[0 .. n-1], which may repeat. */
typedef struct Core {
    size_t n, t, k;
    const size_t *index; /* borrowed */
    double *filled;      /* [n, t] */
    double *component;   /* [n, k] */
    Imputer imputer;
    Pca pca;
} Core;

/* ERR_NUMERIC, ERR_INVALID as pca_fit and impute_fit; ERR_NOMEM. */
ErrCode core_fit(const Scores *s, const ObserveOptions *o, const size_t *index, size_t n, Core *ret,
                 Err *err);
void core_release(Core *c);

/* Components [k] and completed scores [t] of a model that need not be among the core's. */
void core_place(const Core *c, const Scores *s, size_t model, double *filled, double *component);

/* The link of target `which` from regressors x [n, k] of the core's models. */
ErrCode core_link(const Core *c, const Scores *s, size_t which, LinkOptions o, const double *x,
                  size_t k, const Link *warm, Link *ret, Err *err);

#endif
