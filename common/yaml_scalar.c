#include "common/yaml_scalar.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_one_of(const char *s, const char *const *word)
{
    for (; *word; word++) {
        if (strcmp(s, *word) == 0) {
            return true;
        }
    }
    return false;
}

static const char *skip_digits(const char *p)
{
    while (isdigit((unsigned char)*p)) {
        p++;
    }
    return p;
}

static bool read_integer(const char *s, int64_t *ret)
{
    int base = 10;
    const char *digits = s;
    if (s[0] == '0' && (s[1] == 'x' || s[1] == 'o')) {
        base = s[1] == 'x' ? 16 : 8;
        digits = s + 2;
    } else {
        const char *p = s + (*s == '-' || *s == '+');
        if (p == skip_digits(p) || *skip_digits(p) != '\0') {
            return false;
        }
    }
    if (!isxdigit((unsigned char)digits[0]) && base != 10) {
        return false;
    }
    char *end = NULL;
    errno = 0;
    long long x = strtoll(digits, &end, base);
    if (errno != 0 || *end != '\0') {
        return false;
    }
    *ret = x;
    return true;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool looks_real(const char *s)
{
    const char *p = s + (*s == '-' || *s == '+');
    const char *whole = p;
    p = skip_digits(p);
    bool has_digit = p > whole;
    if (*p == '.') {
        const char *fraction = ++p;
        p = skip_digits(p);
        has_digit = has_digit || p > fraction;
    }
    if (has_digit && (*p == 'e' || *p == 'E')) {
        p++;
        p += *p == '-' || *p == '+';
        const char *exponent = p;
        p = skip_digits(p);
        has_digit = p > exponent;
    }
    return has_digit && *p == '\0';
}

static bool read_real(const char *s, double *ret)
{
    static const char *const inf[] = {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", NULL};
    static const char *const minus_inf[] = {"-.inf", "-.Inf", "-.INF", NULL};
    static const char *const not_a_number[] = {".nan", ".NaN", ".NAN", NULL};
    if (is_one_of(s, inf)) {
        *ret = (double)INFINITY;
    } else if (is_one_of(s, minus_inf)) {
        *ret = -(double)INFINITY;
    } else if (is_one_of(s, not_a_number)) {
        *ret = (double)NAN;
    } else if (looks_real(s)) {
        *ret = strtod(s, NULL);
    } else {
        return false;
    }
    return true;
}

void yaml_resolve_plain(YamlNode *n)
{
    static const char *const null_word[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const true_word[] = {"true", "True", "TRUE", NULL};
    static const char *const false_word[] = {"false", "False", "FALSE", NULL};
    if (is_one_of(n->text, null_word)) {
        n->kind = NODE_NULL;
    } else if (is_one_of(n->text, true_word) || is_one_of(n->text, false_word)) {
        n->kind = NODE_BOOL;
        n->as.boolean = is_one_of(n->text, true_word);
    } else if (read_integer(n->text, &n->as.integer)) {
        n->kind = NODE_INTEGER;
    } else if (read_real(n->text, &n->as.real)) {
        n->kind = NODE_REAL;
    }
}
