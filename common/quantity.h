/* quantity.h -- numbers as people write them: 10M, 1e18, 2GiB, 90min; and names close to a misspelling. */
#ifndef COMMON_QUANTITY_H
#define COMMON_QUANTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum QuantityUnit {
    QUANTITY_COUNT,   /* k M G T = 1e3 1e6 1e9 1e12 */
    QUANTITY_BYTES,   /* those, each with an optional B, and KiB MiB GiB TiB = 2^10 ... */
    QUANTITY_SECONDS, /* s min h d */
} QuantityUnit;

enum { QUANTITY_TEXT_BYTES = 32 };

/* Parses all of `text` (decimal number with optional exponent, then an optional unit).
 * False if it is not such a quantity or not finite. */
bool quantity_parse(const char *text, QuantityUnit unit, double *ret);

/* The same, and the value is a whole number below 2^53. */
bool quantity_parse_i64(const char *text, QuantityUnit unit, int64_t *ret);

/* What was meant by a text that is no such quantity: 1B, 10K, 1_000_000, 10,000, 2 million.  False
 * when nobody can say. */
bool quantity_suggest(const char *text, QuantityUnit unit, char out[QUANTITY_TEXT_BYTES]);

/* "334k", "6.51M", "3e+11" style with three significant digits, into out; returns out. */
const char *quantity_count_text(double x, char out[QUANTITY_TEXT_BYTES]);
/* "12.3 MB" (powers of 1000), into out; returns out. */
const char *quantity_bytes_text(double x, char out[QUANTITY_TEXT_BYTES]);

/* The candidate closest to `word` in Damerau-Levenshtein distance, or NULL when none is
 * close enough to be a likely misspelling (distance <= 1 + length / 4). */
const char *nearest_name(const char *word, const char *const *candidates, size_t n);

#endif
