#include "analysis/obs/obs.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/obs/where.h"

static const char *const convention_name[] = {
    [OBS_DEFAULT] = "default", [OBS_PAPER] = "paper", [OBS_EXACT] = "exact",
    [OBS_6ND] = "6nd",         [OBS_GIVEN] = "given",
};

ErrCode obs_convention_parse(const char *text, ObsConvention *ret, Err *err)
{
    for (int c = OBS_PAPER; c <= OBS_GIVEN; c++) {
        if (strcmp(text, convention_name[c]) == 0) {
            *ret = (ObsConvention)c;
            return ERR_OK;
        }
    }
    (void)err_set(err, ERR_USAGE, "there is no convention \"%s\" of C", text);
    return err_hint(err, "paper, exact, 6nd, or given (the column C of the source)");
}

const char *obs_convention_name(ObsConvention c)
{
    return convention_name[c];
}

/* Columns that the selection reads; FRAME_NONE where the source has none. */
typedef struct Columns {
    size_t n, d, c, loss, run, name, task, state, bits_per_byte, by;
    ObsConvention convention;
} Columns;

/* One row in use. */
typedef struct Row {
    size_t group, run;
    double n, d, c, loss, bits_per_byte;
    size_t at; /* in the frame */
} Row;

typedef struct Selection {
    const Frame *f;
    const ObsOptions *o;
    Columns col;
    Where where[OBS_MAX_WHERE];
    Row *row;
    size_t n;
    const char **group_name, **run_name; /* borrowed from the frame */
    size_t n_groups, n_runs;
} Selection;

/* The column that holds `name`: by --map, or of that name. */
static ErrCode mapped_column(const Selection *s, const char *name, bool is_required, size_t *ret,
                             Err *err)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < s->o->n_map; i++) {
        const char *m = s->o->map[i];
        if (strncmp(m, name, n) == 0 && m[n] == '=') {
            return frame_column(s->f, m + n + 1, ret, err);
        }
    }
    *ret = frame_find(s->f, name);
    if (*ret == FRAME_NONE && is_required) {
        ErrCode rc = frame_column(s->f, name, ret, err);
        (void)err_hint(err, "name the column that holds it: --map %s=COLUMN", name);
        return rc;
    }
    return ERR_OK;
}

static ErrCode check_map(const ObsOptions *o, Err *err)
{
    static const char *const known[] = {"N", "D", "C", "loss", "run", "task"};
    for (size_t i = 0; i < o->n_map; i++) {
        bool is_known = false;
        for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
            size_t n = strlen(known[k]);
            is_known = is_known || (strncmp(o->map[i], known[k], n) == 0 && o->map[i][n] == '=');
        }
        if (!is_known) {
            (void)err_set(err, ERR_USAGE, "--map takes NAME=COLUMN, not \"%s\"", o->map[i]);
            return err_hint(err, "NAME is N, D, C, loss, run or task");
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
        ErrCode rc = mapped_column(s, "C", false, &given, err);
        if (rc != ERR_OK) {
            return rc;
        }
        c->convention = frame_find(s->f, "C_paper") != FRAME_NONE ? OBS_PAPER
                        : given != FRAME_NONE                     ? OBS_GIVEN
                                                                  : OBS_6ND;
    }
    return mapped_column(s, column[c->convention], c->convention != OBS_6ND, &c->c, err);
}

