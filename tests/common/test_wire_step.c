/* The quick scanner of step lines against the parser: of every line that it takes, both say the
 * same to the last bit; and it takes every line that a worker writes. */
#include "common/wire_step.h"

#include <check.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "common/json.h"
#include "common/rng.h"
#include "common/wire.h"
#include "tests/support/suite.h"

static uint64_t draws;

static uint64_t draw(void)
{
    return rng_u64(11, rng_stream(RNG_SAMPLER, 0), draws++);
}

/* Any double: bits at random, usual magnitudes, and the odd ones. */
static double draw_real(void)
{
    static const double odd[] = {
        0.0,  -0.0, (double)NAN, (double)INFINITY, -(double)INFINITY, 1.0, 1e15, 9007199254740993.0,
        1e22, 1e23, 5e-324,      1.7e308,          123456789012345.0, 0.1, 1e-7};
    uint64_t kind = draw() % 4, bits = draw();
    double x = 0.0;
    switch (kind) {
    case 0:
        return odd[bits % (sizeof odd / sizeof odd[0])];
    case 1:
        memcpy(&x, &bits, sizeof x);
        return x;
    case 2:
        return round((double)(bits % 1000000000) / 10.0);
    default:
        return 2.0 + (double)(bits >> 11) * 0x1p-53 * 8.0;
    }
}

static double draw_finite(void)
{
    for (;;) {
        double x = draw_real();
        if (isfinite(x)) {
            return x;
        }
    }
}

static int64_t draw_whole(void)
{
    return (int64_t)(draw() >> (1 + draw() % 63));
}

/* A line as slaw-worker makes it, without its newline. */
static void put_line(Buf *out)
{
    Err err = ERR_INIT;
    char run[WIRE_RUN_DIGITS + 1];
    (void)snprintf(run, sizeof run, "%012" PRIx64, draw() >> 16);
    WireHead head = {
        .seq = draw_whole(), .run = run, .attempt = draw_whole() % 1000, .t = draw_whole()};
    json_t *body =
        json_pack("{s:s, s:I, s:I, s:o, s:o, s:f, s:o}", "event", "step", "step",
                  (json_int_t)draw_whole(), "tokens", (json_int_t)draw_whole(), "loss",
                  json_real_or_name(draw_real()), "grad_norm", json_real_or_name(draw_real()), "lr",
                  draw_finite(), "tokens_per_s", json_real_or_name(draw_real()));
    buf_clear(out);
    ck_assert_int_eq(wire_format(head, body, out, &err), ERR_OK);
    out->data[--out->len] = '\0';
}

static void check_same_bits(double a, double b, const char *line)
{
    ck_assert_msg(memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b)), "%a, %a: %s", a, b,
                  line);
}

/* What the parser says of a line that the scanner took. */
static void check_line(const char *line, size_t n, const WireStep *s)
{
    Err err = ERR_INIT;
    json_t *v = NULL;
    int64_t seq = 0, attempt = 0, step = 0, tokens = 0;
    const char *run = NULL, *event = NULL;
    double loss = 0.0, grad_norm = 0.0, lr = 0.0, speed = 0.0;
    ck_assert_msg(wire_parse(line, n, &v, &err) == ERR_OK, "%s: %s", err.msg, line);
    ck_assert(json_get_i64(v, "seq", &seq, &err) == ERR_OK && seq == s->seq);
    ck_assert(json_get_i64(v, "attempt", &attempt, &err) == ERR_OK && attempt == s->attempt);
    ck_assert(json_get_i64(v, "step", &step, &err) == ERR_OK && step == s->step);
    ck_assert(json_get_i64(v, "tokens", &tokens, &err) == ERR_OK && tokens == s->tokens);
    ck_assert(json_get_str(v, "run", &run, &err) == ERR_OK && strcmp(run, s->run) == 0);
    ck_assert(json_get_str(v, "event", &event, &err) == ERR_OK && strcmp(event, "step") == 0);
    ck_assert(json_to_real(json_object_get(v, "loss"), &loss));
    ck_assert(json_to_real(json_object_get(v, "grad_norm"), &grad_norm));
    ck_assert(json_get_f64(v, "lr", &lr, &err) == ERR_OK);
    ck_assert(json_to_real(json_object_get(v, "tokens_per_s"), &speed));
    check_same_bits(loss, s->loss, line);
    check_same_bits(grad_norm, s->grad_norm, line);
    check_same_bits(lr, s->lr, line);
    check_same_bits(speed, s->tokens_per_s, line);
    json_decref(v);
}

START_TEST(lines_of_a_worker_are_read_as_the_parser_reads_them)
{
    enum { N = 100000 };
    Buf line = BUF_INIT;
    int taken = 0;
    draws = 0;
    for (int i = 0; i < N; i++) {
        WireStep s;
        put_line(&line);
        if (wire_step_scan(line.data, line.len, &s)) {
            check_line(line.data, line.len, &s);
            taken++;
        }
    }
    /* What it leaves to the parser are whole numbers of many digits and negative ones. */
    ck_assert_int_gt(taken, N / 4);
    buf_release(&line);
}
END_TEST

