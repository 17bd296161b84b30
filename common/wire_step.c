#include "common/wire_step.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"

typedef struct Scan {
    const char *at, *end;
} Scan;

/* Passes over exactly this text. */
static bool take(Scan *s, const char *text, size_t n)
{
    if ((size_t)(s->end - s->at) < n || memcmp(s->at, text, n) != 0) {
        return false;
    }
    s->at += n;
    return true;
}

#define TAKE(s, literal) take((s), (literal), sizeof(literal) - 1)

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits without a leading zero; more than 18 are left to the parser. */
static bool take_i64(Scan *s, int64_t *ret)
{
    enum { MOST_DIGITS = 18 };
    const char *first = s->at;
    int64_t v = 0;
    while (s->at < s->end && is_digit(*s->at) && s->at - first < MOST_DIGITS) {
        v = 10 * v + (*s->at++ - '0');
    }
    ptrdiff_t n = s->at - first;
    if (n == 0 || (n > 1 && *first == '0') || (s->at < s->end && is_digit(*s->at))) {
        return false;
    }
    *ret = v;
    return true;
}

/* The decimal number m * 10^e as a double, when both are so small that one correctly rounded
 * operation on exact numbers gives it (Clinger, "How to read floating point numbers
 * accurately", PLDI 1990). */
static bool exact_double(uint64_t m, int e, double *ret)
{
    static const double ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                 1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    enum { MOST = 22 };
    if (m > UINT64_C(1) << 53 || e < -MOST || e > MOST) {
        return false;
    }
    *ret = e < 0 ? (double)m / ten[-e] : (double)m * ten[e];
    return true;
}

typedef struct Decimal {
    uint64_t m; /* its digits; meaningless with more than 19 */
    int digits, exponent;
    bool is_whole; /* neither point nor exponent */
} Decimal;

static void take_digits(Scan *s, Decimal *d)
{
    while (s->at < s->end && is_digit(*s->at)) {
        d->m = 10 * d->m + (uint64_t)(*s->at++ - '0');
        d->digits++;
    }
}

/* "e-05" and the like, if it comes; false when it is malformed. */
static bool take_exponent(Scan *s, Decimal *d)
{
    enum { MOST_DIGITS = 4 };
    if (s->at >= s->end || (*s->at != 'e' && *s->at != 'E')) {
        return true;
    }
    s->at++;
    d->is_whole = false;
    bool is_negative = s->at < s->end && *s->at == '-';
    s->at += is_negative || (s->at < s->end && *s->at == '+');
    Decimal e = {0};
    take_digits(s, &e);
    if (e.digits == 0 || e.digits > MOST_DIGITS) {
        return false;
    }
    d->exponent += is_negative ? -(int)e.m : (int)e.m;
    return true;
}

/* The grammar of a JSON number without its sign. */
static bool take_decimal(Scan *s, Decimal *d)
{
    const char *first = s->at;
    d->is_whole = true;
    take_digits(s, d);
    if (d->digits == 0 || (d->digits > 1 && *first == '0')) {
        return false;
    }
    if (s->at < s->end && *s->at == '.') {
        int before = d->digits;
        s->at++;
        d->is_whole = false;
        take_digits(s, d);
        d->exponent = before - d->digits;
        if (d->digits == before) {
            return false;
        }
    }
    return take_exponent(s, d);
}

/* A number of JSON.  Whole numbers of more than 15 digits, and negative ones, are left to the
 * parser, which knows integers from reals. */
static bool take_number(Scan *s, double *ret)
{
    enum { WHOLE_DIGITS = 15, MANTISSA_DIGITS = 19 };
    const char *first = s->at;
    bool is_negative = s->at < s->end && *s->at == '-';
    Decimal d = {0};
    double v = 0.0;
    s->at += is_negative;
    if (!take_decimal(s, &d) || (d.is_whole && (is_negative || d.digits > WHOLE_DIGITS))) {
        return false;
    }
    if (d.digits <= MANTISSA_DIGITS && exact_double(d.m, d.exponent, &v)) {
        *ret = is_negative ? -v : v;
        return true;
    }
    if (s->at == s->end) {
        return false; /* a line does not end with a number, and strtod() must not read on */
    }
    char *end = NULL;
    v = strtod(first, &end);
    *ret = v;
    return end == s->at && isfinite(v);
}

/* A number, or the name of what is none. */
static bool take_real(Scan *s, double *ret)
{
    if (s->at < s->end && *s->at != '"') {
        return take_number(s, ret);
    }
    if (TAKE(s, "\"nan\"")) {
        *ret = (double)NAN;
    } else if (TAKE(s, "\"inf\"")) {
        *ret = (double)INFINITY;
    } else if (TAKE(s, "\"-inf\"")) {
        *ret = -(double)INFINITY;
    } else {
        return false;
    }
    return true;
}

static bool take_run(Scan *s, char run[WIRE_RUN_DIGITS + 1])
{
    if (s->end - s->at < WIRE_RUN_DIGITS) {
        return false;
    }
    for (int i = 0; i < WIRE_RUN_DIGITS; i++) {
        char c = s->at[i];
        if (!is_digit(c) && !(c >= 'a' && c <= 'f')) {
            return false;
        }
        run[i] = c;
    }
    run[WIRE_RUN_DIGITS] = '\0';
    s->at += WIRE_RUN_DIGITS;
    return true;
}

/* The last member: the sum of all bytes before it, and the end of the line. */
static bool take_sum(Scan *s, const char *line)
{
    enum { DIGITS = 16 };
    size_t body = (size_t)(s->at - line);
    uint64_t sum = 0;
    if (!TAKE(s, ",\"sum\":\"") || s->end - s->at != DIGITS + 2) {
        return false;
    }
    for (int i = 0; i < DIGITS; i++) {
        char c = s->at[i];
        if (!is_digit(c) && !(c >= 'a' && c <= 'f')) {
            return false;
        }
        sum = sum << 4 | (uint64_t)(is_digit(c) ? c - '0' : c - 'a' + 10);
    }
    s->at += DIGITS;
    return TAKE(s, "\"}") && hash_u64(line, body) == sum;
}

bool wire_step_scan(const char *line, size_t n, WireStep *ret)
{
    Scan s = {line, line + n};
    int64_t t = 0;
    return TAKE(&s, "{\"v\":1,\"seq\":") && take_i64(&s, &ret->seq) && TAKE(&s, ",\"run\":\"") &&
           take_run(&s, ret->run) && TAKE(&s, "\",\"attempt\":") && take_i64(&s, &ret->attempt) &&
           TAKE(&s, ",\"t\":") && take_i64(&s, &t) && TAKE(&s, ",\"event\":\"step\",\"step\":") &&
           take_i64(&s, &ret->step) && TAKE(&s, ",\"tokens\":") && take_i64(&s, &ret->tokens) &&
           TAKE(&s, ",\"loss\":") && take_real(&s, &ret->loss) && TAKE(&s, ",\"grad_norm\":") &&
           take_real(&s, &ret->grad_norm) && TAKE(&s, ",\"lr\":") && take_number(&s, &ret->lr) &&
           TAKE(&s, ",\"tokens_per_s\":") && take_real(&s, &ret->tokens_per_s) &&
           take_sum(&s, line);
}
