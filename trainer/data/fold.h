/* fold.h -- UTF-8 in, ASCII where there is a customary ASCII form.
 *
 * Letters lose their accents (Unicode NFKD base letter: Latin-1, Latin Extended-A,
 * Latin Extended Additional); quotes, dashes, ellipses, spaces and ligatures
 * become what a typewriter has.  Everything else has no ASCII form here.
 */
#ifndef TRAINER_DATA_FOLD_H
#define TRAINER_DATA_FOLD_H

#include <stdint.h>

/* ASCII form of c >= 0x80: a string, "" for what is dropped (zero-width marks, soft hyphen,
 * combining accents), NULL when there is none. */
const char *fold_ascii(uint32_t c);

#endif
