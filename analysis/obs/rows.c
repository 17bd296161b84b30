#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/obs/selection.h"
#include "common/order.h"
#include "common/quantity.h"

/* Squares of losses beyond this, or below its inverse, are no numbers. */
#define LOSS_MOST 1e150

static ErrCode is_selected(const Selection *s, size_t row, Obs *o, bool *ret, Err *err)
{
    const Columns *c = &s->col;
    *ret = false;
    for (size_t i = 0; i < s->o->n_where; i++) {
        bool holds = false;
        ErrCode rc = where_holds(&s->where[i], s->f, row, &holds, err);
        if (rc != ERR_OK) {
            return rc;
        }
        if (!holds) {
            o->n_where++;
            return ERR_OK;
        }
    }
    if (s->o->task && c->task != FRAME_NONE &&
        strcmp(frame_cell(s->f, row, c->task), s->o->task) != 0) {
        o->n_task++;
        return ERR_OK;
    }
    if (c->state != FRAME_NONE && strcmp(frame_cell(s->f, row, c->state), "diverged") == 0) {
        o->n_diverged++;
        return ERR_OK;
    }
    *ret = true;
    return ERR_OK;
}

static ErrCode positive(const Frame *f, size_t row, size_t column, double *ret, Err *err)
{
    ErrCode rc = frame_number(f, row, column, ret, err);
    if (rc == ERR_OK && !(*ret > 0.0)) {
        rc = frame_bad_cell(f, row, column, "must be positive", err);
        (void)err_hint(err, "leave such rows out with --where '%s>0' or repair the file",
                       frame_name(f, column));
    }
    return rc;
}

/* May this number be zero or negative?  Shares of right answers may. */
static bool is_signed(size_t k)
{
    return k == OBS_COL_ACCURACY || k == OBS_COL_ERROR;
}

/* Whether a loss must be positive is for the law to say: as an input it need not be. */
static ErrCode read_number(const Selection *s, size_t row, size_t k, double *ret, Err *err)
{
    Source from = s->col.number[k];
    ErrCode rc = is_signed(k) || (k == OBS_COL_LOSS && s->o->is_loss_signed)
                     ? frame_number(s->f, row, from.at, ret, err)
                     : positive(s->f, row, from.at, ret, err);
    *ret *= rc == ERR_OK ? from.factor : 1.0;
    bool is_extreme = k == OBS_COL_LOSS && (fabs(*ret) > LOSS_MOST || fabs(*ret) < 1.0 / LOSS_MOST);
    if (rc == ERR_OK && is_extreme && !s->o->is_loss_signed) {
        rc = frame_bad_cell(s->f, row, from.at, "is beyond 1e-150 to 1e150", err);
        (void)err_hint(err,
                       "its square is no number any more; choose another unit: --map "
                       "'%s=%s*1e-100'",
                       selection_column_name[k], frame_name(s->f, from.at));
    }
    return rc;
}

static ErrCode read_numbers(const Selection *s, size_t at, Row *r, Err *err)
{
    for (size_t k = 0; k < OBS_N_COLUMNS; k++) {
        bool is_needed = s->col.needs >> k & 1u;
        Err ignored = ERR_INIT;
        r->v[k] = (double)NAN;
        if (s->col.number[k].at == FRAME_NONE) {
            continue;
        }
        double x;
        /* a C that is no number matters to laws in C alone, which say so themselves */
        ErrCode rc = read_number(s, at, k, &x, is_needed && k != OBS_COL_C ? err : &ignored);
        if (rc == ERR_OK) {
            r->v[k] = x;
        } else if (is_needed && k != OBS_COL_C) {
            return rc;
        }
    }
    if (s->col.number[OBS_COL_C].at == FRAME_NONE) {
        r->v[OBS_COL_C] = 6.0 * r->v[OBS_COL_N] * r->v[OBS_COL_D];
    }
    return ERR_OK;
}

/* The number of the row's group: its key is the cells, each with its NUL, its value their text with
 * slashes between. */
static size_t group_of(Selection *s, size_t row)
{
    Buf *key = &s->key_text;
    buf_clear(key);
    for (size_t k = 0; k < s->n_by; k++) {
        const char *cell = frame_cell(s->f, row, s->by[k]);
        buf_add(key, cell, strlen(cell) + 1);
    }
    size_t before = s->groups.n, g = map_add(&s->groups, buf_str(key), key->len);
    if (g == before) {
        char *name = s->n_by ? arena_alloc(&s->names, key->len) : arena_strdup(&s->names, "all");
        for (size_t i = 0; name && s->n_by && i < key->len; i++) {
            name[i] = (char)(key->data[i] || i + 1 == key->len ? key->data[i] : '/');
        }
        s->groups.is_short = s->groups.is_short || key->is_short || !name;
        map_set(&s->groups, g, name);
    }
    return g;
}

