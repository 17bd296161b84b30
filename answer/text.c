/* Text for a terminal or a pipe: it never passes the width but for a single longer word. */
#include <stdint.h>
#include <string.h>

#include "answer/grid.h"
#include "answer/painter.h"

enum { GAP = 2, BLOCK_GAP = 2 };

static const char *const tone_code[N_TONES] = {
    [TONE_PLAIN] = "", [TONE_GOOD] = "32", [TONE_BUSY] = "36",
    [TONE_BAD] = "31", [TONE_WARN] = "33", [TONE_DIM] = "2"};

static size_t width_of(const Painter *p)
{
    int w = p->style->width;
    return w <= 0 ? ANSWER_PIPE_WIDTH : w < ANSWER_LEAST_WIDTH ? ANSWER_LEAST_WIDTH : (size_t)w;
}

static void pad(Buf *out, size_t n)
{
    static const char blanks[] = "                                ";
    for (size_t left = n, some; left > 0; left -= some) {
        some = left < sizeof blanks - 1 ? left : sizeof blanks - 1;
        buf_add(out, blanks, some);
    }
}

static void put_colored(Painter *p, const char *code, const char *s, size_t bytes)
{
    bool has_code = p->style->has_color && code[0] && bytes > 0;
    if (has_code) {
        buf_printf(p->out, "\033[%sm", code);
    }
    buf_add(p->out, s, bytes);
    buf_puts(p->out, has_code ? "\033[0m" : "");
}

/* A blank line unless it is the first thing. */
static void part(Painter *p)
{
    if (p->last != BLOCK_NONE) {
        buf_putc(p->out, '\n');
    }
}

/* Words from column `at` on, later lines from column `indent` on. */
static void put_wrapped(Painter *p, const char *code, const char *text, size_t at, size_t indent)
{
    const char *rest = text, *line;
    size_t bytes, width = width_of(p);
    bool is_first = true;
    size_t room = width > at + 1 ? width - at : 1;
    while (text_line(&rest, room, &line, &bytes)) {
        if (!is_first) {
            buf_putc(p->out, '\n');
            pad(p->out, indent);
        }
        put_colored(p, code, line, bytes);
        is_first = false;
        room = width > indent + 1 ? width - indent : 1;
    }
    buf_putc(p->out, '\n');
}

static void heading(Painter *p, const char *text, int level)
{
    (void)level;
    part(p);
    put_wrapped(p, "1", text, 0, 0);
}

static void say(Painter *p, SayKind kind, const char *text)
{
    static const char *const code[] = {
        [SAY_PLAIN] = "", [SAY_VERDICT] = "1", [SAY_NOTE] = "",     [SAY_WARNING] = "33",
        [SAY_HINT] = "2", [SAY_FORMULA] = "",  [SAY_REFUSED] = "31"};
    const char *prefix = say_prefix(kind);
    size_t indent = kind == SAY_FORMULA ? 4 : prefix[0] ? 2 : 0;
    if (p->last != BLOCK_SAY ||
        (p->last_say != kind && (kind == SAY_FORMULA || p->last_say == SAY_FORMULA))) {
        part(p);
    }
    pad(p->out, kind == SAY_FORMULA ? 2 : 0);
    put_colored(p, code[kind], prefix, strlen(prefix));
    put_wrapped(p, kind == SAY_VERDICT ? code[kind] : "", text,
                strlen(prefix) + (kind == SAY_FORMULA ? 2 : 0), indent);
}

/* "loss      1.817 [1.77, 1.87]" */
static void put_pair(Painter *p, const char *name, size_t name_width, ValueTone tone,
                     const char *value, const char *range)
{
    size_t at = name_width + BLOCK_GAP;
    Buf text = BUF_INIT;
    buf_puts(p->out, name);
    pad(p->out, at - text_width(name));
    buf_printf(&text, "%s%s%s", value, value[0] && range[0] ? " " : "", range);
    put_wrapped(p, tone_code[tone], buf_str(&text), at, at);
    p->out->is_short = p->out->is_short || text.is_short;
    buf_release(&text);
}

static void pairs(Painter *p, const Pair *pair, size_t n)
{
    size_t widest = 0;
    for (size_t i = 0; i < n; i++) {
        size_t w = text_width(pair[i].title);
        widest = w > widest ? w : widest;
    }
    part(p);
    for (size_t i = 0; i < n; i++) {
        put_pair(p, pair[i].title, widest, pair[i].tone, pair[i].text, pair[i].range);
    }
}

/* ---- tables ---- */

/* What is still to come of a cell: its lines, then its interval on one of its own. */
typedef struct CellLines {
    const char *rest, *range;
} CellLines;

static void put_aligned(Painter *p, const char *code, const char *s, size_t bytes,
                        const GridColumn *x, bool is_last)
{
    size_t used = shown_width(s, bytes), gap = x->shown > used ? x->shown - used : 0;
    pad(p->out, x->is_right ? gap : 0);
    put_colored(p, code, s, bytes);
    pad(p->out, x->is_right || is_last ? 0 : gap);
}

static void trim_line(Buf *out)
{
    while (out->len > 0 && out->data[out->len - 1] == ' ') {
        out->data[--out->len] = '\0';
    }
    buf_putc(out, '\n');
}

