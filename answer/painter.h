/* painter.h -- how the four formats for people share the order in which an answer is shown.
 *
 * paint_answer() walks the tree and calls one function a block; a format is a table of these
 * functions, in a file of its name. */
#ifndef ANSWER_PAINTER_H
#define ANSWER_PAINTER_H

#include "answer/render.h"

typedef enum BlockKind { BLOCK_NONE, BLOCK_HEADING, BLOCK_SAY, BLOCK_PAIRS, BLOCK_TABLE } BlockKind;

/* A labelled value as people see it. */
typedef struct Pair {
    char title[256], number[NUMBER_TEXT_BYTES], range[3 * NUMBER_TEXT_BYTES];
    const char *text; /* the value's own, or number */
    ValueTone tone;
} Pair;

typedef struct Painter Painter;
struct Painter {
    void (*heading)(Painter *p, const char *text, int level);
    void (*say)(Painter *p, SayKind kind, const char *text);
    /* n labelled values that follow one another. */
    void (*pairs)(Painter *p, const Pair *pair, size_t n);
    void (*table)(Painter *p, const AnswerNode *table);
    const AnswerStyle *style;
    Buf *out;
    int level;      /* of the next heading, from 1 */
    BlockKind last; /* what stands before */
    SayKind last_say;
};

/* Each has the four functions and nothing else. */
extern const Painter painter_text, painter_markdown, painter_latex;

/* Appends the answer as the format paints it, headings from `level` on. */
void paint_answer(const Painter *format, const Answer *a, const AnswerStyle *style, int level,
                  Buf *out);

/* Hands on what is in out when it is much: after a row of a table. */
void answer_flush(const AnswerStyle *style, Buf *out);

/* "C [FLOP]" into out [bytes]; returns out. */
const char *column_title(const Column *c, char *out, size_t bytes);
/* What people see of a value, its interval aside, into out [bytes] (cut to fit); returns it, or the
 * value's own text. */
const char *value_for_people(const Column *c, const Value *v, char *out, size_t bytes);
/* "[1.77, 1.87]", "" when there is none. */
const char *interval_for_people(const Column *c, const Value *v, char *out, size_t bytes);
/* "Warning: " and the like; "" for those that speak for themselves. */
const char *say_prefix(SayKind kind);

#endif
