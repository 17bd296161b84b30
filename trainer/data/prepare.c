/* prepare.c -- corpus_prepare(): gather, cut, hold out, count, write, manifest last. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/fsx.h"
#include "common/json.h"
#include "common/rng.h"
#include "trainer/data/gather.h"
#include "trainer/data/manifest.h"
#include "trainer/data/ngram.h"

enum {
    DOC_END = '\f',
    DOC_MAX_BYTES = 16 << 10, /* longer documents are cut */
    DOC_MIN_CUT_BYTES = 1 << 10,
    DOC_SHARE = 64, /* in small corpora none may hold more than about 1/64 of the text */
};

static const int ngram_orders[CORPUS_NGRAM_ORDERS] = {1, 2, 4, 6};

static ErrCode check_spec(const CorpusSpec *spec, Err *err)
{
    if (spec->vocabulary != 256) {
        (void)err_set(err, ERR_INVALID, "tokenizer {bpe: %lld} is not available yet",
                      (long long)spec->vocabulary);
        return err_hint(err, "use tokenizer: bytes");
    }
    if (spec->n_text == 0) {
        return err_set(err, ERR_INVALID, "the corpus names no text");
    }
    if (spec->validation_tokens < 2) { /* one to predict and one to predict it from */
        return err_set(err, ERR_INVALID, "validation needs at least 2 tokens, not %lld",
                       (long long)spec->validation_tokens);
    }
    return ERR_OK;
}

/* ---- a corpus that is there already ---- */

static const json_t *find_source(const json_t *manifest, const char *name)
{
    size_t i;
    json_t *source;
    json_array_foreach(json_object_get(manifest, "sources"), i, source)
    {
        const char *path = json_string_value(json_object_get(source, "path"));
        if (path && strcmp(path, name) == 0) {
            return source;
        }
    }
    return NULL;
}

/* ERR_CONFLICT when a file is there now and was not, or has other bytes. */
static ErrCode check_unchanged(const json_t *manifest, const TextFile *f, const char *dir, Err *err)
{
    char sha256[SHA256_HEX_BYTES];
    ErrCode rc = hash_sha256_file(f->path, sha256, err);
    if (rc != ERR_OK) {
        return rc;
    }
    const char *was = json_string_value(json_object_get(find_source(manifest, f->name), "sha256"));
    if (was && strcmp(was, sha256) == 0) {
        return ERR_OK;
    }
    (void)err_set(err, ERR_CONFLICT, "%s %s since the corpus in %s was prepared", f->name,
                  was ? "has changed" : "is new", dir);
    return err_hint(err, "remove that folder to prepare it again, or choose another");
}

/* Files that are gone are fine: a prepared corpus stands for itself. */
static ErrCode check_sources(const json_t *manifest, const CorpusSpec *spec, const char *dir,
                             Err *err)
{
    Arena arena = ARENA_INIT;
    TextFiles files = {0};
    Err ignored = ERR_INIT;
    ErrCode rc = ERR_OK;
    if (gather_files(spec, &arena, &files, &ignored) == ERR_OK) {
        for (size_t i = 0; rc == ERR_OK && i < files.n; i++) {
            rc = check_unchanged(manifest, &files.item[i], dir, err);
        }
    }
    free(files.item);
    arena_release(&arena);
    return rc;
}

/* The manifest of the spec's corpus in dir; the caller's. */
static ErrCode read_prepared(const CorpusSpec *spec, const char *dir, json_t **ret,
                             CorpusInfo *ret_info, Err *err)
{
    ErrCode rc = manifest_read(dir, ret, ret_info, err);
    if (rc == ERR_OK && !manifest_is_for(*ret, spec)) {
        (void)err_set(err, ERR_CONFLICT,
                      "%s holds a corpus of another text, tokenizer or validation size", dir);
        rc = err_hint(err, "remove that folder to prepare it again, or choose another");
    }
    return rc;
}

ErrCode corpus_prepared(const CorpusSpec *spec, const char *dir, CorpusInfo *ret, Err *err)
{
    json_t *manifest = NULL;
    ErrCode rc = read_prepared(spec, dir, &manifest, ret, err);
    json_decref(manifest);
    return rc;
}

/* ERR_NOTFOUND when dir holds no corpus. */
static ErrCode use_existing(const CorpusSpec *spec, const char *dir, CorpusInfo *ret, Err *err)
{
    json_t *manifest = NULL;
    Corpus *corpus = NULL;
    CorpusInfo info;
    ErrCode rc = ERR_OK;
    TRY(read_prepared(spec, dir, &manifest, &info, err));
    TRY(check_sources(manifest, spec, dir, err));
    TRY(corpus_open(dir, &corpus, err)); /* the token files are there and whole */
    *ret = info;
done:
    corpus_close(corpus);
    json_decref(manifest);
    return rc;
}

