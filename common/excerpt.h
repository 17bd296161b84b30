/* excerpt.h -- the line of a user's file that is at fault, with a caret under the place.
 *
 *      12 |   a: {layers: 2, width: 96, heads: 5}
 *         |                                    ^
 *
 * Tabs become spaces up to the next multiple of eight columns, wide characters take two and
 * combining ones none; what must not reach a terminal (control characters, marks that turn the
 * direction of writing, bytes that are not UTF-8) is a question mark.  Of a line that is too
 * long the part around the caret is shown between "...".
 */
#ifndef COMMON_EXCERPT_H
#define COMMON_EXCERPT_H

#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/text_style.h"

/* Appends the two lines for `at` of the text bytes[0..n); nothing when the text has no such line.
 * Lines end as YAML 1.1 has them: LF, CR, CR LF, U+0085, U+2028, U+2029. */
void excerpt_text(const char *bytes, size_t n, TextPos at, TextStyle style, Buf *out);

/* The byte where a line (from 1) of the text begins, and in *ret_n its bytes without its end; NULL
 * when there is none.  A byte order mark belongs to no line. */
const char *excerpt_line(const char *bytes, size_t n, int line, size_t *ret_n);

#endif