static void put_titles(Painter *p, const Grid *g)
{
    for (int is_rule = 0; is_rule < 2; is_rule++) {
        for (size_t c = 0; c < g->n_columns; c++) {
            const GridColumn *x = &g->column[c];
            pad(p->out, c ? GAP : 0);
            for (size_t i = 0; is_rule && i < x->shown; i++) {
                buf_putc(p->out, '-');
            }
            if (!is_rule) {
                put_aligned(p, "1", x->title, strlen(x->title), x, c + 1 == g->n_columns);
            }
        }
        trim_line(p->out);
    }
}

/* One line of a row; false when the cells had nothing left. */
static bool put_row_line(Painter *p, const Grid *g, size_t row, CellLines *lines)
{
    size_t begun = p->out->len;
    bool has_any = false;
    for (size_t c = 0; c < g->n_columns; c++) {
        const GridColumn *x = &g->column[c];
        size_t bytes = 0;
        const char *line = "";
        bool is_value = text_line(&lines[c].rest, x->shown, &line, &bytes);
        if (!is_value && lines[c].range[0]) {
            line = lines[c].range;
            bytes = strlen(line);
            lines[c].range = "";
        }
        has_any = has_any || bytes > 0;
        pad(p->out, c ? GAP : 0);
        put_aligned(p, is_value ? tone_code[grid_cell(g, row, c)->tone] : "", line, bytes, x,
                    c + 1 == g->n_columns);
    }
    if (!has_any && !p->out->is_short) {
        p->out->len = begun;
        p->out->data[begun] = '\0';
        return false;
    }
    trim_line(p->out);
    return true;
}

static bool has_more(const Grid *g, const CellLines *lines)
{
    for (size_t c = 0; c < g->n_columns; c++) {
        if (lines[c].rest[0] || lines[c].range[0]) {
            return true;
        }
    }
    return false;
}

static void put_row(Painter *p, Grid *g, size_t row)
{
    CellLines lines[ANSWER_MAX_COLUMNS];
    for (size_t c = 0; c < g->n_columns; c++) {
        const GridCell *cell = grid_cell(g, row, c);
        lines[c] = (CellLines){cell->text, cell->range};
        if (!g->is_split && cell->range[0]) { /* beside the value */
            size_t gap = g->column[c].range_width - text_width(cell->range);
            char *both = arena_printf(&g->arena, "%s %*s%s", cell->text, (int)gap, "", cell->range);
            lines[c] = (CellLines){both ? both : "", ""};
            p->out->is_short = p->out->is_short || !both;
        }
    }
    size_t most = 64;
    while (most-- > 0 && put_row_line(p, g, row, lines) && has_more(g, lines)) {
    }
    answer_flush(p->style, p->out);
}

static void put_blocks(Painter *p, const Grid *g)
{
    size_t widest = 0;
    for (size_t c = 0; c < g->n_columns; c++) {
        widest = g->column[c].title_width > widest ? g->column[c].title_width : widest;
    }
    for (size_t row = 0; row < g->n_rows; row++) {
        buf_puts(p->out, row ? "\n" : "");
        for (size_t c = 0; c < g->n_columns; c++) {
            const GridCell *cell = grid_cell(g, row, c);
            if (cell->text[0] || cell->range[0]) {
                put_pair(p, g->column[c].title, widest, cell->tone, cell->text, cell->range);
            }
        }
    }
}

/* "  alpha  exponent of N" for every column shown that says more than its heading. */
static void put_legend(Painter *p, const Grid *g)
{
    size_t widest = 0;
    for (size_t c = 0; c < g->n_columns; c++) {
        const GridColumn *x = &g->column[c];
        widest = x->column->help && x->title_width > widest ? x->title_width : widest;
    }
    buf_puts(p->out, widest ? "\n" : "");
    for (size_t c = 0; c < g->n_columns; c++) {
        const GridColumn *x = &g->column[c];
        if (x->column->help) {
            pad(p->out, 2);
            buf_puts(p->out, x->title);
            pad(p->out, widest - x->title_width + 2);
            put_wrapped(p, "", x->column->help, widest + 4, widest + 4);
        }
    }
}

static void table(Painter *p, const AnswerNode *t)
{
    Grid g;
    if (!grid_open(t, &g, p->out)) {
        return;
    }
    part(p);
    grid_fit(&g, p->style->is_wide ? SIZE_MAX / 2 : width_of(p), GAP, true);
    if (g.is_blocks) {
        put_blocks(p, &g);
    } else {
        put_titles(p, &g);
        for (size_t row = 0; row < g.n_rows; row++) {
            put_row(p, &g, row);
        }
    }
    put_legend(p, &g);
    if (g.left_out) {
        Buf line = BUF_INIT;
        buf_printf(&line, "Left out to fit the width: %s. --wide shows them.", g.left_out);
        buf_putc(p->out, '\n');
        put_wrapped(p, "2", buf_str(&line), 0, 0);
        buf_release(&line);
    }
    grid_release(&g);
}

const Painter painter_text = {.heading = heading, .say = say, .pairs = pairs, .table = table};
