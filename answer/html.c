#include <string.h>

#include "answer/formats.h"
#include "answer/grid.h"
#include "answer/painter.h"

void html_text(const char *s, Buf *out)
{
    static const char special[] = "&<>\"'";
    static const char *const entity[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    for (; *s; s++) {
        const char *at = strchr(special, *s);
        if (at) {
            buf_puts(out, entity[at - special]);
        } else {
            buf_putc(out, *s);
        }
    }
}

static void put_element(const char *open, const char *text, const char *close, Buf *out)
{
    buf_puts(out, open);
    html_text(text, out);
    buf_puts(out, close);
}

static void heading(Painter *p, const char *text, int level)
{
    int h = level > 6 ? 6 : level;
    buf_printf(p->out, "<h%d>", h);
    html_text(text, p->out);
    buf_printf(p->out, "</h%d>\n", h);
}

static void say(Painter *p, SayKind kind, const char *text)
{
    static const char *const class_of[] = {
        [SAY_PLAIN] = "plain",     [SAY_VERDICT] = "verdict", [SAY_NOTE] = "note",
        [SAY_WARNING] = "warning", [SAY_HINT] = "hint",       [SAY_FORMULA] = "formula",
        [SAY_REFUSED] = "refused"};
    const char *prefix = say_prefix(kind);
    buf_printf(p->out, "<p class=\"%s\">", class_of[kind]);
    if (prefix[0]) {
        buf_printf(p->out, "<strong>%.*s</strong> ", (int)strlen(prefix) - 1, prefix);
    }
    if (kind == SAY_FORMULA) {
        put_element("<code>", text, "</code>", p->out);
    } else {
        html_text(text, p->out);
    }
    buf_puts(p->out, "</p>\n");
}

static void put_value(ValueTone tone, const char *text, const char *range, Buf *out)
{
    static const char *const class_of[N_TONES] = {
        [TONE_PLAIN] = NULL, [TONE_GOOD] = "good", [TONE_BUSY] = "busy",
        [TONE_BAD] = "bad",  [TONE_WARN] = "warn", [TONE_DIM] = "dim"};
    if (class_of[tone]) {
        buf_printf(out, "<span class=\"%s\">", class_of[tone]);
    }
    html_text(text, out);
    buf_puts(out, class_of[tone] ? "</span>" : "");
    if (range[0]) {
        put_element(" <span class=\"interval\">", range, "</span>", out);
    }
}

static void pairs(Painter *p, const Pair *pair, size_t n)
{
    buf_puts(p->out, "<dl>\n");
    for (size_t i = 0; i < n; i++) {
        put_element("<dt>", pair[i].title, "</dt><dd>", p->out);
        put_value(pair[i].tone, pair[i].text, pair[i].range, p->out);
        buf_puts(p->out, "</dd>\n");
    }
    buf_puts(p->out, "</dl>\n");
}

static void put_legend(const Grid *g, Buf *out)
{
    const char *open = "<dl class=\"legend\">\n";
    for (size_t c = 0; c < g->n_columns; c++) {
        const GridColumn *x = &g->column[c];
        if (x->column->help) {
            buf_puts(out, open);
            open = "";
            put_element("<dt>", x->title, "</dt>", out);
            put_element("<dd>", x->column->help, "</dd>\n", out);
        }
    }
    buf_puts(out, *open ? "" : "</dl>\n");
}

static void table(Painter *p, const AnswerNode *t)
{
    Grid g;
    if (!grid_open(t, &g, p->out)) {
        return;
    }
    buf_puts(p->out, "<div class=\"table\"><table>\n<thead><tr>");
    for (size_t c = 0; c < g.n_columns; c++) {
        put_element(g.column[c].is_right ? "<th scope=\"col\" class=\"num\">"
                                         : "<th scope=\"col\">",
                    g.column[c].title, "</th>", p->out);
    }
    buf_puts(p->out, "</tr></thead>\n<tbody>\n");
    for (size_t r = 0; r < g.n_rows; r++) {
        buf_puts(p->out, "<tr>");
        for (size_t c = 0; c < g.n_columns; c++) {
            const GridCell *cell = grid_cell(&g, r, c);
            buf_puts(p->out, g.column[c].is_right ? "<td class=\"num\">" : "<td>");
            put_value(cell->tone, cell->text, cell->range, p->out);
            buf_puts(p->out, "</td>");
        }
        buf_puts(p->out, "</tr>\n");
    }
    buf_puts(p->out, "</tbody></table></div>\n");
    put_legend(&g, p->out);
    grid_release(&g);
}

static const Painter painter_html = {
    .heading = heading, .say = say, .pairs = pairs, .table = table};

void answer_html(const Answer *a, int level, Buf *out)
{
    static const AnswerStyle plain = {0};
    paint_answer(&painter_html, a, &plain, level, out);
    out->is_short = out->is_short || a->is_short;
}

static const char page_style[] =
    ":root{color-scheme:light dark}\n"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em}\n"
    ".table{overflow-x:auto}\n"
    "table{border-collapse:collapse;margin:1em 0}\n"
    "th,td{padding:.25em .75em;text-align:left;border-bottom:1px solid #8884;vertical-align:top}\n"
    ".num{text-align:right;font-variant-numeric:tabular-nums}\n"
    ".interval{white-space:nowrap;opacity:.75}\n"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.2em 1em}dd{margin:0}\n"
    ".legend{font-size:.9em}.verdict{font-weight:600}\n"
    ".warning,.refused{border-left:.3em solid #b45309;padding-left:.7em}\n"
    ".bad{font-weight:600}.dim{opacity:.7}\n"
    "figure{margin:1.5em 0}figure svg{max-width:100%;height:auto;background:#fff}\n"
    "pre{overflow-x:auto;white-space:pre-wrap}\n";

void html_page_begin(const char *title, Buf *out)
{
    buf_puts(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    put_element("<title>", title, "</title>\n<style>\n", out);
    buf_printf(out, "%s</style>\n</head>\n<body>\n", page_style);
    put_element("<h1>", title, "</h1>\n", out);
}

void html_page_end(Buf *out)
{
    buf_puts(out, "</body>\n</html>\n");
}

ErrCode render_html(const Answer *a, const AnswerStyle *style, Buf *out, Err *err)
{
    (void)err;
    html_page_begin(style->title ? style->title : "Slaw", out);
    answer_html(a, 2, out);
    html_page_end(out);
    return ERR_OK;
}
