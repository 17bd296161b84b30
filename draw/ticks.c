#include "draw/ticks.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Between two numbers [type sizes]: beside, above each other. */
#define ROOM_ACROSS 0.9
#define ROOM_UP     1.5
/* Beyond the axis, where the next panel's may stand [pt]. */
#define OVERHANG    6.0
/* A logarithmic axis of less than this ratio has equal steps. */
#define NARROW      4.0
#define RAISED      0.8 /* size of what is raised */

double axis_share(const Axis *a, double v)
{
    return a->is_log ? (log(v) - log(a->lo)) / (log(a->hi) - log(a->lo))
                     : (v - a->lo) / (a->hi - a->lo);
}

/* ---- text ---- */

double text_width(const char *text, double size)
{
    /* Advance of the characters from ' ' to '~' in hundredths of the type size. */
    static const unsigned char advance[] = {
        32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36,  32, 34, 64, 64, 64,
        64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84, 84, 53, 100, 68, 69, 70, 77, 63,
        58, 77, 75, 29, 29, 66, 56, 86, 75, 79, 60, 79, 69, 63,  61, 73, 68, 99, 69,
        61, 69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35,  63, 63, 28, 28, 58,
        28, 97, 63, 61, 63, 63, 41, 52, 39, 63, 59, 82, 59, 59,  52, 64, 34, 64, 84};
    double width = 0.0, scale = 1.0;
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (p[0] == '^' && p[1] == '{') {
            scale = RAISED;
            p++;
        } else if (*p == '}' && scale < 1.0) {
            scale = 1.0;
        } else if (*p >= ' ' && *p <= '~') {
            width += scale * advance[*p - ' '];
        } else if (*p >= 0xC0) { /* the first byte of another character */
            width += scale * 64.0;
        }
    }
    return width * size / 100.0;
}

double ticks_width(const Ticks *t, double size)
{
    double widest = 0.0;
    for (size_t i = 0; i < t->n; i++) {
        widest = fmax(widest, text_width(t->tick[i].text, size));
    }
    return widest;
}

static void add(Ticks *t, double at, const char *text)
{
    if (t->n < TICKS_MAX) {
        t->tick[t->n].at = at;
        (void)snprintf(t->tick[t->n++].text, TICKS_TEXT_BYTES, "%s", text);
    }
}

static bool is_plain(double v)
{
    return v == 0.0 || (fabs(v) >= 0.999e-3 && fabs(v) < 99999.0);
}

/* "0.5", or "5x10^{-4}". */
static void number(double v, int decimals, bool is_power, char *ret)
{
    int exponent = v == 0.0 ? 0 : (int)floor(log10(fabs(v)) + 1e-9);
    double mantissa = v / pow(10.0, exponent);
    if (!is_power) {
        (void)snprintf(ret, TICKS_TEXT_BYTES, "%.*f", decimals, v);
    } else if (fabs(mantissa - 1.0) < 1e-6) {
        (void)snprintf(ret, TICKS_TEXT_BYTES, "10^{%d}", exponent);
    } else {
        (void)snprintf(ret, TICKS_TEXT_BYTES, "%.3g\303\22710^{%d}", mantissa, exponent);
    }
}

/* So many numbers or more, none of which touches the one before? */
static bool has_room(const Axis *a, const Ticks *t, double length, double size, bool is_across,
                     size_t least)
{
    const Tick *last = NULL;
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++) {
        const Tick *k = &t->tick[i];
        if (!k->text[0]) {
            continue;
        }
        double need = last && is_across
                          ? 0.5 * (text_width(k->text, size) + text_width(last->text, size)) +
                                ROOM_ACROSS * size
                          : ROOM_UP * size;
        if (last && length * (axis_share(a, k->at) - axis_share(a, last->at)) < need) {
            return false;
        }
        last = k;
        n++;
    }
    return n >= least;
}

/* ---- equal steps ---- */

static void equal_steps(const Axis *a, double step, Ticks *ret)
{
    double first = ceil(a->lo / step - 1e-9), end = floor(a->hi / step + 1e-9);
    int decimals = (int)fmax(0.0, ceil(-log10(step) - 1e-9));
    bool is_power = !is_plain(fmax(fabs(a->lo), fabs(a->hi)));
    ret->n = 0;
    for (size_t i = 0; first + (double)i <= end && ret->n < TICKS_MAX; i++) {
        char text[TICKS_TEXT_BYTES];
        double k = first + (double)i, v = k == 0.0 ? 0.0 : k * step; /* no -0 */
        number(v, decimals, is_power && v != 0.0, text);
        add(ret, v, text);
    }
}

