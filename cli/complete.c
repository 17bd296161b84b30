#include "cli/complete.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/forms/form.h"
#include "analysis/obs/obs.h"
#include "cli/catalog_arg.h"
#include "cli/command.h"
#include "common/fsx.h"

/* What is completed: candidates that begin with `typed` are kept, with `before` put back. */
typedef struct Completion {
    const char *typed;
    char before[64]; /* "--law=", or the names before the last comma */
    const Command *command;
    const char *source; /* the first positional argument, or NULL */
    size_t position;    /* of the word among the positional arguments */
    Buf *out;
} Completion;

static void offer(const Completion *c, const char *name, const char *help)
{
    if (name && strncmp(name, c->typed, strlen(c->typed)) == 0) {
        buf_printf(c->out, "%s%s%s%s\n", c->before, name, help ? "\t" : "", help ? help : "");
    }
}

/* ---- files ---- */

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

static bool is_wanted(const char *name, const char *const *endings)
{
    bool is_any = !endings;
    for (; endings && *endings; endings++) {
        is_any = is_any || ends_with(name, *endings);
    }
    return is_any;
}

/* Folders, and files with one of the endings (NULL: all), below the folder that was typed. */
static void offer_files(const Completion *c, const char *const *endings)
{
    char folder[FSX_PATH_BYTES], path[2 * FSX_PATH_BYTES];
    const char *slash = strrchr(c->typed, '/');
    size_t n = slash ? (size_t)(slash - c->typed) + 1 : 0;
    (void)snprintf(folder, sizeof folder, "%.*s", (int)n, c->typed);
    DIR *d = opendir(n ? folder : ".");
    /* One thread. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
        struct stat st;
        if (e->d_name[0] == '.' && c->typed[n] != '.') {
            continue;
        }
        (void)snprintf(path, sizeof path, "%s%s", folder, e->d_name);
        bool is_folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
        if (is_folder) {
            (void)snprintf(path, sizeof path, "%s%s/", folder, e->d_name);
        }
        if (is_folder || is_wanted(e->d_name, endings)) {
            offer(c, path, NULL);
        }
    }
    if (d) {
        (void)closedir(d);
    }
}

/* ---- what a study or a source holds ---- */

static void offer_studies(const Completion *c)
{
    DIR *d = opendir("runs");
    /* One thread. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
        char path[FSX_PATH_BYTES], catalog[FSX_PATH_BYTES];
        Err err = ERR_INIT;
        if (e->d_name[0] != '.' && fsx_path(path, &err, "runs/%s", e->d_name) == ERR_OK &&
            fsx_join(catalog, path, "catalog.db", &err) == ERR_OK && fsx_exists(catalog)) {
            offer(c, path, "a study");
        }
    }
    if (d) {
        (void)closedir(d);
    }
}

static void offer_runs(const Completion *c)
{
    Session quiet = {.is_quiet = true};
    CatalogArg a = {0};
    CatalogRunStatus *list = NULL;
    size_t n = 0;
    Err err = ERR_INIT;
    if (c->source && catalog_arg_open(&quiet, c->source, NULL, &a, &err) == ERR_OK &&
        catalog_run_status_list(a.c, &a.arena, &list, &n, &err) == ERR_OK) {
        for (size_t i = 0; i < n; i++) {
            offer(c, list[i].name, catalog_run_state_name(list[i].state));
        }
    }
    catalog_arg_close(&a);
}

static void offer_columns(const Completion *c)
{
    ObsSource s;
    Err err = ERR_INIT;
    if (c->source && obs_source_open(c->source, &s, &err) == ERR_OK) {
        for (size_t i = 0; i < s.frame.n_columns; i++) {
            offer(c, frame_name(&s.frame, i), NULL);
        }
        obs_source_release(&s);
    }
}

/* ---- values of options, arguments ---- */

static bool is_in(const char *name, const char *const *list)
{
    for (; *list; list++) {
        if (strcmp(name, *list) == 0) {
            return true;
        }
    }
    return false;
}

static void offer_value(const Completion *c, const Opt *o)
{
    static const char *const columns[] = {"where", "by",   "best-per", "response",
                                          "time",  "axis", NULL};
    static const char *const paths[] = {"dir", "out", NULL};
    for (size_t i = 0; o->kind == OPT_CHOICE && o->choices[i]; i++) {
        offer(c, o->choices[i], NULL);
    }
    for (size_t i = 0; strcmp(o->name, "law") == 0 && i < form_count(); i++) {
        offer(c, form_at(i)->name, form_at(i)->equation);
    }
    for (size_t i = 0; strcmp(o->name, "task") == 0 && i < 1; i++) {
        offer(c, "validation", NULL);
    }
    if (is_in(o->name, columns)) {
        offer_columns(c);
    } else if (is_in(o->name, paths)) {
        offer_files(c, NULL);
    }
}

/* The word of "STUDY [RUN...]" for a position; the last stands for all that follow. */
static void argument_word(const char *args, size_t position, char out[32])
{
    out[0] = '\0';
    for (size_t i = 0; *args; i++) {
        size_t n = strcspn(args, " ");
        if (i <= position) {
            (void)snprintf(out, 32, "%.*s", (int)n, args);
        }
        args += n;
        args += strspn(args, " ");
    }
}

static void offer_argument(const Completion *c)
{
    static const char *const yaml[] = {".yaml", ".yml", NULL};
    static const char *const sources[] = {".csv", ".tsv", ".yaml", ".yml", ".db", NULL};
    char what[32];
    argument_word(c->command->args, c->position, what);
    if (strstr(what, "RUN")) {
        offer_runs(c);
    } else if (strstr(what, "SHELL")) {
        offer(c, "bash", NULL);
        offer(c, "zsh", NULL);
        offer(c, "fish", NULL);
    } else if (strstr(what, "STUDY")) {
        offer_studies(c);
        offer_files(c, yaml);
    } else if (strstr(what, "SOURCE")) {
        offer_studies(c);
        offer_files(c, sources);
    } else if (what[0]) {
        offer_files(c, NULL);
    }
}

static void offer_options(const Completion *c, const Opt *opts)
{
    for (const Opt *o = opts; o && o->name; o++) {
        char name[64];
        (void)snprintf(name, sizeof name, "--%s", o->name);
        if (command_honours(c->command, o->name)) {
            offer(c, name, o->help);
        }
    }
}

static void offer_verbs(const Completion *c)
{
    for (size_t i = 0; all_commands[i]; i++) {
        offer(c, all_commands[i]->name, all_commands[i]->summary);
    }
    offer(c, "help", "explain a verb or a group of options");
}

/* Names with commas: only the last is being typed. */
static void after_comma(Completion *c, const Opt *o)
{
    const char *comma = strrchr(c->typed, ',');
    if (comma && o->kind == OPT_TEXT) {
        size_t used = strlen(c->before);
        (void)snprintf(c->before + used, sizeof c->before - used, "%.*s",
                       (int)(comma + 1 - c->typed), c->typed);
        c->typed = comma + 1;
    }
}

/* Walks over the words before the last; the option that waits for the last as its value, or NULL. */
static const Opt *waiting_option(Completion *c, int n, char *const word[])
{
    const Opt *waiting = NULL;
    for (int i = 1; i + 1 < n; i++) {
        bool is_own;
        if (waiting) {
            waiting = NULL;
        } else if (strncmp(word[i], "--", 2) == 0) {
            const Opt *o = command_option(c->command, word[i] + 2, strlen(word[i] + 2), &is_own);
            waiting = o && o->kind != OPT_FLAG && o->kind != OPT_COUNT ? o : NULL;
        } else {
            c->source = c->source ? c->source : word[i];
            c->position++;
        }
    }
    return waiting;
}

void complete_words(int n, char *const word[], Buf *out)
{
    Completion c = {.typed = n > 0 ? word[n - 1] : "", .out = out};
    if (n <= 1) {
        offer_verbs(&c);
        return;
    }
    if (strcmp(word[0], "help") == 0) {
        offer_verbs(&c);
        for (size_t i = 0; all_groups[i]; i++) {
            offer(&c, all_groups[i]->name, all_groups[i]->title);
        }
        return;
    }
    c.command = command_find(word[0]);
    if (!c.command) {
        return;
    }
    const Opt *o = waiting_option(&c, n, word);
    const char *equals = strncmp(c.typed, "--", 2) == 0 ? strchr(c.typed, '=') : NULL;
    bool is_own;
    if (equals && !o) {
        o = command_option(c.command, c.typed + 2, (size_t)(equals - c.typed - 2), &is_own);
        (void)snprintf(c.before, sizeof c.before, "%.*s", (int)(equals + 1 - c.typed), c.typed);
        c.typed = equals + 1;
    }
    if (o) {
        after_comma(&c, o);
        offer_value(&c, o);
    } else if (c.typed[0] == '-') {
        offer_options(&c, c.command->opts);
        for (size_t i = 0; all_groups[i]; i++) {
            offer_options(&c, all_groups[i]->opt);
        }
    } else {
        offer_argument(&c);
    }
}
