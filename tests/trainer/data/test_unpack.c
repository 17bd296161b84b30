#include "trainer/data/unpack.h"

#include "common/fsx.h"
#include "common/rng.h"
#include "common/subprocess.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"
#include "tests/trainer/data/packed.h"

/* Words in a random order: enough of them to reach the widths of codes that matter. */
static void words(Buf *out, size_t n)
{
    static const char *const word[] = {"the ", "lord ", "said ", "unto ", "moses\n", "and "};
    for (uint64_t i = 0; out->len < n; i++) {
        buf_puts(out, word[rng_u64(3, 0, i) % 6]);
        if (i % 7 == 0) {
            buf_printf(out, "%llu ", (unsigned long long)rng_u64(3, 1, i) % 10000);
        }
    }
}

START_TEST(gzip_with_an_extra_field_is_read)
{
    Buf in = BUF_INIT, packed = BUF_INIT, dz = BUF_INIT, out = BUF_INIT;
    Err err = ERR_INIT;
    words(&in, 100000);
    put_deflated(&packed, &in, MAX_WBITS + 16);
    /* dictzip's header is gzip's with FLG.FEXTRA (bit 2) and a field after the ten bytes */
    buf_add(&dz, packed.data, 10);
    dz.data[3] = 4;
    buf_add(&dz, "\x06\0RA\x02\0xy", 8);
    buf_add(&dz, packed.data + 10, packed.len - 10);
    ck_assert_msg(unpack_gzip(dz.data, dz.len, &out, &err) == ERR_OK, "%s", err.msg);
    ck_assert_uint_eq(out.len, in.len);
    ck_assert_mem_eq(out.data, in.data, in.len);
    for (size_t cut = 0; cut < dz.len; cut += 997) {
        buf_clear(&out);
        ck_assert_int_eq(unpack_gzip(dz.data, cut, &out, &err), ERR_FORMAT);
    }
    buf_release(&in);
    buf_release(&packed);
    buf_release(&dz);
    buf_release(&out);
}
END_TEST

static ErrCode collect(void *ctx, const char *text, size_t n, Err *err)
{
    (void)err;
    buf_add(ctx, text, n);
    buf_puts(ctx, "--\n");
    return ERR_OK;
}

START_TEST(character_vectors_of_an_r_data_base_are_read)
{
    Buf rdb = BUF_INIT, other = BUF_INIT, out = BUF_INIT;
    Err err = ERR_INIT;
    put_rdb_block(&rdb, "EMMA\n\nCHAPTER I\nEmma Woodhouse, handsome\n");
    buf_puts(&other, "not an object");
    put_be32(&rdb, (uint32_t)other.len);
    put_deflated(&rdb, &other, MAX_WBITS);
    put_rdb_block(&rdb, "last\n");
    ck_assert_msg(unpack_rdb(rdb.data, rdb.len, collect, &out, &err) == ERR_OK, "%s", err.msg);
    ck_assert_str_eq(buf_str(&out), "EMMA\n\nCHAPTER I\nEmma Woodhouse, handsome\n--\nlast\n--\n");
    buf_release(&out);
    for (size_t cut = 1; cut < rdb.len; cut += 11) {
        buf_clear(&out);
        ErrCode rc = unpack_rdb(rdb.data, cut, collect, &out, &err);
        ck_assert(rc == ERR_FORMAT || rc == ERR_OK); /* a cut between blocks is a shorter file */
    }
    rdb.data[2] ^= 1; /* the length of the first block */
    ck_assert_int_eq(unpack_rdb(rdb.data, rdb.len, collect, &out, &err), ERR_FORMAT);
    buf_release(&rdb);
    buf_release(&other);
    buf_release(&out);
}
END_TEST

static void check_bible(const Buf *file, const Buf *text)
{
    Buf out = BUF_INIT;
    Err err = ERR_INIT;
    ck_assert_msg(unpack_bible(file->data, file->len, &out, &err) == ERR_OK, "%s", err.msg);
    ck_assert_uint_eq(out.len, text->len);
    ck_assert_mem_eq(out.data, text->data, text->len);
    buf_release(&out);
}

START_TEST(bible_windows_are_read)
{
    Buf text = BUF_INIT, file = BUF_INIT;
    words(&text, 150000);
    put_bible(&file, text.data, 65536);
    check_bible(&file, &text);
    buf_release(&text);
    buf_release(&file);
}
END_TEST

/* The test's encoder against the system's decoder: what unpack_bible reads is compress(1)'s LZW. */
START_TEST(the_lzw_of_these_tests_is_that_of_compress)
{
    TmpDir t = tmpdir_open();
    char path[FSX_PATH_BYTES];
    Buf text = BUF_INIT, z = BUF_INIT, out = BUF_INIT;
    Err err = ERR_INIT;
    int status = -1;
    words(&text, 50000);
    buf_add(&z, "\x1F\x9D\x90", 3); /* magic, then block mode and 16 bits */
    put_lzw(&z, text.data, text.len, 20000);
    ck_assert_int_eq(fsx_join(path, t.path, "x.Z", &err), ERR_OK);
    ck_assert_int_eq(fsx_replace(path, z.data, z.len, &err), ERR_OK);
    const char *argv[] = {"gzip", "-dc", path, NULL};
    ck_assert_msg(subprocess_run(argv, NULL, &out, &status, &err) == ERR_OK, "%s", err.msg);
    ck_assert_int_eq(status, 0);
    ck_assert_uint_eq(out.len, text.len);
    ck_assert_mem_eq(out.data, text.data, text.len);

    Buf file = BUF_INIT; /* and with a clear code in the middle of a window */
    put_bible(&file, "", 65536);
    file.data[0x5b] = 1;
    file.len = 0x5c;
    put_be32(&file, 0x64);
    put_be32(&file, 0x64 + (uint32_t)z.len - 3);
    buf_add(&file, z.data + 3, z.len - 3);
    check_bible(&file, &text);
    buf_release(&text);
    buf_release(&z);
    buf_release(&out);
    buf_release(&file);
    tmpdir_close(&t);
}
END_TEST

START_TEST(damaged_bible_data_is_an_error_and_never_a_crash)
{
    Buf text = BUF_INIT, file = BUF_INIT, out = BUF_INIT;
    Err err = ERR_INIT;
    words(&text, 30000);
    put_bible(&file, text.data, 8192);
    ck_assert_int_eq(unpack_bible("EF02", 4, &out, &err), ERR_FORMAT);
    ck_assert_int_eq(unpack_bible(file.data, file.len - 1, &out, &err), ERR_FORMAT);
    size_t n_errors = 0;
    for (uint64_t i = 0; i < 300; i++) {
        size_t at = rng_u64(5, 0, i) % file.len;
        char was = file.data[at];
        file.data[at] = (char)rng_u64(5, 1, i);
        buf_clear(&out);
        ErrCode rc = unpack_bible(file.data, file.len, &out, &err);
        ck_assert(rc == ERR_OK || rc == ERR_FORMAT);
        n_errors += rc == ERR_FORMAT ? 1 : 0;
        file.data[at] = was;
    }
    ck_assert_uint_gt(n_errors, 0);
    buf_release(&text);
    buf_release(&file);
    buf_release(&out);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "unpack"});
}
