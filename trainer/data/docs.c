#include "trainer/data/docs.h"

#include <stdlib.h>
#include <string.h>

#include "common/grow.h"
#include "common/hash.h"

void docset_release(DocSet *s)
{
    buf_release(&s->text);
    buf_release(&s->scratch);
    free(s->doc);
    map_release(&s->seen);
    arena_release(&s->hashes);
    *s = DOCSET_INIT;
}

/* Adds the paragraph; *ret_is_new says whether it was not there.  64-bit hashes: among a
 * million paragraphs a false match has probability 3e-8. */
static ErrCode seen_add(DocSet *s, const char *p, size_t n, bool *ret_is_new, Err *err)
{
    uint64_t h = hash_u64(p, n);
    size_t before = s->seen.n;
    s->seen.keep = &s->hashes;
    (void)map_add(&s->seen, &h, sizeof h);
    *ret_is_new = s->seen.n > before;
    return map_ok(&s->seen, "paragraph hashes", err);
}

static bool is_mostly_text(const char *p, size_t n)
{
    size_t n_text = 0;
    for (size_t i = 0; i < n; i++) {
        char c = p[i];
        n_text += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == ' ' ? 1 : 0;
    }
    return 4 * n_text >= 3 * n;
}

/* Whether a paragraph stays; n is without the line break that ends it. */
static ErrCode is_kept(DocSet *s, const char *p, size_t n, const DocOptions *o, bool *ret, Err *err)
{
    *ret = n >= o->min_bytes && (!o->is_mostly_text || is_mostly_text(p, n));
    if (*ret && o->is_unique && n >= DOCS_UNIQUE_BYTES) {
        return seen_add(s, p, n, ret, err);
    }
    return ERR_OK;
}

static ErrCode add_span(DocSet *s, Doc d, Err *err)
{
    Doc *doc = grow_array(s->doc, s->n, &s->cap, sizeof *doc, 256);
    if (!doc) {
        return err_nomem(err, "documents");
    }
    s->doc = doc;
    s->doc[s->n++] = d;
    return ERR_OK;
}

ErrCode docset_add(DocSet *s, const char *bytes, size_t n, size_t source, const DocOptions *o,
                   Err *err)
{
    buf_clear(&s->scratch);
    normalise_text(bytes, n, &o->normalise, &s->scratch);
    ErrCode rc = buf_ok(&s->scratch, err);
    size_t at = s->text.len;
    const char *p = buf_str(&s->scratch);
    const char *end = p + s->scratch.len;
    while (rc == ERR_OK && p < end) {
        const char *gap = memmem(p, (size_t)(end - p), "\n\n", 2);
        size_t len = gap ? (size_t)(gap - p) : (size_t)(end - p) - 1; /* it ends in '\n' */
        bool keep = false;
        rc = is_kept(s, p, len, o, &keep, err);
        if (keep) {
            buf_puts(&s->text, s->text.len > at ? "\n" : "");
            buf_add(&s->text, p, len + 1);
        }
        p += len + (gap ? 2 : 1);
    }
    if (rc == ERR_OK) {
        rc = buf_ok(&s->text, err);
    }
    if (rc == ERR_OK && s->text.len > at) {
        rc = add_span(s, (Doc){at, s->text.len - at, source}, err);
    }
    return rc;
}

/* Place just after the occurrence of `mark` whose end is nearest to `want` in (lo, hi); 0 if none. */
static size_t nearest_cut(const char *text, size_t lo, size_t want, size_t hi, const char *mark)
{
    size_t n = strlen(mark);
    for (size_t d = 0; want + d < hi || want > lo + d; d++) {
        if (want + d < hi && memcmp(text + want + d - n, mark, n) == 0) {
            return want + d;
        }
        if (want > lo + d + n && memcmp(text + want - d - n, mark, n) == 0) {
            return want - d;
        }
    }
    return 0;
}

/* Where to cut near `want`, keeping half a part on either side; never inside a character. */
static size_t cut_place(const char *text, size_t want, size_t part)
{
    size_t lo = want - part / 2, hi = want + part / 2;
    static const char *const marks[] = {"\n\n", "\n", " "};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        size_t cut = nearest_cut(text, lo, want, hi, marks[i]);
        if (cut) {
            return cut;
        }
    }
    while (want > lo + 1 && ((unsigned char)text[want] & 0xC0) == 0x80) {
        want--;
    }
    return want;
}

static ErrCode split_one(DocSet *s, Doc d, size_t max_bytes, Err *err)
{
    size_t n_parts = (d.n_bytes + max_bytes - 1) / max_bytes;
    size_t part = d.n_bytes / n_parts;
    const char *text = s->text.data + d.at;
    size_t at = 0;
    for (size_t i = 1; i <= n_parts; i++) {
        size_t end = i == n_parts ? d.n_bytes : cut_place(text, i * part, part);
        size_t n = end - at;
        if (n >= 2 && text[end - 1] == '\n' && text[end - 2] == '\n') {
            n--; /* the blank line belongs to neither */
        }
        ErrCode rc = add_span(s, (Doc){d.at + at, n, d.source}, err);
        if (rc != ERR_OK) {
            return rc;
        }
        at = end;
    }
    return ERR_OK;
}

ErrCode docset_split(DocSet *s, size_t max_bytes, Err *err)
{
    Doc *whole = s->doc;
    size_t n_whole = s->n;
    s->doc = NULL;
    s->n = s->cap = 0;
    ErrCode rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < n_whole; i++) {
        rc = whole[i].n_bytes > max_bytes ? split_one(s, whole[i], max_bytes, err)
                                          : add_span(s, whole[i], err);
    }
    free(whole);
    return rc;
}
