/* options.h -- options of the command line as tables.
 *
 * An option is a row: its name, what its value is called, a sentence, its kind and where its value
 * goes.  Parsing, help, completion, the manual and the provenance of a result are made from the rows.
 * A verb has rows of its own, over its own struct, and names the groups (groups.def) that it honours,
 * which are rows over Session; any other option is refused.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

typedef enum OptKind {
    OPT_FLAG,    /* bool */
    OPT_TEXT,    /* const char * */
    OPT_I64,     /* int64_t; the default stands unless given.  Takes k, M, G, 1e9 */
    OPT_F64,     /* double */
    OPT_TEXTS,   /* OptTexts: may be repeated */
    OPT_NUMBERS, /* OptNumbers: positive numbers with commas */
    OPT_CHOICE,  /* int: the place of the word in `choices` */
    OPT_COUNT,   /* int: how often it is given; no value */
} OptKind;

enum { OPT_MAX_TEXTS = 32, OPT_MAX_NUMBERS = 64 };

typedef struct OptTexts {
    const char *item[OPT_MAX_TEXTS];
    size_t n;
} OptTexts;

typedef struct OptNumbers {
    double x[OPT_MAX_NUMBERS];
    size_t n;
} OptNumbers;

typedef struct Opt {
    const char *name;  /* without the dashes */
    const char *value; /* what --help calls the argument; NULL for a flag */
    const char *help;  /* one sentence, with the default */
    OptKind kind;
    size_t offset;              /* of the field in the struct that the table is for */
    const char *const *choices; /* of OPT_CHOICE: words, ending with NULL */
    char letter;                /* "-v"; 0: none */
} Opt;

/* Rows that verbs share, over Session. */
typedef struct OptGroup {
    const char *name;  /* one word: `slaw help NAME` explains it */
    const char *title; /* a few words */
    const Opt *opt;    /* ends with {0} */
} OptGroup;

/* Stores one value (NULL for a flag) in `into`.  ERR_USAGE says what the option takes. */
ErrCode opt_store(const Opt *o, const char *value, void *into, Err *err);
/* The option of this name [n bytes] in a table, or NULL. */
const Opt *opt_find(const Opt *opts, const char *name, size_t n);
/* What was stored, for JSON; NULL when memory is short. */
json_t *opt_json(const Opt *o, const void *from);

#endif
