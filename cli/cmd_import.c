#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/study_arg.h"
#include "common/json.h"
#include "orchestrator/exchange/import.h"

typedef struct ImportOpts {
    const char *pattern, *name, *out;
    OptTexts csv, jsonl, log, map, set, keep;
    bool per_file, skip_bad, replace;
} ImportOpts;

static const Opt import_opts[] = {
    {"csv", "FILE", "a CSV file with a header; may be repeated", OPT_TEXTS,
     offsetof(ImportOpts, csv)},
    {"jsonl", "FILE", "a file with a JSON object a line; a.b is b inside a; may be repeated",
     OPT_TEXTS, offsetof(ImportOpts, jsonl)},
    {"log", "FILE", "a text file that --pattern is matched to line by line; may be repeated",
     OPT_TEXTS, offsetof(ImportOpts, log)},
    {"pattern", "REGEX", "PCRE2 with named groups: 'step (?<step>\\d+).*?loss[ =](?<loss>[\\d.]+)'",
     OPT_TEXT, offsetof(ImportOpts, pattern)},
    {"map", "NAME=FIELD", "which field is N, D, loss, ...; FIELD*2048 scales; may be repeated",
     OPT_TEXTS, offsetof(ImportOpts, map)},
    {"set", "NAME=VALUE", "the same for every row, as N=7e9; may be repeated", OPT_TEXTS,
     offsetof(ImportOpts, set)},
    {"keep", "FIELD", "a further field, under its own name; may be repeated", OPT_TEXTS,
     offsetof(ImportOpts, keep)},
    {"per-file", NULL, "each file is a run of its own, named as the file (a log: unless it says)",
     OPT_FLAG, offsetof(ImportOpts, per_file)},
    {"skip-bad", NULL, "leave malformed rows out and count them", OPT_FLAG,
     offsetof(ImportOpts, skip_bad)},
    {"out", "FILE", "write the observations there instead of beside a study", OPT_TEXT,
     offsetof(ImportOpts, out)},
    {"name", "NAME", "of the import in the study (default: the first file's name)", OPT_TEXT,
     offsetof(ImportOpts, name)},
    {"replace", NULL, "replace the study's import of this name", OPT_FLAG,
     offsetof(ImportOpts, replace)},
    {0},
};

static ErrCode make_options(const ImportOpts *o, ImportOptions *ret, Err *err)
{
    const OptTexts *const list[] = {&o->csv, &o->jsonl, &o->log};
    size_t kinds = 0;
    *ret = (ImportOptions){.pattern = o->pattern,
                           .map = o->map.item,
                           .n_map = o->map.n,
                           .set = o->set.item,
                           .n_set = o->set.n,
                           .keep = o->keep.item,
                           .n_keep = o->keep.n,
                           .is_per_file = o->per_file,
                           .is_lenient = o->skip_bad};
    for (size_t i = 0; i < 3; i++) {
        if (list[i]->n) {
            kinds++;
            ret->format = (ImportFormat)i;
            ret->file = list[i]->item;
            ret->n_files = list[i]->n;
        }
    }
    return kinds <= 1 ? ERR_OK
                      : err_set(err, ERR_USAGE, "one of --csv, --jsonl and --log at a time");
}

/* The first file's name without folder and ending, what cannot stand in a name as an underscore. */
static void default_name(const char *path, char out[81])
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    (void)snprintf(out, 81, "%.*s", dot && dot > base ? (int)(dot - base) : 80, base);
    for (char *p = out; *p; p++) {
        bool is_plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                        (*p >= '0' && *p <= '9') || (strchr("._-", *p) && p > out);
        if (!is_plain) {
            *p = '_';
        }
    }
}

static bool has_column(const json_t *m, const char *name)
{
    const json_t *columns = json_object_get(m, "columns");
    for (size_t i = 0; i < json_array_size(columns); i++) {
        if (strcmp(json_string_value(json_array_get(columns, i)), name) == 0) {
            return true;
        }
    }
    return false;
}

