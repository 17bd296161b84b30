#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err_report.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "common/quantity.h"

static const Command *const all_commands[] = {
#define COMMAND(id) &command_##id,
#include "cli/commands.def"
#undef COMMAND
};
enum { N_COMMANDS = sizeof all_commands / sizeof all_commands[0] };

/* Options every verb takes. */
typedef struct Common {
    bool json, quiet, help;
} Common;

static const Opt common_opts[] = {
    {"json", NULL, "one JSON object on standard output", OPT_FLAG, offsetof(Common, json)},
    {"quiet", NULL, "no progress and no notices", OPT_FLAG, offsetof(Common, quiet)},
    {"help", NULL, "print this help", OPT_FLAG, offsetof(Common, help)},
    {0},
};

static const Opt *opt_find(const Opt *opts, const char *name, size_t n)
{
    for (const Opt *o = opts; o && o->name; o++) {
        if (strlen(o->name) == n && memcmp(o->name, name, n) == 0) {
            return o;
        }
    }
    return NULL;
}

static ErrCode opt_store(const Opt *o, const char *value, void *into, Err *err)
{
    unsigned char *field = (unsigned char *)into + o->offset;
    bool is_good = true;
    switch (o->kind) {
    case OPT_FLAG:
        *(bool *)(void *)field = true;
        break;
    case OPT_TEXT:
        *(const char **)(void *)field = value;
        break;
    case OPT_I64:
        is_good = quantity_parse_i64(value, QUANTITY_COUNT, (int64_t *)(void *)field);
        break;
    case OPT_F64:
        is_good = quantity_parse(value, QUANTITY_COUNT, (double *)(void *)field);
        break;
    case OPT_TEXTS: {
        OptTexts *t = (OptTexts *)(void *)field;
        if (t->n == OPT_MAX_TEXTS) {
            return err_set(err, ERR_USAGE, "--%s is given more than %d times", o->name,
                           OPT_MAX_TEXTS);
        }
        t->item[t->n++] = value;
        break;
    }
    }
    if (!is_good) {
        return err_set(err, ERR_USAGE, "--%s takes %s, not \"%s\"", o->name,
                       o->kind == OPT_I64 ? "a whole number" : "a number", value);
    }
    return ERR_OK;
}

static ErrCode unknown_option(const Command *c, const char *name, size_t n, Err *err)
{
    const char *known[64];
    size_t n_known = 0;
    const Opt *lists[] = {c->opts, common_opts};
    for (size_t l = 0; l < 2; l++) {
        for (const Opt *o = lists[l]; o && o->name && n_known < 64; o++) {
            known[n_known++] = o->name;
        }
    }
    char word[64];
    (void)snprintf(word, sizeof word, "%.*s", (int)n, name);
    (void)err_set(err, ERR_USAGE, "slaw %s has no option --%s", c->name, word);
    const char *near = nearest_name(word, known, n_known);
    return near ? err_hint(err, "did you mean --%s?", near)
                : err_hint(err, "slaw %s --help lists them", c->name);
}

/* One "--name[=value]" at argv[*i]; moves *i past a value taken from the next argument. */
static ErrCode parse_option(const Command *c, int argc, char *const argv[], int *i, void *opts,
                            Common *common, Err *err)
{
    const char *name = argv[*i] + 2;
    const char *equals = strchr(name, '=');
    size_t n = equals ? (size_t)(equals - name) : strlen(name);
    const Opt *o = opt_find(c->opts, name, n);
    void *into = opts;
    if (!o) {
        o = opt_find(common_opts, name, n);
        into = common;
    }
    if (!o) {
        return unknown_option(c, name, n, err);
    }
    if (o->kind == OPT_FLAG) {
        if (equals) {
            return err_set(err, ERR_USAGE, "--%s takes no value", o->name);
        }
        return opt_store(o, NULL, into, err);
    }
    const char *value = equals ? equals + 1 : NULL;
    if (!value) {
        if (*i + 1 >= argc) {
            return err_set(err, ERR_USAGE, "--%s needs a value: --%s %s", o->name, o->name,
                           o->value);
        }
        value = argv[++*i];
    }
    return opt_store(o, value, into, err);
}

static void print_opts(FILE *f, const Opt *opts)
{
    for (const Opt *o = opts; o && o->name; o++) {
        char left[40];
        (void)snprintf(left, sizeof left, "--%s%s%s", o->name, o->value ? " " : "",
                       o->value ? o->value : "");
        (void)fprintf(f, "  %-24s %s\n", left, o->help);
    }
}

static void print_command_help(const Command *c)
{
    (void)printf("usage: slaw %s %s%s[options]\n\n%s\n\noptions:\n", c->name, c->args,
                 c->args[0] ? " " : "", c->description);
    print_opts(stdout, c->opts);
    print_opts(stdout, common_opts);
    (void)printf("  %-24s %s\n", "--verbose", "more messages; twice: debugging");
}

static void print_help(FILE *f)
{
    (void)fprintf(
        f, "slaw turns a YAML file into scaling laws.\n\nusage: slaw VERB [STUDY] [options]\n\n");
    for (size_t i = 0; i < N_COMMANDS; i++) {
        (void)fprintf(f, "  %-12s %s\n", all_commands[i]->name, all_commands[i]->summary);
    }
    (void)fprintf(f, "\nslaw VERB --help explains one.\n");
}

