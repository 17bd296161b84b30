#include "trainer/data/gather.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/fsx.h"
#include "common/grow.h"
#include "trainer/data/debian.h"
#include "trainer/data/default_text.h"

#define TEXT_FILE_MAX_BYTES ((size_t)4 << 30)

/* Users' files keep their lines and what is not Latin. */
static const DocOptions as_it_is = {.normalise = {.joins_lines = false, .is_ascii_only = false}};

static ErrCode check_file(const char *path, const char *name, Err *err)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        return errno == ENOENT || errno == ENOTDIR ? fsx_no_such(path, name, err)
                                                   : err_sys(err, "%s", name);
    }
    if (S_ISDIR(st.st_mode)) {
        (void)err_set(err, ERR_INVALID, "%s is a folder, and text is given as files", name);
        return err_hint(err, "name the files in it: %s/*.txt", name);
    }
    return S_ISREG(st.st_mode) ? ERR_OK
                               : err_set(err, ERR_INVALID, "%s is not a regular file", name);
}

static ErrCode add_file(TextFiles *files, Arena *arena, const char *path, size_t n_base, Err *err)
{
    ErrCode rc = check_file(path, path + n_base, err);
    if (rc != ERR_OK) {
        return rc;
    }
    TextFile *item = grow_array(files->item, files->n, &files->cap, sizeof *item, 64);
    files->item = item ? item : files->item;
    const char *kept = arena_strdup(arena, path);
    if (!item || !kept) {
        return err_nomem(err, "list of files");
    }
    files->item[files->n++] = (TextFile){kept, kept + n_base};
    return ERR_OK;
}

/* base with a backslash before what glob(3) would interpret, then the user's pattern. */
static void glob_pattern(const char *base, size_t n_base, const char *pattern, Buf *out)
{
    for (size_t i = 0; i < n_base; i++) {
        if (strchr("*?[\\", base[i])) {
            buf_putc(out, '\\');
        }
        buf_putc(out, base[i]);
    }
    buf_puts(out, pattern);
}

static ErrCode add_matches(TextFiles *files, Arena *arena, const char *base, size_t n_base,
                           const char *pattern, Err *err)
{
    Buf full = BUF_INIT;
    glob_t found = {0};
    glob_pattern(base, n_base, pattern, &full);
    ErrCode rc = buf_ok(&full, err);
    /* glob(3) is unsafe only beside setenv() and the user data base, and we expand no tilde.
     * NOLINTNEXTLINE(concurrency-mt-unsafe) */
    int e = rc == ERR_OK ? glob(full.data, 0, NULL, &found) : 0;
    if (e == GLOB_NOMATCH) {
        rc = err_set(err, ERR_NOTFOUND, "no file matches %s", pattern);
    } else if (e != 0) {
        rc = err_nomem(err, "list of files");
    }
    for (size_t i = 0; rc == ERR_OK && i < found.gl_pathc; i++) {
        rc = add_file(files, arena, found.gl_pathv[i], n_base, err);
    }
    if (rc == ERR_OK || e == 0) {
        globfree(&found);
    }
    buf_release(&full);
    return rc;
}

/* One word of the spec: a file if there is one of this very name, else a glob. */
static ErrCode add_word(TextFiles *files, Arena *arena, const char *base_dir, const char *word,
                        Err *err)
{
    char base[FSX_PATH_BYTES] = "", path[FSX_PATH_BYTES];
    ErrCode rc = ERR_OK;
    if (word[0] == '\0') {
        return err_set(err, ERR_INVALID, "the name of a text file is empty");
    }
    if (word[0] != '/') {
        rc = fsx_path(base, err, "%s/", base_dir && base_dir[0] ? base_dir : ".");
    }
    if (rc == ERR_OK) {
        rc = fsx_path(path, err, "%s%s", base, word);
    }
    if (rc != ERR_OK) {
        return rc;
    }
    if (fsx_exists(path) || !strpbrk(word, "*?[")) {
        return add_file(files, arena, path, strlen(base), err);
    }
    return add_matches(files, arena, base, strlen(base), word, err);
}

static int compare_files(const void *a, const void *b)
{
    return strcmp(((const TextFile *)a)->path, ((const TextFile *)b)->path);
}

static void sort_once_each(TextFiles *files)
{
    if (files->n == 0) {
        return;
    }
    qsort(files->item, files->n, sizeof *files->item, compare_files);
    size_t n = 1;
    for (size_t i = 1; i < files->n; i++) {
        if (strcmp(files->item[i].path, files->item[n - 1].path) != 0) {
            files->item[n++] = files->item[i];
        }
    }
    files->n = n;
}

ErrCode gather_files(const CorpusSpec *spec, Arena *arena, TextFiles *ret, Err *err)
{
    TextFiles files = {0};
    ErrCode rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < spec->n_text; i++) {
        if (strcmp(spec->text[i], CORPUS_DEFAULT_WORD) != 0) {
            rc = add_word(&files, arena, spec->base_dir, spec->text[i], err);
        }
    }
    if (rc != ERR_OK) {
        free(files.item);
        return rc;
    }
    sort_once_each(&files);
    *ret = files;
    return ERR_OK;
}

/* Parts between form feeds are documents of their own. */
static ErrCode add_documents(const Buf *file, size_t source, DocSet *docs, Err *err)
{
    const char *p = buf_str(file), *end = p + file->len;
    ErrCode rc = ERR_OK;
    while (rc == ERR_OK && p < end) {
        const char *stop = memchr(p, '\f', (size_t)(end - p));
        stop = stop ? stop : end;
        rc = docset_add(docs, p, (size_t)(stop - p), source, &as_it_is, err);
        p = stop + 1;
    }
    return rc;
}

