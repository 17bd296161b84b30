#include "answer/grid.h"

#include <string.h>

size_t shown_width(const char *s, size_t bytes)
{
    size_t n = 0;
    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)s[i];
        bool is_mark = c == 0xCC || (c == 0xCD && i + 1 < bytes && (unsigned char)s[i + 1] < 0xB0);
        n += (c & 0xC0) != 0x80 && !is_mark ? 1 : 0;
    }
    return n;
}

bool text_line(const char **rest, size_t width, const char **line, size_t *bytes)
{
    const char *s = *rest + strspn(*rest, " ");
    size_t used = 0;
    if (*s == '\0') {
        return false;
    }
    *line = s;
    while (s[used] != '\0' && s[used] != '\n') {
        size_t blanks = strspn(s + used, " ");
        size_t end = used + blanks + strcspn(s + used + blanks, " \n");
        if (end == used || (used > 0 && shown_width(s, end) > width)) {
            break;
        }
        used = end;
    }
    *bytes = used;
    s += used;
    *rest = *s == '\n' ? s + 1 : s;
    return true;
}

static const char *keep(Grid *g, const char *text, Buf *out)
{
    size_t bytes = strlen(text) + 1;
    char *copy = bytes > 1 ? arena_small(&g->arena, bytes) : NULL;
    out->is_short = out->is_short || (bytes > 1 && !copy);
    return copy ? memcpy(copy, text, bytes) : "";
}

static void add_column(Grid *g, size_t at, Buf *out)
{
    char title[256];
    GridColumn *x = &g->column[g->n_columns];
    const Column *column = &g->table->column[at];
    *x = (GridColumn){.column = column, .at = at, .cell = g->n_columns++, .is_right = true};
    x->title = keep(g, column_title(column, title, sizeof title), out);
    x->title_width = text_width(x->title);
    x->width = x->title_width;
}

/* The same number as in the row before. */
static bool is_again(const GridColumn *x, const Value *v)
{
    bool is_number = v->kind == VALUE_REAL || v->kind == VALUE_COUNT;
    return is_number && x->last.kind == v->kind && x->last.as.count == v->as.count && !v->shown &&
           !v->interval && !x->last.shown && !x->last.interval && x->last.tone == v->tone;
}

static void fill_cell(Grid *g, GridColumn *x, const Value *v, GridCell *cell, Buf *out)
{
    if (is_again(x, v)) {
        *cell = x->last_cell;
        return;
    }
    char text[NUMBER_TEXT_BYTES], range[3 * NUMBER_TEXT_BYTES];
    const char *shown = value_for_people(x->column, v, text, sizeof text);
    bool is_kept = shown != text && !g->table->make; /* as long as the answer */
    cell->text = is_kept ? shown : keep(g, shown, out);
    cell->range =
        v->interval ? keep(g, interval_for_people(x->column, v, range, sizeof range), out) : "";
    cell->tone = v->tone;
    size_t w = text_width(cell->text);
    size_t r = text_width(cell->range);
    x->width = w > x->width ? w : x->width;
    x->range_width = r > x->range_width ? r : x->range_width;
    x->has_ranges = x->has_ranges || r > 0;
    x->has_any = x->has_any || w > 0 || r > 0;
    x->is_right = x->is_right && v->kind != VALUE_TEXT && v->kind != VALUE_BOOL;
    x->last = *v;
    x->last_cell = *cell;
}

/* Numbers stand right; what nobody must see and is empty goes. */
static void choose_columns(Grid *g)
{
    size_t n = 0;
    for (size_t c = 0; c < g->n_columns; c++) {
        GridColumn x = g->column[c];
        x.is_right = x.is_right || x.column->is_right;
        if (x.has_any || x.column->rank == 0) {
            g->column[n++] = x;
        }
    }
    g->n_columns = n;
}

bool grid_open(const AnswerNode *table, Grid *ret, Buf *out)
{
    Grid g = {.arena = ARENA_INIT, .table = table, .n_rows = table->n_rows};
    g.column = arena_array(&g.arena, table->n_columns + 1, sizeof *g.column);
    for (size_t c = 0; g.column && c < table->n_columns; c++) {
        if (table->column[c].heading) {
            add_column(&g, c, out);
        }
    }
    g.n_cells = g.n_columns;
    g.cell = arena_array(&g.arena, g.n_rows * g.n_cells + 1, sizeof *g.cell);
    out->is_short = out->is_short || !g.column || !g.cell;
    AnswerRows rows = {.table = table};
    GridCell *cell = g.cell;
    while (!out->is_short && answer_next_row(&rows)) {
        for (size_t c = 0; c < g.n_columns; c++) {
            fill_cell(&g, &g.column[c], &rows.value[g.column[c].at], cell++, out);
        }
    }
    if (out->is_short) {
        grid_release(&g);
        return false;
    }
    choose_columns(&g);
    *ret = g;
    return true;
}

void grid_release(Grid *g)
{
    arena_release(&g->arena);
    *g = (Grid){0};
}

static size_t full_width(const Grid *g, const GridColumn *x)
{
    if (g->is_split || !x->has_ranges) {
        return x->width > x->range_width ? x->width : x->range_width;
    }
    return x->width + 1 + x->range_width;
}

/* Prose can be broken into lines, its title not. */
static size_t least_width(const Grid *g, const GridColumn *x)
{
    size_t least = x->title_width > ANSWER_LEAST_WIDTH ? x->title_width : ANSWER_LEAST_WIDTH;
    size_t full = full_width(g, x);
    return x->column->is_prose && full > least ? least : full;
}

static size_t layout_width(const Grid *g, size_t gap)
{
    size_t n = 0;
    for (size_t c = 0; c < g->n_columns; c++) {
        if (!g->column[c].is_out) {
            n += (n ? gap : 0) + least_width(g, &g->column[c]);
        }
    }
    return n;
}

/* What is left of the width goes to prose, from the left. */
static void share_out(Grid *g, size_t width, size_t gap)
{
    size_t used = layout_width(g, gap), spare = width > used ? width - used : 0;
    for (size_t c = 0; c < g->n_columns; c++) {
        GridColumn *x = &g->column[c];
        size_t least = least_width(g, x), wish = full_width(g, x) - least;
        size_t more = wish < spare ? wish : spare;
        x->shown = least + more;
        spare -= more;
    }
}

/* The last of the columns of the largest rank above 0 goes; false when none is left. */
static bool leave_one_out(Grid *g)
{
    GridColumn *worst = NULL;
    for (size_t c = 0; c < g->n_columns; c++) {
        GridColumn *x = &g->column[c];
        if (!x->is_out && x->column->rank > 0 &&
            (!worst || x->column->rank >= worst->column->rank)) {
            worst = x;
        }
    }
    if (worst) {
        worst->is_out = true;
    }
    return worst != NULL;
}

void grid_fit(Grid *g, size_t width, size_t gap, bool can_join)
{
    g->is_split = !can_join;
    g->is_split = g->is_split || layout_width(g, gap) > width;
    while (!g->is_blocks && layout_width(g, gap) > width) {
        g->is_blocks = !leave_one_out(g);
    }
    size_t n = 0;
    for (size_t c = 0; c < g->n_columns; c++) {
        GridColumn x = g->column[c];
        if (x.is_out && !g->is_blocks) { /* there is room for all below one another */
            const char *before = g->left_out ? g->left_out : "", *sep = *before ? ", " : "";
            g->left_out = arena_printf(&g->arena, "%s%s%s", before, sep, x.title);
        } else {
            g->column[n++] = x;
        }
    }
    g->n_columns = n;
    share_out(g, width, gap);
}
