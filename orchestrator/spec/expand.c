#include "orchestrator/spec/expand.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/map.h"

bool cells_expand_slowly = false;

/* ---- life -------------------------------------------------------------------------------- */

Cells *cells_new(Problems *problems)
{
    Cells *c = calloc(1, sizeof *c);
    if (c) {
        c->src = (Source){.arena = &c->arena, .problems = problems, .kept = json_array()};
    }
    if (c && !c->src.kept) {
        cells_free(c);
        c = NULL;
    }
    return c;
}

void cells_free(Cells *c)
{
    if (!c) {
        return;
    }
    stencils_free(c->stencils);
    walk_close(&c->walk);
    json_decref(c->src.kept);
    json_decref(c->src.doc);
    schema_close(c->src.schema);
    arena_release(&c->arena);
    free(c);
}

void cells_keep(Cells *c)
{
    matrix_forget_places(&c->matrix);
    schema_close(c->src.schema);
    c->src.schema = NULL;
    c->src.root = NULL;
    c->src.problems = NULL;
}

/* ---- cells to runs ------------------------------------------------------------------------- */

typedef struct Expansion {
    Cells *cells;
    Arena *arena;
    RunModels models;
    RunSpec *run;
    size_t n, room;
} Expansion;

static ErrCode more_room(Expansion *x, Err *err)
{
    enum { FIRST_ROOM = 1 << 20 }; /* memory that is not touched costs nothing */
    size_t all = x->cells->walk.n + x->cells->matrix.n_include;
    size_t room = x->room ? 2 * x->room : all < FIRST_ROOM ? all : FIRST_ROOM;
    RunSpec *wide = realloc(x->run, room * sizeof *wide);
    if (!wide) {
        return err_nomem(err, "the runs");
    }
    x->run = wide;
    x->room = room;
    return ERR_OK;
}

static ErrCode add_run(Expansion *x, const CellRun *full, const char *size, size_t cell, Err *err)
{
    const RunConfig *k = &full->config;
    const RunModel *model = NULL;
    ErrCode rc = ERR_OK;
    if (x->n == x->room) {
        TRY(more_room(x, err));
    }
    TRY(run_models_get(&x->models, &k->shape, size, k->sequence, k->precision, x->arena, &model,
                       err));
    TRY(run_spec_fill(k, full->json, model, x->arena, &x->run[x->n], err));
    x->run[x->n++].cell = cell;
done:
    return rc;
}

/* Resolves it in full; *ret_is_run false when it has a problem. */
static ErrCode add_cell(Expansion *x, const Cell *cell, size_t number, bool *ret_is_run, Err *err)
{
    CellRun full;
    ErrCode rc = cell_resolve(&x->cells->src, &x->cells->matrix, cell, &full, err);
    *ret_is_run = rc == ERR_OK && full.json;
    if (*ret_is_run) {
        rc = add_run(x, &full, json_string_value(cell->value[AXIS_SIZE]), number, err);
    }
    cell_run_release(&full);
    return rc;
}

static ErrCode add_in_full(Expansion *x, Err *err)
{
    Cell cell;
    bool is_run = false;
    (void)matrix_cell(&x->cells->matrix, x->cells->walk.cell, &cell);
    ErrCode rc = add_cell(x, &cell, x->cells->walk.cell, &is_run, err);
    if (rc == ERR_OK && !is_run && !cells_expand_slowly) {
        stencils_told(x->cells->stencils);
    }
    return rc;
}

static ErrCode add_next(Expansion *x, Err *err)
{
    Cells *c = x->cells;
    CellVerdict verdict = CELL_UNKNOWN;
    ErrCode rc = ERR_OK;
    if (!cells_expand_slowly) {
        TRY(stencils_judge(c->stencils, &c->walk, &verdict, err));
    }
    if (verdict == CELL_UNKNOWN) {
        TRY(add_in_full(x, err));
    } else if (verdict == CELL_GOOD) {
        if (x->n == x->room) {
            TRY(more_room(x, err));
        }
        TRY(stencils_run(c->stencils, &c->walk, &x->models, x->arena, &x->run[x->n], err));
        x->n++;
    }
done:
    return rc;
}

