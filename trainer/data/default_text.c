#include "trainer/data/default_text.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "common/fsx.h"
#include "trainer/data/html.h"
#include "trainer/data/unpack.h"

enum {
    SOURCE_FILE_MAX_BYTES = 64 << 20,
    CHAPTERS_MIN_BYTES = 6000, /* shorter chapters of a book of the Bible share a document */
    VERSES_MIN_BYTES = 400,    /* and its paragraphs are at least this long */
};

/* Hard-wrapped prose; _emphasis_ loses its marks. */
static const DocOptions prose = {
    .normalise = {.joins_lines = true, .is_ascii_only = true, .drop = "_"},
    .is_unique = true,
};

/* Dictionaries: head words, tables and drawings go; {cross references} lose their braces. */
static const DocOptions definitions = {
    .normalise = {.joins_lines = true, .is_ascii_only = true, .drop = "_{}"},
    .is_unique = true,
    .min_bytes = DOCS_UNIQUE_BYTES,
    .is_mostly_text = true,
};

static ErrCode read_below(const char *root, const char *path, Buf *ret, Err *err)
{
    char full[FSX_PATH_BYTES];
    ErrCode rc = fsx_join(full, root, path, err);
    return rc == ERR_OK ? fsx_read(full, SOURCE_FILE_MAX_BYTES, ret, err) : rc;
}

/* ---- Jane Austen: one character vector a novel, chapters by their headings ---- */

typedef struct Target {
    DocSet *docs;
    size_t source;
} Target;

static bool is_heading(const char *line, size_t n)
{
    return n >= 9 && n < 30 && strncasecmp(line, "chapter ", 8) == 0 &&
           (isdigit((unsigned char)line[8]) || strchr("IVXL", line[8]));
}

static ErrCode add_novel(void *ctx, const char *text, size_t n, Err *err)
{
    Target *t = ctx;
    const char *end = text + n, *start = text;
    bool has_chapter = false; /* the title goes with the first chapter */
    for (const char *line = text; line < end;) {
        const char *next = memchr(line, '\n', (size_t)(end - line));
        next = next ? next + 1 : end;
        if (is_heading(line, (size_t)(next - line))) {
            if (has_chapter) {
                ErrCode rc =
                    docset_add(t->docs, start, (size_t)(line - start), t->source, &prose, err);
                if (rc != ERR_OK) {
                    return rc;
                }
                start = line;
            }
            has_chapter = true;
        }
        line = next;
    }
    return docset_add(t->docs, start, (size_t)(end - start), t->source, &prose, err);
}

static ErrCode read_austen(const char *root, size_t source, DocSet *docs, Err *err)
{
    Buf file = BUF_INIT;
    Target t = {docs, source};
    ErrCode rc = read_below(root, "usr/lib/R/site-library/janeaustenr/data/Rdata.rdb", &file, err);
    if (rc == ERR_OK) {
        rc = unpack_rdb(buf_str(&file), file.len, add_novel, &t, err);
    }
    buf_release(&file);
    return rc;
}

/* ---- the King James Bible: lines "1Sa17:4 And there went out a champion ..." ---- */

typedef struct Verse {
    const char *reference;    /* "1Sa17:4" */
    size_t n_book, n_chapter; /* bytes of it up to the chapter number, and up to the colon */
    const char *text;
    size_t n_text;
} Verse;

/* False for a line that is no verse (the title of the file). */
static bool parse_verse(const char *line, size_t n, Verse *ret)
{
    const char *space = memchr(line, ' ', n);
    const char *colon = space ? memchr(line, ':', (size_t)(space - line)) : NULL;
    if (!colon) {
        return false;
    }
    const char *number = colon;
    while (number > line && isdigit((unsigned char)number[-1])) {
        number--;
    }
    *ret = (Verse){line, (size_t)(number - line), (size_t)(colon - line), space + 1,
                   n - (size_t)(space + 1 - line)};
    return number > line && number < colon;
}

static bool same_start(const Verse *a, size_t n_a, const Verse *b, size_t n_b)
{
    return n_a == n_b && memcmp(a->reference, b->reference, n_a) == 0;
}

static bool ends_sentence(const Verse *v)
{
    return v->n_text > 0 && strchr(".?!", v->text[v->n_text - 1]) != NULL;
}

/* Cuts documents between chapters and paragraphs between sentences. */
static ErrCode add_verses(const char *text, size_t n, const Target *t, Err *err)
{
    Buf doc = BUF_INIT;
    size_t paragraph = 0;
    Verse before = {.reference = ""}, v;
    ErrCode rc = ERR_OK;
    const char *end = text + n;
    for (const char *line = text; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        stop = stop ? stop : end;
        bool is_verse = parse_verse(line, (size_t)(stop - line), &v);
        line = stop + 1;
        if (!is_verse) {
            continue;
        }
        bool is_new_book = !same_start(&v, v.n_book, &before, before.n_book);
        bool is_new_chapter = !same_start(&v, v.n_chapter, &before, before.n_chapter);
        if (is_new_book || (is_new_chapter && doc.len >= CHAPTERS_MIN_BYTES)) {
            TRY(docset_add(t->docs, buf_str(&doc), doc.len, t->source, &prose, err));
            buf_clear(&doc);
            paragraph = 0;
        } else if (is_new_chapter ||
                   (doc.len - paragraph >= VERSES_MIN_BYTES && ends_sentence(&before))) {
            buf_puts(&doc, "\n");
            paragraph = doc.len;
        }
        buf_add(&doc, v.text, v.n_text);
        buf_putc(&doc, '\n');
        before = v;
    }
    TRY(docset_add(t->docs, buf_str(&doc), doc.len, t->source, &prose, err));
    rc = buf_ok(&doc, err);
done:
    buf_release(&doc);
    return rc;
}