/* Two copies of a text would put the same words into both parts. */
static ErrCode check_first(json_t *name_by_sha256, const char *sha256, const char *name, Err *err)
{
    const char *other = json_string_value(json_object_get(name_by_sha256, sha256));
    if (other) {
        (void)err_set(err, ERR_INVALID, "%s has the same bytes as %s", name, other);
        return err_hint(err, "give each text once: held-out text must not be trained on");
    }
    if (json_object_set_new(name_by_sha256, sha256, json_string(name)) != 0) {
        /* jansson takes UTF-8 only */
        return err_set(err, ERR_INVALID, "the name of a text file is not UTF-8: %s", name);
    }
    return ERR_OK;
}

static ErrCode read_file(const TextFile *f, DocSet *docs, json_t *sources, json_t *name_by_sha256,
                         Err *err)
{
    Buf file = BUF_INIT;
    char sha256[SHA256_HEX_BYTES];
    size_t before = docs->n;
    ErrCode rc = ERR_OK;
    TRY(fsx_read(f->path, TEXT_FILE_MAX_BYTES, &file, err));
    TRY(normalise_check(buf_str(&file), file.len, f->name, err));
    TRY(hash_sha256(buf_str(&file), file.len, sha256, err));
    TRY(check_first(name_by_sha256, sha256, f->name, err));
    TRY(add_documents(&file, json_array_size(sources), docs, err));
    if (docs->n == before) {
        rc = err_set(err, ERR_INVALID, "%s has no text in it", f->name);
        goto done;
    }
    if (json_array_append_new(sources, json_pack("{s:s, s:I, s:s}", "path", f->name, "bytes",
                                                 (json_int_t)file.len, "sha256", sha256)) != 0) {
        rc = err_nomem(err, "list of sources");
    }
done:
    buf_release(&file);
    return rc;
}

static ErrCode read_files(const CorpusSpec *spec, CorpusProgress progress, void *ctx, DocSet *docs,
                          json_t *sources, Err *err)
{
    Arena arena = ARENA_INIT;
    TextFiles files = {0};
    json_t *name_by_sha256 = json_object();
    ErrCode rc =
        name_by_sha256 ? gather_files(spec, &arena, &files, err) : err_nomem(err, "list of files");
    if (rc == ERR_OK && progress && files.n > 0) {
        char text[64];
        (void)snprintf(text, sizeof text, "reading %zu %s", files.n,
                       files.n == 1 ? "file" : "files");
        progress(ctx, text);
    }
    for (size_t i = 0; rc == ERR_OK && i < files.n; i++) {
        rc = read_file(&files.item[i], docs, sources, name_by_sha256, err);
    }
    json_decref(name_by_sha256);
    free(files.item);
    arena_release(&arena);
    return rc;
}

static json_t *package_json(const DefaultSource *s, const DebianPackage *p)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:s}", "package", p->name, "version", p->version,
                     "title", s->title, "licence", s->licence, "bytes", (json_int_t)p->n_bytes,
                     "sha256", p->sha256);
}

static ErrCode read_default(const char *dir, CorpusProgress progress, void *ctx, DocSet *docs,
                            json_t *sources, Err *err)
{
    DebianCache cache = DEBIAN_CACHE_INIT;
    ErrCode rc = ERR_OK;
    DebianPackage *packages = calloc(DEFAULT_SOURCES, sizeof *packages);
    if (!packages) {
        return err_nomem(err, "packages");
    }
    for (size_t i = 0; i < DEFAULT_SOURCES; i++) {
        packages[i].name = default_sources[i].package;
    }
    TRY(debian_cache_open(dir, &cache, err));
    TRY(debian_fetch(&cache, packages, DEFAULT_SOURCES, progress, ctx, err));
    if (progress) {
        progress(ctx, "reading the text");
    }
    for (size_t i = 0; i < DEFAULT_SOURCES; i++) {
        const DefaultSource *s = &default_sources[i];
        rc = s->read(packages[i].root, json_array_size(sources), docs, err);
        if (rc != ERR_OK) {
            (void)err_wrap(err, "package %s %s", s->package, packages[i].version);
            goto done;
        }
        if (json_array_append_new(sources, package_json(s, &packages[i])) != 0) {
            rc = err_nomem(err, "list of sources");
            goto done;
        }
    }
done:
    debian_cache_close(&cache);
    free(packages);
    return rc;
}

ErrCode gather_text(const CorpusSpec *spec, const char *dir, CorpusProgress progress, void *ctx,
                    DocSet *ret_docs, json_t **ret_sources, Err *err)
{
    DocSet docs = DOCSET_INIT;
    bool has_default = false;
    ErrCode rc = ERR_OK;
    json_t *sources = json_array();
    if (!sources) {
        return err_nomem(err, "list of sources");
    }
    for (size_t i = 0; i < spec->n_text; i++) {
        has_default = has_default || strcmp(spec->text[i], CORPUS_DEFAULT_WORD) == 0;
    }
    if (has_default) {
        TRY(read_default(dir, progress, ctx, &docs, sources, err));
    }
    TRY(read_files(spec, progress, ctx, &docs, sources, err));
    *ret_docs = docs;
    *ret_sources = sources;
    return ERR_OK;
done:
    docset_release(&docs);
    json_decref(sources);
    return rc;
}
