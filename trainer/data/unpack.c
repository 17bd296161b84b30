#include "trainer/data/unpack.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static uint32_t read_be32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* One zlib or gzip stream at bytes[0..n) appended to *ret. */
static ErrCode inflate_stream(const unsigned char *bytes, size_t n, int window_bits, Buf *ret,
                              size_t *ret_used, Err *err)
{
    if (n > INT_MAX) {
        return err_set(err, ERR_FORMAT, "compressed data is larger than 2 GiB");
    }
    unsigned char block[16384];
    z_stream z = {.avail_in = (uInt)n};
    union {
        const unsigned char *in;
        Bytef *out; /* zlib's next_in is const only with ZLIB_CONST; it is not written to */
    } input = {.in = bytes};
    z.next_in = input.out;
    if (inflateInit2(&z, window_bits) != Z_OK) {
        return err_nomem(err, "decompression");
    }
    size_t before = ret->len;
    int state = Z_OK;
    while (state == Z_OK && ret->len - before <= UNPACK_MAX_BYTES && !ret->is_short) {
        z.next_out = block;
        z.avail_out = sizeof block;
        state = inflate(&z, Z_NO_FLUSH);
        buf_add(ret, block, sizeof block - z.avail_out);
    }
    *ret_used = n - z.avail_in;
    (void)inflateEnd(&z);
    if (state == Z_STREAM_END) {
        return buf_ok(ret, err);
    }
    return err_set(err, ERR_FORMAT, "compressed data is damaged or cut off (zlib %d)", state);
}

ErrCode unpack_gzip(const char *bytes, size_t n, Buf *ret, Err *err)
{
    size_t used = 0;
    return inflate_stream((const unsigned char *)bytes, n, MAX_WBITS + 16, ret, &used, err);
}

/* R's XDR serialisation, as far as a character vector needs it. */
typedef struct XdrReader {
    const unsigned char *p, *end;
    bool is_bad;
} XdrReader;

enum { R_CHARSXP = 9, R_STRSXP = 16, R_TYPE_MASK = 0xFF, R_ATTRIBUTES = 1 << 9 };

static uint32_t xdr_u32(XdrReader *r)
{
    if (r->end - r->p < 4) {
        r->is_bad = true;
        return 0;
    }
    uint32_t v = read_be32(r->p);
    r->p += 4;
    return v;
}

static const unsigned char *xdr_bytes(XdrReader *r, size_t n)
{
    if ((size_t)(r->end - r->p) < n) {
        r->is_bad = true;
        return r->p;
    }
    const unsigned char *at = r->p;
    r->p += n;
    return at;
}

/* Elements of a character vector as lines of *ret; false when the object is another one. */
static bool read_strings(XdrReader *r, Buf *ret)
{
    if (r->end - r->p < 2 || memcmp(r->p, "X\n", 2) != 0) {
        return false;
    }
    r->p += 2;
    uint32_t version = xdr_u32(r);
    (void)xdr_u32(r); /* version of R that wrote it, and the oldest that can read it */
    (void)xdr_u32(r);
    if (version == 3) {
        (void)xdr_bytes(r, xdr_u32(r)); /* native encoding */
    }
    uint32_t flags = xdr_u32(r);
    if (r->is_bad || (version != 2 && version != 3) || (flags & R_TYPE_MASK) != R_STRSXP ||
        (flags & R_ATTRIBUTES) != 0) {
        return false;
    }
    uint32_t n = xdr_u32(r);
    for (uint32_t i = 0; i < n && !r->is_bad; i++) {
        if ((xdr_u32(r) & R_TYPE_MASK) != R_CHARSXP) {
            return false;
        }
        uint32_t len = xdr_u32(r);
        if (len == UINT32_MAX) { /* NA */
            continue;
        }
        const unsigned char *s = xdr_bytes(r, len);
        if (!r->is_bad) {
            buf_add(ret, s, len);
            buf_putc(ret, '\n');
        }
    }
    return !r->is_bad;
}

ErrCode unpack_rdb(const char *bytes, size_t n, UnpackText text, void *ctx, Err *err)
{
    const unsigned char *p = (const unsigned char *)bytes;
    Buf block = BUF_INIT, lines = BUF_INIT;
    ErrCode rc = ERR_OK;
    for (size_t at = 0; at < n;) {
        size_t used = 0;
        buf_clear(&block);
        buf_clear(&lines);
        if (n - at < 4) {
            rc = err_set(err, ERR_FORMAT, "R data base is cut off at offset %zu", at);
            goto done;
        }
        TRY(inflate_stream(p + at + 4, n - at - 4, MAX_WBITS, &block, &used, err));
        if (block.len != read_be32(p + at)) {
            rc = err_set(err, ERR_FORMAT, "R data base: block at offset %zu has %zu bytes, not %u",
                         at, block.len, read_be32(p + at));
            goto done;
        }
        XdrReader r = {(const unsigned char *)buf_str(&block),
                       (const unsigned char *)buf_str(&block) + block.len, false};
        if (read_strings(&r, &lines)) {
            TRY(buf_ok(&lines, err));
            TRY(text(ctx, buf_str(&lines), lines.len, err));
        }
        at += 4 + used;
    }
done:
    buf_release(&block);
    buf_release(&lines);
    return rc;
}

