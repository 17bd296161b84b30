#include "analysis/validate/levels.h"

#include <math.h>
#include <stdlib.h>

#include "common/order.h"

#define GAP   1.05
#define WIDTH 1.2

typedef struct Keyed {
    double x;
    size_t at;
} Keyed;

static int by_key(const void *a, const void *b)
{
    const Keyed *p = a, *q = b;
    int order = ORDER(p->x, q->x);
    return order ? order : ORDER(p->at, q->at);
}

static void put(Levels *l, size_t level, const Keyed *k)
{
    l->n = level + 1;
    l->lo[level] = l->count[level] ? l->lo[level] : k->x;
    l->hi[level] = k->x;
    l->count[level]++;
    l->of[k->at] = level;
}

static void clear(Levels *l)
{
    *l = (Levels){.of = l->of};
}

/* False when the values have no steps. */
static bool by_steps(const Keyed *k, size_t n, Levels *l)
{
    size_t level = 0;
    for (size_t i = 0; i < n; i++) {
        level += i > 0 && k[i].x > GAP * k[i - 1].x ? 1 : 0;
        if (level == LEVELS_MAX || (l->count[level] && k[i].x > WIDTH * l->lo[level])) {
            return false;
        }
        put(l, level, &k[i]);
    }
    return true;
}

static void by_classes(const Keyed *k, size_t n, Levels *l)
{
    double lo = log(k[0].x), width = (log(k[n - 1].x) - lo) / LEVELS_CLASSES;
    double last = -1.0;
    size_t level = 0;
    l->is_classes = true;
    for (size_t i = 0; i < n; i++) {
        double own = fmin(floor((log(k[i].x) - lo) / width + 1e-9), LEVELS_CLASSES - 1.0);
        level += i > 0 && own > last ? 1 : 0;
        last = own;
        put(l, level, &k[i]);
    }
}

ErrCode levels_make(const double *x, size_t n, Levels *ret, Err *err)
{
    Levels l = {.of = calloc(n + 1, sizeof *l.of)};
    Keyed *k = calloc(n + 1, sizeof *k);
    if (!l.of || !k) {
        free(l.of);
        free(k);
        return err_nomem(err, "levels");
    }
    for (size_t i = 0; i < n; i++) {
        k[i] = (Keyed){x[i], i};
    }
    qsort(k, n, sizeof *k, by_key);
    if (!by_steps(k, n, &l)) {
        clear(&l);
        by_classes(k, n, &l);
    }
    free(k);
    *ret = l;
    return ERR_OK;
}

ErrCode levels_of_runs(const double *x, const size_t *run, size_t n, size_t n_runs, Levels *ret,
                       Err *err)
{
    Levels l = {.of = calloc(n + 1, sizeof *l.of)};
    Keyed *k = calloc(n_runs + 1, sizeof *k);
    size_t *rank = calloc(n_runs + 1, sizeof *rank);
    if (!l.of || !k || !rank) {
        free(l.of);
        free(k);
        free(rank);
        return err_nomem(err, "levels");
    }
    for (size_t r = 0; r < n_runs; r++) {
        k[r].at = r;
    }
    for (size_t i = 0; i < n; i++) {
        k[run[i]].x = fmax(k[run[i]].x, x[i]);
    }
    qsort(k, n_runs, sizeof *k, by_key);
    l.n = n_runs < LEVELS_MAX ? n_runs : LEVELS_MAX;
    for (size_t r = 0; r < n_runs; r++) {
        size_t level = r * l.n / n_runs;
        rank[k[r].at] = level;
        l.lo[level] = l.lo[level] > 0.0 ? l.lo[level] : k[r].x;
        l.hi[level] = k[r].x;
    }
    for (size_t i = 0; i < n; i++) {
        l.of[i] = rank[run[i]];
        l.count[l.of[i]]++;
    }
    l.is_classes = n_runs > LEVELS_MAX;
    free(rank);
    free(k);
    *ret = l;
    return ERR_OK;
}

void levels_release(Levels *l)
{
    free(l->of);
    *l = (Levels){0};
}
