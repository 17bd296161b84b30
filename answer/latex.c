#include <stdlib.h>
#include <string.h>

#include "answer/grid.h"
#include "answer/painter.h"

/* A page of 7 inches holds about so many characters of \footnotesize; a gap of \tabcolsep is one of
 * three. */
enum { PAGE_CHARACTERS = 112, GAP = 3 };

/* What a byte is written as that LaTeX has no other way to show; NULL: itself, or behind a backslash. */
static const char *escape_of(char c)
{
    static const struct {
        char plain;
        const char *latex;
    } escape[] = {{'\\', "\\textbackslash{}"},
                  {'~', "\\textasciitilde{}"},
                  {'^', "\\textasciicircum{}"},
                  {'<', "\\textless{}"},
                  {'>', "\\textgreater{}"},
                  {'|', "\\textbar{}"},
                  {'"', "''"},
                  {'`', "\\`{}"},
                  {'\n', " "}};
    for (size_t i = 0; i < sizeof escape / sizeof escape[0]; i++) {
        if (escape[i].plain == c) {
            return escape[i].latex;
        }
    }
    return NULL;
}

void latex_text(const char *s, Buf *out)
{
    for (; *s; s++) {
        const char *escape = escape_of(*s);
        if (escape) {
            buf_puts(out, escape);
        } else {
            buf_puts(out, strchr("&%$#_{}", *s) ? "\\" : "");
            buf_putc(out, *s);
            buf_puts(out, *s == '-' && s[1] == '-' ? "{}" : ""); /* else two become a dash */
        }
    }
}

static void comment(Painter *p, const char *before, const char *text)
{
    const char *rest = text, *line;
    size_t bytes;
    while (text_line(&rest, ANSWER_PIPE_WIDTH, &line, &bytes)) {
        buf_printf(p->out, "%% %s%.*s\n", before, (int)bytes, line);
        before = "";
    }
}

static void heading(Painter *p, const char *text, int level)
{
    (void)level;
    buf_puts(p->out, p->last == BLOCK_NONE ? "" : "\n");
    comment(p, "", text);
}

/* "llama: L = 1.69 + ..." as a line: the name in text, the rest as mathematics. */
static void formula(Painter *p, const char *text)
{
    const char *colon = strstr(text, ": ");
    buf_puts(p->out, p->last == BLOCK_NONE ? "" : "\n");
    buf_puts(p->out, "\\noindent ");
    if (colon) {
        Buf name = BUF_INIT;
        buf_add(&name, text, (size_t)(colon - text));
        latex_text(buf_str(&name), p->out);
        buf_puts(p->out, ": ");
        p->out->is_short = p->out->is_short || name.is_short;
        buf_release(&name);
        text = colon + 2;
    }
    buf_putc(p->out, '$');
    latex_math(text, p->out);
    buf_puts(p->out, "$\\par\n");
}

static void say(Painter *p, SayKind kind, const char *text)
{
    if (kind == SAY_FORMULA) {
        formula(p, text);
    } else {
        comment(p, say_prefix(kind), text);
    }
}

static void pairs(Painter *p, const Pair *pair, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        Buf line = BUF_INIT;
        buf_printf(&line, "%s: %s %s", pair[i].title, pair[i].text, pair[i].range);
        comment(p, "", buf_str(&line));
        p->out->is_short = p->out->is_short || line.is_short;
        buf_release(&line);
    }
}

static void put_title(const Column *c, Buf *out)
{
    if (c->latex) {
        buf_puts(out, c->latex);
    } else if (c->is_symbol) {
        buf_putc(out, '$');
        latex_math(c->heading, out);
        buf_putc(out, '$');
    } else {
        latex_text(c->heading, out);
    }
    if (c->unit) {
        buf_puts(out, " [");
        latex_text(c->unit, out);
        buf_putc(out, ']');
    }
}

