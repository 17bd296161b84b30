/* slaw corpus: prepares text for training and says what is in it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/study_arg.h"
#include "common/fsx.h"
#include "common/json.h"
#include "trainer/data/corpus.h"

typedef struct CorpusOpts {
    OptTexts text;
    const char *dir;
    int64_t validation;
} CorpusOpts;

enum { DEFAULT_VALIDATION = 65536 };

static const Opt opts[] = {
    {"text", "PATH", "a file, a glob, or \"default\"; may be repeated, and more may follow",
     OPT_TEXTS, offsetof(CorpusOpts, text)},
    {"dir", "DIR", "the study directory; with --text the corpus itself (default: corpus)", OPT_TEXT,
     offsetof(CorpusOpts, dir)},
    {"validation", "N", "with --text: tokens held out (default: 65536)", OPT_I64,
     offsetof(CorpusOpts, validation)},
    {0},
};

static void show_progress(void *ctx, const char *text)
{
    (void)ctx;
    (void)fprintf(stderr, "corpus: %s\n", text);
}

static const char *str_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static Value whole_of(const json_t *object, const char *key)
{
    return value_count(json_integer_value(json_object_get(object, key)));
}

/* "gutenberg (version 1.2, public domain)", or a path. */
static void add_source(const json_t *source, AnswerNode *table)
{
    const char *path = str_of(source, "path"), *package = str_of(source, "package");
    answer_row(table, value_text(path && path[0] ? path : package), whole_of(source, "text_bytes"),
               whole_of(source, "documents"), value_text(str_of(source, "title")),
               value_text(str_of(source, "version")), value_text(str_of(source, "licence")));
}

static void tell_sources(const json_t *manifest, AnswerNode *top)
{
    static const Column column[] = {
        {.heading = "source"},
        {.heading = "text", .format = NUMBER_BYTES},
        {.heading = "documents"},
        {.heading = "title", .rank = 2, .is_prose = true},
        {.heading = "version", .rank = 3},
        {.heading = "licence", .rank = 1},
    };
    size_t i;
    json_t *source;
    AnswerNode *table = answer_table(top, NULL, "Sources", COLUMNS(column));
    json_array_foreach(json_object_get(manifest, "sources"), i, source)
    {
        add_source(source, table);
    }
}

static void tell_parts(const CorpusInfo *info, AnswerNode *top)
{
    static const Column column[] = {
        {.heading = "part"}, {.heading = "tokens"}, {.heading = "documents"}};
    static const Column ngram[] = {
        {.heading = "n-grams of order"},
        {.heading = "validation", .unit = "bits/byte", .format = NUMBER_FIXED, .digits = 3}};
    AnswerNode *parts = answer_table(top, NULL, NULL, column, 3);
    answer_row(parts, value_text("train"), value_count(info->train_tokens),
               value_count(info->train_documents));
    answer_row(parts, value_text("validation"), value_count(info->validation_tokens),
               value_count(info->validation_documents));
    AnswerNode *orders = answer_table(top, NULL, NULL, ngram, 2);
    for (size_t i = 0; i < CORPUS_NGRAM_ORDERS; i++) {
        answer_row(orders, value_count(info->ngram_order[i]),
                   value_real(info->ngram_bits_per_byte[i]));
    }
}

/* The manifest with the folder beside it. */
static void tell(const char *dir, const CorpusInfo *info, json_t *manifest, AnswerNode *top)
{
    const char *key;
    json_t *v;
    json_object_foreach(manifest, key, v)
    {
        if (strcmp(key, "schema") != 0 && strcmp(key, "digest") != 0) {
            answer_set_json(top, key, json_incref(v));
        }
    }
    answer_show(top, &(Column){"dir", "corpus"}, value_text(dir));
    answer_show(top, &(Column){.heading = "tokenizer"}, value_text("bytes"));
    answer_show(top, &(Column){.heading = "vocabulary"}, value_count(info->vocabulary));
    answer_show(top, &(Column){"digest", "digest"}, value_text(info->digest));
    tell_parts(info, top);
    tell_sources(manifest, top);
}

