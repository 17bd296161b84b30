/* packed.h -- writers of the containers that unpack.h reads, for tests. */
#ifndef TESTS_TRAINER_DATA_PACKED_H
#define TESTS_TRAINER_DATA_PACKED_H

#include <check.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include "common/buf.h"

static inline void put_be32(Buf *out, uint32_t v)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        buf_putc(out, (char)(v >> shift));
    }
}

/* window_bits 15: zlib; 31: gzip. */
static inline void put_deflated(Buf *out, const Buf *in, int window_bits)
{
    z_stream z = {.next_in = (Bytef *)in->data, .avail_in = (uInt)in->len};
    unsigned char block[65536];
    ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
    int state = Z_OK;
    while (state == Z_OK) {
        z.next_out = block;
        z.avail_out = sizeof block;
        state = deflate(&z, Z_FINISH);
        buf_add(out, block, sizeof block - z.avail_out);
    }
    ck_assert_int_eq(state, Z_STREAM_END);
    (void)deflateEnd(&z);
}

/* An R character vector, an element a line of `lines`, as one block of an .rdb file. */
static inline void put_rdb_block(Buf *out, const char *lines)
{
    Buf object = BUF_INIT, elements = BUF_INIT;
    uint32_t n = 0;
    for (const char *p = lines; *p; n++) {
        const char *end = strchrnul(p, '\n');
        put_be32(&elements, 0x00040009);
        put_be32(&elements, (uint32_t)(end - p));
        buf_add(&elements, p, (size_t)(end - p));
        p = *end ? end + 1 : end;
    }
    buf_puts(&object, "X\n");
    put_be32(&object, 3);
    put_be32(&object, 0x00040201);
    put_be32(&object, 0x00030500);
    put_be32(&object, 5);
    buf_puts(&object, "UTF-8");
    put_be32(&object, 16);
    put_be32(&object, n);
    buf_add(&object, elements.data, elements.len);
    put_be32(out, (uint32_t)object.len);
    put_deflated(out, &object, MAX_WBITS);
    buf_release(&object);
    buf_release(&elements);
}

enum { LZW_GROUP_MAX = 16, LZW_MAX_CODES = 1 << 16 };

/* LZW codes of compress(1), written a group of eight at a time as its -C output is. */
typedef struct LzwWriter {
    Buf *out;
    uint32_t code[8];
    size_t n_codes, n_bits;
    uint32_t n_known; /* codes with a string */
    uint32_t prefix[LZW_MAX_CODES];
    unsigned char last[LZW_MAX_CODES];
} LzwWriter;

static inline void lzw_flush(LzwWriter *w, bool whole_group)
{
    unsigned char group[LZW_GROUP_MAX] = {0};
    for (size_t i = 0; i < w->n_codes * w->n_bits; i++) {
        group[i / 8] |= (unsigned char)((w->code[i / w->n_bits] >> i % w->n_bits & 1) << i % 8);
    }
    buf_add(w->out, group, whole_group ? w->n_bits : (w->n_codes * w->n_bits + 7) / 8);
    w->n_codes = 0;
}

static inline void lzw_put(LzwWriter *w, uint32_t code)
{
    w->code[w->n_codes++] = code;
    if (w->n_codes == 8) {
        lzw_flush(w, true);
    }
}

static inline void lzw_end_group(LzwWriter *w)
{
    if (w->n_codes > 0) {
        lzw_flush(w, true);
    }
}

/* The longest known string at in[0..n): its code, and its length in *ret_n. */
static inline uint32_t lzw_longest(const LzwWriter *w, const char *in, size_t n, size_t *ret_n)
{
    uint32_t code = (unsigned char)in[0];
    size_t i = 1;
    for (uint32_t next = 257; i < n && next < w->n_known; next++) {
        if (w->prefix[next] == code && w->last[next] == (unsigned char)in[i]) {
            code = next; /* longer strings have greater codes, so the search goes on upwards */
            i++;
        }
    }
    *ret_n = i;
    return code;
}

/* Compresses in[0..n), n > 0; clears the table once after `clear_at` input bytes (0: never). */
static inline void put_lzw(Buf *out, const char *in, size_t n, size_t clear_at)
{
    static LzwWriter w;
    w = (LzwWriter){.out = out, .n_bits = 9, .n_known = 257};
    size_t n_string = 0;
    for (size_t i = 0; i < n; i += n_string) {
        uint32_t code = lzw_longest(&w, in + i, n - i, &n_string);
        lzw_put(&w, code);
        if (w.n_known >= 1u << w.n_bits && w.n_bits < 16) {
            lzw_end_group(&w);
            w.n_bits++;
        }
        if (i + n_string < n && w.n_known < LZW_MAX_CODES) {
            w.prefix[w.n_known] = code;
            w.last[w.n_known++] = (unsigned char)in[i + n_string];
        }
        if (clear_at > 0 && i >= clear_at) {
            clear_at = 0;
            lzw_put(&w, 256);
            lzw_end_group(&w);
            w.n_bits = 9;
            w.n_known = 257;
        }
    }
    if (w.n_codes > 0) {
        lzw_flush(&w, false);
    }
}

/* A bible.data file whose windows hold `window` bytes of text each. */
static inline void put_bible(Buf *out, const char *text, uint32_t window)
{
    Buf body = BUF_INIT;
    size_t n = strlen(text);
    uint32_t n_windows = (uint32_t)((n + window - 1) / window);
    uint32_t first = 0x5c + 4 * (n_windows + 1);
    buf_puts(out, "EC02Compressed Data File");
    while (out->len < 0x54) {
        buf_putc(out, '\0');
    }
    put_be32(out, window);
    put_be32(out, n_windows);
    put_be32(out, first);
    for (size_t at = 0; at < n; at += window) {
        put_lzw(&body, text + at, n - at < window ? n - at : window, 0);
        put_be32(out, first + (uint32_t)body.len);
    }
    buf_add(out, body.data, body.len);
    buf_release(&body);
}

#endif
