/* slaw corpus: prepares text for training and says what is in it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/study_arg.h"
#include "common/fsx.h"
#include "common/json.h"
#include "common/quantity.h"
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
    const char *s = json_string_value(json_object_get(object, key));
    return s ? s : "";
}

static void print_source(const json_t *source)
{
    char bytes[QUANTITY_TEXT_BYTES];
    const char *path = str_of(source, "path");
    const char *name = path[0] ? path : str_of(source, "package");
    long long n_docs = json_integer_value(json_object_get(source, "documents"));
    double n = (double)json_integer_value(json_object_get(source, "text_bytes"));
    (void)printf("  %-22s %10s %5lld documents", name, quantity_bytes_text(n, bytes), n_docs);
    if (!path[0]) {
        (void)printf("  %s (version %s, %s)", str_of(source, "title"), str_of(source, "version"),
                     str_of(source, "licence"));
    }
    (void)printf("\n");
}

static void print_part(const char *name, int64_t documents, int64_t tokens)
{
    (void)printf("%-12s %lld tokens in %lld documents\n", name, (long long)tokens,
                 (long long)documents);
}

static void print_summary(const char *dir, const CorpusInfo *info, const json_t *manifest)
{
    size_t i;
    json_t *source;
    (void)printf("corpus       %s\n", dir);
    (void)printf("tokenizer    bytes (vocabulary %lld)\n", (long long)info->vocabulary);
    print_part("train", info->train_documents, info->train_tokens);
    print_part("validation", info->validation_documents, info->validation_tokens);
    (void)printf("digest       %s\n", info->digest);
    (void)printf("n-grams      ");
    for (i = 0; i < CORPUS_NGRAM_ORDERS; i++) {
        (void)printf("%sorder %d: %.3f", i > 0 ? ", " : "", info->ngram_order[i],
                     info->ngram_bits_per_byte[i]);
    }
    (void)printf(" bits per byte of validation\nsources\n");
    json_array_foreach(json_object_get(manifest, "sources"), i, source)
    {
        print_source(source);
    }
}

/* The manifest with the folder beside it. */
static ErrCode print_json(const char *dir, json_t *manifest, Err *err)
{
    Buf text = BUF_INIT;
    ErrCode rc = json_object_set_new(manifest, "dir", json_string(dir)) == 0
                     ? ERR_OK
                     : err_nomem(err, "summary");
    if (rc == ERR_OK) {
        json_pretty(manifest, &text);
        rc = buf_ok(&text, err);
    }
    if (rc == ERR_OK) {
        (void)fputs(buf_str(&text), stdout);
    }
    buf_release(&text);
    return rc;
}

static ErrCode prepare_and_show(const Session *s, const CorpusSpec *spec, const char *dir,
                                CorpusInfo *ret, Err *err)
{
    json_t *manifest = NULL;
    char path[FSX_PATH_BYTES];
    ErrCode rc = ERR_OK;
    TRY(corpus_prepare(spec, dir, s->is_quiet ? NULL : show_progress, NULL, ret, err));
    TRY(fsx_join(path, dir, "manifest.json", err));
    TRY(json_read_file(path, &manifest, err));
    if (s->is_json) {
        TRY(print_json(dir, manifest, err));
    } else {
        print_summary(dir, ret, manifest);
    }
done:
    json_decref(manifest);
    return rc;
}

/* --text a --text b, and what a shell made of --text *.txt: the rest as arguments. */
static ErrCode run_text(const Session *s, const CorpusOpts *o, int argc, char *const argv[],
                        Err *err)
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

static ErrCode run_study(const Session *s, const CorpusOpts *o, const char *arg, Err *err)
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
        "Makes a folder with the text, its tokens and a manifest, and prints what is in it:\n"
        "sources, documents, tokens, and what byte n-grams predict (bits per byte).  Does\n"
        "nothing but print when the folder holds this corpus already.  The corpus of a study\n"
        "is the folder corpus in its directory; slaw run prepares it too.\n\n"
        "--text default is about 20 MB of English prose out of Debian packages, fetched with\n"
        "apt-get download.",
    .opts = opts,
    .opts_size = sizeof(CorpusOpts),
    .max_args = -1,
    .run = run,
};
