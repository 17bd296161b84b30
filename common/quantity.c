#include "common/quantity.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Unit {
    const char *name;
    double factor;
} Unit;

static const Unit count_unit[] = {{"", 1.0},  {"k", 1e3},  {"M", 1e6},
                                  {"G", 1e9}, {"T", 1e12}, {NULL, 0.0}};
static const Unit bytes_unit[] = {
    {"", 1.0},       {"B", 1.0},      {"k", 1e3},      {"kB", 1e3},     {"M", 1e6},
    {"MB", 1e6},     {"G", 1e9},      {"GB", 1e9},     {"T", 1e12},     {"TB", 1e12},
    {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"TiB", 0x1p40}, {NULL, 0.0}};
static const Unit seconds_unit[] = {{"", 1.0},     {"s", 1.0},     {"min", 60.0},
                                    {"h", 3600.0}, {"d", 86400.0}, {NULL, 0.0}};

static const Unit *const unit_table[] = {
    [QUANTITY_COUNT] = count_unit,
    [QUANTITY_BYTES] = bytes_unit,
    [QUANTITY_SECONDS] = seconds_unit,
};

bool quantity_parse(const char *text, QuantityUnit unit, double *ret)
{
    const char *p = text + (*text == '-' || *text == '+');
    if (!isdigit((unsigned char)*p) && !(*p == '.' && isdigit((unsigned char)p[1]))) {
        return false; /* strtod would take "inf", "nan" and leading space */
    }
    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
        return false;
    }
    char *end = NULL;
    double x = strtod(text, &end);
    while (*end == ' ') {
        end++;
    }
    for (const Unit *u = unit_table[unit]; u->name; u++) {
        if (strcmp(end, u->name) == 0) {
            x *= u->factor;
            if (!isfinite(x)) {
                return false;
            }
            *ret = x;
            return true;
        }
    }
    return false;
}

bool quantity_parse_i64(const char *text, QuantityUnit unit, int64_t *ret)
{
    double x = 0.0;
    if (!quantity_parse(text, unit, &x)) {
        return false;
    }
    double whole = nearbyint(x); /* 1.1M is 1100000.0000000001 */
    if (fabs(x - whole) > 1e-9 * fabs(x) || fabs(whole) >= 0x1p53) {
        return false;
    }
    *ret = (int64_t)whole;
    return true;
}

/* Other words for the units of counts. */
static const struct {
    const char *word, *unit;
} count_word[] = {
    {"thousand", "k"}, {"m", "M"},       {"mm", "M"}, {"mn", "M"},   {"mio", "M"},
    {"mil", "M"},      {"million", "M"}, {"b", "G"},  {"bn", "G"},   {"bio", "G"},
    {"bil", "G"},      {"billion", "G"}, {"g", "G"},  {"tn", "T"},   {"tri", "T"},
    {"trillion", "T"}, {"t", "T"},       {"k", "k"},  {"token", ""}, {"step", ""},
};

/* The number at the start of a text, without what people put between its digits; returns the
 * rest. */
static const char *clean_number(const char *p, char out[QUANTITY_TEXT_BYTES])
{
    size_t n = 0;
    bool has_point = false;
    memset(out, 0, QUANTITY_TEXT_BYTES);
    for (; *p && n + 1 < QUANTITY_TEXT_BYTES; p++) {
        bool is_group = isdigit((unsigned char)p[1]) != 0;
        bool is_exponent = (*p == 'e' || *p == 'E') && (is_group || p[1] == '-' || p[1] == '+');
        bool is_sign = (*p == '-' || *p == '+') && (n == 0 || strchr("eE", out[n - 1]));
        bool is_point = *p == '.' || (*p == ',' && is_group &&
                                      (strspn(p + 1, "0123456789") != 3 || strcmp(out, "0") == 0));
        if (isdigit((unsigned char)*p) || is_exponent || is_sign) {
            out[n++] = *p;
        } else if (is_point && !has_point) {
            out[n++] = '.';
            has_point = true;
        } else if (!(is_group && n > 0 && strchr("_', ", *p))) {
            break;
        }
    }
    return p;
}

