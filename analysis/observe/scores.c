#include "analysis/observe/scores.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "analysis/obs/where.h"
#include "analysis/observe/pca.h"
#include "common/map.h"
#include "common/words.h"

/* A column of numbers and what to multiply it by. */
typedef struct Column {
    size_t at; /* FRAME_NONE: there is none */
    double factor;
} Column;

typedef struct Reader {
    const Frame *f;
    const ScoresOptions *o;
    Scores *s;
    Where where[OBS_MAX_WHERE];
    size_t model, family, step; /* columns; FRAME_NONE: none */
    Column c, n, d;
    size_t pivot, value; /* of a pivot */
    double sign;
    Map models, families, benchmarks;
    size_t *column;    /* wide: column of each benchmark */
    size_t *row_model; /* [n_rows] MAP_NONE: left out */
    bool is_short;
} Reader;

/* ---- columns ---- */

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

static size_t model_column(const Frame *f)
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

static ErrCode find_columns(Reader *r, Err *err)
{
    static const char *const family[] = {"family", "Family", "architecture", "arch"};
    const ScoresOptions *o = r->o;
    ErrCode rc = ERR_OK;
    TRY(check_map(o, err));
    r->model = model_column(r->f);
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

/* ---- cells ---- */

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

static ErrCode read_score(const Frame *f, size_t row, size_t column, double *ret, Err *err)
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

/* ---- rows to models ---- */

static ErrCode is_selected(const Reader *r, size_t row, bool *ret, Err *err)
{
    *ret = true;
    for (size_t i = 0; *ret && i < r->o->n_where; i++) {
        ErrCode rc = where_holds(&r->where[i], r->f, row, ret, err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return ERR_OK;
}

static double step_of(const Reader *r, size_t row)
{
    double step;
    Err ignored = ERR_INIT;
    return frame_number(r->f, row, r->step, &step, &ignored) == ERR_OK ? step : -1.0;
}

/* Of a pivot with steps only each model's last step stays. */
static ErrCode keep_last(Reader *r, Err *err)
{
    double *last = malloc((r->models.n + 1) * sizeof *last);
    if (!last) {
        return err_nomem(err, "models");
    }
    for (size_t i = 0; i < r->models.n; i++) {
        last[i] = -(double)INFINITY;
    }
    for (size_t i = 0; i < r->f->n_rows; i++) {
        if (r->row_model[i] != MAP_NONE) {
            last[r->row_model[i]] = fmax(last[r->row_model[i]], step_of(r, i));
        }
    }
    for (size_t i = 0; i < r->f->n_rows; i++) {
        if (r->row_model[i] != MAP_NONE && step_of(r, i) < last[r->row_model[i]]) {
            r->row_model[i] = MAP_NONE;
        }
    }
    free(last);
    return ERR_OK;
}

static void model_name(const Reader *r, size_t row, Buf *out)
{
    buf_clear(out);
    if (r->model == FRAME_NONE) {
        buf_printf(out, "row %zu", row + 1);
    } else {
        buf_puts(out, frame_cell(r->f, row, r->model));
    }
    if (r->step != FRAME_NONE && r->o->is_every_step) {
        buf_printf(out, "@%s", frame_cell(r->f, row, r->step));
    }
}

static ErrCode number_models(Reader *r, Err *err)
{
    Buf name = BUF_INIT;
    ErrCode rc = ERR_OK;
    r->row_model = malloc((r->f->n_rows + 1) * sizeof *r->row_model);
    if (!r->row_model) {
        return err_nomem(err, "models");
    }
    for (size_t i = 0; i < r->f->n_rows; i++) {
        bool is_in = true;
        TRY(is_selected(r, i, &is_in, err));
        r->row_model[i] = MAP_NONE;
        if (!is_in) {
            r->s->n_where++;
            continue;
        }
        model_name(r, i, &name);
        size_t before = r->models.n;
        r->row_model[i] = map_add_text(&r->models, buf_str(&name));
        r->is_short = r->is_short || name.is_short || r->row_model[i] == MAP_NONE;
        if (!r->o->pivot && r->models.n == before) {
            rc = frame_bad_cell(r->f, i, r->model, "names a model that is there already", err);
            (void)err_hint(err, "choose a column that names each model: --model COLUMN; or --pivot "
                                "BENCHMARK=SCORE for one row a score");
            goto done;
        }
    }
    if (r->models.n == 0) {
        rc = err_set(err, ERR_INVALID, "%s: none of its %zu rows is selected", r->f->source,
                     r->f->n_rows);
        goto done;
    }
    if (r->step != FRAME_NONE && !r->o->is_every_step) {
        TRY(keep_last(r, err));
    }
done:
    buf_release(&name);
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
        if (read_score(r->f, i, column, &x, &ignored) != ERR_OK || x < 0.0 || x > 1.0) {
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

static ErrCode list_benchmarks(Reader *r, Err *err)
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

/* ---- filling ---- */

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
        ErrCode rc = read_score(r->f, row, r->column[j], &s->score[m * s->t + j], err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    for (size_t k = 0; k < s->n_targets && !r->o->with; k++) {
        size_t column;
        ErrCode rc = frame_column(r->f, s->target[k], &column, err);
        if (rc == ERR_OK) {
            rc = read_score(r->f, row, column, &s->metric[k * s->n + m], err);
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
    ErrCode rc = cell ? read_score(r->f, row, r->value, &x, err) : ERR_OK;
    if (rc == ERR_OK && cell && !isnan(x)) {
        if (!isnan(*cell)) {
            (void)frame_bad_cell(r->f, row, r->pivot, "is scored twice for one model", err);
            return err_hint(err, "of several, choose by --where");
        }
        *cell = r->sign * x;
    }
    return rc;
}

static ErrCode fill(Reader *r, Err *err)
{
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
static ErrCode join(Reader *r, Err *err)
{
    const Frame *w = r->o->with;
    Scores *s = r->s;
    size_t key = w ? model_column(w) : FRAME_NONE, n_met = 0;
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
                TRY(read_score(w, i, column, &s->metric[k * s->n + m], err));
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

/* Leaves out models without a score, or with a missing one where complete ones are wanted. */
static void drop_models(Reader *r)
{
    Scores *s = r->s;
    size_t kept = 0, was = s->n;
    for (size_t i = 0; i < was; i++) {
        size_t missing = 0;
        for (size_t j = 0; j < s->t; j++) {
            missing += isnan(s->score[i * s->t + j]) ? 1 : 0;
        }
        bool is_empty = missing == s->t, is_out = is_empty || (missing && r->o->is_complete);
        s->n_empty += is_empty ? 1 : 0;
        s->n_incomplete += is_out && !is_empty ? 1 : 0;
        if (is_out) {
            continue;
        }
        s->n_missing += missing;
        s->model[kept] = s->model[i];
        s->family[kept] = s->family[i];
        s->flops[kept] = s->flops[i];
        memmove(s->score + kept * s->t, s->score + i * s->t, s->t * sizeof *s->score);
        for (size_t k = 0; k < s->n_targets; k++) {
            s->metric[k * was + kept] = s->metric[k * was + i];
        }
        kept++;
    }
    for (size_t k = 1; k < s->n_targets; k++) {
        memmove(s->metric + k * kept, s->metric + k * was, kept * sizeof *s->metric);
    }
    s->n = kept;
}

static ErrCode finish(Reader *r, Err *err)
{
    Scores *s = r->s;
    drop_models(r);
    s->n_families = r->families.n;
    s->family_name = arena_array(&s->arena, r->families.n + 1, sizeof *s->family_name);
    if (r->is_short || !s->family_name) {
        return err_nomem(err, "scores");
    }
    for (size_t i = 0; i < r->families.n; i++) {
        s->family_name[i] = map_text(&r->families, i);
    }
    if (s->n < 2) {
        return err_set(err, ERR_INVALID, "%s: %zu model%s with scores; two or more are needed",
                       r->f->source, s->n, s->n == 1 ? "" : "s");
    }
    return ERR_OK;
}

ErrCode scores_read(const Frame *f, const ScoresOptions *o, Scores *ret, Err *err)
{
    Scores s = {.arena = ARENA_INIT, .n_read = f->n_rows};
    Reader r = {.f = f, .o = o, .s = &s};
    ErrCode rc = ERR_OK;
    r.models.keep = r.families.keep = r.benchmarks.keep = &s.arena;
    TRY(find_columns(&r, err));
    TRY(number_models(&r, err));
    TRY(list_benchmarks(&r, err));
    if (r.is_short) {
        rc = err_nomem(err, "scores");
        goto done;
    }
    TRY(make_room(&r, err));
    s.is_negated = r.sign < 0.0;
    TRY(fill(&r, err));
    TRY(join(&r, err));
    TRY(finish(&r, err));
    *ret = s;
    s = (Scores){.arena = ARENA_INIT};
done:
    map_release(&r.models);
    map_release(&r.families);
    map_release(&r.benchmarks);
    free(r.row_model);
    scores_release(&s);
    return rc;
}

void scores_release(Scores *s)
{
    arena_release(&s->arena);
    *s = (Scores){.arena = ARENA_INIT};
}