/* ---- a new one ---- */

typedef struct Parts {
    Buf train, validation; /* documents, each closed by a form feed */
    int64_t train_documents, validation_documents;
} Parts;

static ErrCode cut_documents(DocSet *docs, Err *err)
{
    size_t share = docs->text.len / DOC_SHARE;
    size_t max_bytes = share < DOC_MIN_CUT_BYTES ? DOC_MIN_CUT_BYTES
                       : share > DOC_MAX_BYTES   ? DOC_MAX_BYTES
                                                 : share;
    return docset_split(docs, max_bytes, err);
}

/* Documents in a fixed random order: whole ones to validation until it is full, the rest to
 * train. */
static ErrCode hold_out(const DocSet *docs, int64_t validation_tokens, Parts *parts, Err *err)
{
    for (size_t i = 0; i < docs->n; i++) {
        const Doc *d = &docs->doc[rng_permute(0, rng_stream(RNG_SPLIT, 0), i, docs->n)];
        bool is_held = (int64_t)parts->validation.len < validation_tokens;
        Buf *part = is_held ? &parts->validation : &parts->train;
        buf_add(part, docs->text.data + d->at, d->n_bytes);
        buf_putc(part, DOC_END);
        *(is_held ? &parts->validation_documents : &parts->train_documents) += 1;
    }
    ErrCode rc = buf_ok(&parts->train, err);
    if (rc == ERR_OK) {
        rc = buf_ok(&parts->validation, err);
    }
    if (rc == ERR_OK && parts->train.len < 2) {
        (void)err_set(err, ERR_INVALID,
                      "the text is too small: %zu tokens in %zu documents, and %lld for validation "
                      "leave none to train on",
                      docs->text.len + docs->n, docs->n, (long long)validation_tokens);
        return err_hint(err, "give more text, or hold out fewer tokens (validation)");
    }
    return rc;
}

static ErrCode count_ngrams(const Parts *parts, CorpusInfo *info, Err *err)
{
    Ngram *model = NULL;
    double bits[NGRAM_MAX_ORDER + 1];
    ErrCode rc = ngram_new((const unsigned char *)parts->train.data, parts->train.len,
                           NGRAM_MAX_ORDER, &model, err);
    if (rc != ERR_OK) {
        return rc;
    }
    ngram_bits_per_byte(model, (const unsigned char *)parts->validation.data,
                        (size_t)info->validation_tokens, bits);
    ngram_free(model);
    for (size_t i = 0; i < CORPUS_NGRAM_ORDERS; i++) {
        info->ngram_order[i] = ngram_orders[i];
        info->ngram_bits_per_byte[i] = bits[ngram_orders[i]];
    }
    return ERR_OK;
}

/* Documents and bytes that each source gave, into its manifest object. */
static ErrCode count_sources(const DocSet *docs, json_t *sources, Err *err)
{
    size_t n = json_array_size(sources);
    struct {
        json_int_t documents, bytes;
    } *count = calloc(n, sizeof *count);
    if (!count) {
        return err_nomem(err, "list of sources");
    }
    for (size_t i = 0; i < docs->n; i++) {
        count[docs->doc[i].source].documents++;
        count[docs->doc[i].source].bytes += (json_int_t)docs->doc[i].n_bytes;
    }
    int failed = 0;
    for (size_t i = 0; i < n; i++) {
        json_t *source = json_array_get(sources, i);
        failed |= json_object_set_new(source, "documents", json_integer(count[i].documents));
        failed |= json_object_set_new(source, "text_bytes", json_integer(count[i].bytes));
    }
    free(count);
    return failed ? err_nomem(err, "list of sources") : ERR_OK;
}

/* Whether fsx_replace() made it for one of our files. */
static bool is_leftover(const char *name)
{
    static const char *const ours[] = {MANIFEST_FILE, TRAIN_TEXT_FILE, VALIDATION_TEXT_FILE,
                                       TRAIN_TOKENS_FILE, VALIDATION_TOKENS_FILE};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        size_t n = strlen(ours[i]);
        if (strncmp(name, ours[i], n) == 0 && strncmp(name + n, ".tmp.", 5) == 0) {
            return true;
        }
    }
    return false;
}

