/* corpus.h -- text made into tokens once, memory-mapped by every worker.
 *
 * A prepared corpus is a folder:
 *   manifest.json      sources (path, package, version, licence, bytes, sha256), tokenizer,
 *                      documents, bytes and tokens of both parts, digest, n-gram baseline
 *   train.txt          normalised text, documents separated by one form feed
 *   validation.txt     the same for the held-out documents
 *   train.tokens       tokens, one byte each (vocabulary 256; wider ones are to come)
 *   validation.tokens  exactly the asked number of tokens
 * Whole documents are held out; none of their text is in train.*.  manifest.json is
 * written last: a folder without it is not a corpus.
 *
 * Each document ends with one form feed, in the text and in the tokens; docs/corpus.md says
 * how documents are made and held out.
 *
 * digest = SHA-256 over the token files and the tokenizer (manifest.h): it names the corpus
 * in catalogs and checkpoints.
 */
#ifndef TRAINER_DATA_CORPUS_H
#define TRAINER_DATA_CORPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/hash.h"

enum {
    CORPUS_NGRAM_ORDERS = 4,
    CORPUS_DEFAULT_BYTES = 20900000, /* about, of the default corpus (docs/corpus.md) */
};

#define CORPUS_DEFAULT_WORD "default"

typedef struct CorpusSpec {
    const char *const *text; /* [n_text] "default", or files and globs */
    size_t n_text;
    const char *base_dir;      /* relative paths and globs start here (the study file's folder) */
    int64_t vocabulary;        /* 256: bytes */
    int64_t validation_tokens; /* at least 2 */
} CorpusSpec;

typedef struct CorpusInfo {
    char digest[SHA256_HEX_BYTES];
    int64_t vocabulary;
    int64_t train_tokens, validation_tokens;
    int64_t train_documents, validation_documents;
    double train_bytes_per_token, validation_bytes_per_token;
    int ngram_order[CORPUS_NGRAM_ORDERS];            /* 1, 2, 4, 6 */
    double ngram_bits_per_byte[CORPUS_NGRAM_ORDERS]; /* on the validation tokens */
} CorpusInfo;

/* Progress text for a person ("downloading anarchism"); ctx is the caller's. */
typedef void (*CorpusProgress)(void *ctx, const char *text);

/* Makes `dir` hold the corpus of `spec`.  Does nothing when it already does (the spec is
 * recorded in the manifest).  ERR_NOTFOUND (a file or glob without match), ERR_INVALID
 * (empty, binary, given twice, too small, a tokenizer not yet available), ERR_UNAVAILABLE
 * (default corpus: no apt-get, no network), ERR_CONFLICT (dir holds a corpus of another spec, or
 * a text file has changed since), ERR_FORMAT (dir holds a damaged corpus; a damaged package),
 * ERR_IO.  Waits while another process prepares the same folder. */
ErrCode corpus_prepare(const CorpusSpec *spec, const char *dir, CorpusProgress progress, void *ctx,
                       CorpusInfo *ret, Err *err);

/* Whether `dir` holds the corpus of `spec`; its texts are not looked at.  ERR_NOTFOUND: it holds
 * none; ERR_CONFLICT: one of another spec; ERR_FORMAT, ERR_IO. */
ErrCode corpus_prepared(const CorpusSpec *spec, const char *dir, CorpusInfo *ret, Err *err);

/* What the texts of a spec come to, by the sizes of the files alone. */
typedef struct CorpusSize {
    int64_t bytes;       /* about the tokens, at a vocabulary of 256 */
    int64_t most_tokens; /* no corpus of them has more, validation included */
} CorpusSize;

/* Measures without reading a text.  ERR_NOTFOUND and ERR_INVALID as corpus_prepare(), for what is
 * missing, matches nothing, is empty or no file; *ret_word is then the text that is at fault. */
ErrCode corpus_measure(const CorpusSpec *spec, CorpusSize *ret, size_t *ret_word, Err *err);

typedef struct Corpus Corpus;

/* Maps a prepared corpus read-only.  ERR_NOTFOUND, ERR_FORMAT, ERR_IO. */
ErrCode corpus_open(const char *dir, Corpus **ret, Err *err);
void corpus_close(Corpus *c); /* NULL is fine */
const CorpusInfo *corpus_info(const Corpus *c);

/* Copies n tokens from position `at`; at + n must be within the part. */
void corpus_train_read(const Corpus *c, int64_t at, size_t n, uint16_t *out);
void corpus_validation_read(const Corpus *c, int64_t at, size_t n, uint16_t *out);

/* ERR_INVALID when `tokens` asked for exceed one pass over the train part and repeat is
 * false; the message says how many epochs it would take. */
ErrCode corpus_check_size(const CorpusInfo *info, int64_t tokens, int64_t sequence, bool repeat,
                          Err *err);

#endif
