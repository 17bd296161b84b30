#include "answer/render.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "answer/formats.h"
#include "answer/painter.h"

const char *const answer_format_names[N_FORMATS + 1] = {
    [FORMAT_TEXT] = "text",   [FORMAT_JSON] = "json", [FORMAT_MARKDOWN] = "markdown",
    [FORMAT_LATEX] = "latex", [FORMAT_CSV] = "csv",   [FORMAT_HTML] = "html"};

/* ---- what stands in a cell ---- */

const char *column_title(const Column *c, char *out, size_t bytes)
{
    (void)snprintf(out, bytes, c->unit ? "%s [%s]" : "%s", c->heading ? c->heading : c->key,
                   c->unit);
    return out;
}

static int place_of(const Column *c, const Value *v)
{
    bool is_plain = c->format == NUMBER_DIGITS || c->format == NUMBER_FIXED;
    return v->interval && is_plain ? interval_place(v->interval) : INT_MIN;
}

static const char *real_text(const Column *c, const Value *v, double x, char *out)
{
    int place = place_of(c, v);
    return place == INT_MIN ? number_text(x, c->format, c->digits, out)
                            : number_to_place(x, place, out);
}

const char *value_for_people(const Column *c, const Value *v, char *out, size_t bytes)
{
    char number[NUMBER_TEXT_BYTES];
    out[0] = '\0';
    if (v->shown) {
        return v->shown;
    }
    switch (v->kind) {
    case VALUE_NONE:
        break;
    case VALUE_TEXT:
    case VALUE_JSON:
        return v->as.text;
    case VALUE_REAL:
        (void)snprintf(out, bytes, "%s", real_text(c, v, v->as.real, number));
        break;
    case VALUE_COUNT: {
        NumberFormat f = c->format == NUMBER_DIGITS ? NUMBER_WHOLE : c->format;
        (void)snprintf(out, bytes, "%s", number_text((double)v->as.count, f, c->digits, number));
        break;
    }
    case VALUE_BOOL:
        return v->as.is_true ? "yes" : "no";
    }
    return out;
}

const char *interval_for_people(const Column *c, const Value *v, char *out, size_t bytes)
{
    char lo[NUMBER_TEXT_BYTES], hi[NUMBER_TEXT_BYTES];
    const Interval *i = v->interval;
    out[0] = '\0';
    if (i && !(isnan(i->lo) && isnan(i->hi))) {
        (void)real_text(c, v, i->lo, lo);
        (void)real_text(c, v, i->hi, hi);
        (void)snprintf(out, bytes, "[%s, %s]", lo[0] ? lo : "-inf", hi[0] ? hi : "inf");
    }
    return out;
}

const char *say_prefix(SayKind kind)
{
    static const char *const prefix[] = {[SAY_PLAIN] = "",           [SAY_VERDICT] = "",
                                         [SAY_NOTE] = "Note: ",      [SAY_WARNING] = "Warning: ",
                                         [SAY_HINT] = "Hint: ",      [SAY_FORMULA] = "",
                                         [SAY_REFUSED] = "Refused: "};
    return prefix[kind];
}

/* ---- the walk ---- */

static bool has_columns(const AnswerNode *table)
{
    for (size_t c = 0; c < table->n_columns; c++) {
        if (table->column[c].heading) {
            return true;
        }
    }
    return false;
}

static bool is_shown_value(const AnswerNode *n)
{
    return n->kind == ANSWER_VALUE && n->n_columns == 1 && n->column[0].heading && n->value &&
           n->value->kind != VALUE_NONE &&
           !(n->value->kind == VALUE_REAL && isnan(n->value->as.real) && !n->value->shown);
}

static bool is_shown_table(const AnswerNode *n)
{
    return n->kind == ANSWER_TABLE && n->use != TABLE_FOR_CSV && has_columns(n) &&
           (n->n_rows > 0 || n->empty);
}