static ErrCode read_bible(const char *root, size_t source, DocSet *docs, Err *err)
{
    Buf file = BUF_INIT, text = BUF_INIT;
    Target t = {docs, source};
    ErrCode rc = ERR_OK;
    TRY(read_below(root, "usr/lib/bible.data", &file, err));
    TRY(unpack_bible(buf_str(&file), file.len, &text, err));
    TRY(add_verses(buf_str(&text), text.len, &t, err));
done:
    buf_release(&file);
    buf_release(&text);
    return rc;
}

/* ---- An Anarchist FAQ: HTML pages ---- */

/* Pages that are lists of links or references. */
static const char *const not_prose[] = {
    "alinks", "arlinks", "biblio", "book", "contact",
    "index",  "links",   "new",    "pdf",  "translations",
};

static int is_page(const struct dirent *e)
{
    size_t n = strlen(e->d_name);
    if (n <= 5 || strcmp(e->d_name + n - 5, ".html") != 0) {
        return 0;
    }
    for (size_t i = 0; i < sizeof not_prose / sizeof not_prose[0]; i++) {
        if (strlen(not_prose[i]) == n - 5 && memcmp(e->d_name, not_prose[i], n - 5) == 0) {
            return 0;
        }
    }
    return 1;
}

/* By byte value: alphasort() would follow the locale. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static ErrCode add_page(const char *dir, const char *name, const Target *t, Err *err)
{
    Buf file = BUF_INIT, text = BUF_INIT;
    ErrCode rc = ERR_OK;
    TRY(read_below(dir, name, &file, err));
    html_to_text(buf_str(&file), file.len, "book-navigation", &text);
    TRY(buf_ok(&text, err));
    TRY(docset_add(t->docs, buf_str(&text), text.len, t->source, &prose, err));
done:
    buf_release(&file);
    buf_release(&text);
    return rc;
}

static ErrCode read_anarchism(const char *root, size_t source, DocSet *docs, Err *err)
{
    char dir[FSX_PATH_BYTES];
    struct dirent **page = NULL;
    Target t = {docs, source};
    ErrCode rc = fsx_join(dir, root, "usr/share/doc/anarchism/html", err);
    if (rc != ERR_OK) {
        return rc;
    }
    int n = scandir(dir, &page, is_page, compare_names);
    if (n < 0) {
        return err_sys(err, "read folder %s", dir);
    }
    for (int i = 0; i < n; i++) {
        if (rc == ERR_OK) {
            rc = add_page(dir, page[i]->d_name, &t, err);
        }
        free(page[i]);
    }
    free(page);
    if (rc == ERR_OK && n == 0) {
        rc = err_set(err, ERR_NOTFOUND, "%s has no pages", dir);
    }
    return rc;
}

/* ---- dictionaries in dictd form ---- */

/* Text after the entries "00-database-..." that dictfmt puts first, up to a blank line. */
static size_t dictionary_start(const char *text, size_t n)
{
    size_t at = strspn(text, "\n");
    if (n - at < 11 || memcmp(text + at, "00-database", 11) != 0) {
        return 0;
    }
    const char *blank = memmem(text + at, n - at, "\n\n", 2);
    return blank ? (size_t)(blank - text) : 0;
}

static ErrCode read_dictionary(const char *root, const char *path, size_t source, DocSet *docs,
                               Err *err)
{
    Buf file = BUF_INIT, text = BUF_INIT;
    ErrCode rc = ERR_OK;
    size_t start = 0;
    TRY(read_below(root, path, &file, err));
    TRY(unpack_gzip(buf_str(&file), file.len, &text, err));
    start = dictionary_start(buf_str(&text), text.len);
    TRY(docset_add(docs, buf_str(&text) + start, text.len - start, source, &definitions, err));
done:
    buf_release(&file);
    buf_release(&text);
    return rc;
}

static ErrCode read_jargon(const char *root, size_t source, DocSet *docs, Err *err)
{
    return read_dictionary(root, "usr/share/dictd/jargon.dict.dz", source, docs, err);
}

static ErrCode read_devil(const char *root, size_t source, DocSet *docs, Err *err)
{
    return read_dictionary(root, "usr/share/dictd/devil.dict.dz", source, docs, err);
}

const DefaultSource default_sources[DEFAULT_SOURCES] = {
    {"r-cran-janeaustenr", "Jane Austen, six novels", "public domain", read_austen},
    {"bible-kjv-text", "King James Bible", "public domain", read_bible},
    {"anarchism", "An Anarchist FAQ", "GPL-2", read_anarchism},
    {"dict-jargon", "The Jargon File", "public domain", read_jargon},
    {"dict-devil", "The Devil's Dictionary", "public domain", read_devil},
};