static const Command *command_find(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++) {
        const Command *c = all_commands[i];
        if (strcmp(c->name, name) == 0 || (c->alias && strcmp(c->alias, name) == 0)) {
            return c;
        }
    }
    return NULL;
}

static void report(const Session *s, const Err *err)
{
    Buf text = BUF_INIT;
    if (s->is_json) {
        err_report_json(err, s->problems, &text);
    } else {
        err_report_text(err, s->problems, s->err_style, &text);
    }
    (void)fputs(buf_str(&text), s->is_json ? stdout : stderr);
    buf_release(&text);
}

static int unknown_verb(const char *name)
{
    const char *known[N_COMMANDS];
    for (size_t i = 0; i < N_COMMANDS; i++) {
        known[i] = all_commands[i]->name;
    }
    (void)fprintf(stderr, "slaw: there is no verb \"%s\"\n", name);
    const char *near = nearest_name(name, known, N_COMMANDS);
    (void)fprintf(stderr, "hint: %s%s%s\n", near ? "did you mean \"" : "slaw --help lists them",
                  near ? near : "", near ? "\"?" : "");
    return EXIT_USAGE;
}

/* Splits arguments into options and positionals; "--" ends the options. */
static ErrCode parse(const Command *c, int argc, char *const argv[], Session *s, void *opts,
                     Common *common, char **positional, int *n_positional, Err *err)
{
    bool only_positional = false;
    for (int i = 0; i < argc; i++) {
        if (!only_positional && strcmp(argv[i], "--") == 0) {
            only_positional = true;
        } else if (!only_positional &&
                   (strcmp(argv[i], "--verbose") == 0 || strcmp(argv[i], "-v") == 0)) {
            s->verbosity++;
        } else if (!only_positional && strcmp(argv[i], "-q") == 0) {
            common->quiet = true;
        } else if (!only_positional && strcmp(argv[i], "-h") == 0) {
            common->help = true;
        } else if (!only_positional && strncmp(argv[i], "--", 2) == 0) {
            ErrCode rc = parse_option(c, argc, argv, &i, opts, common, err);
            if (rc != ERR_OK) {
                return rc;
            }
        } else {
            positional[(*n_positional)++] = argv[i];
        }
    }
    return ERR_OK;
}

static ErrCode check_count(const Command *c, int n, Err *err)
{
    if (n >= c->min_args && (c->max_args < 0 || n <= c->max_args)) {
        return ERR_OK;
    }
    (void)err_set(err, ERR_USAGE, "slaw %s takes %s arguments", c->name,
                  n < c->min_args ? "more" : "fewer");
    return err_hint(err, "usage: slaw %s %s", c->name, c->args);
}

static int run_command(const Command *c, int argc, char *const argv[])
{
    Err err = ERR_INIT;
    union {
        unsigned char bytes[COMMAND_OPTS_BYTES];
        max_align_t align;
    } opts = {{0}};
    if (c->opts_default) {
        memcpy(opts.bytes, c->opts_default, c->opts_size);
    }
    Common common = {0};
    Problems problems = PROBLEMS_INIT;
    Session s = {.has_color = text_style_of(STDOUT_FILENO).has_color,
                 .err_is_terminal = isatty(STDERR_FILENO) == 1,
                 .err_style = text_style_of(STDERR_FILENO),
                 .problems = &problems};
    char **positional = calloc((size_t)argc + 1, sizeof *positional);
    int n = 0;
    ErrCode rc = positional ? parse(c, argc, argv, &s, opts.bytes, &common, positional, &n, &err)
                            : err_nomem(&err, "arguments");
    if (rc == ERR_OK && common.help) {
        print_command_help(c);
        free(positional);
        return EXIT_ALL_DONE;
    }
    if (rc == ERR_OK) {
        rc = check_count(c, n, &err);
    }
    s.is_json = common.json;
    if (rc == ERR_OK) {
        s.is_quiet = common.quiet;
        log_set_level(s.verbosity >= 2 ? LOG_DEBUG : s.verbosity == 1 ? LOG_INFO : LOG_WARN);
        rc = c->run(&s, opts.bytes, n, positional, &err);
    }
    free(positional);
    if (rc == ERR_OK && fflush(stdout) != 0) {
        rc = err_sys(&err, "standard output");
    }
    if (rc != ERR_OK) {
        report(&s, &err);
        s.exit_status = err_exit_status(rc);
    }
    problems_release(&problems);
    return s.exit_status;
}

int command_main(int argc, char *const argv[])
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    const char *verb = argv[1];
    if (strcmp(verb, "--version") == 0 || strcmp(verb, "-V") == 0) {
        verb = "version";
    }
    if (strcmp(verb, "help") == 0 || strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0) {
        const Command *about = argc > 2 ? command_find(argv[2]) : NULL;
        if (about) {
            print_command_help(about);
        } else {
            print_help(stdout);
        }
        return EXIT_ALL_DONE;
    }
    const Command *c = command_find(verb);
    return c ? run_command(c, argc - 2, argv + 2) : unknown_verb(verb);
}
