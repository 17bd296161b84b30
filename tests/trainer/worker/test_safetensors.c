#include <stdio.h>
#include <string.h>

#include "common/fsx.h"
#include "tests/support/check_close.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"
#include "trainer/worker/safetensors.h"

static const float a_data[] = {0.5F, -1.25F, 3.0F, 1e-30F, -0.0F, 7.0F};
static const float b_data[] = {42.0F};
static const TensorOut two[] = {
    {.name = "z.first", .rank = 2, .dim = {2, 3}, .data = a_data},
    {.name = "a.second", .rank = 1, .dim = {1}, .data = b_data},
};

/* Writes `two` to t/x.safetensors; returns the path. */
static const char *write_two(const TmpDir *t, FileSum *sum)
{
    static char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_join(path, t->path, "x.safetensors", &err), ERR_OK);
    ck_assert_msg(safetensors_write(path, "pt", two, 2, sum, &err) == ERR_OK, "%s", err.msg);
    return path;
}

/* The layout that the format's documentation describes, byte by byte. */
START_TEST(the_file_is_what_the_format_says)
{
    static const char want[] =
        "{\"__metadata__\":{\"format\":\"pt\"},"
        "\"a.second\":{\"data_offsets\":[24,28],\"dtype\":\"F32\",\"shape\":[1]},"
        "\"z.first\":{\"data_offsets\":[0,24],\"dtype\":\"F32\",\"shape\":[2,3]}}";
    Err err = ERR_INIT;
    FileSum sum = {0};
    const char *path = write_two(&tmp, &sum);
    Buf b = BUF_INIT;
    ck_assert_int_eq(fsx_read(path, 1000, &b, &err), ERR_OK);
    size_t length = (unsigned char)b.data[0];
    for (size_t i = 1; i < 8; i++) {
        ck_assert_int_eq(b.data[i], 0);
    }
    ck_assert_uint_eq(length % 8, 0);
    ck_assert_uint_eq(b.len, 8 + length + 28);
    ck_assert_int_eq(memcmp(b.data + 8, want, sizeof want - 1), 0);
    for (size_t i = sizeof want - 1; i < length; i++) {
        ck_assert_int_eq(b.data[8 + i], ' ');
    }
    ck_assert_int_eq(memcmp(b.data + 8 + length, a_data, sizeof a_data), 0);
    ck_assert_int_eq(memcmp(b.data + 8 + length + sizeof a_data, b_data, sizeof b_data), 0);
    ck_assert_int_eq(sum.bytes, (int64_t)b.len);
    char digest[XXH128_HEX_BYTES];
    hash_xxh128(b.data, b.len, digest);
    ck_assert_str_eq(sum.xxh128, digest);
    buf_release(&b);
}
END_TEST

START_TEST(what_was_written_is_read_back)
{
    Err err = ERR_INIT;
    FileSum sum;
    Safetensors *s = NULL;
    ck_assert_msg(safetensors_open(write_two(&tmp, &sum), &s, &err) == ERR_OK, "%s", err.msg);
    const TensorIndex *x = safetensors_index(s);
    ck_assert_uint_eq(x->n, 2);
    ck_assert_str_eq(x->tensor[0].name, "z.first"); /* in the order of the data */
    float a[6], b[1];
    ck_assert_int_eq(safetensors_read(s, "z.first", 2, two[0].dim, a, &err), ERR_OK);
    ck_assert_int_eq(safetensors_read(s, "a.second", 1, two[1].dim, b, &err), ERR_OK);
    check_same_bits_f32("a", 6, a, a_data);
    check_same_bits_f32("b", 1, b, b_data);
    ck_assert_int_eq(safetensors_read(s, "none", 1, two[1].dim, b, &err), ERR_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.msg, "has no tensor none"));
    const int64_t turned[] = {3, 2};
    ck_assert_int_eq(safetensors_read(s, "z.first", 2, turned, a, &err), ERR_FORMAT);
    safetensors_close(s);
}
END_TEST

START_TEST(a_file_cut_at_any_byte_is_refused)
{
    Err err = ERR_INIT;
    FileSum sum;
    Buf whole = BUF_INIT;
    char cut[FSX_PATH_BYTES];
    ck_assert_int_eq(fsx_read(write_two(&tmp, &sum), 1000, &whole, &err), ERR_OK);
    ck_assert_int_eq(fsx_join(cut, tmp.path, "cut", &err), ERR_OK);
    for (size_t n = 0; n < whole.len; n++) {
        Safetensors *s = NULL;
        ck_assert_int_eq(fsx_replace(cut, whole.data, n, &err), ERR_OK);
        ck_assert_msg(safetensors_open(cut, &s, &err) == ERR_FORMAT, "cut at %zu", n);
        ck_assert_ptr_null(s);
    }
    buf_putc(&whole, 'x'); /* a byte too many */
    ck_assert_int_eq(fsx_replace(cut, whole.data, whole.len, &err), ERR_OK);
    Safetensors *s = NULL;
    ck_assert_int_eq(safetensors_open(cut, &s, &err), ERR_FORMAT);
    buf_release(&whole);
}
END_TEST

