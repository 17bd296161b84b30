/* thousands.h -- 1376 as "1,376". */
#ifndef CLI_THOUSANDS_H
#define CLI_THOUSANDS_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

enum { THOUSANDS_BYTES = 32 };

/* Decimal digits of n >= 0 with a comma before every third from the right; returns out. */
static inline const char *thousands(int64_t n, char out[THOUSANDS_BYTES])
{
    char digits[THOUSANDS_BYTES];
    int len = snprintf(digits, sizeof digits, "%" PRId64, n), used = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) {
            out[used++] = ',';
        }
        out[used++] = digits[i];
    }
    out[used] = '\0';
    return out;
}

#endif
