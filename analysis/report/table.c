#include "analysis/report/table.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/words.h"

ErrCode table_format_parse(const char *text, TableFormat *ret, Err *err)
{
    static const char *const name[] = {
        [TABLE_TEXT] = "text", [TABLE_MARKDOWN] = "markdown", [TABLE_LATEX] = "latex",
        [TABLE_CSV] = "csv",   [TABLE_JSON] = "json",         [TABLE_HTML] = "html"};
    size_t i = 0;
    ErrCode rc = words_enum("format", text, name, sizeof name / sizeof name[0], &i, err);
    *ret = rc == ERR_OK ? (TableFormat)i : *ret;
    return rc;
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
    for (const char *s = shown; *s; s++) { /* a line break in a name would break the table */
        buf_putc(&t->text, (char)((unsigned char)*s < ' ' ? ' ' : *s));
    }
    buf_add(&t->text, "", 1);
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
    return t->text.data + t->at[2 * i + (format == TABLE_CSV || format == TABLE_JSON ? 1 : 0)];
}

/* Characters, not bytes: continuation bytes of UTF-8 take no column; in Markdown a bar is two. */
static size_t width_of(const char *s, TableFormat format)
{
    size_t n = 0;
    for (; *s; s++) {
        n += ((unsigned char)*s & 0xC0) != 0x80 ? 1 : 0;
        n += format == TABLE_MARKDOWN && *s == '|' ? 1 : 0;
    }
    return n;
}

static void put_cell(Buf *out, const char *s, TableFormat format)
{
    for (; *s; s++) {
        buf_puts(out, format == TABLE_MARKDOWN && *s == '|' ? "\\" : "");
        buf_putc(out, *s);
    }
}

static void pad(Buf *out, size_t n, char c)
{
    for (size_t i = 0; i < n; i++) {
        buf_putc(out, c);
    }
}

static void put_padded(Buf *out, const char *s, TableFormat format, size_t width, bool is_right,
                       bool is_last)
{
    size_t gap = width - width_of(s, format);
    if (is_right) {
        pad(out, gap, ' ');
    }
    put_cell(out, s, format);
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
        put_padded(out, s, format, width[c], t->column[c].is_right, is_last && !is_markdown);
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
    for (size_t i = 0; t->n_columns > 0 && i < t->n_cells; i++) {
        put_csv_cell(out, cell(t, i, TABLE_CSV));
        buf_putc(out, (i + 1) % t->n_columns ? ',' : '\n');
    }
}

/* ---- LaTeX ---- */

/* What a byte that means something to LaTeX is written as; NULL: itself. */
static const char *latex_escape(char c)
{
    switch (c) {
    case '\\':
        return "\\textbackslash{}";
    case '~':
        return "\\textasciitilde{}";
    case '^':
        return "\\textasciicircum{}";
    case '<':
        return "\\textless{}";
    case '>':
        return "\\textgreater{}";
    case '|':
        return "\\textbar{}";
    case '"':
        return "''"; /* every encoding has it */
    case '`':
        return "\\`{}";
    case '&':
        return "\\&";
    case '%':
        return "\\%";
    case '$':
        return "\\$";
    case '#':
        return "\\#";
    case '_':
        return "\\_";
    case '{':
        return "\\{";
    case '}':
        return "\\}";
    default:
        return (unsigned char)c < ' ' || c == 0x7f ? " " : NULL;
    }
}

static void put_latex(Buf *out, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *escape = latex_escape(s[i]);
        if (escape) {
            buf_puts(out, escape);
        } else if (s[i] == '-' && i + 1 < n && s[i + 1] == '-') {
            buf_puts(out, "-{}"); /* else two become a dash */
        } else {
            buf_putc(out, s[i]);
        }
    }
}

void table_latex_text(Buf *out, const char *s)
{
    put_latex(out, s, strlen(s));
}

/* "1.2e-05" as 1.2 \times 10^{-5}, "-0.3" with a minus sign; false: not such a number. */
static bool put_latex_number(Buf *out, const char *s, size_t n)
{
    size_t sign = n > 0 && s[0] == '-' ? 1 : 0;
    size_t digits = sign + strspn(s + sign, "0123456789.");
    if (digits == sign || digits > n || (digits < n && s[digits] != 'e')) {
        return false;
    }
    if (digits == n) {
        buf_printf(out, sign ? "$%.*s$" : "%.*s", (int)n, s);
        return true;
    }
    char *end;
    long exponent = strtol(s + digits + 1, &end, 10);
    if (end != s + n) {
        return false;
    }
    buf_printf(out, "$%.*s \\times 10^{%ld}$", (int)digits, s, exponent);
    return true;
}

/* A cell: of a column of numbers each number as one, anything else escaped: "0.3 [-0.2, 1e-05]". */
static void put_latex_cell(Buf *out, const char *s, bool is_number)
{
    while (*s) {
        size_t n = strcspn(s, " [],");
        if (n == 0 || !is_number || !put_latex_number(out, s, n)) {
            n = is_number && n == 0 ? 1 : is_number ? n : strlen(s);
            put_latex(out, s, n);
        }
        s += n;
    }
}

