#include "cli/command.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err_report.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "common/quantity.h"

const Command *const all_commands[] = {
#define COMMAND(id) &command_##id,
#include "cli/commands.def"
#undef COMMAND
    NULL,
};
enum { N_COMMANDS = sizeof all_commands / sizeof all_commands[0] - 1 };

#define FIT_DEFAULT                                                                    \
    {                                                                                  \
        .task = "validation", .starts = 64, .bootstrap = 200, .seed = 1, .threads = 1, \
        .resampling = "auto"                                                           \
    }

/* ---- which options a command has ---- */

/* Is the word one of a list with commas? */
static bool is_listed(const char *list, const char *name, size_t n)
{
    for (const char *s = list; s && *s;) {
        size_t len = strcspn(s, ",");
        if (len == n && memcmp(s, name, n) == 0) {
            return true;
        }
        s += len + (s[len] == ',');
    }
    return false;
}

const Opt *command_option(const Command *c, const char *name, size_t n, bool *is_own)
{
    const Opt *o = opt_find(c->opts, name, n);
    *is_own = o != NULL;
    for (size_t i = 0; !o && i < COMMAND_MAX_GROUPS && c->groups[i]; i++) {
        o = opt_find(c->groups[i]->opt, name, n);
    }
    o = !o && !c->is_raw ? opt_find(group_output.opt, name, n) : o;
    o = !o ? opt_find(group_general.opt, name, n) : o;
    return o && !is_listed(c->without, name, n) ? o : NULL;
}

bool command_honours(const Command *c, const char *option)
{
    bool is_own;
    return command_option(c, option, strlen(option), &is_own) != NULL;
}

static void add_names(const Command *c, const Opt *opts, const char **known, size_t max, size_t *n)
{
    for (const Opt *o = opts; o && o->name && *n < max; o++) {
        if (command_honours(c, o->name)) {
            known[(*n)++] = o->name;
        }
    }
}

/* "slaw fit, slaw table" of the verbs that have an option which this one does not. */
static void others_with(const char *name, Buf *out)
{
    size_t n = 0;
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (command_honours(all_commands[i], name) && n++ < 3) {
            buf_printf(out, "%sslaw %s", n > 1 ? ", " : "", all_commands[i]->name);
        }
    }
    buf_puts(out, n > 3 ? " and others do" : n > 1 ? " do" : n ? " does" : "");
}

static ErrCode unknown_option(const Command *c, const char *name, size_t len, Err *err)
{
    const char *known[128];
    size_t n = 0;
    char word[64];
    Buf others = BUF_INIT;
    (void)snprintf(word, sizeof word, "%.*s", (int)len, name);
    add_names(c, c->opts, known, 128, &n);
    for (size_t i = 0; all_groups[i]; i++) {
        add_names(c, all_groups[i]->opt, known, 128, &n);
    }
    const char *near = nearest_name(word, known, n);
    others_with(word, &others);
    (void)err_set(err, ERR_USAGE, "slaw %s has no option --%s", c->name, word);
    if (others.len) {
        (void)err_hint(err, "%s; slaw %s --help lists its own", buf_str(&others), c->name);
    } else if (near) {
        (void)err_hint(err, "did you mean --%s?", near);
    } else {
        (void)err_hint(err, "slaw %s --help lists its options", c->name);
    }
    buf_release(&others);
    return err->code;
}

/* ---- parsing ---- */

typedef struct Words {
    int argc;
    char *const *argv;
    int at;
} Words;

static ErrCode parse_value(const Opt *o, const char *equals, Words *w, void *into, Err *err)
{
    if (o->kind == OPT_FLAG || o->kind == OPT_COUNT) {
        return equals ? err_set(err, ERR_USAGE, "--%s takes no value", o->name)
                      : opt_store(o, NULL, into, err);
    }
    const char *value = equals ? equals + 1 : NULL;
    if (!value) {
        if (w->at + 1 >= w->argc) {
            return err_set(err, ERR_USAGE, "--%s needs a value: --%s %s", o->name, o->name,
                           o->value);
        }
        value = w->argv[++w->at];
    }
    return opt_store(o, value, into, err);
}

/* One "--name[=value]", or a letter. */
static ErrCode parse_option(Session *s, Words *w, void *opts, Err *err)
{
    const Command *c = s->command;
    const char *word = w->argv[w->at];
    bool is_own = false;
    if (word[1] != '-') {
        for (const Opt *o = group_general.opt; o->name; o++) {
            if (o->letter == word[1] && word[2] == '\0') {
                return opt_store(o, NULL, s, err);
            }
        }
        (void)err_set(err, ERR_USAGE, "slaw %s has no option %s", c->name, word);
        return err_hint(err, "an argument that begins with a dash comes after --");
    }
    const char *name = word + 2, *equals = strchr(name, '=');
    size_t n = equals ? (size_t)(equals - name) : strlen(name);
    const Opt *o = command_option(c, name, n, &is_own);
    return o ? parse_value(o, equals, w, is_own ? opts : s, err) : unknown_option(c, name, n, err);
}

