/* manifest.h -- manifest.json of a corpus folder (docs/corpus.md shows one).
 *
 *   {"schema":1,
 *    "spec":{"text":[...],"vocabulary":256,"validation":65536},      what was asked for
 *    "tokenizer":{"name":"bytes","vocabulary":256},
 *    "normaliser":1,                                                 NORMALISE_VERSION
 *    "digest":"<64 hex>",
 *    "train":     {"documents","text_bytes","tokens","bytes_per_token","sha256"},
 *    "validation":{"documents","text_bytes","tokens","bytes_per_token","sha256"},
 *    "ngram":{"smoothing":"interpolated Witten-Bell",
 *             "bits_per_byte":[{"order":1,"value":4.4}, ...]},
 *    "sources":[{"path" or "package","version","title","licence"; "bytes","sha256",
 *                "documents","text_bytes"}, ...]}
 *
 * sha256 of a part is that of its token file.  Nothing in it depends on time, host or user.
 */
#ifndef TRAINER_DATA_MANIFEST_H
#define TRAINER_DATA_MANIFEST_H

#include <jansson.h>

#include "common/err.h"
#include "trainer/data/corpus.h"

#define MANIFEST_FILE          "manifest.json"
#define TRAIN_TEXT_FILE        "train.txt"
#define VALIDATION_TEXT_FILE   "validation.txt"
#define TRAIN_TOKENS_FILE      "train.tokens"
#define VALIDATION_TOKENS_FILE "validation.tokens"

/* SHA-256 of the canonical JSON of {"tokenizer","train","validation"}, the last two being the
 * SHA-256 of the token files. */
ErrCode manifest_digest(const char *train_sha256, const char *validation_sha256, int64_t vocabulary,
                        char out[SHA256_HEX_BYTES], Err *err);

/* A new manifest; takes its own reference of `sources`.  *ret is the caller's.  ERR_NOMEM. */
ErrCode manifest_make(const CorpusSpec *spec, const CorpusInfo *info, const char *train_sha256,
                      const char *validation_sha256, json_t *sources, json_t **ret, Err *err);

/* Reads dir/manifest.json into *ret (the caller's) and *ret_info.  ERR_NOTFOUND when dir holds no
 * corpus, ERR_FORMAT when a field is missing or inconsistent. */
ErrCode manifest_read(const char *dir, json_t **ret, CorpusInfo *ret_info, Err *err);

/* Whether the corpus was made for this spec. */
bool manifest_is_for(const json_t *manifest, const CorpusSpec *spec);

#endif
