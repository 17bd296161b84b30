#include <math.h>
#include <string.h>

#include "analysis/observe/pca.h"
#include "analysis/observe/scores_reader.h"
#include "common/words.h"

static size_t first_of(const Frame *f, const char *const *name, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t c = frame_find(f, name[i]);
        if (c != FRAME_NONE) {
            return c;
        }
    }
    return FRAME_NONE;
}

size_t reader_model_column(const Frame *f)
{
    static const char *const name[] = {"model", "Model", "name", "run"};
    return first_of(f, name, sizeof name / sizeof name[0]);
}

/* "D=tokens*1e9", or the column of that name. */
static ErrCode find_number(const Reader *r, const char *name, Column *ret, Err *err)
{
    size_t n = strlen(name);
    *ret = (Column){frame_find(r->f, name), 1.0};
    for (size_t i = 0; i < r->o->n_map; i++) {
        const char *text = r->o->map[i];
        if (strncmp(text, name, n) == 0 && text[n] == '=') {
            return frame_scaled(r->f, text + n + 1, &ret->at, &ret->factor, err);
        }
    }
    return ERR_OK;
}

static ErrCode check_map(const ScoresOptions *o, Err *err)
{
    static const char *const known[] = {"C", "N", "D"};
    char name[WORD_BYTES];
    const char *column;
    ErrCode rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < o->n_map; i++) {
        size_t ignored;
        rc = words_setting("map", "NAME=COLUMN", o->map[i], name, &column, err);
        rc = rc == ERR_OK ? words_enum("map", name, known, 3, &ignored, err) : rc;
    }
    return rc;
}

/* C by the convention asked for, else paper, else the source's own, else 6 N D. */
static ErrCode find_compute(Reader *r, Err *err)
{
    static const char *const name[] = {
        [OBS_PAPER] = "C_paper", [OBS_EXACT] = "C_exact", [OBS_6ND] = "C_6nd", [OBS_GIVEN] = "C"};
    ObsConvention c = r->o->convention;
    ErrCode rc = ERR_OK;
    TRY(find_number(r, "N", &r->n, err));
    TRY(find_number(r, "D", &r->d, err));
    if (c == OBS_DEFAULT) {
        TRY(find_number(r, "C", &r->c, err));
        c = frame_find(r->f, "C_paper") != FRAME_NONE ? OBS_PAPER
            : r->c.at != FRAME_NONE                   ? OBS_GIVEN
                                                      : OBS_6ND;
    }
    TRY(find_number(r, name[c], &r->c, err));
    if (r->c.at == FRAME_NONE && c != OBS_6ND) {
        TRY(frame_column(r->f, name[c], &r->c.at, err));
    }
    r->s->convention = c;
done:
    return rc;
}

/* "task=-loss" */
static ErrCode find_pivot(Reader *r, Err *err)
{
    char column[WORD_BYTES];
    const char *value;
    ErrCode rc = words_setting("pivot", "BENCHMARK=SCORE", r->o->pivot, column, &value, err);
    if (rc != ERR_OK) {
        return err_hint(err, "both are columns: task=accuracy, or task=-loss for losses");
    }
    r->sign = *value == '-' ? -1.0 : 1.0;
    rc = frame_column(r->f, column, &r->pivot, err);
    return rc == ERR_OK ? frame_column(r->f, value + (r->sign < 0.0 ? 1 : 0), &r->value, err) : rc;
}

ErrCode reader_find_columns(Reader *r, Err *err)
{
    static const char *const family[] = {"family", "Family", "architecture", "arch"};
    const ScoresOptions *o = r->o;
    ErrCode rc = ERR_OK;
    TRY(check_map(o, err));
    r->model = reader_model_column(r->f);
    r->family = first_of(r->f, family, sizeof family / sizeof family[0]);
    if (o->model) {
        TRY(frame_column(r->f, o->model, &r->model, err));
    }
    if (o->family) {
        TRY(frame_column(r->f, o->family, &r->family, err));
    }
    TRY(find_compute(r, err));
    r->pivot = r->value = FRAME_NONE;
    r->sign = 1.0;
    r->step = o->pivot ? frame_find(r->f, "step") : FRAME_NONE;
    if (o->pivot) {
        TRY(find_pivot(r, err));
    }
    for (size_t i = 0; i < o->n_where; i++) {
        TRY(where_parse(o->where[i], r->f, &r->where[i], err));
    }
done:
    return rc;
}