typedef struct BadHeader {
    const char *json;
    const char *reason; /* a part of the message */
} BadHeader;

static const BadHeader bad_headers[] = {
    {"", "not a JSON object"},
    {"[]", "not a JSON object"},
    {"{} {}", "not a JSON object"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
     "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}",
     "duplicate"},
    {"{\"a\":1}", "must be an object"},
    {"{\"a\":{\"shape\":[4],\"data_offsets\":[0,16]}}", "F32, not missing"},
    {"{\"a\":{\"dtype\":\"BF16\",\"shape\":[8],\"data_offsets\":[0,16]}}", "F32, not BF16"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":4,\"data_offsets\":[0,16]}}", "shape must be"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,4],\"data_offsets\":[0,16]}}", "shape must be"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-4],\"data_offsets\":[0,16]}}", "impossible shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4.0],\"data_offsets\":[0,16]}}", "impossible shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,4],\"data_offsets\":[0,16]}}",
     "impossible shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387908],\"data_offsets\":[0,16]}}",
     "does not fill"}, /* times 4 it wraps to 16 */
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4]}}", "[begin, end]"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0]}}", "[begin, end]"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[\"0\",16]}}", "[begin, end]"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[-16,0]}}", "leave the data"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[16,0]}}", "leave the data"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[5],\"data_offsets\":[0,20]}}", "leave the data"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,16]}}", "does not fill"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]},"
     "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}",
     "overlaps"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
     "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}",
     "leaves a gap"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}}", "16 bytes of data"},
    {"{\"__metadata__\":{\"a\":\"b\"}}", "16 bytes of data"},
};

START_TEST(every_damage_of_a_header_is_named)
{
    for (size_t i = 0; i < sizeof bad_headers / sizeof bad_headers[0]; i++) {
        const BadHeader *b = &bad_headers[i];
        Err err = ERR_INIT;
        TensorIndex x = TENSOR_INDEX_INIT;
        ck_assert_msg(tensor_index_parse(b->json, strlen(b->json), 16, &x, &err) == ERR_FORMAT,
                      "%s", b->json);
        ck_assert_msg(strstr(err.msg, b->reason) != NULL, "%s\nsays: %s\nwant: %s", b->json,
                      err.msg, b->reason);
        ck_assert_ptr_null(x.tensor);
    }
}
END_TEST

START_TEST(scalars_and_empty_tensors_are_fine)
{
    static const char json[] = "{\"e\":{\"dtype\":\"F32\",\"shape\":[0,7],\"data_offsets\":[0,0]},"
                               "\"s\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}   ";
    Err err = ERR_INIT;
    TensorIndex x = TENSOR_INDEX_INIT;
    ck_assert_msg(tensor_index_parse(json, sizeof json - 1, 4, &x, &err) == ERR_OK, "%s", err.msg);
    ck_assert_int_eq(tensor_index_find(&x, "s")->n, 1);
    ck_assert_int_eq(tensor_index_find(&x, "e")->n, 0);
    tensor_index_release(&x);
}
END_TEST

START_TEST(errors_of_files_are_told_apart)
{
    Err err = ERR_INIT;
    Safetensors *s = NULL;
    FileSum sum;
    ck_assert_int_eq(safetensors_open("/no/such/file", &s, &err), ERR_NOTFOUND);
    ck_assert_int_eq(safetensors_open(tmp.path, &s, &err), ERR_FORMAT); /* a folder */
    const char *huge = tmpdir_write(&tmp, "huge", "\377\377\377\377\377\377\377\177{}");
    ck_assert_int_eq(safetensors_open(huge, &s, &err), ERR_FORMAT);
    ck_assert_int_eq(safetensors_write("/proc/none/x", "pt", two, 2, &sum, &err), ERR_IO);
    const TensorOut twice[] = {two[0], two[0]};
    ck_assert_int_eq(safetensors_write("/proc/none/x", "pt", twice, 2, &sum, &err), ERR_INVALID);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "safetensors", .set_up = tmp_open, .tear_down = tmp_close});
}
