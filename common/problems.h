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

enum { PROBLEMS_MAX = 100, PROBLEM_TEXT_BYTES = 400 };

/* A place in a text, both counted from 1; line 0: the file as a whole. */
typedef struct TextPos {
    int line, column;
} TextPos;

typedef struct Problem {
    TextPos at;
    char message[PROBLEM_TEXT_BYTES];
    char hint[PROBLEM_TEXT_BYTES]; /* empty when no cure is known */
} Problem;

typedef struct Problems {
    const char *file; /* for printing; borrowed */
    Problem *item;
    size_t n, n_dropped;
    bool is_short; /* an allocation failed */
} Problems;

#define PROBLEMS_INIT(path) ((Problems){.file = (path)})

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

/* Appends "file:line:column: message" lines, each hint on a line "  hint: ...". */
void problems_text(const Problems *p, Buf *out);

/* [{"file","line","column","message","hint"}]; NULL when memory is short. */
json_t *problems_json(const Problems *p);

/* ERR_INVALID counting them; ERR_NOMEM if one was lost; ERR_OK when there are none. */
ErrCode problems_err(const Problems *p, Err *err);

void problems_release(Problems *p);

#endif