/* ---- benchmarks ---- */

static bool is_target(const ScoresOptions *o, const char *name)
{
    for (size_t i = 0; i < o->n_targets; i++) {
        if (strcmp(o->target[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* Of a wide table without a list: columns of shares, whose every score is in [0, 1] and which vary. */
static bool looks_like_scores(const Reader *r, size_t column)
{
    static const char *const other[] = {"N", "D", "C", "loss", "seed", "step", "is_final", "U"};
    double lo = (double)INFINITY, hi = -(double)INFINITY;
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        if (strcmp(frame_name(r->f, column), other[i]) == 0) {
            return false;
        }
    }
    for (size_t i = 0; i < r->f->n_rows; i++) {
        double x = (double)NAN;
        Err ignored = ERR_INIT;
        if (reader_score(r->f, i, column, &x, &ignored) != ERR_OK || x < 0.0 || x > 1.0) {
            return false;
        }
        lo = fmin(lo, x);
        hi = fmax(hi, x);
    }
    return hi > lo;
}

static ErrCode list_wide(Reader *r, Err *err)
{
    const ScoresOptions *o = r->o;
    r->column = arena_array(&r->s->arena, r->f->n_columns + 1, sizeof *r->column);
    if (!r->column) {
        return err_nomem(err, "benchmarks");
    }
    char word[WORD_BYTES];
    for (const char *rest = o->benchmarks; words_next(&rest, ',', word);) {
        size_t column = 0;
        ErrCode rc = frame_column(r->f, word, &column, err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    for (size_t c = 0; c < r->f->n_columns; c++) {
        const char *name = frame_name(r->f, c);
        bool is_one =
            o->benchmarks ? words_have(o->benchmarks, ',', name) : looks_like_scores(r, c);
        if (is_one && !is_target(o, name) && c != r->model && c != r->family) {
            r->column[r->benchmarks.n] = c;
            r->is_short = r->is_short || map_add_text(&r->benchmarks, name) == MAP_NONE;
        }
    }
    return ERR_OK;
}

static void list_long(Reader *r)
{
    const ScoresOptions *o = r->o;
    for (size_t i = 0; i < r->f->n_rows; i++) {
        const char *name = frame_cell(r->f, i, r->pivot);
        if (r->row_model[i] != MAP_NONE && !is_target(o, name) &&
            (!o->benchmarks || words_have(o->benchmarks, ',', name))) {
            r->is_short = r->is_short || map_add_text(&r->benchmarks, name) == MAP_NONE;
        }
    }
}

ErrCode reader_list_benchmarks(Reader *r, Err *err)
{
    ErrCode rc = ERR_OK;
    if (r->o->pivot) {
        list_long(r);
    } else {
        rc = list_wide(r, err);
    }
    if (rc == ERR_OK && r->benchmarks.n < 2) {
        (void)err_set(err, ERR_INVALID, "%s: %zu benchmark%s: components need two or more",
                      r->f->source, r->benchmarks.n, r->benchmarks.n == 1 ? "" : "s");
        return r->o->pivot ? err_hint(err, "a study needs several evaluation tasks; a table "
                                           "--benchmarks A,B,C")
                           : err_hint(err, "name their columns: --benchmarks A,B,C; or --pivot "
                                           "BENCHMARK=SCORE for one row a score");
    }
    if (rc == ERR_OK && r->benchmarks.n > PCA_MAX_COLUMNS) {
        (void)err_set(err, ERR_INVALID, "%s: %zu benchmarks; %d are possible", r->f->source,
                      r->benchmarks.n, PCA_MAX_COLUMNS);
        return err_hint(err, "choose some: --benchmarks A,B,C");
    }
    return rc;
}
