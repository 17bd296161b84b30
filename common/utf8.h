/* utf8.h -- code points from UTF-8 and back. */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the valid UTF-8 sequence (Unicode 15, table 3-7) at p[0..n), its code point in
 * *ret; 0 when there is none (also for n = 0). */
size_t utf8_decode(const unsigned char *p, size_t n, uint32_t *ret);

/* Writes code point c as UTF-8 into out [4]; returns the bytes. */
size_t utf8_encode(uint32_t c, char out[4]);

#endif