static ErrCode prepare_and_show(Session *s, const CorpusSpec *spec, const char *dir,
                                CorpusInfo *ret, Err *err)
{
    json_t *manifest = NULL;
    char path[FSX_PATH_BYTES];
    ErrCode rc = ERR_OK;
    TRY(corpus_prepare(spec, dir, s->err_is_terminal && !s->is_quiet ? show_progress : NULL, NULL,
                       ret, err));
    TRY(fsx_join(path, dir, "manifest.json", err));
    TRY(json_read_file(path, &manifest, err));
    tell(dir, ret, manifest, answer_top(&s->answer));
done:
    json_decref(manifest);
    return rc;
}

/* --text a --text b, and what a shell made of --text *.txt: the rest as arguments. */
static ErrCode run_text(Session *s, const CorpusOpts *o, int argc, char *const argv[], Err *err)
{
    const char **text = calloc(o->text.n + (size_t)argc, sizeof *text);
    if (!text) {
        return err_nomem(err, "list of files");
    }
    memcpy(text, o->text.item, o->text.n * sizeof *text);
    for (int i = 0; i < argc; i++) {
        text[o->text.n + (size_t)i] = argv[i];
    }
    CorpusSpec spec = {.text = text,
                       .n_text = o->text.n + (size_t)argc,
                       .base_dir = ".",
                       .vocabulary = 256,
                       .validation_tokens = o->validation ? o->validation : DEFAULT_VALIDATION};
    CorpusInfo info;
    ErrCode rc = prepare_and_show(s, &spec, o->dir ? o->dir : "corpus", &info, err);
    free(text);
    return rc;
}

/* The first run that would need more than one pass without permission. */
static ErrCode check_runs(const Study *study, const CorpusInfo *info, Err *err)
{
    for (size_t i = 0; i < study->n_runs; i++) {
        const RunSpec *c = &study->runs[i];
        ErrCode rc =
            corpus_check_size(info, c->tokens, c->model->sequence, study->corpus_repeat, err);
        if (rc != ERR_OK) {
            return err_wrap(err, "run %s", c->name);
        }
    }
    return ERR_OK;
}

static ErrCode run_study(Session *s, const CorpusOpts *o, const char *arg, Err *err)
{
    StudyArg a = {0};
    CorpusInfo info;
    CorpusSpec spec = {0};
    char dir[FSX_PATH_BYTES];
    ErrCode rc = ERR_OK;
    TRY(study_arg_open(s, arg, o->dir, &a, err));
    TRY(fsx_join(dir, a.dir, "corpus", err));
    spec = (CorpusSpec){.text = a.study->corpus_text,
                        .n_text = a.study->n_corpus_text,
                        .base_dir = a.study->base_dir,
                        .vocabulary = a.study->corpus_vocabulary,
                        .validation_tokens = a.study->corpus_validation};
    TRY(prepare_and_show(s, &spec, dir, &info, err));
    TRY(check_runs(a.study, &info, err));
done:
    study_arg_close(&a);
    return rc;
}

static ErrCode run(Session *s, const void *opts_given, int argc, char *const argv[], Err *err)
{
    const CorpusOpts *o = opts_given;
    if (o->text.n > 0) {
        return run_text(s, o, argc, argv, err);
    }
    if (argc != 1) {
        (void)err_set(err, ERR_USAGE, "slaw corpus takes one STUDY, or --text PATH");
        return err_hint(err, "slaw corpus --text default prepares the default corpus");
    }
    if (o->validation != 0) {
        return err_set(err, ERR_USAGE, "--validation goes with --text; a study has its own");
    }
    return run_study(s, o, argv[0], err);
}

const Command command_corpus = {
    .name = "corpus",
    .args = "STUDY | --text PATH...",
    .summary = "prepare text for training",
    .description =
        "Makes a folder with the text, its tokens and a manifest, and says what is in it: sources, "
        "documents, tokens, and what byte n-grams predict (bits per byte). Only says it when the "
        "folder holds this corpus already. The corpus of a study is the folder corpus in its "
        "directory; slaw run prepares it too.\n\n--text default is about 20 MB of English prose "
        "out of Debian packages, fetched with apt-get download.",
    COMMAND_OPTS(opts, CorpusOpts),
    .examples = {"slaw corpus experiments/quickstart.yaml",
                 "slaw corpus --text README.md --validation 1k --dir corpus"},
    .counts_args = true,
    .run = run,
};
