/* ticks.h -- an axis, the numbers that stand at it, and how wide text is. */
#ifndef DRAW_TICKS_H
#define DRAW_TICKS_H

#include <stdbool.h>
#include <stddef.h>

enum { TICKS_MAX = 160, TICKS_TEXT_BYTES = 24 };

typedef struct Axis {
    double lo, hi;
    bool is_log; /* then both are positive */
} Axis;

/* Where v lies between lo (0) and hi (1); NaN when it has no place. */
double axis_share(const Axis *a, double v);

typedef struct Tick {
    double at;
    char text[TICKS_TEXT_BYTES]; /* "" for a short tick between; 10^{18} is raised */
} Tick;

typedef struct Ticks {
    Tick tick[TICKS_MAX];
    size_t n;
} Ticks;

/* Round numbers for an axis of `length` points with type of `size` points, as many as have room; across
 * says that they stand beside each other (x), not above (y). */
void ticks_make(const Axis *a, double length, double size, bool is_across, Ticks *ret);

/* At values that are given [n], rising; the text is left out where it would touch the last one. */
void ticks_at(const Axis *a, const double *value, size_t n, double length, double size, Ticks *ret);

/* Width of the widest text [pt]. */
double ticks_width(const Ticks *t, double size);

/* Width of text in DejaVu Sans [pt]; what is raised by ^{} counts, its marks do not. */
double text_width(const char *text, double size);

#endif
