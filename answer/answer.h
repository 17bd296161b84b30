/* answer.h -- what a verb has to say: a tree that six renderers show (answer/render.h).
 *
 *   Answer a = ANSWER_INIT;
 *   AnswerNode *top = answer_top(&a);
 *   answer_set(top, "source", value_text(path));                  in JSON only
 *   answer_say(top, NULL, SAY_VERDICT, "%s is ahead.", name);     for people only
 *   AnswerNode *t = answer_table(top, "rows", "Losses", columns, n);
 *   answer_row(t, value_text(name), value_between(loss, &interval));
 *
 * A verb computes, builds this and nothing else: it neither formats a number nor knows who reads.
 *   JSON     every node with a key; a member of a list needs none
 *   people   every node with a heading or a sentence, in the order in which they were added
 *            (text, Markdown, LaTeX, HTML)
 *   CSV      one table, in full (render.h)
 * Nothing here fails on the spot: the first failed allocation marks the answer, later calls do
 * nothing, and answer_ok() (which every renderer calls) reports it.  Nodes live as long as their
 * answer.  Texts are copied; bytes that are no UTF-8 become U+FFFD, control characters blanks.
 */
#ifndef ANSWER_ANSWER_H
#define ANSWER_ANSWER_H

#include <jansson.h>

#include "answer/value.h"
#include "common/arena.h"
#include "common/err.h"

enum { ANSWER_MAX_COLUMNS = 256 };

/* A column of a table, or one labelled value: everything about it but the values, said once. */
typedef struct Column {
    const char *key;     /* in JSON and CSV; "test.p" is p of the object test; NULL: in neither */
    const char *heading; /* for people; NULL: not shown to them */
    const char *unit;    /* "FLOP", shown in brackets after the heading; NULL: none */
    NumberFormat format;
    int digits;        /* of the format; 0: its own */
    int rank;          /* 0: always shown; of the others the largest goes first when it is narrow */
    const char *help;  /* what it is, below the table; NULL: plain from the heading */
    const char *latex; /* heading in LaTeX; NULL: made from the heading */
    const char *interval; /* key of the interval object of JSON; NULL: "intervals.KEY"; the column's
                             own key: the interval stands alone, without a value */
    const char *flat; /* of has_flat: what stands before lo and hi, as predict_; NULL: nothing */
    bool is_symbol;   /* the heading is a symbol: alpha is set as the Greek letter in LaTeX */
    bool is_right;    /* texts, too, are aligned right */
    bool is_prose;    /* a text that may be broken into lines */
    bool has_flat;    /* JSON has lo and hi beside the value, too */
} Column;

/* A table of columns, and how many it has: the last arguments of answer_table(). */
#define COLUMNS(table) (table), sizeof(table) / sizeof((table)[0])

typedef enum SayKind {
    SAY_PLAIN,
    SAY_VERDICT, /* the answer in a sentence: strong */
    SAY_NOTE,
    SAY_WARNING,
    SAY_HINT,
    SAY_FORMULA, /* mathematics: "L = 1.69 + 406.4 N^-0.339"; a text before ": " is not */
    SAY_REFUSED, /* something that was asked for and is not given, with the reason */
} SayKind;

/* Where a table is shown.  JSON has it wherever it has a key. */
typedef enum TableUse {
    TABLE_FOR_ALL,
    TABLE_FOR_PEOPLE, /* not in CSV */
    TABLE_FOR_CSV,    /* only there: the long form of tables for people */
} TableUse;

typedef struct Answer Answer;
typedef struct AnswerNode AnswerNode;
typedef struct AnswerBlock AnswerBlock;

struct Answer {
    Arena arena;
    AnswerNode *top;
    bool is_short;
};

#define ANSWER_INIT ((Answer){.arena = ARENA_INIT})

/* The object of the whole answer, begun with "schema": 1; never NULL (a sink when memory is short). */
AnswerNode *answer_top(Answer *a);
void answer_release(Answer *a);
/* ERR_NOMEM if anything was lost. */
ErrCode answer_ok(const Answer *a, Err *err);

