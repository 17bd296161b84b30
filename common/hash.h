/* hash.h -- digests as lower-case hexadecimal text.
 *
 * SHA-256 (FIPS 180-4, libcrypto) names things: a run's configuration, a
 * corpus.  XXH3-128 (xxHash) guards file contents: it is as fast as memory.
 */
#ifndef COMMON_HASH_H
#define COMMON_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/span.h"

enum { SHA256_BYTES = 32 };
enum { SHA256_HEX_BYTES = 65, XXH128_HEX_BYTES = 33 }; /* with the NUL */

ErrCode hash_sha256(const void *bytes, size_t n, char out[SHA256_HEX_BYTES], Err *err);
ErrCode hash_sha256_file(const char *path, char out[SHA256_HEX_BYTES], Err *err);

/* One SHA-256 after another, without making a context for each.  Not thread-safe. */
typedef struct Sha256 Sha256;
Sha256 *sha256_new(void); /* NULL when memory is short */
void sha256_free(Sha256 *s);
ErrCode sha256_of(Sha256 *s, const void *bytes, size_t n, unsigned char out[SHA256_BYTES],
                  Err *err);

/* n bytes as 2 n hexadecimal digits and a NUL. */
void hash_hex(const unsigned char *bytes, size_t n, char *out);

void hash_xxh128(const void *bytes, size_t n, char out[XXH128_HEX_BYTES]);
/* Of a content in n pieces: equal to that of the pieces joined. */
ErrCode hash_xxh128_spans(const Span *piece, size_t n, char out[XXH128_HEX_BYTES], Err *err);
ErrCode hash_xxh128_file(const char *path, char out[XXH128_HEX_BYTES], int64_t *ret_bytes,
                         Err *err);

/* XXH3-64 of the bytes, for checksums of short lines and hash tables. */
uint64_t hash_u64(const void *bytes, size_t n);

#endif