/* A unit by any of its names; NULL: it is none. */
static const char *clean_unit(const char *p, QuantityUnit unit)
{
    char word[16];
    p += strspn(p, " _-");
    size_t n = strcspn(p, " ");
    (void)snprintf(word, sizeof word, "%.*s", (int)n, p);
    if (n > 1 && n < sizeof word && word[n - 1] == 's') {
        word[n - 1] = '\0'; /* millions */
    }
    for (const Unit *u = unit_table[unit]; u->name; u++) {
        if (strcasecmp(word, u->name) == 0) {
            return u->name;
        }
    }
    for (size_t i = 0; unit == QUANTITY_COUNT && i < sizeof count_word / sizeof count_word[0];
         i++) {
        if (strcasecmp(word, count_word[i].word) == 0) {
            return count_word[i].unit;
        }
    }
    return NULL;
}

bool quantity_suggest(const char *text, QuantityUnit unit, char out[QUANTITY_TEXT_BYTES])
{
    char number[QUANTITY_TEXT_BYTES];
    double x = 0.0;
    const char *name = clean_unit(clean_number(text, number), unit);
    if (!name || !number[0]) {
        return false;
    }
    (void)snprintf(out, QUANTITY_TEXT_BYTES, "%.24s%.4s", number, name);
    return strlen(number) <= 24 && strcmp(out, text) != 0 && quantity_parse(out, unit, &x);
}

static const char *scaled_text(double x, const char *const *suffix, size_t n_suffix,
                               const char *space, char out[QUANTITY_TEXT_BYTES])
{
    size_t i = 0;
    double y = fabs(x);
    while (i + 1 < n_suffix && y >= 999.5) {
        y /= 1000.0;
        i++;
    }
    if (y >= 9999.5) {
        (void)snprintf(out, QUANTITY_TEXT_BYTES, "%.3g%s%s", x, space, suffix[0]);
        return out;
    }
    int decimals = y >= 99.95 || (i == 0 && y == floor(y)) ? 0 : y >= 9.995 ? 1 : 2;
    (void)snprintf(out, QUANTITY_TEXT_BYTES, "%.*f%s%s", decimals, x < 0.0 ? -y : y, space,
                   suffix[i]);
    return out;
}

const char *quantity_count_text(double x, char out[QUANTITY_TEXT_BYTES])
{
    static const char *const suffix[] = {"", "k", "M", "G", "T"};
    return scaled_text(x, suffix, sizeof suffix / sizeof suffix[0], "", out);
}

const char *quantity_bytes_text(double x, char out[QUANTITY_TEXT_BYTES])
{
    static const char *const suffix[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    return scaled_text(x, suffix, sizeof suffix / sizeof suffix[0], " ", out);
}

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

static char lower(char c)
{
    return (char)tolower((unsigned char)c);
}

enum { MAX_WORD = 63 };

/* Optimal string alignment: insertions, deletions, substitutions, swaps of neighbours.
 * row[i % 3] holds distances of the first i letters of a to every prefix of b. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    if (n > MAX_WORD || m > MAX_WORD) {
        return MAX_WORD;
    }
    size_t row[3][MAX_WORD + 1];
    for (size_t j = 0; j <= m; j++) {
        row[0][j] = j;
    }
    for (size_t i = 1; i <= n; i++) {
        size_t *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t change = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
            now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + change);
            bool is_swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (is_swap) {
                now[j] = min3(now[j], before[j - 2] + 1, now[j]);
            }
        }
    }
    return row[n % 3][m];
}

const char *nearest_name(const char *word, const char *const *candidates, size_t n)
{
    const char *best = NULL;
    size_t best_distance = 2 + strlen(word) / 4;
    for (size_t i = 0; i < n; i++) {
        size_t d = edit_distance(word, candidates[i]);
        if (d < best_distance) {
            best_distance = d;
            best = candidates[i];
        }
    }
    return best;
}
