#include <string.h>

#include "common/json.h"
#include "common/wire.h"
#include "tests/support/suite.h"

static const WireHead head = {.seq = 4, .run = "0123456789ab", .attempt = 1, .t = 1763900000123};

static Err err;

static void make_line(Buf *out)
{
    json_t *body = json_pack("{s:s,s:i,s:f,s:o}", "event", "step", "step", 1220, "lr", 0.003,
                             "loss", json_real_or_name(1.0 / 3.0));
    ck_assert_int_eq(wire_format(head, body, out, &err), ERR_OK);
}

START_TEST(a_line_reads_back_with_every_bit)
{
    Buf b = BUF_INIT;
    make_line(&b);
    ck_assert_int_eq(b.data[b.len - 1], '\n');
    json_t *v = NULL;
    ck_assert_msg(wire_parse(b.data, b.len - 1, &v, &err) == ERR_OK, "%s", err.msg);
    int64_t seq = -1, attempt = -1, step = -1;
    double loss = 0.0;
    ck_assert_int_eq(json_get_i64(v, "seq", &seq, &err), ERR_OK);
    ck_assert_int_eq(json_get_i64(v, "attempt", &attempt, &err), ERR_OK);
    ck_assert_int_eq(json_get_i64(v, "step", &step, &err), ERR_OK);
    ck_assert(json_to_real(json_object_get(v, "loss"), &loss));
    ck_assert_int_eq(seq, 4);
    ck_assert_int_eq(attempt, 1);
    ck_assert_int_eq(step, 1220);
    ck_assert(loss == 1.0 / 3.0);
    json_decref(v);
    buf_release(&b);
}
END_TEST

START_TEST(no_flipped_bit_and_no_cut_passes)
{
    Buf b = BUF_INIT;
    make_line(&b);
    size_t n = b.len - 1;
    json_t *v = NULL;
    for (size_t i = 0; i < n; i++) {
        for (int bit = 0; bit < 8; bit++) {
            b.data[i] = (char)(b.data[i] ^ (1 << bit));
            ck_assert_msg(wire_parse(b.data, n, &v, &err) == ERR_FORMAT, "byte %zu bit %d", i, bit);
            b.data[i] = (char)(b.data[i] ^ (1 << bit));
        }
        ck_assert_int_eq(wire_parse(b.data, i, &v, &err), ERR_FORMAT);
    }
    ck_assert_int_eq(wire_parse(b.data, n, &v, &err), ERR_OK);
    json_decref(v);
    buf_release(&b);
}
END_TEST

START_TEST(lines_that_are_too_long_are_refused)
{
    Buf b = BUF_INIT;
    char *big = malloc(WIRE_LINE_BYTES + 1);
    ck_assert_ptr_nonnull(big);
    memset(big, 'a', WIRE_LINE_BYTES);
    big[WIRE_LINE_BYTES] = '\0';
    json_t *body = json_pack("{s:s,s:s}", "event", "hello", "x", big);
    ck_assert_int_eq(wire_format(head, body, &b, &err), ERR_INVALID);
    ck_assert_int_eq(wire_format(head, NULL, &b, &err), ERR_NOMEM); /* json_pack failed */
    free(big);
    buf_release(&b);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "wire"});
}
