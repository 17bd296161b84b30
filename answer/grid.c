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

static char *keep(Grid *g, const char *text, Buf *out)
{
    char *copy = arena_strdup(&g->arena, text);
    out->is_short = out->is_short || !copy;
    return copy;
}

static bool is_empty(const AnswerNode *table, size_t c)
{
    char text[NUMBER_TEXT_BYTES], range[3 * NUMBER_TEXT_BYTES];
    const Column *column = &table->column[c];
    for (const AnswerNode *r = table->first; r; r = r->next) {
        if (value_for_people(column, &r->value[c], text, sizeof text)[0] ||
            interval_for_people(column, &r->value[c], range, sizeof range)[0]) {
            return false;
        }
    }
    return true;
}

static void choose_columns(Grid *g, Buf *out)
{
    const AnswerNode *t = g->table;
    for (size_t c = 0; c < t->n_columns; c++) {
        char title[256];
        const Column *column = &t->column[c];
        if (column->heading && !(column->rank > 0 && is_empty(t, c))) {
            GridColumn *x = &g->column[g->n_columns++];
            *x = (GridColumn){.column = column, .at = c, .is_right = column_is_right(t, c)};
            x->title = keep(g, column_title(column, title, sizeof title), out);
            x->title_width = x->title ? shown_width(x->title, strlen(x->title)) : 0;
            x->width = x->title_width;
        }
    }
}

/* A number's text is made, other texts are those of the value. */
static void fill_cell(Grid *g, GridColumn *x, const Value *v, GridCell *cell, Buf *out)
{
    char text[NUMBER_TEXT_BYTES], range[3 * NUMBER_TEXT_BYTES];
    const char *shown = value_for_people(x->column, v, text, sizeof text);
    cell->value = v;
    cell->text = shown == text ? keep(g, text, out) : shown;
    cell->range =
        interval_for_people(x->column, v, range, sizeof range)[0] ? keep(g, range, out) : "";
    if (cell->text && cell->range) {
        size_t w = shown_width(cell->text, strlen(cell->text));
        size_t r = shown_width(cell->range, strlen(cell->range));
        x->width = w > x->width ? w : x->width;
        x->range_width = r > x->range_width ? r : x->range_width;
        x->has_ranges = x->has_ranges || r > 0;
    }
}

bool grid_open(const AnswerNode *table, Grid *ret, Buf *out)
{
    Grid g = {.arena = ARENA_INIT, .table = table, .n_rows = table->n_rows};
    g.column = arena_array(&g.arena, table->n_columns + 1, sizeof *g.column);
    if (g.column) {
        choose_columns(&g, out);
        g.cell = arena_array(&g.arena, g.n_rows * g.n_columns + 1, sizeof *g.cell);
    }
    if (!g.column || !g.cell) {
        out->is_short = true;
    }
    size_t i = 0;
    for (const AnswerNode *r = table->first; r && !out->is_short; r = r->next) {
        for (size_t c = 0; c < g.n_columns; c++) {
            fill_cell(&g, &g.column[c], &r->value[g.column[c].at], &g.cell[i++], out);
        }
    }
    if (out->is_short) {
        grid_release(&g);
        return false;
    }
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
        size_t more = x->is_out ? 0 : wish < spare ? wish : spare;
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
    for (size_t c = 0; g->is_blocks && c < g->n_columns; c++) {
        g->column[c].is_out = false; /* there is room for all below one another */
    }
    share_out(g, width, gap);
}

bool grid_left_out(const Grid *g, Buf *out)
{
    const char *sep = "";
    for (size_t c = 0; c < g->n_columns; c++) {
        if (g->column[c].is_out) {
            buf_printf(out, "%s%s", sep, g->column[c].title);
            sep = ", ";
        }
    }
    return *sep != '\0';
}
