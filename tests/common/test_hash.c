#include <string.h>

#include "common/hash.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

/* FIPS 180-4 example: SHA-256("abc"); XXH3 of the empty string from the xxHash specification. */
START_TEST(digests_are_the_published_ones)
{
    Err err = ERR_INIT;
    char sha[SHA256_HEX_BYTES], xxh[XXH128_HEX_BYTES];
    ck_assert_int_eq(hash_sha256("abc", 3, sha, &err), ERR_OK);
    ck_assert_str_eq(sha, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    hash_xxh128("", 0, xxh);
    ck_assert_str_eq(xxh, "99aa06d3014798d86001c324468d497f");
    ck_assert_uint_eq(hash_u64("", 0), 0x2D06800538D394C2ULL);
}
END_TEST

START_TEST(a_file_hashes_as_its_bytes)
{
    enum { N = 600001 }; /* several read blocks and a tail */
    TmpDir t = tmpdir_open();
    Err err = ERR_INIT;
    char *text = malloc(N + 1);
    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < N; i++) {
        text[i] = (char)('a' + i * i % 23);
    }
    text[N] = '\0';
    const char *path = tmpdir_write(&t, "f", text);
    char a[SHA256_HEX_BYTES], b[SHA256_HEX_BYTES], c[XXH128_HEX_BYTES], d[XXH128_HEX_BYTES];
    int64_t bytes = 0;
    ck_assert_int_eq(hash_sha256(text, N, a, &err), ERR_OK);
    ck_assert_int_eq(hash_sha256_file(path, b, &err), ERR_OK);
    ck_assert_str_eq(a, b);
    hash_xxh128(text, N, c);
    ck_assert_int_eq(hash_xxh128_file(path, d, &bytes, &err), ERR_OK);
    ck_assert_str_eq(c, d);
    ck_assert_int_eq(bytes, N);
    const Span piece[] = {{text, 1000}, {NULL, 0}, {text + 1000, N - 1000}};
    ck_assert_int_eq(hash_xxh128_spans(piece, 3, d, &err), ERR_OK);
    ck_assert_str_eq(c, d);
    free(text);
    tmpdir_close(&t);
}
END_TEST

START_TEST(a_folder_has_no_digest)
{
    Err err = ERR_INIT;
    char a[SHA256_HEX_BYTES], c[XXH128_HEX_BYTES];
    int64_t bytes = -1;
    ck_assert_int_eq(hash_sha256_file("/", a, &err), ERR_IO);
    ck_assert_int_eq(hash_xxh128_file("/", c, &bytes, &err), ERR_IO);
    ck_assert_int_eq(bytes, -1);
}
END_TEST

START_TEST(a_missing_file_is_not_found)
{
    Err err = ERR_INIT;
    char a[SHA256_HEX_BYTES], c[XXH128_HEX_BYTES];
    int64_t bytes = 0;
    ck_assert_int_eq(hash_sha256_file("/no/such/file", a, &err), ERR_NOTFOUND);
    ck_assert_int_eq(hash_xxh128_file("/no/such/file", c, &bytes, &err), ERR_NOTFOUND);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "hash"});
}