static bool has_something(const AnswerNode *in)
{
    for (const AnswerNode *n = in->first; n; n = n->next) {
        if (is_shown_value(n) || is_shown_table(n) || n->kind == ANSWER_SAY ||
            (n->kind != ANSWER_TABLE && has_something(n))) {
            return true;
        }
    }
    return false;
}

/* The labelled values from *at on; moves *at to the last of them. */
static void paint_pairs(Painter *p, const AnswerNode **at)
{
    enum { MOST = 64 };
    Pair pair[MOST];
    size_t n = 0;
    for (const AnswerNode *x = *at; x && n < MOST; x = x->next) {
        if (is_shown_value(x)) {
            Pair *y = &pair[n++];
            (void)column_title(x->column, y->title, sizeof y->title);
            y->text = value_for_people(x->column, x->value, y->number, sizeof y->number);
            (void)interval_for_people(x->column, x->value, y->range, sizeof y->range);
            y->tone = x->value->tone;
            *at = x;
        } else if (x->kind == ANSWER_SAY || x->kind == ANSWER_SECTION || is_shown_table(x) ||
                   has_something(x)) {
            break;
        }
    }
    p->pairs(p, pair, n);
    p->last = BLOCK_PAIRS;
}

static void paint_table(Painter *p, const AnswerNode *n)
{
    if (n->text) {
        p->heading(p, n->text, p->level);
        p->last = BLOCK_HEADING;
    }
    if (n->n_rows > 0) {
        p->table(p, n);
        p->last = BLOCK_TABLE;
    } else {
        p->say(p, SAY_PLAIN, n->empty);
        p->last = BLOCK_SAY;
        p->last_say = SAY_PLAIN;
    }
}

static void paint(Painter *p, const AnswerNode *top)
{
    for (const AnswerNode *n = top->first; n; n = n->next) {
        if (n->kind == ANSWER_SAY && n->text) {
            p->say(p, n->say, n->text);
            p->last = BLOCK_SAY;
            p->last_say = n->say;
        } else if (is_shown_value(n)) {
            paint_pairs(p, &n);
        } else if (is_shown_table(n)) {
            paint_table(p, n);
        } else if (n->kind == ANSWER_SECTION && has_something(n)) {
            p->heading(p, n->text ? n->text : "", p->level);
            p->last = BLOCK_HEADING;
            p->level++;
            paint(p, n);
            p->level--;
        } else if (n->kind == ANSWER_OBJECT || n->kind == ANSWER_LIST) {
            paint(p, n);
        }
    }
}

void paint_answer(const Painter *format, const Answer *a, const AnswerStyle *style, int level,
                  Buf *out)
{
    Painter p = *format;
    p.style = style;
    p.out = out;
    p.level = level;
    paint(&p, a->top);
}

void answer_flush(const AnswerStyle *style, Buf *out)
{
    enum { ENOUGH_BYTES = 1 << 20 };
    if (style->flush && out->len >= ENOUGH_BYTES) {
        style->flush(style->flush_ctx, out);
    }
}

ErrCode answer_render(const Answer *a, AnswerFormat format, const AnswerStyle *style, Buf *out,
                      Err *err)
{
    static ErrCode (*const render[N_FORMATS])(const Answer *, const AnswerStyle *, Buf *, Err *) = {
        [FORMAT_JSON] = render_json, [FORMAT_CSV] = render_csv, [FORMAT_HTML] = render_html};
    static const Painter *const painter[N_FORMATS] = {[FORMAT_TEXT] = &painter_text,
                                                      [FORMAT_MARKDOWN] = &painter_markdown,
                                                      [FORMAT_LATEX] = &painter_latex};
    ErrCode rc = a->top ? answer_ok(a, err) : err_nomem(err, "the answer");
    if (rc == ERR_OK && painter[format]) {
        paint_answer(painter[format], a, style, 1, out);
    } else if (rc == ERR_OK) {
        rc = render[format](a, style, out, err);
    }
    rc = rc == ERR_OK ? answer_ok(a, err) : rc; /* rows that were made may have lost something */
    return rc == ERR_OK ? buf_ok(out, err) : rc;
}
