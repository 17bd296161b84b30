/* command.h -- one `slaw VERB` per file; commands.def lists them.
 *
 * A command is a constant: name, help, options as tables, and a function that computes and builds
 * s->answer.  What it built is shown on standard output when it returns, in the format asked for;
 * messages and progress go to standard error.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "answer/render.h"
#include "cli/options.h"
#include "common/err.h"
#include "common/problems.h"
#include "common/text_style.h"

typedef struct Command Command;

/* Which rows of a source, and what is fitted to them: the groups of cli/groups.def. */
typedef struct FitArgs {
    const char *dir, *law, *loss, *residual, *by, *convention, *task, *best_per, *at_flops;
    const char *resampling, *share;
    OptTexts where, map, fix;
    int64_t starts, bootstrap, seed, threads, window;
    double min_tokens, skip_fraction;
    bool final_only, all_intervals, isoflop;
} FitArgs;

typedef enum ColorWhen { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER } ColorWhen;

/* What every command gets. */
typedef struct Session {
    const Command *command;
    const void *opts; /* the command's own */
    Answer answer;
    char title[256]; /* "slaw fit points.csv", of a page */
    FitArgs fit;
    int format;     /* AnswerFormat */
    bool is_json;   /* format is JSON */
    bool is_quiet;  /* --quiet: no progress, no notices */
    int verbosity;  /* --verbose, counted */
    bool has_color; /* standard output shows colours */
    bool err_is_terminal;
    TextStyle err_style; /* of what is written to standard error */
    Problems *problems;  /* of the study file; printed if the command fails by them */
    bool is_one_line;    /* JSON on one line: an answer that comes again and again */
    int width;           /* characters a line of standard output */
    int exit_status;     /* a command that succeeds with another status than 0 sets it */
    struct {
        const char *table;
        int64_t width;
        int color; /* ColorWhen */
        bool json, is_wide, is_help;
    } output; /* as given */
} Session;

enum { COMMAND_OPTS_BYTES = 4096, COMMAND_MAX_GROUPS = 8, COMMAND_MAX_EXAMPLES = 3 };

struct Command {
    const char *name;
    const char *alias; /* a second name, or NULL */
    const char *args;  /* positional arguments, as checked and in the synopsis: "STUDY [RUN...]" */
    const char *summary;      /* one line, for `slaw help` */
    const char *description;  /* paragraphs, for `slaw VERB --help`; wrapped there */
    const Opt *opts;          /* ends with {0}; NULL for none */
    size_t opts_size;         /* of the options struct, at most COMMAND_OPTS_BYTES */
    const void *opts_default; /* its initial content; NULL for zeros */
    const OptGroup *groups[COMMAND_MAX_GROUPS]; /* that it honours, ending with NULL */
    const char *without; /* options of these groups that it does not, with commas; NULL: none */
    const char *examples[COMMAND_MAX_EXAMPLES]; /* whole commands that run, ending with NULL */
    bool is_raw;         /* prints as it goes, what is no answer: no --format */
    bool can_fail_part;  /* exit status 1: some runs failed or some fits were refused */
    bool can_be_refused; /* exit status 69: a lock, a worker, a launcher is not to be had */
    bool can_be_stopped; /* exit status 75 */
    int64_t bootstrap;   /* replicates unless --bootstrap names them; 0: 200 */
    bool counts_args;    /* checks its arguments itself, not by what `args` says */
    ErrCode (*run)(Session *s, const void *opts, int argc, char *const argv[], Err *err);
};

/* Its options: a table over a struct of its own. */
#define COMMAND_OPTS(table, Type) .opts = (table), .opts_size = sizeof(Type)

#define COMMAND(id) extern const Command command_##id;
#include "cli/commands.def"
#undef COMMAND

#define GROUP(id) extern const OptGroup group_##id;
#include "cli/groups.def"
#undef GROUP

/* The list, ending with NULL. */
extern const Command *const all_commands[];
extern const OptGroup *const all_groups[];

/* By name or alias; NULL for none. */
const Command *command_find(const char *name);
/* Does the command have this option, its own or of a group? */
bool command_honours(const Command *c, const char *option);
/* The table that has the option of the command, or NULL; *is_own: it is over the command's own
 * struct, else over Session. */
const Opt *command_option(const Command *c, const char *name, size_t n, bool *is_own);

/* How s->answer is to be shown. */
AnswerStyle session_style(const Session *s);

/* Shows s->answer now (answers that come again and again, and those whose rows are made) and empties it.  ERR_IO when standard
 * output did not take it; a closed pipe is no error, and ends the program with status 0. */
ErrCode session_show(Session *s, Err *err);

/* Prints a text that is no answer (a script, a page) and releases it.  ERR_IO and a closed pipe as
 * above. */
ErrCode session_print(Buf *text, Err *err);
/* The same for what stdio still holds. */
ErrCode session_flush(Err *err);

typedef struct HelpStatus {
    int status;
    const char *meaning;
} HelpStatus;
/* Ends with {0, NULL}. */
extern const HelpStatus help_statuses[];
bool help_status_is_of(const Command *c, int status);

/* `slaw VERB --help`, `slaw help`, `slaw help GROUP`: at most 80 characters a line. */
void help_command(const Command *c, Buf *out);
void help_group(const OptGroup *g, Buf *out);
void help_all(Buf *out);

/* Runs `slaw argv[1..]`; returns the exit status. */
int command_main(int argc, char *const argv[]);

#endif
