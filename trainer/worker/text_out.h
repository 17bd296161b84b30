/* text_out.h -- bytes of a model shown safely on a terminal, as they come.
 *
 * Whole UTF-8 sequences, newlines and tabs pass; control characters (C0, DEL, C1) and
 * bytes that are not UTF-8 become \xNN, and a backslash stays as it is: this is for eyes,
 * not for reading back.
 */
#ifndef TRAINER_WORKER_TEXT_OUT_H
#define TRAINER_WORKER_TEXT_OUT_H

#include <stdint.h>

#include "common/buf.h"

typedef struct TextOut {
    unsigned char held[4]; /* a sequence that is not complete */
    size_t n_held;
} TextOut;

#define TEXT_OUT_INIT ((TextOut){0})

/* Adds what can be shown after one more byte. */
void text_out_byte(TextOut *t, unsigned char byte, Buf *out);

/* Adds what is still held. */
void text_out_end(TextOut *t, Buf *out);

#endif
