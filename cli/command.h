/* command.h -- one `slaw VERB` per file; commands.def lists them.
 *
 * A command is a constant: name, help, options as a table that main.c parses
 * and prints help from, and a function.  Data goes to standard output, messages
 * to standard error.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/problems.h"
#include "common/text_style.h"

/* What every command gets. */
typedef struct Session {
    bool is_json;   /* --json */
    bool is_quiet;  /* --quiet: no progress, no notices */
    int verbosity;  /* --verbose, counted */
    bool has_color; /* standard output is a terminal and NO_COLOR is unset */
    bool err_is_terminal;
    TextStyle err_style; /* of what is written to standard error */
    Problems *problems;  /* of the study file; printed if the command fails by them */
    int exit_status;     /* a command that succeeds with another status than 0 sets it */
} Session;

typedef enum OptKind {
    OPT_FLAG,  /* bool */
    OPT_TEXT,  /* const char * */
    OPT_I64,   /* int64_t; the default stands unless given.  Takes k, M, G, 1e9 */
    OPT_F64,   /* double */
    OPT_TEXTS, /* OptTexts: may be repeated */
} OptKind;

enum { OPT_MAX_TEXTS = 32 };

typedef struct OptTexts {
    const char *item[OPT_MAX_TEXTS];
    size_t n;
} OptTexts;

typedef struct Opt {
    const char *name;  /* without the dashes */
    const char *value; /* what --help calls the argument; NULL for a flag */
    const char *help;  /* one sentence, with the default */
    OptKind kind;
    size_t offset; /* of the field in the command's own options struct */
} Opt;

typedef struct Command {
    const char *name;
    const char *alias;        /* a second name, or NULL */
    const char *args;         /* positional arguments for the synopsis: "STUDY [RUN...]" */
    const char *summary;      /* one line, for `slaw help` */
    const char *description;  /* paragraphs, for `slaw VERB --help` */
    const Opt *opts;          /* ends with {0}; NULL for none */
    size_t opts_size;         /* of the options struct, at most COMMAND_OPTS_BYTES */
    const void *opts_default; /* its initial content; NULL for zeros */
    int min_args, max_args;   /* positional; max -1 for no limit */
    ErrCode (*run)(Session *s, const void *opts, int argc, char *const argv[], Err *err);
} Command;

enum { COMMAND_OPTS_BYTES = 4096 };

#define COMMAND(id) extern const Command command_##id;
#include "cli/commands.def"
#undef COMMAND

/* Runs `slaw argv[1..]`; returns the exit status. */
int command_main(int argc, char *const argv[]);

#endif
