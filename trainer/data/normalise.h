/* normalise.h -- any text file to the one plain form that models are trained on.
 *
 * The result is paragraphs separated by exactly one blank line, no white space at
 * either end, then one '\n' ("" when no text is left).  Lines end in '\n' (CR LF and CR
 * too); tabs and runs of spaces are one space; none stands before or after a line break;
 * control characters are gone; fold.h makes ASCII of what has an ASCII form.
 * Normalising a normalised text changes nothing.
 */
#ifndef TRAINER_DATA_NORMALISE_H
#define TRAINER_DATA_NORMALISE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"

/* Counts up with every change of the result; manifests record it. */
enum { NORMALISE_VERSION = 1 };

typedef struct NormaliseOptions {
    bool joins_lines;   /* line breaks inside a paragraph are hard wraps: make them spaces */
    bool is_ascii_only; /* drop what has no ASCII form (else it stays as UTF-8) */
    const char *drop;   /* ASCII characters of mark-up to leave out, as "_"; NULL for none */
} NormaliseOptions;

/* Appends the normal form of bytes[0..n).  Bytes that are not UTF-8 are left out.
 * A shortage of memory shows in buf_ok(out). */
void normalise_text(const char *bytes, size_t n, const NormaliseOptions *o, Buf *out);

/* ERR_INVALID naming the file when bytes[0..n) is empty or not text: a NUL byte, or more than one
 * byte in a thousand outside valid UTF-8. */
ErrCode normalise_check(const char *bytes, size_t n, const char *name, Err *err);

#endif
