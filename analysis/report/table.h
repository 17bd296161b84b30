/* table.h -- rows and columns as aligned text, Markdown, LaTeX, CSV, JSON or HTML. */
#ifndef ANALYSIS_REPORT_TABLE_H
#define ANALYSIS_REPORT_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "common/buf.h"
#include "common/err.h"

/* TABLE_LATEX is a tabular with the rules of booktabs (\\usepackage{booktabs}); cells are escaped,
 * so any name of the user compiles (UTF-8 input; pdflatex needs a font for letters beyond Latin). */
typedef enum TableFormat {
    TABLE_TEXT,
    TABLE_MARKDOWN,
    TABLE_LATEX,
    TABLE_CSV,
    TABLE_JSON,
    TABLE_HTML,
} TableFormat;

/* "text", "markdown", "latex", "csv", "json", "html"; ERR_USAGE otherwise. */
ErrCode table_format_parse(const char *text, TableFormat *ret, Err *err);

typedef struct TableColumn {
    const char *name;
    bool is_right; /* aligned right: numbers */
} TableColumn;

/* Cells are added row by row.  A number keeps its value beside the text that people see, and
 * CSV writes that value in full. */
typedef struct Table {
    const TableColumn *column; /* borrowed */
    size_t n_columns;
    Buf text;   /* cells for people, NUL-terminated, then cells in full */
    size_t *at; /* [2 n_cells] offsets: for people, in full */
    size_t n_cells, cap;
} Table;

void table_init(Table *t, const TableColumn *column, size_t n_columns);
void table_release(Table *t);

void table_text(Table *t, const char *cell);
/* A number with so many significant digits (%g), or decimals (%f).  NaN gives an empty cell. */
void table_digits(Table *t, int digits, double x);
void table_decimals(Table *t, int decimals, double x);
/* Both forms given. */
void table_both(Table *t, const char *shown, const char *full);

/* Appends a text with what LaTeX would take as a command made plain; control characters become
 * spaces. */
void table_latex_text(Buf *out, const char *s);

/* Appends a text with & < > " and ' as entities, control characters but line breaks as spaces. */
void table_html_text(Buf *out, const char *s);

/* The rows as objects, keyed by the columns' names: cells of right-aligned columns that are numbers
 * as numbers, empty ones as null, others as strings.  NULL when memory is short. */
json_t *table_json(const Table *t);

/* TABLE_JSON prints {"schema":1,"rows":[table_json()]}.  ERR_NOMEM if any cell was lost. */
ErrCode table_print(const Table *t, TableFormat format, Buf *out, Err *err);

#endif