START_TEST(usual_lines_are_all_taken)
{
    Err err = ERR_INIT;
    Buf line = BUF_INIT;
    draws = 1 << 20;
    for (int64_t i = 1; i < 20000; i++) {
        WireStep s;
        double x = (double)(draw() >> 11) * 0x1p-53;
        WireHead head = {.seq = i, .run = "dd8c82998c41", .t = 1795460780012 + i};
        json_t *body =
            json_pack("{s:s, s:I, s:I, s:o, s:o, s:f, s:f}", "event", "step", "step", i, "tokens",
                      i * 8192, "loss", json_real_or_name(2.0 + 6.0 * x), "grad_norm",
                      json_real_or_name(x), "lr", 0.003 * x, "tokens_per_s", round(1e6 * x));
        buf_clear(&line);
        ck_assert_int_eq(wire_format(head, body, &line, &err), ERR_OK);
        ck_assert_msg(wire_step_scan(line.data, line.len - 1, &s), "%s", line.data);
        check_line(line.data, line.len - 1, &s);
    }
    buf_release(&line);
}
END_TEST

START_TEST(every_damaged_byte_is_left_to_the_parser)
{
    Buf line = BUF_INIT;
    draws = 1 << 22;
    for (int i = 0; i < 40; i++) {
        WireStep s;
        do {
            put_line(&line);
        } while (!wire_step_scan(line.data, line.len, &s));
        for (size_t at = 0; at < line.len; at++) {
            for (int bit = 0; bit < 8; bit++) {
                line.data[at] = (char)(line.data[at] ^ (1 << bit));
                ck_assert_msg(!wire_step_scan(line.data, line.len, &s), "%zu: %s", at, line.data);
                line.data[at] = (char)(line.data[at] ^ (1 << bit));
            }
        }
        for (size_t n = 0; n < line.len; n++) { /* torn, in memory that ends there */
            char *torn = malloc(n + 1);
            ck_assert_ptr_nonnull(torn);
            memcpy(torn, line.data, n);
            ck_assert(!wire_step_scan(torn, n, &s));
            free(torn);
        }
    }
    buf_release(&line);
}
END_TEST

/* The line with this text in place of "step":1 ..., and a sum that matches. */
static void sealed(const char *members, Buf *out)
{
    buf_clear(out);
    buf_printf(out,
               "{\"v\":1,\"seq\":0,\"run\":\"0123456789ab\",\"attempt\":0,\"t\":1,"
               "\"event\":\"step\",%s",
               members);
    uint64_t sum = hash_u64(out->data, out->len);
    buf_printf(out, ",\"sum\":\"%016" PRIx64 "\"}", sum);
}

START_TEST(other_forms_are_taken_alike_or_not_at_all)
{
    static const char *const real[] = {"1",
                                       "0",
                                       "-0",
                                       "-1",
                                       "1.5",
                                       "-1.5",
                                       "1e5",
                                       "1E+5",
                                       "1e-5",
                                       "01",
                                       "1.",
                                       ".5",
                                       "1e",
                                       "1e+",
                                       "+1",
                                       "0x10",
                                       "1e400",
                                       "-1e400",
                                       "1e-400",
                                       "nan",
                                       "\"nan\"",
                                       "\"inf\"",
                                       "\"-inf\"",
                                       "\"NaN\"",
                                       "null",
                                       "true",
                                       "\"1\"",
                                       "12345678901234567890",
                                       "0.1234567890123456789012345",
                                       "1.7976931348623157e308",
                                       "1 ",
                                       "9007199254740993.0",
                                       "1e00005",
                                       "1e-0",
                                       "123456789012345678e-3"};
    Buf line = BUF_INIT, members = BUF_INIT;
    int taken = 0;
    for (size_t i = 0; i < sizeof real / sizeof real[0]; i++) {
        for (int which = 0; which < 4; which++) {
            WireStep s;
            buf_clear(&members);
            buf_printf(&members,
                       "\"step\":1,\"tokens\":2,\"loss\":%s,\"grad_norm\":%s,\"lr\":%s,"
                       "\"tokens_per_s\":%s",
                       which == 0 ? real[i] : "1.5", which == 1 ? real[i] : "1.5",
                       which == 2 ? real[i] : "1.5", which == 3 ? real[i] : "1.5");
            sealed(buf_str(&members), &line);
            if (wire_step_scan(line.data, line.len, &s)) {
                check_line(line.data, line.len, &s);
                taken++;
            }
        }
    }
    ck_assert_int_gt(taken, 40);
    static const char *const other[] = {
        "\"tokens\":2,\"step\":1,\"loss\":1,\"grad_norm\":1,\"lr\":1,\"tokens_per_s\":1",
        "\"step\":1,\"tokens\":2,\"loss\":1,\"grad_norm\":1,\"lr\":1",
        "\"step\":1,\"tokens\":2,\"loss\":1,\"grad_norm\":1,\"lr\":1,\"tokens_per_s\":1,\"x\":1",
        "\"step\": 1,\"tokens\":2,\"loss\":1,\"grad_norm\":1,\"lr\":1,\"tokens_per_s\":1",
        "\"step\":1.0,\"tokens\":2,\"loss\":1,\"grad_norm\":1,\"lr\":1,\"tokens_per_s\":1",
        "\"step\":01,\"tokens\":2,\"loss\":1,\"grad_norm\":1,\"lr\":1,\"tokens_per_s\":1",
        "\"step\":-1,\"tokens\":2,\"loss\":1,\"grad_norm\":1,\"lr\":1,\"tokens_per_s\":1",
        ("\"step\":9999999999999999999,\"tokens\":2,\"loss\":1,\"grad_norm\":1,\"lr\":1,"
         "\"tokens_per_s\":1"),
    };
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        WireStep s;
        sealed(other[i], &line);
        ck_assert_msg(!wire_step_scan(line.data, line.len, &s), "%s", line.data);
    }
    buf_release(&line);
    buf_release(&members);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "wire step"});
}