static void tell_left_out(const json_t *left_out, AnswerNode *top)
{
    static const struct {
        const char *key, *text;
    } why[] = {{"no_match", "lines that do not match"},
               {"no_loss", "rows without a loss"},
               {"not_finite", "rows whose loss is not finite"},
               {"malformed", "malformed rows"},
               {"too_long", "lines of over 1 MiB"}};
    static const Column column[] = {{.heading = "left out"}, {.heading = "number"}};
    AnswerNode *table = answer_table(top, NULL, NULL, column, 2);
    answer_table_use(table, TABLE_FOR_PEOPLE);
    for (size_t i = 0; i < sizeof why / sizeof why[0]; i++) {
        json_int_t n = json_integer_value(json_object_get(left_out, why[i].key));
        if (n) {
            answer_row(table, value_text(why[i].text), value_count(n));
        }
    }
}

/* The record of the import, and where it is. */
static void tell(const char *where, json_t *m, AnswerNode *top)
{
    const char *key;
    json_t *v;
    bool has_n = has_column(m, "N"), has_d = has_column(m, "D");
    json_object_foreach(m, key, v)
    {
        if (strcmp(key, "schema") != 0 && strcmp(key, "rows") != 0) {
            answer_set_json(top, key, json_incref(v));
        }
    }
    answer_show(top, &(Column){"path", "file"}, value_text(where));
    answer_show(top, &(Column){"rows", "observations"},
                value_count(json_integer_value(json_object_get(m, "rows"))));
    tell_left_out(json_object_get(m, "left_out"), top);
    if (!has_n || !has_d) {
        answer_say(top, NULL, SAY_NOTE,
                   "Without %s no law in N and D can be fitted; --set N=7e9 or --map D=step*2048 "
                   "says it.",
                   !has_n && !has_d ? "N and D"
                   : has_n          ? "D"
                                    : "N");
    }
}

static ErrCode import_one(const Session *s, const ImportOpts *o, const char *study, char *where,
                          json_t **ret, Err *err)
{
    ImportOptions options;
    char dir[FSX_PATH_BYTES], name[81] = "";
    ErrCode rc = ERR_OK;
    TRY(make_options(o, &options, err));
    if (!study) {
        TRY(fsx_path(where, err, "%s", o->out));
        TRY(import_to_file(&options, o->out, ret, err));
        return ERR_OK;
    }
    if (options.n_files && !o->name) {
        default_name(options.file[0], name);
    }
    TRY(study_arg_dir(s, study, s->fit.dir, dir, err));
    TRY(import_to_study(&options, dir,
                        o->name           ? o->name
                        : options.n_files ? name
                                          : "import",
                        o->replace, ret, err));
    TRY(fsx_path(where, err, "%s/imports/%s", dir,
                 json_string_value(json_object_get(*ret, "observations"))));
done:
    return rc;
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const ImportOpts *o = opts;
    char where[FSX_PATH_BYTES];
    json_t *manifest = NULL;
    if ((argc == 1) == (o->out != NULL)) {
        return err_set(err, ERR_USAGE, "say where to: a STUDY, or --out FILE");
    }
    ErrCode rc = import_one(s, o, argc == 1 ? argv[0] : NULL, where, &manifest, err);
    if (rc == ERR_OK) {
        tell(where, manifest, answer_top(&s->answer));
    }
    json_decref(manifest);
    return rc;
}

const Command command_import = {
    .name = "import",
    .args = "[STUDY]",
    .summary = "other people's runs: CSV, JSON lines, logs by regular expression",
    .description =
        "Writes one CSV of observations with a record of where it comes from: beside a study, "
        "whose fits then see the rows with the import's name in the column origin, or with --out "
        "to a file for slaw fit.\n\nFields named as observations are (run, architecture, N, D, C, "
        "loss, ...) are taken by themselves; --map and --set say the rest. docs/exchange.md has "
        "examples.",
    COMMAND_OPTS(import_opts, ImportOpts),
    .groups = {&group_study},
    .examples = {"slaw import --csv points.csv --out theirs.csv",
                 "slaw import runs/quickstart --csv points.csv --map architecture=model"},
    .run = run,
};