/* Splits arguments into options and positionals; "--" ends the options, "-" is no option. */
static ErrCode parse(Session *s, Words *w, void *opts, char **positional, int *n, Err *err)
{
    bool only_positional = false;
    for (; w->at < w->argc; w->at++) {
        const char *word = w->argv[w->at];
        if (!only_positional && strcmp(word, "--") == 0) {
            only_positional = true;
        } else if (!only_positional && word[0] == '-' && word[1] != '\0') {
            ErrCode rc = parse_option(s, w, opts, err);
            if (rc != ERR_OK) {
                return rc;
            }
        } else {
            positional[(*n)++] = w->argv[w->at];
        }
    }
    return ERR_OK;
}

/* A word of the synopsis is an argument; in brackets it may be left out, with dots it may be many. */
static ErrCode check_count(const Command *c, int n, Err *err)
{
    int least = 0, most = 0;
    for (const char *s = c->args, *end; *s; s = end + strspn(end, " ")) {
        end = s + strcspn(s, " ");
        least += *s != '[';
        most = strstr(c->args, "...") ? INT_MAX : most + 1;
    }
    if (c->counts_args || (n >= least && n <= most)) {
        return ERR_OK;
    }
    if (most == 0) {
        (void)err_set(err, ERR_USAGE, "slaw %s takes no arguments", c->name);
    } else {
        (void)err_set(err, ERR_USAGE, "slaw %s takes %s: %s", c->name,
                      n < least ? "more arguments" : "fewer arguments", c->args);
    }
    return err_hint(err, "slaw %s --help explains them", c->name);
}

/* ---- standard output ---- */

/* ERR_IO for the call that just failed.  A reader that went away wanted no more: that is no error,
 * and nobody is left to tell more to. */
static ErrCode output_failed(Err *err)
{
    if (errno == EPIPE) {
        _exit(EXIT_ALL_DONE);
    }
    return errno ? err_sys(err, "standard output")
                 : err_set(err, ERR_IO, "standard output did not take all of the answer");
}

ErrCode session_flush(Err *err)
{
    errno = 0;
    return fflush(stdout) == 0 && !ferror(stdout) ? ERR_OK : output_failed(err);
}

ErrCode session_print(Buf *text, Err *err)
{
    ErrCode rc = buf_ok(text, err);
    errno = 0;
    if (rc == ERR_OK && text->len > 0 && fwrite(text->data, 1, text->len, stdout) != text->len) {
        rc = output_failed(err);
    }
    buf_release(text);
    return rc == ERR_OK ? session_flush(err) : rc;
}

AnswerStyle session_style(const Session *s)
{
    return (AnswerStyle){.width = s->width,
                         .is_wide = s->output.is_wide,
                         .has_color = s->has_color,
                         .is_one_line = s->is_one_line,
                         .table = s->output.table,
                         .title = s->title};
}

/* A piece of a long answer; the first failure stays in *ctx. */
static void print_piece(void *ctx, Buf *out)
{
    Err *err = ctx;
    errno = 0;
    if (err->code == ERR_OK && fwrite(out->data, 1, out->len, stdout) != out->len) {
        (void)output_failed(err);
    }
    buf_clear(out);
}

ErrCode session_show(Session *s, Err *err)
{
    AnswerStyle style = session_style(s);
    Buf text = BUF_INIT;
    Err lost = ERR_INIT;
    style.flush = print_piece;
    style.flush_ctx = &lost;
    ErrCode rc = answer_render(&s->answer, (AnswerFormat)s->format, &style, &text, err);
    answer_release(&s->answer);
    if (rc == ERR_OK && lost.code != ERR_OK) {
        *err = lost;
        rc = lost.code;
    }
    if (rc != ERR_OK) {
        buf_release(&text);
        return rc;
    }
    return session_print(&text, err);
}

static void report(const Session *s, const Err *err)
{
    Buf text = BUF_INIT;
    Err ignored = ERR_INIT;
    if (s->is_json) {
        err_report_json(err, s->problems, &text);
        if (session_print(&text, &ignored) == ERR_OK) {
            return;
        }
    }
    buf_release(&text);
    err_report_text(err, s->problems, s->err_style, &text);
    if (text.is_short) { /* the message itself takes no memory */
        (void)fprintf(stderr, "slaw: %s\n", err->msg);
    } else {
        (void)fputs(buf_str(&text), stderr);
    }
    buf_release(&text);
}

/* ---- running ---- */

static ErrCode look_around(Session *s, Err *err)
{
    if (s->output.width != 0 && (s->output.width < ANSWER_LEAST_WIDTH || s->output.width > 10000)) {
        return err_set(err, ERR_USAGE, "--width takes %d to 10000 characters", ANSWER_LEAST_WIDTH);
    }
    s->format = s->output.json ? FORMAT_JSON : s->format;
    s->is_json = s->format == FORMAT_JSON;
    TextStyle out = text_style_of(STDOUT_FILENO);
    s->width = s->output.width ? (int)s->output.width : out.width;
    s->has_color = s->output.color == COLOR_AUTO ? out.has_color : s->output.color == COLOR_ALWAYS;
    if (s->output.color != COLOR_AUTO) {
        s->err_style.has_color = s->has_color;
    }
    s->err_is_terminal = isatty(STDERR_FILENO) == 1;
    log_set_level(s->verbosity >= 2 ? LOG_DEBUG : s->verbosity == 1 ? LOG_INFO : LOG_WARN);
    return ERR_OK;
}

