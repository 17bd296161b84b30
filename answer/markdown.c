#include <string.h>

#include "answer/grid.h"
#include "answer/painter.h"

/* What GitHub's dialect would read as markup is made plain. */
static void put_text(const char *s, Buf *out)
{
    for (; *s; s++) {
        buf_puts(out, strchr("\\`*_[]<>|", *s) ? "\\" : "");
        buf_putc(out, (char)(*s == '\n' ? ' ' : *s));
    }
}

static void part(Painter *p)
{
    if (p->last != BLOCK_NONE) {
        buf_putc(p->out, '\n');
    }
}

static void heading(Painter *p, const char *text, int level)
{
    part(p);
    for (int i = 0; i < level + 1 && i < 6; i++) {
        buf_putc(p->out, '#');
    }
    buf_putc(p->out, ' ');
    put_text(text, p->out);
    buf_putc(p->out, '\n');
}

static void say(Painter *p, SayKind kind, const char *text)
{
    const char *mark = kind == SAY_VERDICT ? "**" : kind == SAY_FORMULA ? "`" : "";
    part(p);
    if (say_prefix(kind)[0]) {
        buf_printf(p->out, "**%.*s** ", (int)strlen(say_prefix(kind)) - 1, say_prefix(kind));
    }
    buf_puts(p->out, mark);
    if (kind == SAY_FORMULA) {
        buf_puts(p->out, text); /* nothing is markup within it */
    } else {
        put_text(text, p->out);
    }
    buf_printf(p->out, "%s\n", mark);
}

static void put_pair(Painter *p, const char *title, const char *text, const char *range)
{
    buf_puts(p->out, "- ");
    put_text(title, p->out);
    buf_puts(p->out, ": ");
    put_text(text, p->out);
    buf_puts(p->out, text[0] && range[0] ? " " : "");
    put_text(range, p->out);
    buf_putc(p->out, '\n');
}

static void pairs(Painter *p, const Pair *pair, size_t n)
{
    part(p);
    for (size_t i = 0; i < n; i++) {
        put_pair(p, pair[i].title, pair[i].text, pair[i].range);
    }
}

static void table(Painter *p, const AnswerNode *t)
{
    Grid g;
    if (!grid_open(t, &g, p->out)) {
        return;
    }
    part(p);
    buf_putc(p->out, '|');
    for (size_t c = 0; c < g.n_columns; c++) {
        buf_putc(p->out, ' ');
        put_text(g.column[c].title, p->out);
        buf_puts(p->out, " |");
    }
    buf_puts(p->out, "\n|");
    for (size_t c = 0; c < g.n_columns; c++) {
        buf_puts(p->out, g.column[c].is_right ? "---:|" : "---|");
    }
    buf_putc(p->out, '\n');
    for (size_t r = 0; r < g.n_rows; r++) {
        buf_putc(p->out, '|');
        for (size_t c = 0; c < g.n_columns; c++) {
            const GridCell *cell = grid_cell(&g, r, c);
            buf_putc(p->out, ' ');
            put_text(cell->text, p->out);
            buf_puts(p->out, cell->text[0] && cell->range[0] ? " " : "");
            put_text(cell->range, p->out);
            buf_puts(p->out, " |");
        }
        buf_putc(p->out, '\n');
    }
    const char *begin = "\n";
    for (size_t c = 0; c < g.n_columns; c++) {
        if (g.column[c].column->help) {
            buf_puts(p->out, begin);
            begin = "";
            put_pair(p, g.column[c].title, g.column[c].column->help, "");
        }
    }
    grid_release(&g);
}

const Painter painter_markdown = {.heading = heading, .say = say, .pairs = pairs, .table = table};
