#include "common/utf8.h"

static int is_tail(unsigned char b)
{
    return (b & 0xC0) == 0x80;
}

size_t utf8_decode(const unsigned char *p, size_t n, uint32_t *ret)
{
    if (n == 0) {
        return 0;
    }
    uint32_t lead = p[0];
    if (lead < 0x80) {
        *ret = lead;
        return 1;
    }
    if (lead >= 0xC2 && lead < 0xE0 && n >= 2 && is_tail(p[1])) {
        *ret = (lead & 0x1F) << 6 | (p[1] & 0x3Fu);
        return 2;
    }
    if (lead >= 0xE0 && lead < 0xF0 && n >= 3 && is_tail(p[1]) && is_tail(p[2])) {
        uint32_t c = (lead & 0x0F) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
        if (c >= 0x800 && (c < 0xD800 || c > 0xDFFF)) {
            *ret = c;
            return 3;
        }
    }
    if (lead >= 0xF0 && lead < 0xF5 && n >= 4 && is_tail(p[1]) && is_tail(p[2]) && is_tail(p[3])) {
        uint32_t c =
            (lead & 0x07) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
        if (c >= 0x10000 && c <= 0x10FFFF) {
            *ret = c;
            return 4;
        }
    }
    return 0;
}

size_t utf8_encode(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}
