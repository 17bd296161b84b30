#include "analysis/report/table.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"

ErrCode table_format_parse(const char *text, TableFormat *ret, Err *err)
{
    static const char *const name[] = {"text", "markdown", "csv"};
    for (size_t i = 0; i < 3; i++) {
        if (strcmp(text, name[i]) == 0) {
            *ret = (TableFormat)i;
            return ERR_OK;
        }
    }
    (void)err_set(err, ERR_USAGE, "there is no table format \"%s\"", text);
    return err_hint(err, "text, markdown or csv");
}

void table_init(Table *t, const TableColumn *column, size_t n_columns)
{
    *t = (Table){.column = column, .n_columns = n_columns};
}

void table_release(Table *t)
{
    buf_release(&t->text);
    free(t->at);
    *t = (Table){0};
}

void table_both(Table *t, const char *shown, const char *full)
{
    if (t->n_cells == t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 64;
        size_t *at = realloc(t->at, 2 * cap * sizeof *at);
        if (!at) {
            t->text.is_short = true;
            return;
        }
        t->at = at;
        t->cap = cap;
    }
    t->at[2 * t->n_cells] = t->text.len;
    buf_add(&t->text, shown, strlen(shown) + 1);
    t->at[2 * t->n_cells + 1] = t->text.len;
    buf_add(&t->text, full, strlen(full) + 1);
    t->n_cells++;
}

void table_text(Table *t, const char *cell)
{
    table_both(t, cell, cell);
}

void table_digits(Table *t, int digits, double x)
{
    char people[64] = "", full[32] = "";
    if (isfinite(x)) {
        (void)snprintf(people, sizeof people, "%.*g", digits, x);
        json_number_text(x, full);
    }
    table_both(t, people, full);
}

void table_decimals(Table *t, int decimals, double x)
{
    char people[512] = "", full[32] = "";
    if (isfinite(x)) {
        (void)snprintf(people, sizeof people, "%.*f", decimals, x);
        json_number_text(x, full);
    }
    table_both(t, people, full);
}

static const char *cell(const Table *t, size_t i, TableFormat format)
{
    return t->text.data + t->at[2 * i + (format == TABLE_CSV ? 1 : 0)];
}

/* Characters, not bytes: continuation bytes of UTF-8 take no column. */
static size_t width_of(const char *s)
{
    size_t n = 0;
    for (; *s; s++) {
        n += ((unsigned char)*s & 0xC0) != 0x80 ? 1 : 0;
    }
    return n;
}

static void pad(Buf *out, size_t n, char c)
{
    for (size_t i = 0; i < n; i++) {
        buf_putc(out, c);
    }
}

static void put_padded(Buf *out, const char *s, size_t width, bool is_right, bool is_last)
{
    size_t gap = width - width_of(s);
    if (is_right) {
        pad(out, gap, ' ');
    }
    buf_puts(out, s);
    if (!is_right && !is_last) {
        pad(out, gap, ' ');
    }
}

static void put_row(const Table *t, const size_t *width, size_t first, TableFormat format, Buf *out)
{
    bool is_markdown = format == TABLE_MARKDOWN;
    buf_puts(out, is_markdown ? "| " : "");
    for (size_t c = 0; c < t->n_columns; c++) {
        const char *s = first == (size_t)-1 ? t->column[c].name : cell(t, first + c, format);
        bool is_last = c + 1 == t->n_columns;
        put_padded(out, s, width[c], t->column[c].is_right, is_last && !is_markdown);
        buf_puts(out, is_last ? "" : is_markdown ? " | " : "  ");
    }
    while (!is_markdown && out->len > 0 && out->data[out->len - 1] == ' ') {
        out->data[--out->len] = '\0'; /* an empty last cell leaves no blanks */
    }
    buf_puts(out, is_markdown ? " |\n" : "\n");
}

static void put_rule(const Table *t, const size_t *width, TableFormat format, Buf *out)
{
    bool is_markdown = format == TABLE_MARKDOWN;
    buf_puts(out, is_markdown ? "|" : "");
    for (size_t c = 0; c < t->n_columns; c++) {
        bool is_right = t->column[c].is_right;
        pad(out, width[c] + (is_markdown && !is_right ? 2 : is_markdown ? 1 : 0), '-');
        buf_puts(out, is_markdown ? (is_right ? ":|" : "|") : c + 1 < t->n_columns ? "  " : "");
    }
    buf_putc(out, '\n');
}

/* RFC 4180: quoted when it has a comma, a quote or a line break. */
static void put_csv_cell(Buf *out, const char *s)
{
    if (!strpbrk(s, ",\"\r\n")) {
        buf_puts(out, s);
        return;
    }
    buf_putc(out, '"');
    for (; *s; s++) {
        if (*s == '"') {
            buf_putc(out, '"');
        }
        buf_putc(out, *s);
    }
    buf_putc(out, '"');
}

static void print_csv(const Table *t, Buf *out)
{
    for (size_t c = 0; c < t->n_columns; c++) {
        put_csv_cell(out, t->column[c].name);
        buf_putc(out, c + 1 < t->n_columns ? ',' : '\n');
    }
    for (size_t i = 0; i < t->n_cells; i++) {
        put_csv_cell(out, cell(t, i, TABLE_CSV));
        buf_putc(out, (i + 1) % t->n_columns ? ',' : '\n');
    }
}

ErrCode table_print(const Table *t, TableFormat format, Buf *out, Err *err)
{
    assert(t->n_columns > 0);
    ErrCode rc = buf_ok(&t->text, err);
    if (rc != ERR_OK) {
        return rc;
    }
    if (format == TABLE_CSV) {
        print_csv(t, out);
        return buf_ok(out, err);
    }
    size_t *width = calloc(t->n_columns, sizeof *width);
    if (!width) {
        return err_nomem(err, "table");
    }
    for (size_t c = 0; c < t->n_columns; c++) {
        width[c] = width_of(t->column[c].name);
        width[c] = width[c] < 3 ? 3 : width[c];
    }
    for (size_t i = 0; i < t->n_cells; i++) {
        size_t w = width_of(cell(t, i, format));
        width[i % t->n_columns] = w > width[i % t->n_columns] ? w : width[i % t->n_columns];
    }
    put_row(t, width, (size_t)-1, format, out);
    put_rule(t, width, format, out);
    for (size_t i = 0; i + t->n_columns <= t->n_cells; i += t->n_columns) {
        put_row(t, width, i, format, out);
    }
    free(width);
    return buf_ok(out, err);
}