/* LZW of compress(1): codes of 9 to 16 bits, least significant bit first; 256 clears the
 * table.  Codes are written in groups of eight, and a change of width skips to the end of
 * the group. */
enum { LZW_CLEAR = 256, LZW_FIRST = 257, LZW_MAX_BITS = 16, LZW_CODES = 1 << LZW_MAX_BITS };

typedef struct Lzw {
    uint16_t prefix[LZW_CODES];
    unsigned char last[LZW_CODES];
    unsigned char stack[LZW_CODES];
    uint32_t free_code, n_bits;
    int32_t previous;            /* -1 after a clear */
    unsigned char first;         /* first byte of the previous string */
    size_t at_bit, group_at_bit; /* next code; where the group of this width began */
} Lzw;

static void lzw_clear(Lzw *z)
{
    z->free_code = LZW_FIRST;
    z->n_bits = 9;
    z->previous = -1;
}

static void lzw_skip_group(Lzw *z)
{
    size_t group = (size_t)z->n_bits * 8;
    size_t done = z->at_bit - z->group_at_bit;
    z->at_bit = z->group_at_bit + (done + group - 1) / group * group;
    z->group_at_bit = z->at_bit;
}

static uint32_t lzw_code(Lzw *z, const unsigned char *p)
{
    const unsigned char *b = p + z->at_bit / 8;
    size_t n_bytes = (z->at_bit % 8 + z->n_bits + 7) / 8;
    uint32_t v = 0;
    for (size_t i = 0; i < n_bytes; i++) {
        v |= (uint32_t)b[i] << (8 * i);
    }
    v = v >> z->at_bit % 8 & ((1u << z->n_bits) - 1);
    z->at_bit += z->n_bits;
    return v;
}

/* Writes the string of `code`; false when no such code can be. */
static bool lzw_emit(Lzw *z, uint32_t code, Buf *ret)
{
    bool is_new = code == z->free_code && z->previous >= 0; /* the string being defined now */
    if ((code >= z->free_code && !is_new) || (z->previous < 0 && code > 255)) {
        return false;
    }
    size_t n = 0;
    if (is_new) {
        z->stack[n++] = z->first;
    }
    uint32_t c = is_new ? (uint32_t)z->previous : code;
    while (c >= LZW_FIRST) {
        z->stack[n++] = z->last[c];
        c = z->prefix[c];
    }
    z->first = (unsigned char)c;
    buf_putc(ret, (char)c);
    while (n > 0) {
        buf_putc(ret, (char)z->stack[--n]);
    }
    if (z->previous >= 0 && z->free_code < LZW_CODES) {
        z->prefix[z->free_code] = (uint16_t)z->previous;
        z->last[z->free_code] = z->first;
        z->free_code++;
    }
    z->previous = (int32_t)code;
    return true;
}

static ErrCode lzw_window(Lzw *z, const unsigned char *p, size_t n, size_t max_bytes, Buf *ret,
                          Err *err)
{
    size_t before = ret->len;
    z->at_bit = z->group_at_bit = 0;
    lzw_clear(z);
    while (z->at_bit + z->n_bits <= n * 8) {
        uint32_t code = lzw_code(z, p);
        if (code == LZW_CLEAR) {
            lzw_skip_group(z);
            lzw_clear(z);
            continue;
        }
        if (!lzw_emit(z, code, ret) || ret->len - before > max_bytes) {
            return err_set(err, ERR_FORMAT, "bible.data: compressed text is damaged at byte %zu",
                           z->at_bit / 8);
        }
        if (z->free_code > (1u << z->n_bits) - 1 && z->n_bits < LZW_MAX_BITS) {
            lzw_skip_group(z);
            z->n_bits++;
        }
    }
    return buf_ok(ret, err);
}

ErrCode unpack_bible(const char *bytes, size_t n, Buf *ret, Err *err)
{
    enum { WINDOW_SIZE_AT = 0x54, N_WINDOWS_AT = 0x58, OFFSETS_AT = 0x5c };
    const unsigned char *p = (const unsigned char *)bytes;
    if (n < OFFSETS_AT || memcmp(p, "EC02", 4) != 0) {
        return err_set(err, ERR_FORMAT, "not a bible.data file");
    }
    size_t window = read_be32(p + WINDOW_SIZE_AT), n_windows = read_be32(p + N_WINDOWS_AT);
    if (n_windows >= (n - OFFSETS_AT) / 4 || window * n_windows > UNPACK_MAX_BYTES) {
        return err_set(err, ERR_FORMAT, "bible.data: impossible number of windows %zu", n_windows);
    }
    Lzw *z = malloc(sizeof *z);
    if (!z) {
        return err_nomem(err, "decompression");
    }
    ErrCode rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < n_windows; i++) {
        size_t from = read_be32(p + OFFSETS_AT + 4 * i), to = read_be32(p + OFFSETS_AT + 4 * i + 4);
        rc = from > to || to > n
                 ? err_set(err, ERR_FORMAT, "bible.data: window %zu lies outside the file", i)
                 : lzw_window(z, p + from, to - from, window, ret, err);
    }
    free(z);
    return rc;
}
