#include "trainer/data/manifest.h"

#include <stdio.h>
#include <string.h>

#include "common/fsx.h"
#include "common/json.h"
#include "trainer/data/normalise.h"

enum { MANIFEST_SCHEMA = 1 };

ErrCode manifest_digest(const char *train_sha256, const char *validation_sha256, int64_t vocabulary,
                        char out[SHA256_HEX_BYTES], Err *err)
{
    Buf text = BUF_INIT;
    json_t *v =
        json_pack("{s:{s:s, s:I}, s:s, s:s}", "tokenizer", "name", "bytes", "vocabulary",
                  (json_int_t)vocabulary, "train", train_sha256, "validation", validation_sha256);
    ErrCode rc = v ? ERR_OK : err_nomem(err, "manifest");
    if (rc == ERR_OK) {
        json_canonical(v, &text);
        rc = buf_ok(&text, err);
    }
    if (rc == ERR_OK) {
        rc = hash_sha256(text.data, text.len, out, err);
    }
    json_decref(v);
    buf_release(&text);
    return rc;
}

static json_t *part_json(int64_t documents, int64_t tokens, double bytes_per_token,
                         const char *sha256)
{
    return json_pack("{s:I, s:I, s:I, s:f, s:s}", "documents", (json_int_t)documents, "text_bytes",
                     (json_int_t)((double)tokens * bytes_per_token), "tokens", (json_int_t)tokens,
                     "bytes_per_token", bytes_per_token, "sha256", sha256);
}

static json_t *ngram_json(const CorpusInfo *info)
{
    json_t *values = json_array();
    for (int i = 0; i < CORPUS_NGRAM_ORDERS; i++) {
        (void)json_array_append_new(values, json_pack("{s:i, s:f}", "order", info->ngram_order[i],
                                                      "value", info->ngram_bits_per_byte[i]));
    }
    return json_pack("{s:s, s:o}", "smoothing", "interpolated Witten-Bell", "bits_per_byte",
                     values);
}

static json_t *spec_json(const CorpusSpec *spec)
{
    return json_pack("{s:o, s:I, s:I}", "text", json_texts(spec->text, spec->n_text), "vocabulary",
                     (json_int_t)spec->vocabulary, "validation",
                     (json_int_t)spec->validation_tokens);
}

ErrCode manifest_make(const CorpusSpec *spec, const CorpusInfo *info, const char *train_sha256,
                      const char *validation_sha256, json_t *sources, json_t **ret, Err *err)
{
    json_t *train = part_json(info->train_documents, info->train_tokens,
                              info->train_bytes_per_token, train_sha256);
    json_t *validation = part_json(info->validation_documents, info->validation_tokens,
                                   info->validation_bytes_per_token, validation_sha256);
    *ret = json_pack("{s:i, s:o, s:{s:s, s:I}, s:i, s:s, s:o, s:o, s:o, s:O}", "schema",
                     MANIFEST_SCHEMA, "spec", spec_json(spec), "tokenizer", "name", "bytes",
                     "vocabulary", (json_int_t)info->vocabulary, "normaliser", NORMALISE_VERSION,
                     "digest", info->digest, "train", train, "validation", validation, "ngram",
                     ngram_json(info), "sources", sources);
    return *ret ? ERR_OK : err_nomem(err, "manifest");
}

static ErrCode read_part(const json_t *manifest, const char *name, int64_t *ret_documents,
                         int64_t *ret_tokens, double *ret_bytes_per_token, const char **ret_sha256,
                         Err *err)
{
    json_t *part = NULL;
    ErrCode rc = ERR_OK;
    TRY(json_get_obj(manifest, name, &part, err));
    TRY(json_get_i64(part, "documents", ret_documents, err));
    TRY(json_get_i64(part, "tokens", ret_tokens, err));
    TRY(json_get_f64(part, "bytes_per_token", ret_bytes_per_token, err));
    TRY(json_get_str(part, "sha256", ret_sha256, err));
    if (*ret_tokens <= 0 || *ret_documents <= 0 || !(*ret_bytes_per_token > 0.0)) {
        rc = err_set(err, ERR_FORMAT, "part \"%s\" is empty", name);
    }
done:
    return rc;
}