static bool try_equal(const Axis *a, double length, double size, bool is_across, size_t least_n,
                      Ticks *ret)
{
    static const double nice[] = {1.0, 2.0, 5.0};
    double least = pow(10.0, floor(log10((a->hi - a->lo) / 40.0)));
    for (int i = 0; i < 9; i++) {
        int decade = i / 3;
        equal_steps(a, least * nice[i % 3] * pow(10.0, decade), ret);
        if (has_room(a, ret, length, size, is_across, least_n) && ret->n <= 9) {
            return true;
        }
    }
    return false;
}

/* ---- decades ---- */

/* Numbers at these digits of every n-th decade, short ticks at the other digits. */
static void decades(const Axis *a, const char *digits, int every, Ticks *ret)
{
    int first = (int)floor(log10(a->lo)), last = (int)ceil(log10(a->hi));
    int inner = (int)ceil(log10(a->lo) - 1e-9);
    bool is_power = a->hi > 9999.0 || a->lo < 0.999e-3;
    ret->n = 0;
    for (int decade = first; decade <= last; decade++) {
        for (int digit = 1; digit <= 9; digit++) {
            double v = digit * pow(10.0, decade);
            bool is_major = strchr(digits, '0' + digit) && (decade - inner) % every == 0;
            char text[TICKS_TEXT_BYTES] = "";
            if (v < a->lo || v > a->hi || (!is_major && (every > 8 || (every > 1 && digit > 1)))) {
                continue;
            }
            if (is_major) {
                number(v, decade < 0 ? -decade : 0, is_power, text);
            }
            add(ret, v, text);
        }
    }
}

/* False: there is no choice with so many numbers. */
static bool choose(const Axis *a, double length, double size, bool is_across, size_t least,
                   Ticks *ret)
{
    static const char *const digits[] = {"1235", "125", "13", "1"};
    if ((!a->is_log || a->hi / a->lo < NARROW) &&
        try_equal(a, length, size, is_across, least, ret)) {
        return true;
    }
    for (size_t k = a->hi / a->lo > 300.0 ? 3 : 0; a->is_log && k < 4; k++) {
        decades(a, digits[k], 1, ret);
        if (has_room(a, ret, length, size, is_across, least)) {
            return true;
        }
    }
    for (int every = 2; a->is_log && every <= 1024; every *= 2) {
        decades(a, "1", every, ret);
        if (has_room(a, ret, length, size, is_across, least)) {
            return true;
        }
    }
    return false;
}

static bool is_beyond(const Axis *a, const Tick *t, double length, double size)
{
    double half = 0.5 * text_width(t->text, size), at = length * axis_share(a, t->at);
    return at - half < -OVERHANG || at + half > length + OVERHANG;
}

static bool has_any(const Ticks *t)
{
    for (size_t i = 0; i < t->n; i++) {
        if (t->tick[i].text[0]) {
            return true;
        }
    }
    return false;
}

void ticks_make(const Axis *a, double length, double size, bool is_across, Ticks *ret)
{
    ret->n = 0;
    (void)(choose(a, length, size, is_across, 2, ret) ||
           choose(a, length, size, is_across, 1, ret));
    for (size_t i = 0; is_across && i < ret->n; i++) {
        char text[TICKS_TEXT_BYTES];
        memcpy(text, ret->tick[i].text, sizeof text);
        if (is_beyond(a, &ret->tick[i], length, size)) {
            ret->tick[i].text[0] = '\0';
        }
        if (text[0] && !has_any(ret)) { /* better there than nowhere */
            memcpy(ret->tick[i].text, text, sizeof text);
        }
    }
}

void ticks_at(const Axis *a, const double *value, size_t n, double length, double size, Ticks *ret)
{
    double end = -(double)INFINITY;
    ret->n = 0;
    for (size_t i = 0; i < n; i++) {
        char text[TICKS_TEXT_BYTES];
        (void)snprintf(text, sizeof text, "%.4g", value[i]);
        double half = 0.5 * text_width(text, size), at = length * axis_share(a, value[i]);
        bool is_clear = at - half > end + 0.5 * size;
        add(ret, value[i], is_clear ? text : "");
        end = is_clear ? at + half : end;
    }
}
