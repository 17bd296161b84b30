/* Manual pages in roff, made from the tables of the command line. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/environment.h"
#include "common/exit_code.h"
#include "common/fsx.h"

typedef struct ManualOpts {
    const char *out;
} ManualOpts;

static const Opt manual_opts[] = {
    {"out", "DIR", "write the page of every verb there, as slaw-VERB.1", OPT_TEXT,
     offsetof(ManualOpts, out), NULL, 0},
    {0},
};

/* A dash of the command line is no hyphen, a backslash no request, and a line may begin with neither
 * a dot nor a quote. */
static void put_roff(const char *s, Buf *out)
{
    for (bool is_first = true; *s; s++) {
        if (*s == '\n' && s[1] == '\n') {
            buf_puts(out, "\n.PP\n");
            s++;
            is_first = true;
            continue;
        }
        buf_puts(out, is_first && (*s == '.' || *s == '\'') ? "\\&" : "");
        if (*s == '\\') {
            buf_puts(out, "\\e");
        } else if (*s == '-') {
            buf_puts(out, "\\-");
        } else {
            buf_putc(out, (char)(*s == '\n' ? ' ' : *s));
        }
        is_first = false;
    }
    buf_putc(out, '\n');
}

static void put_title(const char *name, const char *summary, Buf *out)
{
    Buf upper = BUF_INIT;
    for (const char *c = name; *c; c++) {
        buf_putc(&upper, (char)toupper((unsigned char)*c));
    }
    buf_printf(out, ".TH %s 1 \"\" \"slaw %s\" \"Slaw manual\"\n.SH NAME\n", buf_str(&upper),
               SLAW_VERSION);
    buf_release(&upper);
    buf_printf(out, "%s \\- ", name);
    put_roff(summary, out);
}

static void put_option(const Opt *o, Buf *out)
{
    buf_puts(out, ".TP\n");
    if (o->letter) {
        buf_printf(out, "\\fB\\-%c\\fR, ", o->letter);
    }
    buf_puts(out, "\\fB\\-\\-");
    for (const char *c = o->name; *c; c++) {
        buf_printf(out, *c == '-' ? "\\-" : "%c", *c);
    }
    buf_printf(out, "\\fR%s%s%s\n", o->value ? " \\fI" : "", o->value ? o->value : "",
               o->value ? "\\fR" : "");
    put_roff(o->help, out);
}

static void put_options(const Command *c, Buf *out)
{
    buf_puts(out, ".SH OPTIONS\n");
    for (const Opt *o = c->opts; o && o->name; o++) {
        put_option(o, out);
    }
    for (size_t i = 0; all_groups[i]; i++) {
        const OptGroup *g = all_groups[i];
        bool has_any = false;
        for (const Opt *o = g->opt; o->name; o++) {
            bool is_own;
            if (command_option(c, o->name, strlen(o->name), &is_own) == o) {
                if (!has_any) {
                    buf_puts(out, ".SS ");
                    put_roff(g->title, out);
                }
                has_any = true;
                put_option(o, out);
            }
        }
    }
}

static void put_variables(Buf *out)
{
    buf_puts(out, ".SH ENVIRONMENT\n");
    for (const EnvironmentVariable *v = environment_variables; v->name; v++) {
        buf_printf(out, ".TP\n.B %s\n", v->name);
        put_roff(v->help, out);
    }
}

static void verb_page(const Command *c, Buf *out)
{
    char name[64];
    (void)snprintf(name, sizeof name, "slaw-%s", c->name);
    put_title(name, c->summary, out);
    buf_printf(out, ".SH SYNOPSIS\n\\fBslaw %s\\fR %s [options]\n.SH DESCRIPTION\n", c->name,
               c->args);
    put_roff(c->description, out);
    put_options(c, out);
    buf_puts(out, c->examples[0] ? ".SH EXAMPLES\n" : "");
    for (size_t i = 0; i < COMMAND_MAX_EXAMPLES && c->examples[i]; i++) {
        buf_puts(out, ".nf\n");
        put_roff(c->examples[i], out);
        buf_puts(out, ".fi\n");
    }
    buf_puts(out, ".SH EXIT STATUS\n");
    for (size_t i = 0; help_statuses[i].meaning; i++) {
        if (help_status_is_of(c, help_statuses[i].status)) {
            buf_printf(out, ".TP\n.B %d\n", help_statuses[i].status);
            put_roff(help_statuses[i].meaning, out);
        }
    }
    put_variables(out);
    buf_puts(out, ".SH SEE ALSO\n.BR slaw (1)\n");
}

static void main_page(Buf *out)
{
    put_title("slaw", "turn a YAML file into scaling laws", out);
    buf_puts(out, ".SH SYNOPSIS\n\\fBslaw\\fR \\fIVERB\\fR [STUDY] [options]\n.SH DESCRIPTION\n"
                  "Expands an experiment matrix, trains every model of it, catalogues every "
                  "intermediate checkpoint, survives what kills it, and fits scaling laws with "
                  "intervals.\n.SH VERBS\n");
    for (size_t i = 0; all_commands[i]; i++) {
        buf_printf(out, ".TP\n.BR slaw\\-%s (1)\n", all_commands[i]->name);
        put_roff(all_commands[i]->summary, out);
    }
    put_variables(out);
}

static ErrCode write_page(const char *dir, const char *name, Buf *text, Err *err)
{
    char path[FSX_PATH_BYTES];
    ErrCode rc = ERR_OK;
    TRY(buf_ok(text, err));
    TRY(fsx_path(path, err, "%s/%s.1", dir, name));
    TRY(fsx_note(path, buf_str(text), text->len, err));
done:
    buf_release(text);
    return rc;
}

static ErrCode write_all(const char *dir, Err *err)
{
    Buf text = BUF_INIT;
    ErrCode rc = ERR_OK;
    TRY(fsx_mkdirs(dir, err));
    main_page(&text);
    TRY(write_page(dir, "slaw", &text, err));
    for (size_t i = 0; all_commands[i]; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "slaw-%s", all_commands[i]->name);
        verb_page(all_commands[i], &text);
        TRY(write_page(dir, name, &text, err));
    }
done:
    return rc;
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const ManualOpts *o = opts;
    (void)s;
    Buf text = BUF_INIT;
    if (o->out) {
        return argc ? err_set(err, ERR_USAGE, "--out writes the pages of all verbs: name none")
                    : write_all(o->out, err);
    }
    const Command *c = argc ? command_find(argv[0]) : NULL;
    if (argc && !c) {
        (void)err_set(err, ERR_USAGE, "there is no verb \"%s\"", argv[0]);
        return err_hint(err, "slaw --help lists them");
    }
    if (c) {
        verb_page(c, &text);
    } else {
        main_page(&text);
    }
    return session_print(&text, err);
}

const Command command_manual = {
    .name = "manual",
    .args = "[VERB]",
    .summary = "print a manual page, for man(1)",
    .description =
        "Prints the manual page of slaw, or of a verb, in roff; `slaw manual fit | man -l "
        "-` shows it. An installed slaw brings all of them along: man slaw-fit.",
    COMMAND_OPTS(manual_opts, ManualOpts),
    .examples = {"slaw manual fit", "slaw manual --out man"},
    .is_raw = true,
    .run = run,
};
