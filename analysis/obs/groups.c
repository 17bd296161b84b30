#include <stdlib.h>
#include <string.h>

#include "analysis/obs/selection.h"
#include "common/order.h"

/* By group, then by the numbers and the run's name: an order that the source's has no part in, so
 * that sums, resamples and intervals are the same for rows in any order. */
static int by_group(const void *a, const void *b, void *ctx)
{
    const Selection *s = ctx;
    const Row *x = a, *y = b;
    int order = ORDER(x->group, y->group);
    for (size_t k = 0; order == 0 && k < OBS_N_COLUMNS; k++) {
        order = ORDER(x->v[k], y->v[k]);
    }
    if (order == 0 && s->runs.n && x->run != y->run) {
        order = strcmp(map_text(&s->runs, x->run), map_text(&s->runs, y->run));
    }
    return order ? order : ORDER(x->at, y->at);
}

/* Numbers the runs of rows [first, first + n) in the order they come; returns how many. */
static size_t number_runs(const Selection *s, size_t first, size_t n)
{
    size_t n_runs = 0;
    for (size_t i = 0; i < n && s->col.run != FRAME_NONE; i++) {
        size_t *local = &s->local[s->row[first + i].run];
        *local = *local ? *local : ++n_runs;
    }
    return n_runs;
}

/* Copies rows [first, first + n) to a group: columns, and runs numbered within it. */
static ErrCode fill_group(Selection *s, size_t first, size_t n, Obs *o, Err *err)
{
    Arena *a = &o->arena;
    double *column = arena_array(a, (OBS_N_COLUMNS + 1) * n, sizeof *column);
    size_t *run = arena_array(a, n, sizeof *run), *at = arena_array(a, n, sizeof *at);
    ObsGroup *g = &o->group[o->n_groups];
    g->name = arena_strdup(a, s->groups.entry[s->row[first].group].value);
    if (!column || !run || !at || !g->name) {
        return err_nomem(err, "observations");
    }
    size_t n_runs = number_runs(s, first, n);
    const char **name = arena_array(a, n_runs + 1, sizeof *name);
    if (!name) {
        return err_nomem(err, "observations");
    }
    for (size_t i = 0; i < n; i++) {
        const Row *r = &s->row[first + i];
        for (size_t k = 0; k < OBS_N_COLUMNS; k++) {
            column[k * n + i] = r->v[k];
        }
        column[OBS_N_COLUMNS * n + i] = r->bits_per_byte;
        at[i] = r->at;
        if (s->col.run != FRAME_NONE) {
            run[i] = s->local[r->run] - 1;
            if (!name[run[i]]) {
                size_t shown = s->col.name != FRAME_NONE ? s->col.name : s->col.run;
                name[run[i]] = arena_strdup(a, frame_cell(s->f, r->at, shown));
            }
        }
    }
    for (size_t i = 0; i < n; i++) { /* for the next group */
        s->local[s->row[first + i].run] = 0;
    }
    g->data = (FitData){.n = n, .run = run, .n_runs = n_runs};
    const double **const slot[OBS_N_COLUMNS] = {
        [OBS_COL_N] = &g->data.params,          [OBS_COL_D] = &g->data.tokens,
        [OBS_COL_C] = &g->data.flops,           [OBS_COL_LOSS] = &g->data.loss,
        [OBS_COL_U] = &g->data.unique,          [OBS_COL_EXPERTS] = &g->data.experts,
        [OBS_COL_ACCURACY] = &g->data.accuracy, [OBS_COL_ERROR] = &g->data.error,
        [OBS_COL_RATE] = &g->data.rate,         [OBS_COL_BATCH] = &g->data.batch,
        [OBS_COL_SIGMA] = &g->data.sigma,
    };
    for (size_t k = 0; k < OBS_N_COLUMNS; k++) {
        bool is_there = k <= OBS_COL_LOSS || s->col.number[k].at != FRAME_NONE;
        *slot[k] = is_there ? column + k * n : NULL;
    }
    g->bits_per_byte = column + OBS_N_COLUMNS * n;
    g->run_name = name;
    g->row = at;
    o->n_groups++;
    return ERR_OK;
}

ErrCode selection_fill_groups(Selection *s, Obs *o, Err *err)
{
    if (s->n == 0) {
        return err_set(err, ERR_INVALID, "%s: none of its %zu rows is selected", s->f->source,
                       s->f->n_rows);
    }
    qsort_r(s->row, s->n, sizeof *s->row, by_group, s);
    o->group = arena_array(&o->arena, s->groups.n, sizeof *o->group);
    s->local = calloc(s->runs.n + 1, sizeof *s->local);
    if (!o->group || !s->local) {
        return err_nomem(err, "observations");
    }
    for (size_t first = 0, end = 0; first < s->n; first = end) {
        while (end < s->n && s->row[end].group == s->row[first].group) {
            end++;
        }
        ErrCode rc = fill_group(s, first, end - first, o, err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return ERR_OK;
}