/* An object or a list at `key` of an object (NULL: the next member of a list). */
AnswerNode *answer_object(AnswerNode *in, const char *key);
AnswerNode *answer_list(AnswerNode *in, const char *key);
/* A heading for people; what is added to it is, for JSON, added to `in`. */
AnswerNode *answer_section(AnswerNode *in, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* A value in JSON only: at `key`, or as the next member of a list. */
void answer_set(AnswerNode *in, const char *key, Value v);
/* Several: the keys with blanks between, in the order of the values. */
void answer_set_of(AnswerNode *in, const char *keys, const Value *v, size_t n);
#define answer_set_all(in, keys, ...)                         \
    answer_set_of((in), (keys), (const Value[]){__VA_ARGS__}, \
                  sizeof((const Value[]){__VA_ARGS__}) / sizeof(Value))
/* An interval as an object of its own. */
void answer_set_interval(AnswerNode *in, const char *key, const Interval *i);
/* A piece of JSON that exists already (a run's configuration); takes v over.  NULL is a failed
 * allocation. */
void answer_set_json(AnswerNode *in, const char *key, json_t *v);
/* A labelled value: in JSON at column->key, and for people under its heading. */
void answer_show(AnswerNode *in, const Column *column, Value v);

/* A sentence for people, and with a key (or in a list with NULL for it) a string of JSON.  In an
 * object without a key it is for people only. */
void answer_say(AnswerNode *in, const char *key, SayKind kind, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* A table: in JSON a list of objects at `key` (NULL: not in JSON); for people under its title
 * (NULL: none).  Columns are copied, their texts too. */
AnswerNode *answer_table(AnswerNode *in, const char *key, const char *title, const Column *column,
                         size_t n_columns);
void answer_table_use(AnswerNode *table, TableUse use);
/* Said for people in place of a table without rows; a table without either is not shown. */
void answer_table_empty(AnswerNode *table, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* A row of n values, as many as the table has columns; returns the row, an object that more may be
 * added to for JSON. */
AnswerNode *answer_row_of(AnswerNode *table, const Value *v, size_t n);
#define answer_row(table, ...)                           \
    answer_row_of((table), (const Value[]){__VA_ARGS__}, \
                  sizeof((const Value[]){__VA_ARGS__}) / sizeof(Value))

/* Rows that are made when somebody looks, one at a time and in each walk again, so that a million
 * of them takes no memory: make() writes the n_columns values of row i; what they point to lives
 * until it is called again, and ctx until the answer was shown (session_show() in cli/command.h).
 * No intervals, and nothing can be added to such a row. */
typedef void (*AnswerRowFn)(void *ctx, size_t i, Value *v);
void answer_table_rows(AnswerNode *table, size_t n_rows, AnswerRowFn make, void *ctx);

/* ---- for renderers ---- */

typedef enum AnswerKind {
    ANSWER_OBJECT,
    ANSWER_LIST,
    ANSWER_SECTION, /* text: its heading */
    ANSWER_VALUE,   /* value[0]; column[0] when shown */
    ANSWER_INTERVAL,
    ANSWER_JSON,
    ANSWER_SAY, /* text */
    ANSWER_TABLE,
    ANSWER_ROW, /* value[n_columns of the parent] */
} AnswerKind;

struct AnswerNode {
    Answer *answer;
    AnswerNode *parent, *next, *first, *last;
    const char *key; /* NULL: none */
    AnswerKind kind;
    SayKind say;
    TableUse use;
    const char *text; /* heading, sentence, title */
    const char *empty;
    const Column *column;
    size_t n_columns, n_rows;
    Value *value;
    json_t *json;
    AnswerRowFn make; /* of a table whose rows are made */
    void *make_ctx;
};

/* A walk over the rows of a table: begin with {.table = t}. */
typedef struct AnswerRows {
    const AnswerNode *table, *row; /* row: NULL when it was made */
    const Value *value;            /* [n_columns] of the present row */
    size_t n;                      /* rows so far */
    Value made[ANSWER_MAX_COLUMNS];
} AnswerRows;
bool answer_next_row(AnswerRows *r);

#endif
