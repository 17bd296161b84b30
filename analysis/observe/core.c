#include "analysis/observe/core.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

ErrCode core_fit(const Scores *s, const ObserveOptions *o, const size_t *index, size_t n, Core *ret,
                 Err *err)
{
    *ret = (Core){.n = n, .t = s->t, .k = o->components, .index = index};
    ErrCode rc = ERR_OK;
    ret->filled = malloc((n * ret->t + 1) * sizeof *ret->filled);
    ret->component = malloc((n * ret->k + 1) * sizeof *ret->component);
    if (!ret->filled || !ret->component) {
        rc = err_nomem(err, "components");
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        memcpy(ret->filled + i * ret->t, s->score + index[i] * ret->t,
               ret->t * sizeof *ret->filled);
    }
    if (s->n_missing > 0) {
        TRY(impute_fit(ret->filled, n, ret->t, o->impute, &ret->imputer, err));
    }
    TRY(pca_fit(ret->filled, n, ret->t, o->is_scaled, &ret->pca, err));
    for (size_t i = 0; i < n; i++) {
        pca_project(&ret->pca, ret->filled + i * ret->t, ret->k, ret->component + i * ret->k);
    }
done:
    if (rc != ERR_OK) {
        core_release(ret);
    }
    return rc;
}

void core_release(Core *c)
{
    free(c->filled);
    free(c->component);
    *c = (Core){0};
}

void core_place(const Core *c, const Scores *s, size_t model, double *filled, double *component)
{
    memcpy(filled, s->score + model * c->t, c->t * sizeof *filled);
    if (s->n_missing > 0) {
        impute_row(&c->imputer, filled);
    }
    pca_project(&c->pca, filled, c->k, component);
}

ErrCode core_link(const Core *c, const Scores *s, size_t which, LinkOptions o, const double *x,
                  size_t k, const Link *warm, Link *ret, Err *err)
{
    double *rows = malloc((c->n * (k + 1) + 1) * sizeof *rows);
    size_t n = 0;
    if (!rows) {
        return err_nomem(err, "link");
    }
    double *y = rows + c->n * k;
    for (size_t i = 0; i < c->n; i++) {
        double metric = s->metric[which * s->n + c->index[i]];
        bool is_known = !isnan(metric);
        for (size_t j = 0; j < k; j++) {
            is_known = is_known && isfinite(x[i * k + j]);
        }
        if (is_known) {
            memcpy(rows + n * k, x + i * k, k * sizeof *rows);
            y[n++] = metric;
        }
    }
    ErrCode rc = link_fit(o, rows, y, n, k, warm, ret, err);
    free(rows);
    return rc;
}
