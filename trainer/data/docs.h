/* docs.h -- the documents of a corpus: spans of one text.
 *
 * A document is what is held out or trained on as a whole: a chapter, a page, a file.
 * Each ends in '\n' where it was not cut inside a line; the form feed that
 * closes it in the token stream is added when the parts are written.
 */
#ifndef TRAINER_DATA_DOCS_H
#define TRAINER_DATA_DOCS_H

#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/map.h"
#include "trainer/data/normalise.h"

typedef struct Doc {
    size_t at, n_bytes; /* in DocSet.text */
    size_t source;      /* index, for counting */
} Doc;

typedef struct DocSet {
    Buf text;
    Doc *doc;
    size_t n, cap;
    Arena hashes; /* of the paragraphs seen */
    Map seen;     /* keys: these */
    Buf scratch;
} DocSet;

#define DOCSET_INIT ((DocSet){.hashes = ARENA_INIT})

void docset_release(DocSet *s);

/* What becomes of the paragraphs of a document on the way in. */
typedef struct DocOptions {
    NormaliseOptions normalise;
    bool is_unique;   /* drop paragraphs of >= DOCS_UNIQUE_BYTES that came before in this set */
    size_t min_bytes; /* drop shorter paragraphs */
    bool
        is_mostly_text; /* drop paragraphs with less than 3/4 letters and spaces: tables, drawings */
} DocOptions;

/* Shorter paragraphs repeat in natural text: headings, "Yes, sir." */
enum { DOCS_UNIQUE_BYTES = 60 };

/* Normalises bytes[0..n) and adds it as one document; nothing when no text is left.  ERR_NOMEM. */
ErrCode docset_add(DocSet *s, const char *bytes, size_t n, size_t source, const DocOptions *o,
                   Err *err);

/* Cuts documents longer than max_bytes into equal parts, each at the paragraph break nearest
 * to its place, else line break, else space.  ERR_NOMEM. */
ErrCode docset_split(DocSet *s, size_t max_bytes, Err *err);

#endif
