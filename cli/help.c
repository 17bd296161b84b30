/* What --help prints, made from the tables. */
#include <string.h>

#include "answer/grid.h"
#include "cli/command.h"
#include "common/exit_code.h"

enum { HELP_WIDTH = 80, LEFT_WIDTH = 26 };

/* Words of a text from column `at` on, later lines from `indent` on. */
static void put_words(const char *text, size_t at, size_t indent, Buf *out)
{
    const char *rest = text, *line;
    size_t bytes, room = HELP_WIDTH - at;
    bool is_first = true;
    while (text_line(&rest, room, &line, &bytes)) {
        if (!is_first) {
            buf_printf(out, "\n%*s", (int)indent, "");
        }
        buf_add(out, line, bytes);
        is_first = false;
        room = HELP_WIDTH - indent;
    }
    buf_putc(out, '\n');
}

/* Paragraphs are parted by empty lines; within one, line breaks are blanks. */
static void put_paragraphs(const char *text, Buf *out)
{
    while (*text) {
        const char *end = strstr(text, "\n\n");
        size_t n = end ? (size_t)(end - text) : strlen(text);
        Buf one = BUF_INIT;
        for (size_t i = 0; i < n; i++) {
            buf_putc(&one, (char)(text[i] == '\n' ? ' ' : text[i]));
        }
        put_words(buf_str(&one), 0, 0, out);
        buf_release(&one);
        text += n + (end ? 2 : 0);
        buf_puts(out, *text ? "\n" : "");
    }
}

static void put_opt(const Opt *o, Buf *out)
{
    Buf left = BUF_INIT;
    if (o->letter) {
        buf_printf(&left, "-%c, ", o->letter);
    }
    buf_printf(&left, "--%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
    buf_printf(out, "  %-*s", LEFT_WIDTH - 2, buf_str(&left));
    if (left.len + 4 > LEFT_WIDTH) {
        buf_printf(out, "\n%*s", LEFT_WIDTH, "");
    }
    put_words(o->help, LEFT_WIDTH, LEFT_WIDTH, out);
    buf_release(&left);
}

static bool is_without(const Command *c, const char *name)
{
    return !command_honours(c, name);
}

/* "  rows      --where --by ..." */
static void put_group(const Command *c, const OptGroup *g, Buf *out)
{
    Buf names = BUF_INIT;
    const char *sep = "";
    for (const Opt *o = g->opt; o->name; o++) {
        if (!is_without(c, o->name)) {
            buf_printf(&names, "%s--%s", sep, o->name);
            sep = " ";
        }
    }
    buf_printf(out, "  %-10s", g->name);
    put_words(buf_str(&names), 12, 12, out);
    buf_release(&names);
}

const HelpStatus help_statuses[] = {
    {EXIT_ALL_DONE, "all done"},
    {EXIT_SOME_FAILED, "some runs failed or some fits were refused; all are listed"},
    {EXIT_USAGE, "the command line is wrong"},
    {EXIT_BAD_INPUT, "a file that was read breaks a rule, or is not there"},
    {EXIT_UNAVAILABLE, "a launcher, a server or a lock is not to be had"},
    {EXIT_IO, "input or output failed"},
    {EXIT_RESUMABLE, "interrupted; the same command goes on"},
    {0, NULL},
};

bool help_status_is_of(const Command *c, int status)
{
    return status == EXIT_SOME_FAILED   ? c->can_fail_part
           : status == EXIT_UNAVAILABLE ? c->can_be_refused
           : status == EXIT_RESUMABLE   ? c->can_be_stopped
                                        : true;
}

static void put_exit_status(const Command *c, Buf *out)
{
    buf_puts(out, "\nExit status:\n");
    for (const HelpStatus *x = help_statuses; x->meaning; x++) {
        if (help_status_is_of(c, x->status)) {
            buf_printf(out, "  %-4d", x->status);
            put_words(x->meaning, 6, 6, out);
        }
    }
}

void help_command(const Command *c, Buf *out)
{
    buf_printf(out, "Usage: slaw %s%s%s [options]\n\n", c->name, c->args[0] ? " " : "", c->args);
    put_paragraphs(c->description, out);
    if (c->alias) {
        buf_printf(out, "\nAlso called: slaw %s\n", c->alias);
    }
    if (c->opts) {
        buf_puts(out, "\nOptions:\n");
        for (const Opt *o = c->opts; o->name; o++) {
            put_opt(o, out);
        }
    }
    buf_puts(out, "\nShared options (slaw help GROUP explains them):\n");
    for (size_t i = 0; all_groups[i]; i++) {
        const OptGroup *g = all_groups[i];
        bool is_own = g == &group_general || (g == &group_output && !c->is_raw);
        for (size_t k = 0; k < COMMAND_MAX_GROUPS && c->groups[k]; k++) {
            is_own = is_own || c->groups[k] == g;
        }
        if (is_own) {
            put_group(c, g, out);
        }
    }
    if (c->examples[0]) {
        buf_puts(out, "\nExamples:\n");
        for (size_t i = 0; i < COMMAND_MAX_EXAMPLES && c->examples[i]; i++) {
            buf_printf(out, "  %s\n", c->examples[i]);
        }
    }
    put_exit_status(c, out);
}

void help_group(const OptGroup *g, Buf *out)
{
    buf_printf(out, "Options \"%s\": %s.\n\n", g->name, g->title);
    for (const Opt *o = g->opt; o->name; o++) {
        put_opt(o, out);
    }
    buf_puts(out, "\nTaken by: ");
    Buf names = BUF_INIT;
    for (size_t i = 0; all_commands[i]; i++) {
        if (command_honours(all_commands[i], g->opt->name)) {
            buf_printf(&names, "%s%s", names.len ? ", " : "", all_commands[i]->name);
        }
    }
    put_words(buf_str(&names), strlen("Taken by: "), 2, out);
    buf_release(&names);
}

void help_all(Buf *out)
{
    buf_puts(out, "slaw turns a YAML file into scaling laws.\n\n"
                  "Usage: slaw VERB [STUDY] [options]\n\n");
    for (size_t i = 0; all_commands[i]; i++) {
        buf_printf(out, "  %-12s", all_commands[i]->name);
        put_words(all_commands[i]->summary, 14, 14, out);
    }
    buf_puts(out, "\nslaw VERB --help explains one, slaw help GROUP the options that verbs "
                  "share:\n");
    Buf names = BUF_INIT;
    for (size_t i = 0; all_groups[i]; i++) {
        buf_printf(&names, "%s%s", i ? ", " : "", all_groups[i]->name);
    }
    put_words(buf_str(&names), 0, 0, out);
    buf_release(&names);
}
