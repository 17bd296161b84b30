/* problems.h -- all that is wrong with a user's file, each with its place.
 *
 * A check that finds a problem adds it and goes on, so that a person sees every
 * mistake at once.  At most PROBLEMS_MAX are kept (`n_dropped` counts the rest); the
 * same text at the same place is kept once.
 */
#ifndef COMMON_PROBLEMS_H
#define COMMON_PROBLEMS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/text_style.h"

enum { PROBLEMS_MAX = 100, PROBLEM_TEXT_BYTES = 400 };

typedef struct Problem {
    TextPos at;
    char message[PROBLEM_TEXT_BYTES];
    char hint[PROBLEM_TEXT_BYTES]; /* empty when no cure is known */
} Problem;

typedef struct Problems {
    char *file; /* for printing; NULL until problems_of() */
    Buf source; /* the file's text, for printing; may be empty */
    Problem *item;
    size_t n, n_dropped;
    bool is_short; /* an allocation failed */
} Problems;

#define PROBLEMS_INIT ((Problems){0})

/* Names the file that the problems are of and forgets what was there before.  The path is copied;
 * `source` (NULL: none) is taken over and left empty. */
void problems_of(Problems *p, const char *file, Buf *source);

/* Adds one; message and hint (NULL: none) are copied, cut to fit. */
void problems_add(Problems *p, TextPos at, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static inline bool problems_any(const Problems *p)
{
    return p->n > 0 || p->is_short;
}

/* True when no more are kept: a check may stop early. */
static inline bool problems_full(const Problems *p)
{
    return p->n_dropped > 0;
}

/* Orders them by place. */
void problems_sort(Problems *p);

/* Appends for each "file:line:column: message", the line of the source with a caret
 * (common/excerpt.h), and the hint on a line "  hint: ...". */
void problems_text(const Problems *p, TextStyle style, Buf *out);

/* {"kind","message","hint","file","line","column"}, null for a text that is empty and a place that
 * is none; NULL when memory is short. */
json_t *problem_json(const char *kind, const char *message, const char *hint, const char *file,
                     TextPos at);

/* A list of those, of kind "invalid"; NULL when memory is short. */
json_t *problems_json(const Problems *p);

/* ERR_INVALID counting them; ERR_NOMEM if one was lost; ERR_OK when there are none. */
ErrCode problems_err(const Problems *p, Err *err);

void problems_release(Problems *p);

#endif