static ErrCode read_row(Selection *s, size_t at, Row *r, Err *err)
{
    const Columns *c = &s->col;
    const Frame *f = s->f;
    *r = (Row){.at = at, .bits_per_byte = (double)NAN};
    ErrCode rc = read_numbers(s, at, r, err);
    if (rc != ERR_OK) {
        return rc;
    }
    if (c->bits_per_byte != FRAME_NONE) {
        Err ignored = ERR_INIT;
        double bits;
        if (frame_number(f, at, c->bits_per_byte, &bits, &ignored) == ERR_OK) {
            r->bits_per_byte = bits;
        }
    }
    r->group = group_of(s, at);
    if (c->run != FRAME_NONE) {
        r->run = map_add_text(&s->runs, frame_cell(f, at, c->run));
    }
    return s->groups.is_short || s->runs.is_short ? err_nomem(err, "observations") : ERR_OK;
}

static ErrCode read_all(Selection *s, Obs *o, Err *err)
{
    for (size_t i = 0; i < s->f->n_rows; i++) {
        bool is_in = false;
        ErrCode rc = is_selected(s, i, o, &is_in, err);
        if (rc == ERR_OK && is_in) {
            rc = read_row(s, i, &s->row[s->n], err);
            s->n += rc == ERR_OK ? 1 : 0;
        }
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return ERR_OK;
}

/* Drops warm-up rows, and all but each run's last with is_final_only. */
static ErrCode drop_early(Selection *s, Obs *o, Err *err)
{
    bool needs_runs = s->o->is_final_only || s->o->skip_fraction > 0.0;
    if (needs_runs && s->col.run == FRAME_NONE) {
        (void)err_set(err, ERR_INVALID, "%s: there is no column \"run\"", s->f->source);
        return err_hint(err, "--final-only and --skip-fraction need runs: --map run=COLUMN");
    }
    double *largest = calloc(s->runs.n + 1, sizeof *largest);
    if (!largest) {
        return err_nomem(err, "runs");
    }
    for (size_t i = 0; i < s->n; i++) {
        largest[s->row[i].run] = fmax(largest[s->row[i].run], s->row[i].v[OBS_COL_D]);
    }
    size_t kept = 0;
    for (size_t i = 0; i < s->n; i++) {
        const Row *r = &s->row[i];
        double share = s->o->is_final_only ? 1.0 : s->o->skip_fraction;
        bool is_early = r->v[OBS_COL_D] < s->o->min_tokens ||
                        (needs_runs && r->v[OBS_COL_D] < share * largest[r->run]);
        o->n_early += is_early ? 1 : 0;
        if (!is_early) {
            s->row[kept++] = *r;
        }
    }
    s->n = kept;
    free(largest);
    return ERR_OK;
}

/* Cells in order: numbers by their value (4M is 4e6), before texts. */
static int by_cell(const char *a, const char *b)
{
    double x, y;
    bool is_x = quantity_parse(a, QUANTITY_COUNT, &x), is_y = quantity_parse(b, QUANTITY_COUNT, &y);
    if (is_x && is_y) {
        return x < y ? -1 : x > y;
    }
    return is_x ? -1 : is_y ? 1 : strcmp(a, b);
}

/* By group and keys: 0 when they agree. */
static int by_key(const Selection *s, const Row *x, const Row *y)
{
    int order = x->group < y->group ? -1 : x->group > y->group;
    for (size_t k = 0; k < s->n_keys && order == 0; k++) {
        order = by_cell(frame_cell(s->f, x->at, s->key[k]), frame_cell(s->f, y->at, s->key[k]));
    }
    return order;
}

/* Then by loss, then as they came. */
static int by_keys(const void *a, const void *b, void *ctx)
{
    const Row *x = a, *y = b;
    int order = by_key(ctx, x, y);
    double p = x->v[OBS_COL_LOSS], q = y->v[OBS_COL_LOSS];
    order = order ? order : ORDER(p, q);
    return order ? order : ORDER(x->at, y->at);
}

static void keep_best(Selection *s, Obs *o)
{
    if (s->n_keys == 0 || s->n == 0) {
        return;
    }
    qsort_r(s->row, s->n, sizeof *s->row, by_keys, s);
    size_t kept = 1;
    for (size_t i = 1; i < s->n; i++) {
        bool is_same = by_key(s, &s->row[i], &s->row[kept - 1]) == 0;
        o->n_worse += is_same ? 1 : 0;
        if (!is_same) {
            s->row[kept++] = s->row[i];
        }
    }
    s->n = kept;
}

ErrCode selection_read_rows(Selection *s, Obs *o, Err *err)
{
    ErrCode rc = ERR_OK;
    s->row = calloc(s->f->n_rows + 1, sizeof *s->row);
    if (!s->row) {
        return err_nomem(err, "observations");
    }
    TRY(read_all(s, o, err));
    TRY(drop_early(s, o, err));
    keep_best(s, o);
done:
    return rc;
}
