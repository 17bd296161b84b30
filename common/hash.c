#include "common/hash.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <xxhash.h>

#include "common/fsx.h"

void hash_hex(const unsigned char *bytes, size_t n, char *out)
{
    static const char digit[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digit[bytes[i] >> 4];
        out[2 * i + 1] = digit[bytes[i] & 15];
    }
    out[2 * n] = '\0';
}

ErrCode hash_sha256(const void *bytes, size_t n, char out[SHA256_HEX_BYTES], Err *err)
{
    unsigned char digest[SHA256_BYTES];
    if (EVP_Digest(bytes, n, digest, NULL, EVP_sha256(), NULL) != 1) {
        return err_set(err, ERR_NOMEM, "SHA-256 is not available from libcrypto");
    }
    hash_hex(digest, sizeof digest, out);
    return ERR_OK;
}

struct Sha256 {
    EVP_MD *kind;
    EVP_MD_CTX *ctx;
};

Sha256 *sha256_new(void)
{
    Sha256 *s = calloc(1, sizeof *s);
    if (s) {
        s->kind = EVP_MD_fetch(NULL, "SHA256", NULL);
        s->ctx = EVP_MD_CTX_new();
    }
    if (s && (!s->kind || !s->ctx || EVP_DigestInit_ex2(s->ctx, s->kind, NULL) != 1)) {
        sha256_free(s);
        s = NULL;
    }
    return s;
}

void sha256_free(Sha256 *s)
{
    if (s) {
        EVP_MD_CTX_free(s->ctx);
        EVP_MD_free(s->kind);
        free(s);
    }
}

ErrCode sha256_of(Sha256 *s, const void *bytes, size_t n, unsigned char out[SHA256_BYTES], Err *err)
{
    bool is_good = EVP_DigestInit_ex2(s->ctx, NULL, NULL) == 1 &&
                   EVP_DigestUpdate(s->ctx, bytes, n) == 1 &&
                   EVP_DigestFinal_ex(s->ctx, out, NULL) == 1;
    return is_good ? ERR_OK : err_nomem(err, "a hash");
}

static ErrCode add_to_sha256(void *ctx, const void *bytes, size_t n, Err *err)
{
    return EVP_DigestUpdate(ctx, bytes, n) == 1 ? ERR_OK : err_nomem(err, "a hash");
}

ErrCode hash_sha256_file(const char *path, char out[SHA256_HEX_BYTES], Err *err)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!ctx || EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(ctx);
        return err_set(err, ERR_NOMEM, "SHA-256 is not available from libcrypto");
    }
    ErrCode rc = fsx_each_block(path, add_to_sha256, ctx, err);
    unsigned char digest[SHA256_BYTES];
    if (rc == ERR_OK && EVP_DigestFinal_ex(ctx, digest, NULL) != 1) {
        rc = err_set(err, ERR_NOMEM, "hashing %s", path);
    }
    EVP_MD_CTX_free(ctx);
    if (rc == ERR_OK) {
        hash_hex(digest, sizeof digest, out);
    }
    return rc;
}

static void xxh_text(XXH128_hash_t h, char out[XXH128_HEX_BYTES])
{
    XXH128_canonical_t c;
    XXH128_canonicalFromHash(&c, h);
    hash_hex(c.digest, sizeof c.digest, out);
}

void hash_xxh128(const void *bytes, size_t n, char out[XXH128_HEX_BYTES])
{
    xxh_text(XXH3_128bits(bytes, n), out);
}

ErrCode hash_xxh128_spans(const Span *piece, size_t n, char out[XXH128_HEX_BYTES], Err *err)
{
    XXH3_state_t *state = XXH3_createState();
    if (!state) {
        return err_nomem(err, "a hash state");
    }
    (void)XXH3_128bits_reset(state); /* fails only for NULL, as does update */
    for (size_t i = 0; i < n; i++) {
        (void)XXH3_128bits_update(state, piece[i].bytes, piece[i].n);
    }
    xxh_text(XXH3_128bits_digest(state), out);
    (void)XXH3_freeState(state);
    return ERR_OK;
}

typedef struct Xxh {
    XXH3_state_t *state;
    int64_t bytes;
} Xxh;

static ErrCode add_to_xxh128(void *ctx, const void *bytes, size_t n, Err *err)
{
    Xxh *x = ctx;
    (void)err;
    x->bytes += (int64_t)n;
    (void)XXH3_128bits_update(x->state, bytes, n); /* fails only for NULL */
    return ERR_OK;
}

ErrCode hash_xxh128_file(const char *path, char out[XXH128_HEX_BYTES], int64_t *ret_bytes, Err *err)
{
    Xxh x = {.state = XXH3_createState()};
    if (!x.state) {
        return err_nomem(err, "a hash state");
    }
    (void)XXH3_128bits_reset(x.state); /* fails only for NULL */
    ErrCode rc = fsx_each_block(path, add_to_xxh128, &x, err);
    if (rc == ERR_OK) {
        xxh_text(XXH3_128bits_digest(x.state), out);
        *ret_bytes = x.bytes;
    }
    (void)XXH3_freeState(x.state);
    return rc;
}

uint64_t hash_u64(const void *bytes, size_t n)
{
    return XXH3_64bits(bytes, n);
}
