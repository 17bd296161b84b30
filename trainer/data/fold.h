/* fold.h -- UTF-8 in, ASCII where there is a customary ASCII form.
 *
 * Letters lose their accents (Unicode NFKD base letter: Latin-1, Latin Extended-A,
 * Latin Extended Additional); quotes, dashes, ellipses, spaces and ligatures
 * become what a typewriter has.  Everything else has no ASCII form here.
 */
#ifndef TRAINER_DATA_FOLD_H
#define TRAINER_DATA_FOLD_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the valid UTF-8 sequence (Unicode 15, table 3-7) at p[0..n), its code point in
 * *ret; 0 when there is none (also for n = 0). */
size_t utf8_decode(const unsigned char *p, size_t n, uint32_t *ret);

/* Writes code point c as UTF-8 into out [4]; returns the bytes. */
size_t utf8_encode(uint32_t c, char out[4]);

/* ASCII form of c >= 0x80: a string, "" for what is dropped (zero-width marks, soft hyphen,
 * combining accents), NULL when there is none. */
const char *fold_ascii(uint32_t c);

#endif
