#include "analysis/obs/obs.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "analysis/obs/where.h"
#include "common/map.h"
#include "common/quantity.h"
#include "common/words.h"

/* Squares of losses beyond this, or below its inverse, are no numbers. */
#define LOSS_MOST 1e150

static const char *const convention_name[] = {
    [OBS_DEFAULT] = "default", [OBS_PAPER] = "paper", [OBS_EXACT] = "exact",
    [OBS_6ND] = "6nd",         [OBS_GIVEN] = "given",
};

ErrCode obs_convention_parse(const char *text, ObsConvention *ret, Err *err)
{
    size_t i = 0;
    ErrCode rc = words_enum("convention", text, convention_name + OBS_PAPER,
                            OBS_GIVEN - OBS_PAPER + 1, &i, err);
    *ret = rc == ERR_OK ? (ObsConvention)(i + OBS_PAPER) : *ret;
    return rc;
}

const char *obs_convention_name(ObsConvention c)
{
    return convention_name[c];
}

static const char *const column_name[OBS_N_COLUMNS] = {
    [OBS_COL_N] = "N",         [OBS_COL_D] = "D",         [OBS_COL_C] = "C",
    [OBS_COL_LOSS] = "loss",   [OBS_COL_U] = "U",         [OBS_COL_EXPERTS] = "experts",
    [OBS_COL_RATE] = "lr",     [OBS_COL_ERROR] = "error", [OBS_COL_ACCURACY] = "accuracy",
    [OBS_COL_BATCH] = "batch", [OBS_COL_SIGMA] = "sigma",
};

unsigned obs_needs(const Form *f)
{
    static const ObsColumn of_input[FORM_N_INPUTS] = {
        [FORM_N] = OBS_COL_N, [FORM_D] = OBS_COL_D,         [FORM_C] = OBS_COL_C,
        [FORM_U] = OBS_COL_U, [FORM_X_LOSS] = OBS_COL_LOSS, [FORM_EXPERTS] = OBS_COL_EXPERTS,
    };
    static const ObsColumn of_response[FORM_N_RESPONSES] = {
        [FORM_LOSS] = OBS_COL_LOSS,   [FORM_ACCURACY] = OBS_COL_ACCURACY,
        [FORM_ERROR] = OBS_COL_ERROR, [FORM_RATE] = OBS_COL_RATE,
        [FORM_BATCH] = OBS_COL_BATCH,
    };
    unsigned needs = 1u << of_response[f->response];
    for (size_t k = 0; k < form_columns(f); k++) {
        needs |= 1u << of_input[f->input[k]];
    }
    return needs | (f->has_envelope ? 1u << OBS_COL_N | 1u << OBS_COL_D : 0u);
}

/* A column of the frame, and what its numbers are multiplied by. */
typedef struct Source {
    size_t at;
    double factor;
} Source;

/* Columns that the selection reads; FRAME_NONE where the source has none. */
typedef struct Columns {
    Source number[OBS_N_COLUMNS];
    size_t run, name, task, state, bits_per_byte, by;
    ObsConvention convention;
    unsigned needs;
} Columns;

/* One row in use. */
typedef struct Row {
    size_t group, run;
    double v[OBS_N_COLUMNS], bits_per_byte;
    size_t at; /* in the frame */
} Row;

typedef struct Selection {
    const Frame *f;
    const ObsOptions *o;
    Columns col;
    Where where[OBS_MAX_WHERE];
    Row *row;
    size_t n;
    Map groups, runs; /* keys: cells of the frame */
    size_t *local;    /* [runs.n + 1] of fill_group: number of a run within the group, from 1 */
    size_t key[OBS_MAX_KEYS], n_keys; /* of best_per */
} Selection;