/* An error in the command line is told as JSON, too, when JSON was asked for anywhere in it. */
static bool asks_for_json(int argc, char *const argv[])
{
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0 || strcmp(argv[i], "--format=json") == 0 ||
            (strcmp(argv[i], "--format") == 0 && i + 1 < argc &&
             strcmp(argv[i + 1], "json") == 0)) {
            return true;
        }
    }
    return false;
}

static ErrCode parse_and_run(Session *s, Words *w, void *opts, char **positional, Err *err)
{
    int n = 0;
    ErrCode rc = ERR_OK;
    TRY(parse(s, w, opts, positional, &n, err));
    if (s->output.is_help) {
        Buf text = BUF_INIT;
        help_command(s->command, &text);
        return session_print(&text, err);
    }
    TRY(check_count(s->command, n, err));
    (void)snprintf(s->title, sizeof s->title, "slaw %s%s%s", s->command->name, n ? " " : "",
                   n ? positional[0] : "");
    TRY(look_around(s, err));
    TRY(s->command->run(s, opts, n, positional, err));
    if (s->answer.top || s->answer.is_short) {
        TRY(session_show(s, err));
    }
    TRY(session_flush(err));
done:
    return rc;
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
    Problems problems = PROBLEMS_INIT;
    Session s = {.command = c,
                 .opts = opts.bytes,
                 .fit = FIT_DEFAULT,
                 .err_style = text_style_of(STDERR_FILENO),
                 .problems = &problems};
    s.fit.bootstrap = c->bootstrap ? c->bootstrap : s.fit.bootstrap;
    Words w = {.argc = argc, .argv = argv};
    s.is_json = asks_for_json(argc, argv);
    char **positional = calloc((size_t)argc + 1, sizeof *positional);
    ErrCode rc = positional ? parse_and_run(&s, &w, opts.bytes, positional, &err)
                            : err_nomem(&err, "arguments");
    free(positional);
    answer_release(&s.answer);
    if (rc != ERR_OK) {
        report(&s, &err);
        s.exit_status = err_exit_status(rc);
    }
    problems_release(&problems);
    return s.exit_status;
}

const Command *command_find(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++) {
        const Command *c = all_commands[i];
        if (strcmp(c->name, name) == 0 || (c->alias && strcmp(c->alias, name) == 0)) {
            return c;
        }
    }
    return NULL;
}

static int unknown_verb(const char *name, int argc, char *const argv[])
{
    const char *known[N_COMMANDS];
    Err err = ERR_INIT;
    for (size_t i = 0; i < N_COMMANDS; i++) {
        known[i] = all_commands[i]->name;
    }
    const char *near = nearest_name(name, known, N_COMMANDS);
    (void)err_set(&err, ERR_USAGE, "there is no verb \"%s\"", name);
    (void)(near ? err_hint(&err, "did you mean \"%s\"?", near)
                : err_hint(&err, "slaw --help lists them"));
    report(&(Session){.is_json = asks_for_json(argc, argv), .err_style = TEXT_STYLE_PLAIN}, &err);
    return EXIT_USAGE;
}

/* `slaw help [VERB|GROUP]` */
static int show_help(const char *about)
{
    Buf text = BUF_INIT;
    Err err = ERR_INIT;
    const Command *c = about ? command_find(about) : NULL;
    const OptGroup *g = NULL;
    for (size_t i = 0; about && !c && all_groups[i]; i++) {
        g = strcmp(all_groups[i]->name, about) == 0 ? all_groups[i] : g;
    }
    if (about && !c && !g) {
        return unknown_verb(about, 0, NULL);
    }
    if (c) {
        help_command(c, &text);
    } else if (g) {
        help_group(g, &text);
    } else {
        help_all(&text);
    }
    if (session_print(&text, &err) != ERR_OK) {
        report(&(Session){.err_style = TEXT_STYLE_PLAIN}, &err);
        return err_exit_status(err.code);
    }
    return EXIT_ALL_DONE;
}

int command_main(int argc, char *const argv[])
{
    (void)signal(SIGPIPE, SIG_IGN); /* a write says so; subprocess.c gives it back to children */
    if (argc < 2) {
        Buf text = BUF_INIT;
        help_all(&text);
        (void)fputs(buf_str(&text), stderr);
        buf_release(&text);
        return EXIT_USAGE;
    }
    const char *verb = argv[1];
    if (strcmp(verb, "--version") == 0 || strcmp(verb, "-V") == 0) {
        verb = "version";
    }
    if (strcmp(verb, "help") == 0 || strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0) {
        return show_help(argc > 2 ? argv[2] : NULL);
    }
    const Command *c = command_find(verb);
    return c ? run_command(c, argc - 2, argv + 2) : unknown_verb(verb, argc - 2, argv + 2);
}