static ErrCode find_columns(Selection *s, Err *err)
{
    Columns *c = &s->col;
    ErrCode rc = ERR_OK;
    TRY(check_map(s->o, err));
    TRY(mapped_column(s, "N", true, &c->n, err));
    TRY(mapped_column(s, "D", true, &c->d, err));
    TRY(mapped_column(s, "loss", true, &c->loss, err));
    TRY(mapped_column(s, "run", false, &c->run, err));
    TRY(mapped_column(s, "task", false, &c->task, err));
    TRY(find_compute(s, err));
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

/* Whether the row is selected; counts the first reason why not. */
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

/* Index of a name in a list that grows (and had room made for it). */
static size_t intern(const char **names, size_t *n, const char *name)
{
    for (size_t i = *n; i-- > 0;) { /* from the end: rows of a run come together */
        if (strcmp(names[i], name) == 0) {
            return i;
        }
    }
    names[*n] = name;
    return (*n)++;
}

static ErrCode positive(const Frame *f, size_t row, size_t column, double *ret, Err *err)
{
    ErrCode rc = frame_number(f, row, column, ret, err);
    if (rc == ERR_OK && !(*ret > 0.0)) {
        rc = frame_bad_cell(f, row, column, "must be positive", err);
    }
    if (rc != ERR_OK) {
        (void)err_hint(err, "leave such rows out with --where '%s>0' or repair the file",
                       frame_name(f, column));
    }
    return rc;
}

/* C of a row: NaN when the source has no number there (only laws in C mind). */
static double compute_of(const Selection *s, size_t row, double n, double d)
{
    double c = (double)NAN;
    Err ignored = ERR_INIT;
    if (s->col.c == FRAME_NONE) {
        return 6.0 * n * d;
    }
    return positive(s->f, row, s->col.c, &c, &ignored) == ERR_OK ? c : (double)NAN;
}

static ErrCode read_row(Selection *s, size_t at, Row *r, Err *err)
{
    const Columns *c = &s->col;
    const Frame *f = s->f;
    ErrCode rc = ERR_OK;
    *r = (Row){.at = at, .bits_per_byte = (double)NAN};
    TRY(positive(f, at, c->n, &r->n, err));
    TRY(positive(f, at, c->d, &r->d, err));
    TRY(positive(f, at, c->loss, &r->loss, err));
    r->c = compute_of(s, at, r->n, r->d);
    if (c->bits_per_byte != FRAME_NONE) {
        Err ignored = ERR_INIT;
        double bits;
        if (frame_number(f, at, c->bits_per_byte, &bits, &ignored) == ERR_OK) {
            r->bits_per_byte = bits;
        }
    }
    r->group =
        intern(s->group_name, &s->n_groups, c->by == FRAME_NONE ? "all" : frame_cell(f, at, c->by));
    if (c->run != FRAME_NONE) {
        r->run = intern(s->run_name, &s->n_runs, frame_cell(f, at, c->run));
    }
done:
    return rc;
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
    double *largest = calloc(s->n_runs + 1, sizeof *largest);
    if (!largest) {
        return err_nomem(err, "runs");
    }
    for (size_t i = 0; i < s->n; i++) {
        largest[s->row[i].run] = fmax(largest[s->row[i].run], s->row[i].d);
    }
    size_t kept = 0;
    for (size_t i = 0; i < s->n; i++) {
        const Row *r = &s->row[i];
        double share = s->o->is_final_only ? 1.0 : s->o->skip_fraction;
        bool is_early = r->d < s->o->min_tokens || (needs_runs && r->d < share * largest[r->run]);
        o->n_early += is_early ? 1 : 0;
        if (!is_early) {
            s->row[kept++] = *r;
        }
    }
    s->n = kept;
    free(largest);
    return ERR_OK;
}

static int by_group(const void *a, const void *b)
{
    const Row *x = a, *y = b;
    if (x->group != y->group) {
        return x->group < y->group ? -1 : 1;
    }
    return x->at < y->at ? -1 : x->at > y->at;
}

/* Copies rows [first, first + n) to a group: columns, and runs numbered within it. */
static ErrCode fill_group(const Selection *s, size_t first, size_t n, Obs *o, Err *err)
{
    Arena *a = &o->arena;
    double *column = arena_array(a, 5 * n, sizeof *column);
    size_t *run = arena_array(a, n, sizeof *run);
    size_t *local = arena_array(a, s->n_runs + 1, sizeof *local);
    const char **name = arena_array(a, s->n_runs + 1, sizeof *name);
    ObsGroup *g = &o->group[o->n_groups];
    g->name = arena_strdup(a, s->group_name[s->row[first].group]);
    if (!column || !run || !local || !name || !g->name) {
        return err_nomem(err, "observations");
    }
    size_t n_runs = 0;
    for (size_t i = 0; i < n; i++) {
        const Row *r = &s->row[first + i];
        const double value[] = {r->n, r->d, r->c, r->loss, r->bits_per_byte};
        for (size_t k = 0; k < 5; k++) {
            column[k * n + i] = value[k];
        }
        if (s->col.run != FRAME_NONE) {
            if (local[r->run] == 0) {
                local[r->run] = ++n_runs;
                size_t shown = s->col.name != FRAME_NONE ? s->col.name : s->col.run;
                name[n_runs - 1] = arena_strdup(a, frame_cell(s->f, r->at, shown));
            }
            run[i] = local[r->run] - 1;
        }
    }
    g->data = (FitData){.n = n,
                        .params = column,
                        .tokens = column + n,
                        .flops = column + 2 * n,
                        .loss = column + 3 * n,
                        .run = run,
                        .n_runs = n_runs};
    g->bits_per_byte = column + 4 * n;
    g->run_name = name;
    o->n_groups++;
    return ERR_OK;
}

static ErrCode fill_groups(Selection *s, Obs *o, Err *err)
{
    if (s->n == 0) {
        return err_set(err, ERR_INVALID, "%s: none of its %zu rows is selected", s->f->source,
                       s->f->n_rows);
    }
    qsort(s->row, s->n, sizeof *s->row, by_group);
    o->group = arena_array(&o->arena, s->n_groups, sizeof *o->group);
    if (!o->group) {
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
    s.group_name = calloc(f->n_rows + 1, sizeof *s.group_name);
    s.run_name = calloc(f->n_rows + 1, sizeof *s.run_name);
    if (!s.row || !s.group_name || !s.run_name) {
        rc = err_nomem(err, "observations");
        goto done;
    }
    TRY(find_columns(&s, err));
    TRY(read_rows(&s, &o, err));
    TRY(drop_early(&s, &o, err));
    TRY(fill_groups(&s, &o, err));
    o.convention = s.col.convention;
    o.n_used = s.n;
    o.by = options->by ? arena_strdup(&o.arena, options->by) : NULL;
    *ret = o;
    o = (Obs){.arena = ARENA_INIT};
done:
    obs_release(&o);
    free(s.row);
    free(s.group_name);
    free(s.run_name);
    return rc;
}

void obs_release(Obs *o)
{
    arena_release(&o->arena);
    *o = (Obs){.arena = ARENA_INIT};
}
