/* grid.h -- a table as the texts that people see, before any format lays it out.
 *
 * Columns without a heading are not in it, nor those of a rank above 0 of which every cell is empty. */
#ifndef ANSWER_GRID_H
#define ANSWER_GRID_H

#include <string.h>

#include "answer/painter.h"
#include "common/arena.h"

typedef struct GridCell {
    const char *text, *range; /* never NULL; "" when empty */
    ValueTone tone;
} GridCell;

typedef struct GridColumn {
    const Column *column; /* borrowed from the table */
    const char *title;
    size_t at;   /* in the table's columns */
    size_t cell; /* in a row's cells */
    bool is_right, has_ranges, has_any;
    size_t title_width, width,
        range_width; /* characters: of the title, of it and values, of intervals */
    size_t shown;    /* of the layout that was chosen */
    bool is_out;     /* to be left out to fit */
    Value last;      /* of the row before, and its cell: neighbours are mostly alike */
    GridCell last_cell;
} GridColumn;

typedef struct Grid {
    Arena arena;
    const AnswerNode *table;
    GridColumn *column;
    GridCell *cell; /* [n_rows][n_cells] */
    size_t n_columns, n_rows, n_cells;
    bool is_split;        /* intervals on a line of their own */
    bool is_blocks;       /* no choice of columns fits: one block a row */
    const char *left_out; /* to fit: their titles with commas; NULL: none */
} Grid;

/* False when memory is short (out is then marked). */
bool grid_open(const AnswerNode *table, Grid *ret, Buf *out);
void grid_release(Grid *g);

/* Chooses a layout of at most `width` characters with `gap` between columns and each column's `shown`;
 * what does not fit is left out;
 * prose columns need only their title and ANSWER_LEAST_WIDTH and get what is left.  can_join: an
 * interval may stand beside its value. */
void grid_fit(Grid *g, size_t width, size_t gap, bool can_join);
static inline const GridCell *grid_cell(const Grid *g, size_t row, size_t column)
{
    return &g->cell[row * g->n_cells + g->column[column].cell];
}

/* Characters, not bytes: continuation bytes and combining marks of UTF-8 take no room. */
size_t shown_width(const char *s, size_t bytes);
static inline size_t text_width(const char *s)
{
    return shown_width(s, strlen(s));
}
/* The next line of at most `width` characters of a text broken at blanks: its start and bytes; moves
 * *rest past it.  A longer word stands alone.  False at the end. */
bool text_line(const char **rest, size_t width, const char **line, size_t *bytes);

#endif