/* The column that probably holds N, D, C or the loss under a name of others, or NULL. */
static const char *likely_column(const Frame *f, const char *name)
{
    static const struct {
        const char *name, *other;
    } usual[] = {
        {"N", "n"},
        {"N", "params"},
        {"N", "parameters"},
        {"N", "n_params"},
        {"N", "num_params"},
        {"N", "non_embedding_params"},
        {"N", "model_size"},
        {"N", "size"},
        {"D", "d"},
        {"D", "tokens"},
        {"D", "n_tokens"},
        {"D", "num_tokens"},
        {"D", "train_tokens"},
        {"D", "training_tokens"},
        {"D", "dataset_size"},
        {"C", "flops"},
        {"C", "flop"},
        {"C", "compute"},
        {"C", "total_flops"},
        {"C", "training_flops"},
        {"C", "c"},
        {"loss", "val_loss"},
        {"loss", "validation_loss"},
        {"loss", "eval_loss"},
        {"loss", "test_loss"},
        {"loss", "final_loss"},
        {"loss", "cross_entropy"},
        {"loss", "ce_loss"},
        {"loss", "l"},
        {"loss", "train_loss"},
        {"loss", "loss"},
    };
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        for (size_t c = 0; c < f->n_columns && strcmp(usual[i].name, name) == 0; c++) {
            if (strcasecmp(frame_name(f, c), usual[i].other) == 0) {
                return frame_name(f, c);
            }
        }
    }
    return NULL;
}

/* The column that holds `name`: by --map, or of that name. */
static ErrCode mapped_source(const Selection *s, const char *name, bool is_required, Source *ret,
                             Err *err)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < s->o->n_map; i++) {
        const char *m = s->o->map[i];
        if (strncmp(m, name, n) == 0 && m[n] == '=') {
            return frame_scaled(s->f, m + n + 1, &ret->at, &ret->factor, err);
        }
    }
    *ret = (Source){frame_find(s->f, name), 1.0};
    if (ret->at == FRAME_NONE && is_required) {
        ErrCode rc = frame_column(s->f, name, &ret->at, err);
        const char *likely = likely_column(s->f, name);
        (void)err_hint(err, "name the column that holds it: --map %s=%s", name,
                       likely ? likely : "COLUMN");
        return rc;
    }
    return ERR_OK;
}

static ErrCode mapped_column(const Selection *s, const char *name, size_t *ret, Err *err)
{
    Source source;
    ErrCode rc = mapped_source(s, name, false, &source, err);
    *ret = source.at;
    return rc;
}

static bool is_mapped(const ObsOptions *o, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < o->n_map; i++) {
        if (strncmp(o->map[i], name, n) == 0 && o->map[i][n] == '=') {
            return true;
        }
    }
    return false;
}

