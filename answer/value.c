#include "answer/value.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/quantity.h"

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

const char *whole_text(int64_t n, char *out)
{
    char digits[NUMBER_TEXT_BYTES];
    size_t len = (size_t)snprintf(digits, sizeof digits, "%" PRId64, n), used = 0;
    size_t sign = n < 0 ? 1 : 0;
    for (size_t i = 0; i < len; i++) {
        if (i > sign && (len - i) % 3 == 0) {
            out[used++] = ',';
        }
        out[used++] = digits[i];
    }
    out[used] = '\0';
    return out;
}

const char *count_text(int64_t n, const char *what, char *out)
{
    char number[NUMBER_TEXT_BYTES];
    (void)snprintf(out, NUMBER_TEXT_BYTES, "%s %s%s", whole_text(n, number), what,
                   n == 1 ? "" : "s");
    return out;
}

const char *duration_text(double seconds, char *out)
{
    double s = fmax(0.0, seconds);
    out[0] = '\0';
    if (!isfinite(seconds)) {
        return out;
    }
    if (s < 9.95) {
        (void)snprintf(out, NUMBER_TEXT_BYTES, "%.2g s", s);
    } else if (s < 100.0) {
        (void)snprintf(out, NUMBER_TEXT_BYTES, "%.0f s", s);
    } else if (s < 90.0 * MINUTE) {
        (void)snprintf(out, NUMBER_TEXT_BYTES, "%.0f min", s / MINUTE);
    } else if (s < 2.0 * DAY) {
        double minutes = round(s / MINUTE);
        (void)snprintf(out, NUMBER_TEXT_BYTES, "%.0f h %.0f min", floor(minutes / MINUTE),
                       fmod(minutes, MINUTE));
    } else {
        double hours = round(s / HOUR);
        (void)snprintf(out, NUMBER_TEXT_BYTES, "%.0f d %.0f h", floor(hours / 24.0),
                       fmod(hours, 24.0));
    }
    return out;
}

const char *number_text(double x, NumberFormat format, int digits, char *out)
{
    out[0] = '\0';
    if (!isfinite(x)) {
        return out;
    }
    switch (format) {
    case NUMBER_DIGITS:
        (void)snprintf(out, NUMBER_TEXT_BYTES, "%.*g", digits ? digits : 4, x);
        break;
    case NUMBER_FIXED:
        (void)snprintf(out, NUMBER_TEXT_BYTES, fabs(x) < 1e15 ? "%.*f" : "%.*g",
                       digits ? digits : 4, x);
        break;
    case NUMBER_PERCENT:
        (void)snprintf(out, NUMBER_TEXT_BYTES, "%.*g", digits ? digits : 2, 100.0 * x);
        break;
    case NUMBER_QUANTITY:
        return quantity_count_text(x, out);
    case NUMBER_BYTES:
        return quantity_bytes_text(x, out);
    case NUMBER_DURATION:
        return duration_text(x, out);
    case NUMBER_P:
        (void)snprintf(out, NUMBER_TEXT_BYTES, x < 0.001 ? "< 0.001" : "%.2g", x);
        break;
    case NUMBER_WHOLE:
        return fabs(x) < 0x1p53 ? whole_text((int64_t)x, out)
                                : number_text(x, NUMBER_DIGITS, 6, out);
    }
    return out;
}

int interval_place(const Interval *i)
{
    double width = i->se;
    if (!(isfinite(width) && width > 0.0)) {
        width = (i->hi - i->lo) / 4.0;
    }
    return isfinite(width) && width > 0.0 ? (int)floor(log10(width)) - 1 : INT_MIN;
}

const char *interval_text(const Interval *i, char *out)
{
    char lo[NUMBER_TEXT_BYTES], hi[NUMBER_TEXT_BYTES];
    int place = interval_place(i);
    out[0] = '\0';
    if (isfinite(i->lo) && isfinite(i->hi)) {
        (void)snprintf(out, INTERVAL_TEXT_BYTES, "%s to %s", number_to_place(i->lo, place, lo),
                       number_to_place(i->hi, place, hi));
    }
    return out;
}

const char *number_to_place(double x, int place, char *out)
{
    enum { MOST_DIGITS = 9, LARGEST_PLAIN = 7, SMALLEST_PLAIN = -5 };
    out[0] = '\0';
    if (!isfinite(x)) {
        return out;
    }
    if (place == INT_MIN) {
        return number_text(x, NUMBER_DIGITS, 4, out);
    }
    int first = x == 0.0 ? place : (int)floor(log10(fabs(x)));
    int digits = first - place + 1;
    digits = digits < 1 ? 1 : digits > MOST_DIGITS ? MOST_DIGITS : digits;
    if (first >= LARGEST_PLAIN || (first < SMALLEST_PLAIN && x != 0.0)) {
        (void)snprintf(out, NUMBER_TEXT_BYTES, "%.*e", digits - 1, x);
    } else if (place < 0) {
        int decimals = -place < MOST_DIGITS - first ? -place : MOST_DIGITS - first;
        (void)snprintf(out, NUMBER_TEXT_BYTES, "%.*f", decimals, x);
    } else {
        double unit = pow(10.0, place);
        (void)snprintf(out, NUMBER_TEXT_BYTES, "%.0f", round(x / unit) * unit);
    }
    return out;
}