static ErrCode add_cells(Expansion *x, Err *err)
{
    const Matrix *m = &x->cells->matrix;
    Walk *w = &x->cells->walk;
    Problems *problems = x->cells->src.problems;
    bool has_cells = m->n_include > 0, is_run = false;
    ErrCode rc = ERR_OK;
    while (rc == ERR_OK && !problems_full(problems) && walk_next(w)) {
        if (!walk_is_excluded(w)) {
            has_cells = true;
            rc = add_next(x, err);
        }
    }
    for (size_t i = 0; rc == ERR_OK && i < m->n_include && !problems_full(problems); i++) {
        rc = add_cell(x, &m->include[i], w->n + i, &is_run, err);
    }
    if (!has_cells) {
        problems_add(problems, yaml_get_key(x->cells->src.root, "matrix")->at, NULL,
                     "every cell of the matrix is excluded");
    }
    return rc;
}

/* ---- two cells, one experiment -------------------------------------------------------------- */

static ErrCode check_identities(const Expansion *x, Err *err)
{
    TextPos at = yaml_get_key(x->cells->src.root, "matrix")->at;
    Map seen = MAP_INIT(NULL); /* values: the newest run of an identity */
    map_reserve(&seen, x->n);
    for (size_t i = 0; i < x->n && !seen.is_short; i++) {
        RunSpec *r = &x->run[i];
        size_t k = map_add(&seen, r->sha256, SHA256_BYTES);
        if (k == MAP_NONE) {
            break;
        }
        const RunSpec *before = seen.entry[k].value;
        if (before) {
            problems_add(x->cells->src.problems, at,
                         "their resolved settings are equal; leave out one",
                         "cells %zu (%s) and %zu (%s) are one experiment",
                         (size_t)(before - x->run) + 1, before->name, i + 1, r->name);
        }
        map_set(&seen, k, r);
    }
    ErrCode rc = map_ok(&seen, "the runs", err);
    map_release(&seen);
    return rc;
}

ErrCode cells_expand(Cells *c, Arena *arena, RunSpec **ret_runs, size_t *ret_n, Err *err)
{
    Expansion x = {.cells = c, .arena = arena};
    ErrCode rc = ERR_OK;
    TRY(walk_open(&c->matrix, &c->walk, err));
    TRY(stencils_new(&c->src, &c->matrix, &c->stencils, err));
    TRY(add_cells(&x, err));
    if (!problems_any(c->src.problems)) {
        TRY(check_identities(&x, err));
    }
done:
    run_models_release(&x.models);
    if (x.n > 0 && x.n < x.room) {
        RunSpec *fitting = realloc(x.run, x.n * sizeof *fitting);
        x.run = fitting ? fitting : x.run;
    }
    *ret_runs = x.run;
    *ret_n = x.n;
    return rc;
}

/* ---- and back --------------------------------------------------------------------------------- */

ErrCode cells_describe(const Cells *c, size_t cell, json_t **ret_json, json_t **ret_axes, Err *err)
{
    size_t n_product = c->walk.n;
    Problems problems = PROBLEMS_INIT;
    Source src = c->src;
    src.problems = &problems;
    Cell own;
    if (cell < n_product) {
        (void)matrix_cell(&c->matrix, cell, &own);
    } else {
        own = c->matrix.include[cell - n_product];
    }
    CellRun full;
    ErrCode rc = cell_resolve(&src, &c->matrix, &own, &full, err);
    if (rc == ERR_OK && !full.json) {
        rc = err_nomem(err, "a run"); /* it was resolved before, so it has no problems */
    }
    if (rc == ERR_OK) { /* what it shares with the study would change with it */
        *ret_json = json_deep_copy(full.json);
        *ret_axes = json_deep_copy(full.axes);
    }
    if (rc == ERR_OK && (!*ret_json || !*ret_axes)) {
        json_decref(*ret_json);
        json_decref(*ret_axes);
        rc = err_nomem(err, "a run");
    }
    cell_run_release(&full);
    problems_release(&problems);
    return rc;
}

ErrCode cells_texts(Cells *c, const RunSpec *r, Buf *config, Buf *axes, bool is_sorted, Err *err)
{
    ErrCode rc = ERR_OK;
    json_t *full = NULL, *values = NULL;
    if (r->cell < c->walk.n) {
        walk_to(&c->walk, r->cell);
        if (config) {
            TRY(stencils_config_text(c->stencils, &c->walk, r, config, err));
        }
        if (axes) {
            stencils_axes_text(c->stencils, &c->walk, is_sorted, axes);
        }
    } else {
        TRY(cells_describe(c, r->cell, &full, &values, err));
        if (config) {
            json_canonical(full, config);
        }
        if (axes) {
            (is_sorted ? json_canonical : json_line)(values, axes);
        }
    }
    if (axes) {
        TRY(buf_ok(axes, err));
    }
    rc = config ? buf_ok(config, err) : ERR_OK;
done:
    json_decref(full);
    json_decref(values);
    return rc;
}
