/* render.h -- an answer as text, JSON, Markdown, LaTeX, CSV or HTML.
 *
 *   text      fits a width: intervals move below their values, the least important columns go (a line
 *             names them), and what is still too wide becomes one block a row; sentences are wrapped
 *   json      one object; intervals are {"se","lo","hi","method"}
 *   markdown  tables of GitHub's dialect, sentences as paragraphs
 *   latex     to be read by \input into a document with booktabs: tables as tabular, intervals on rows
 *             of their own, formulas in math mode, prose and labelled values as comments
 *   csv       one table, numbers in full, an interval as columns se, lo, hi
 *   html      a page by itself, without scripts; answer_html() is its body
 */
#ifndef ANSWER_RENDER_H
#define ANSWER_RENDER_H

#include "answer/answer.h"
#include "common/buf.h"

typedef enum AnswerFormat {
    FORMAT_TEXT,
    FORMAT_JSON,
    FORMAT_MARKDOWN,
    FORMAT_LATEX,
    FORMAT_CSV,
    FORMAT_HTML,
    N_FORMATS,
} AnswerFormat;

enum { ANSWER_PIPE_WIDTH = 100, ANSWER_LEAST_WIDTH = 20 };

typedef struct AnswerStyle {
    int width;         /* characters of a line of text; 0: ANSWER_PIPE_WIDTH */
    bool is_wide;      /* every column, however wide */
    bool has_color;    /* a terminal that shows colours */
    bool is_one_line;  /* JSON on one line: answers that come again and again */
    const char *table; /* key of the table that CSV shows; NULL: the first */
    const char *title; /* of an HTML page; NULL: "Slaw" */
    /* Takes what there is of a long answer and empties out; NULL: it is all in out at the end. */
    void (*flush)(void *ctx, Buf *out);
    void *flush_ctx;
} AnswerStyle;

/* "text", "json", ... in the order of AnswerFormat; ends with NULL. */
extern const char *const answer_format_names[N_FORMATS + 1];

/* Appends the whole answer.  ERR_NOMEM; ERR_USAGE, for CSV: no such table (the hint lists them), or
 * an answer without one. */
ErrCode answer_render(const Answer *a, AnswerFormat format, const AnswerStyle *style, Buf *out,
                      Err *err);

/* The object of the answer, or of a node in it; NULL when memory is short. */
json_t *answer_json(const AnswerNode *n);
/* The body of a page: headings from `level` (1 to 6) on. */
void answer_html(const Answer *a, int level, Buf *out);
/* What stands around it: head, style and title, and the end. */
void html_page_begin(const char *title, Buf *out);
void html_page_end(Buf *out);

/* Texts of other languages.  In LaTeX what it would take as a command is made plain. */
void html_text(const char *s, Buf *out);
void latex_text(const char *s, Buf *out);
/* Plain mathematics ("L = E + A N^-alpha", "ln N_opt", "1.2e-05 x") as LaTeX without its dollars. */
void latex_math(const char *s, Buf *out);

#endif