/* Half-written files of a process that was killed; the lock says that it is gone. */
static void remove_leftovers(const char *dir)
{
    DIR *d = opendir(dir);
    if (!d) {
        return;
    }
    /* readdir is called on this function's own stream. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    for (const struct dirent *e = readdir(d); e; e = readdir(d)) {
        if (is_leftover(e->d_name)) {
            (void)unlinkat(dirfd(d), e->d_name, 0);
        }
    }
    (void)closedir(d);
}

static ErrCode write_file(const char *dir, const char *name, const Buf *b, size_t n, Err *err)
{
    char path[FSX_PATH_BYTES];
    ErrCode rc = fsx_join(path, dir, name, err);
    return rc == ERR_OK ? fsx_replace(path, b->data, n, err) : rc;
}

static ErrCode write_corpus(const CorpusSpec *spec, const char *dir, const Parts *parts,
                            json_t *sources, CorpusInfo *info, Err *err)
{
    char train[SHA256_HEX_BYTES], validation[SHA256_HEX_BYTES], path[FSX_PATH_BYTES];
    json_t *manifest = NULL;
    size_t n_validation = (size_t)info->validation_tokens;
    ErrCode rc = ERR_OK;
    TRY(write_file(dir, TRAIN_TEXT_FILE, &parts->train, parts->train.len, err));
    TRY(write_file(dir, VALIDATION_TEXT_FILE, &parts->validation, parts->validation.len, err));
    TRY(write_file(dir, TRAIN_TOKENS_FILE, &parts->train, parts->train.len, err));
    TRY(write_file(dir, VALIDATION_TOKENS_FILE, &parts->validation, n_validation, err));
    TRY(hash_sha256(parts->train.data, parts->train.len, train, err));
    TRY(hash_sha256(parts->validation.data, n_validation, validation, err));
    TRY(manifest_digest(train, validation, info->vocabulary, info->digest, err));
    TRY(manifest_make(spec, info, train, validation, sources, &manifest, err));
    TRY(fsx_join(path, dir, MANIFEST_FILE, err));
    TRY(json_write_file(path, manifest, err));
done:
    json_decref(manifest);
    return rc;
}

static ErrCode make_corpus(const CorpusSpec *spec, const char *dir, CorpusProgress progress,
                           void *ctx, CorpusInfo *ret, Err *err)
{
    DocSet docs = DOCSET_INIT;
    json_t *sources = NULL;
    Parts parts = {0};
    CorpusInfo info = {.vocabulary = spec->vocabulary,
                       .validation_tokens = spec->validation_tokens,
                       .train_bytes_per_token = 1.0,
                       .validation_bytes_per_token = 1.0};
    ErrCode rc = ERR_OK;
    remove_leftovers(dir);
    TRY(gather_text(spec, dir, progress, ctx, &docs, &sources, err));
    TRY(cut_documents(&docs, err));
    TRY(hold_out(&docs, spec->validation_tokens, &parts, err));
    TRY(count_sources(&docs, sources, err));
    docset_release(&docs);
    info.train_tokens = (int64_t)parts.train.len;
    info.train_documents = parts.train_documents;
    info.validation_documents = parts.validation_documents;
    if (progress) {
        progress(ctx, "counting n-grams");
    }
    TRY(count_ngrams(&parts, &info, err));
    TRY(write_corpus(spec, dir, &parts, sources, &info, err));
    *ret = info;
done:
    docset_release(&docs);
    json_decref(sources);
    buf_release(&parts.train);
    buf_release(&parts.validation);
    return rc;
}

/* One process at a time prepares a folder; the others wait and find it done. */
static ErrCode lock_dir(const char *dir, int *ret_fd, Err *err)
{
    ErrCode rc = fsx_mkdirs(dir, err);
    if (rc != ERR_OK) {
        return rc;
    }
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return err_sys(err, "open %s", dir);
    }
    while (flock(fd, LOCK_EX) != 0) {
        if (errno != EINTR) {
            rc = err_sys(err, "lock %s", dir);
            (void)close(fd);
            return rc;
        }
    }
    *ret_fd = fd;
    return ERR_OK;
}

ErrCode corpus_prepare(const CorpusSpec *spec, const char *dir, CorpusProgress progress, void *ctx,
                       CorpusInfo *ret, Err *err)
{
    int lock_fd = -1;
    Err nothing_there = ERR_INIT;
    ErrCode rc = check_spec(spec, err);
    if (rc == ERR_OK) {
        rc = lock_dir(dir, &lock_fd, err);
    }
    if (rc != ERR_OK) {
        return rc;
    }
    rc = use_existing(spec, dir, ret, &nothing_there);
    if (rc == ERR_NOTFOUND) {
        rc = make_corpus(spec, dir, progress, ctx, ret, err);
    } else if (rc != ERR_OK) {
        *err = nothing_there;
    }
    (void)close(lock_fd);
    return rc;
}