static void put_piece(const char *s, size_t n, void (*put)(const char *, Buf *), Buf *out)
{
    Buf piece = BUF_INIT;
    buf_add(&piece, s, n);
    put(buf_str(&piece), out);
    out->is_short = out->is_short || piece.is_short;
    buf_release(&piece);
}

/* The numbers of a text as mathematics ("[-0.2, 1e-05]"), the rest as text. */
static void put_numbers(const char *s, Buf *out)
{
    while (*s) {
        size_t n = strcspn(s, " [],/");
        char *end;
        (void)strtod(s, &end);
        if (n > 0 && end == s + n && strspn(s, "0123456789.eE+-") >= n) {
            bool is_plain = strspn(s, "0123456789.") >= n;
            size_t sign = *s == '-' ? 1 : 0;
            buf_printf(out, "%s%s", is_plain ? "" : "$", sign ? "-" : "");
            put_piece(s + sign, n - sign, latex_math, out);
            buf_puts(out, is_plain ? "" : "$");
        } else {
            n = n ? n : 1;
            put_piece(s, n, latex_text, out);
        }
        s += n;
    }
}

static bool has_ranges(const Grid *g, size_t row)
{
    for (size_t c = 0; c < g->n_columns; c++) {
        if (grid_cell(g, row, c)->range[0]) {
            return true;
        }
    }
    return false;
}

/* The values of a row, or its intervals.  A bracket after two backslashes would be their argument. */
static void put_row(const Grid *g, size_t row, bool is_range, Buf *out)
{
    for (size_t c = 0; c < g->n_columns; c++) {
        const GridCell *cell = grid_cell(g, row, c);
        const char *s = is_range ? cell->range : cell->text;
        buf_puts(out, c ? " & " : *s == '[' || *s == '*' ? "{}" : "");
        if (g->column[c].is_right) {
            put_numbers(s, out);
        } else {
            latex_text(s, out);
        }
    }
    buf_puts(out, " \\\\\n");
}

static void put_legend(Painter *p, const Grid *g)
{
    for (size_t c = 0; c < g->n_columns; c++) {
        const GridColumn *x = &g->column[c];
        if (x->column->help) {
            char before[260];
            (void)column_title(x->column, before, sizeof before - 2);
            strcat(before, ": ");
            comment(p, before, x->column->help);
        }
    }
}

/* Prose that does not fit is broken into lines: a character is about half an em wide. */
static void put_column(const GridColumn *x, Buf *out)
{
    if (x->column->is_prose && x->shown < x->width) {
        buf_printf(out, "p{%.1fem}", 0.47 * (double)x->shown);
    } else {
        buf_putc(out, x->is_right ? 'r' : 'l');
    }
}

static void table(Painter *p, const AnswerNode *t)
{
    Grid g;
    if (!grid_open(t, &g, p->out)) {
        return;
    }
    grid_fit(&g, p->style->is_wide ? SIZE_MAX / 2 : PAGE_CHARACTERS, GAP, false);
    put_legend(p, &g);
    if (g.left_out) {
        comment(p, "Left out to fit the page (--wide shows them): ", g.left_out);
    }
    buf_puts(p->out, "\\begin{tabular}{@{}");
    for (size_t c = 0; c < g.n_columns; c++) {
        put_column(&g.column[c], p->out);
    }
    buf_puts(p->out, "@{}}\n\\toprule\n");
    for (size_t c = 0; c < g.n_columns; c++) {
        buf_puts(p->out, c ? " & " : "");
        put_title(g.column[c].column, p->out);
    }
    buf_puts(p->out, " \\\\\n\\midrule\n");
    for (size_t row = 0; row < g.n_rows; row++) {
        put_row(&g, row, false, p->out);
        if (has_ranges(&g, row)) {
            put_row(&g, row, true, p->out);
        }
    }
    buf_puts(p->out, "\\bottomrule\n\\end{tabular}\n");
    grid_release(&g);
}

const Painter painter_latex = {.heading = heading, .say = say, .pairs = pairs, .table = table};