static ErrCode check_map(const ObsOptions *o, Err *err)
{
    const char *known[OBS_N_COLUMNS + 2] = {[OBS_N_COLUMNS] = "run", "task"};
    char name[WORD_BYTES];
    const char *column;
    memcpy(known, column_name, sizeof column_name);
    for (size_t i = 0; i < o->n_map; i++) {
        size_t ignored;
        ErrCode rc = words_setting("map", "NAME=COLUMN", o->map[i], name, &column, err);
        if (rc == ERR_OK) {
            rc = words_enum("map", name, known, OBS_N_COLUMNS + 2, &ignored, err);
        }
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return ERR_OK;
}

static ErrCode find_compute(Selection *s, Err *err)
{
    static const char *const column[] = {
        [OBS_DEFAULT] = NULL, [OBS_PAPER] = "C_paper", [OBS_EXACT] = "C_exact",
        [OBS_6ND] = "C_6nd",  [OBS_GIVEN] = "C",
    };
    Columns *c = &s->col;
    c->convention = s->o->convention;
    if (c->convention == OBS_DEFAULT) {
        size_t given;
        ErrCode rc = mapped_column(s, "C", &given, err);
        if (rc != ERR_OK) {
            return rc;
        }
        c->convention = frame_find(s->f, "C_paper") != FRAME_NONE ? OBS_PAPER
                        : given != FRAME_NONE                     ? OBS_GIVEN
                                                                  : OBS_6ND;
    }
    return mapped_source(s, column[c->convention], c->convention != OBS_6ND, &c->number[OBS_COL_C],
                         err);
}

/* "N,D" of best_per: our names through --map, others as they are. */
static ErrCode find_keys(Selection *s, Err *err)
{
    const char *rest = s->o->best_per;
    char name[WORD_BYTES];
    while (words_next(&rest, ',', name)) {
        if (s->n_keys == OBS_MAX_KEYS || !name[0]) {
            return err_set(err, ERR_USAGE, "--best-per takes up to %d columns, not \"%.80s\"",
                           OBS_MAX_KEYS, s->o->best_per);
        }
        size_t *key = &s->key[s->n_keys++];
        ErrCode rc = is_mapped(s->o, name) ? mapped_column(s, name, key, err)
                                           : frame_column(s->f, name, key, err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return ERR_OK;
}

static ErrCode find_columns(Selection *s, Err *err)
{
    Columns *c = &s->col;
    ErrCode rc = ERR_OK;
    c->needs = s->o->needs ? s->o->needs : 1u << OBS_COL_N | 1u << OBS_COL_D | 1u << OBS_COL_LOSS;
    c->needs |= s->o->best_per ? 1u << OBS_COL_LOSS : 0u;
    TRY(check_map(s->o, err));
    for (size_t k = 0; k < OBS_N_COLUMNS; k++) {
        if (k == OBS_COL_SIGMA && !is_mapped(s->o, column_name[k])) {
            c->number[k] = (Source){FRAME_NONE, 1.0};
        } else if (k != OBS_COL_C) {
            TRY(mapped_source(s, column_name[k], c->needs >> k & 1u, &c->number[k], err));
        }
    }
    if (c->number[OBS_COL_SIGMA].at != FRAME_NONE) {
        c->needs |= 1u << OBS_COL_SIGMA;
    }
    TRY(mapped_column(s, "run", &c->run, err));
    TRY(mapped_column(s, "task", &c->task, err));
    TRY(find_compute(s, err));
    TRY(find_keys(s, err));
    c->name = frame_find(s->f, "name");
    c->state = frame_find(s->f, "state");
    c->bits_per_byte = frame_find(s->f, "bits_per_byte");
    c->by = FRAME_NONE;
    if (s->o->by) {
        TRY(frame_column(s->f, s->o->by, &c->by, err));
    }
    for (size_t i = 0; i < s->o->n_where; i++) {
        TRY(where_parse(s->o->where[i], s->f, &s->where[i], err));
    }
done:
    return rc;
}

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
                       column_name[k], frame_name(s->f, from.at));
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
    r->group = map_add_text(&s->groups, c->by == FRAME_NONE ? "all" : frame_cell(f, at, c->by));
    if (c->run != FRAME_NONE) {
        r->run = map_add_text(&s->runs, frame_cell(f, at, c->run));
    }
    return s->groups.is_short || s->runs.is_short ? err_nomem(err, "observations") : ERR_OK;
}

static ErrCode read_rows(Selection *s, Obs *o, Err *err)
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
    if (order == 0 && p != q) {
        order = p < q ? -1 : 1;
    }
    return order ? order : x->at < y->at ? -1 : x->at > y->at;
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

/* By group, then by the numbers and the run's name: an order that the source's has no part in, so
 * that sums, resamples and intervals are the same for rows in any order. */
static int by_group(const void *a, const void *b, void *ctx)
{
    const Selection *s = ctx;
    const Row *x = a, *y = b;
    if (x->group != y->group) {
        return x->group < y->group ? -1 : 1;
    }
    for (size_t k = 0; k < OBS_N_COLUMNS; k++) {
        if (x->v[k] < y->v[k] || x->v[k] > y->v[k]) {
            return x->v[k] < y->v[k] ? -1 : 1;
        }
    }
    int run = s->runs.n && x->run != y->run
                  ? strcmp(map_text(&s->runs, x->run), map_text(&s->runs, y->run))
                  : 0;
    return run ? run : x->at < y->at ? -1 : x->at > y->at;
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
    g->name = arena_strdup(a, map_text(&s->groups, s->row[first].group));
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

static ErrCode fill_groups(Selection *s, Obs *o, Err *err)
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

ErrCode obs_select(const Frame *f, const ObsOptions *options, Obs *ret, Err *err)
{
    Selection s = {.f = f, .o = options};
    Obs o = {.arena = ARENA_INIT, .n_read = f->n_rows};
    ErrCode rc = ERR_OK;
    s.row = calloc(f->n_rows + 1, sizeof *s.row);
    if (!s.row) {
        rc = err_nomem(err, "observations");
        goto done;
    }
    TRY(find_columns(&s, err));
    TRY(read_rows(&s, &o, err));
    TRY(drop_early(&s, &o, err));
    keep_best(&s, &o);
    TRY(fill_groups(&s, &o, err));
    o.convention = s.col.convention;
    o.n_used = s.n;
    o.by = options->by ? arena_strdup(&o.arena, options->by) : NULL;
    *ret = o;
    o = (Obs){.arena = ARENA_INIT};
done:
    obs_release(&o);
    free(s.row);
    free(s.local);
    map_release(&s.groups);
    map_release(&s.runs);
    return rc;
}

void obs_release(Obs *o)
{
    arena_release(&o->arena);
    *o = (Obs){.arena = ARENA_INIT};
}
