#include <math.h>
#include <string.h>
#include <strings.h>

#include "analysis/observe/scores_reader.h"

static bool is_missing(const char *cell)
{
    static const char *const none[] = {"", "nan", "na", "n/a", "null", "none", "-"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        if (strcasecmp(cell, none[i]) == 0) {
            return true;
        }
    }
    return false;
}

ErrCode reader_score(const Frame *f, size_t row, size_t column, double *ret, Err *err)
{
    *ret = (double)NAN;
    return is_missing(frame_cell(f, row, column)) ? ERR_OK : frame_number(f, row, column, ret, err);
}

/* A positive number of a column, or NaN: what is not known. */
static double read_size(const Frame *f, size_t row, Column c)
{
    Err ignored = ERR_INIT;
    double x;
    if (c.at == FRAME_NONE || frame_number(f, row, c.at, &x, &ignored) != ERR_OK || !(x > 0.0)) {
        return (double)NAN;
    }
    return x * c.factor;
}

static double read_flops(const Reader *r, size_t row)
{
    return r->c.at != FRAME_NONE ? read_size(r->f, row, r->c)
                                 : 6.0 * read_size(r->f, row, r->n) * read_size(r->f, row, r->d);
}

static ErrCode make_room(Reader *r, Err *err)
{
    Scores *s = r->s;
    size_t n = r->models.n, t = r->benchmarks.n;
    s->n = n;
    s->t = t;
    s->n_targets = r->o->n_targets;
    s->model = arena_array(&s->arena, n + 1, sizeof *s->model);
    s->benchmark = arena_array(&s->arena, t + 1, sizeof *s->benchmark);
    s->family = arena_array(&s->arena, n + 1, sizeof *s->family);
    s->flops = arena_array(&s->arena, n + 1, sizeof *s->flops);
    s->score = arena_array(&s->arena, n * t + 1, sizeof *s->score);
    s->metric = arena_array(&s->arena, n * s->n_targets + 1, sizeof *s->metric);
    const char **target = arena_array(&s->arena, s->n_targets + 1, sizeof *target);
    if (!s->model || !s->benchmark || !s->family || !s->flops || !s->score || !s->metric ||
        !target) {
        return err_nomem(err, "scores");
    }
    for (size_t i = 0; i < s->n_targets; i++) {
        target[i] = arena_strdup(&s->arena, r->o->target[i]);
    }
    s->target = target;
    for (size_t i = 0; i < n; i++) {
        s->model[i] = map_text(&r->models, i);
    }
    for (size_t j = 0; j < t; j++) {
        s->benchmark[j] = map_text(&r->benchmarks, j);
    }
    for (size_t i = 0; i < n; i++) {
        s->flops[i] = (double)NAN;
        s->family[i] = MAP_NONE;
    }
    for (size_t i = 0; i < n * t; i++) {
        s->score[i] = (double)NAN;
    }
    for (size_t i = 0; i < n * s->n_targets; i++) {
        s->metric[i] = (double)NAN;
    }
    return ERR_OK;
}

static void describe(Reader *r, size_t row, size_t m)
{
    const char *family = r->family == FRAME_NONE ? "all" : frame_cell(r->f, row, r->family);
    if (r->s->family[m] == MAP_NONE) {
        r->s->family[m] = map_add_text(&r->families, family);
        r->is_short = r->is_short || r->s->family[m] == MAP_NONE;
    }
    if (isnan(r->s->flops[m])) {
        r->s->flops[m] = read_flops(r, row);
    }
}

static ErrCode put_wide(Reader *r, size_t row, size_t m, Err *err)
{
    Scores *s = r->s;
    for (size_t j = 0; j < s->t; j++) {
        ErrCode rc = reader_score(r->f, row, r->column[j], &s->score[m * s->t + j], err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    for (size_t k = 0; k < s->n_targets && !r->o->with; k++) {
        size_t column;
        ErrCode rc = frame_column(r->f, s->target[k], &column, err);
        if (rc == ERR_OK) {
            rc = reader_score(r->f, row, column, &s->metric[k * s->n + m], err);
        }
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return ERR_OK;
}

static ErrCode put_long(Reader *r, size_t row, size_t m, Err *err)
{
    Scores *s = r->s;
    const char *name = frame_cell(r->f, row, r->pivot);
    size_t j = map_find_text(&r->benchmarks, name);
    double x, *cell = j == MAP_NONE ? NULL : &s->score[m * s->t + j];
    for (size_t k = 0; k < s->n_targets && !cell; k++) {
        cell = strcmp(s->target[k], name) == 0 ? &s->metric[k * s->n + m] : NULL;
    }
    ErrCode rc = cell ? reader_score(r->f, row, r->value, &x, err) : ERR_OK;
    if (rc == ERR_OK && cell && !isnan(x)) {
        if (!isnan(*cell)) {
            (void)frame_bad_cell(r->f, row, r->pivot, "is scored twice for one model", err);
            return err_hint(err, "of several, choose by --where");
        }
        *cell = r->sign * x;
    }
    return rc;
}

ErrCode reader_fill(Reader *r, Err *err)
{
    ErrCode room = make_room(r, err);
    if (room != ERR_OK) {
        return room;
    }
    for (size_t i = 0; i < r->f->n_rows; i++) {
        size_t m = r->row_model[i];
        if (m == MAP_NONE) {
            continue;
        }
        describe(r, i, m);
        ErrCode rc = r->o->pivot ? put_long(r, i, m, err) : put_wide(r, i, m, err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return ERR_OK;
}

/* Targets of the other table, by the model's name. */
ErrCode reader_join(Reader *r, Err *err)
{
    const Frame *w = r->o->with;
    Scores *s = r->s;
    size_t key = w ? reader_model_column(w) : FRAME_NONE, n_met = 0;
    ErrCode rc = ERR_OK;
    if (!w) {
        return ERR_OK;
    }
    if (r->o->key || key == FRAME_NONE) {
        TRY(frame_column(w, r->o->key ? r->o->key : "model", &key, err));
    }
    for (size_t k = 0; k < s->n_targets; k++) {
        size_t column;
        TRY(frame_column(w, s->target[k], &column, err));
        for (size_t i = 0; i < w->n_rows; i++) {
            size_t m = map_find_text(&r->models, frame_cell(w, i, key));
            if (m != MAP_NONE) {
                n_met++;
                TRY(reader_score(w, i, column, &s->metric[k * s->n + m], err));
            }
        }
    }
    if (s->n_targets && n_met == 0) {
        rc =
            err_set(err, ERR_INVALID, "%s and %s have no model in common", r->f->source, w->source);
        (void)err_hint(err, "name the columns to join by: --model COLUMN --key COLUMN");
    }
done:
    return rc;
}