static ErrCode read_ngram(const json_t *manifest, CorpusInfo *info, Err *err)
{
    json_t *ngram = NULL;
    ErrCode rc = json_get_obj(manifest, "ngram", &ngram, err);
    const json_t *values = json_object_get(ngram, "bits_per_byte");
    if (rc == ERR_OK && json_array_size(values) != CORPUS_NGRAM_ORDERS) {
        rc = err_set(err, ERR_FORMAT, "\"ngram\" lacks its four orders");
    }
    for (size_t i = 0; rc == ERR_OK && i < CORPUS_NGRAM_ORDERS; i++) {
        int64_t order = 0;
        rc = json_get_i64(json_array_get(values, i), "order", &order, err);
        if (rc == ERR_OK) {
            info->ngram_order[i] = (int)order;
            rc = json_get_f64(json_array_get(values, i), "value", &info->ngram_bits_per_byte[i],
                              err);
        }
    }
    return rc;
}

static ErrCode read_tokenizer(const json_t *manifest, CorpusInfo *info, Err *err)
{
    json_t *tokenizer = NULL;
    const char *name = NULL;
    ErrCode rc = ERR_OK;
    TRY(json_get_obj(manifest, "tokenizer", &tokenizer, err));
    TRY(json_get_str(tokenizer, "name", &name, err));
    TRY(json_get_i64(tokenizer, "vocabulary", &info->vocabulary, err));
    if (strcmp(name, "bytes") != 0 || info->vocabulary != 256) {
        rc = err_set(err, ERR_FORMAT, "its tokenizer \"%s\" is not known to this version", name);
    }
done:
    return rc;
}

/* Fields to info, and the digest against what it is computed from. */
static ErrCode read_fields(const json_t *manifest, CorpusInfo *info, Err *err)
{
    int64_t schema = 0;
    const char *digest = NULL, *train = NULL, *validation = NULL;
    json_t *spec = NULL;
    ErrCode rc = ERR_OK;
    TRY(json_get_i64(manifest, "schema", &schema, err));
    if (schema != MANIFEST_SCHEMA) {
        rc =
            err_set(err, ERR_FORMAT, "schema %lld is not known to this version", (long long)schema);
        goto done;
    }
    TRY(json_get_obj(manifest, "spec", &spec, err));
    TRY(read_tokenizer(manifest, info, err));
    TRY(read_part(manifest, "train", &info->train_documents, &info->train_tokens,
                  &info->train_bytes_per_token, &train, err));
    TRY(read_part(manifest, "validation", &info->validation_documents, &info->validation_tokens,
                  &info->validation_bytes_per_token, &validation, err));
    TRY(read_ngram(manifest, info, err));
    TRY(json_get_str(manifest, "digest", &digest, err));
    TRY(manifest_digest(train, validation, info->vocabulary, info->digest, err));
    if (strcmp(digest, info->digest) != 0) {
        rc = err_set(err, ERR_FORMAT, "its digest does not belong to its token files");
    }
done:
    return rc;
}

ErrCode manifest_read(const char *dir, json_t **ret, CorpusInfo *ret_info, Err *err)
{
    char path[FSX_PATH_BYTES];
    json_t *manifest = NULL;
    CorpusInfo info = {0};
    ErrCode rc = fsx_join(path, dir, MANIFEST_FILE, err);
    if (rc != ERR_OK) {
        return rc;
    }
    rc = json_read_file(path, &manifest, err);
    if (rc == ERR_NOTFOUND) {
        (void)err_set(err, ERR_NOTFOUND, "%s holds no corpus", dir);
        return err_hint(err, "slaw corpus prepares one");
    }
    if (rc == ERR_OK) {
        rc = read_fields(manifest, &info, err);
        if (rc == ERR_FORMAT) {
            (void)err_wrap(err, "%s", path);
        }
    }
    if (rc == ERR_FORMAT) {
        (void)err_hint(err, "remove the folder and prepare the corpus again");
    }
    if (rc != ERR_OK) {
        json_decref(manifest);
        return rc;
    }
    *ret = manifest;
    *ret_info = info;
    return ERR_OK;
}

bool manifest_is_for(const json_t *manifest, const CorpusSpec *spec)
{
    json_t *want = spec_json(spec);
    bool is_same = want && json_equal(json_object_get(manifest, "spec"), want);
    json_decref(want);
    return is_same;
}