/* A row of LaTeX ends with two backslashes; a bracket after them would be their argument. */
static void print_latex(const Table *t, Buf *out)
{
    buf_puts(out, "\\begin{tabular}{@{}");
    for (size_t c = 0; c < t->n_columns; c++) {
        buf_putc(out, t->column[c].is_right ? 'r' : 'l');
    }
    buf_puts(out, "@{}}\n\\toprule\n");
    for (size_t c = 0; c < t->n_columns; c++) {
        put_latex_cell(out, t->column[c].name, false);
        buf_puts(out, c + 1 < t->n_columns ? " & " : " \\\\\n\\midrule\n");
    }
    for (size_t i = 0; t->n_columns > 0 && i < t->n_cells; i++) {
        const char *s = cell(t, i, TABLE_LATEX);
        bool is_first = i % t->n_columns == 0;
        buf_puts(out, is_first && (*s == '[' || *s == '*') ? "{}" : "");
        put_latex_cell(out, s, t->column[i % t->n_columns].is_right);
        buf_puts(out, (i + 1) % t->n_columns ? " & " : " \\\\\n");
    }
    buf_puts(out, "\\bottomrule\n\\end{tabular}\n");
}

/* ---- HTML ---- */

void table_html_text(Buf *out, const char *s)
{
    for (; *s; s++) {
        switch (*s) {
        case '&':
            buf_puts(out, "&amp;");
            break;
        case '<':
            buf_puts(out, "&lt;");
            break;
        case '>':
            buf_puts(out, "&gt;");
            break;
        case '"':
            buf_puts(out, "&quot;");
            break;
        case '\'':
            buf_puts(out, "&#39;");
            break;
        default:
            buf_putc(out, (char)((unsigned char)*s < ' ' && *s != '\n' ? ' ' : *s));
        }
    }
}

static void put_html_row(const Table *t, size_t first, const char *tag, Buf *out)
{
    buf_puts(out, "<tr>");
    for (size_t c = 0; c < t->n_columns; c++) {
        buf_printf(out, "<%s%s>", tag, t->column[c].is_right ? " class=\"num\"" : "");
        table_html_text(out,
                        first == (size_t)-1 ? t->column[c].name : cell(t, first + c, TABLE_HTML));
        buf_printf(out, "</%s>", tag);
    }
    buf_puts(out, "</tr>\n");
}

static void print_html(const Table *t, Buf *out)
{
    buf_puts(out, "<table>\n<thead>\n");
    put_html_row(t, (size_t)-1, "th", out);
    buf_puts(out, "</thead>\n<tbody>\n");
    for (size_t i = 0; i + t->n_columns <= t->n_cells; i += t->n_columns) {
        put_html_row(t, i, "td", out);
    }
    buf_puts(out, "</tbody>\n</table>\n");
}

/* ---- JSON ---- */

static json_t *cell_json(const char *s, bool is_number)
{
    char *end;
    double x = strtod(s, &end);
    if (*s == '\0') {
        return json_null();
    }
    if (!is_number || end == s || *end || !isfinite(x)) {
        return json_string(s);
    }
    bool is_whole = x == floor(x) && fabs(x) < 9007199254740992.0;
    return is_whole ? json_integer((json_int_t)x) : json_real(x);
}

json_t *table_json(const Table *t)
{
    json_t *rows = json_array(), *row = NULL;
    for (size_t i = 0; i < t->n_cells; i++) {
        const TableColumn *c = &t->column[i % t->n_columns];
        if (i % t->n_columns == 0) {
            row = json_object();
            (void)json_array_append_new(rows, row);
        }
        (void)json_object_set_new(row, c->name, cell_json(cell(t, i, TABLE_JSON), c->is_right));
    }
    return rows;
}

static void print_json(const Table *t, Buf *out)
{
    json_t *obj = json_object();
    (void)json_object_set_new(obj, "schema", json_integer(1));
    (void)json_object_set_new(obj, "rows", table_json(t));
    json_pretty(obj, out);
    json_decref(obj);
}

ErrCode table_print(const Table *t, TableFormat format, Buf *out, Err *err)
{
    assert(t->n_columns > 0);
    ErrCode rc = buf_ok(&t->text, err);
    if (rc != ERR_OK) {
        return rc;
    }
    static void (*const whole[])(const Table *, Buf *) = {[TABLE_CSV] = print_csv,
                                                          [TABLE_LATEX] = print_latex,
                                                          [TABLE_JSON] = print_json,
                                                          [TABLE_HTML] = print_html};
    if ((size_t)format < sizeof whole / sizeof whole[0] && whole[format]) {
        whole[format](t, out);
        return buf_ok(out, err);
    }
    size_t *width = calloc(t->n_columns, sizeof *width);
    if (!width) {
        return err_nomem(err, "table");
    }
    for (size_t c = 0; c < t->n_columns; c++) {
        width[c] = width_of(t->column[c].name, format);
        width[c] = width[c] < 3 ? 3 : width[c];
    }
    for (size_t i = 0; i < t->n_cells; i++) {
        size_t w = width_of(cell(t, i, format), format);
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
