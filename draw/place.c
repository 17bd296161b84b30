#include "draw/place.h"

#include <math.h>
#include <stdlib.h>

/* Between a label and its own curve [pt]. */
#define GAP  1.5
/* Along the curve a place is tried every so many points [pt]. */
#define STEP 4.0

bool place_open(PlaceGround *ret, double width, double height)
{
    *ret = (PlaceGround){.width = (size_t)ceil(width), .height = (size_t)ceil(height)};
    ret->cell = calloc(ret->width * ret->height + 1, 1);
    return ret->cell != NULL;
}

void place_release(PlaceGround *g)
{
    free(g->cell);
    *g = (PlaceGround){0};
}

/* The cells of [lo, hi] along an axis of n, as a half-open range. */
static void cells(double lo, double hi, size_t n, size_t *first, size_t *end)
{
    double top = (double)n;
    *first = (size_t)fmin(fmax(floor(lo), 0.0), top);
    *end = (size_t)fmin(fmax(floor(hi) + 1.0, 0.0), top);
}

void place_fill(PlaceGround *g, int owner, PlaceBox box)
{
    size_t x0, x1, y0, y1;
    cells(box.x0, box.x1, g->width, &x0, &x1);
    cells(box.y0, box.y1, g->height, &y0, &y1);
    for (size_t y = y0; y < y1; y++) {
        for (size_t x = x0; x < x1; x++) {
            unsigned char *c = &g->cell[y * g->width + x];
            *c = (unsigned char)(*c == 0 || *c == owner ? owner : PLACE_ANY);
        }
    }
}

void place_stroke(PlaceGround *g, int owner, const double from[2], const double to[2], double half)
{
    double length = hypot(to[0] - from[0], to[1] - from[1]);
    if (!isfinite(length)) {
        return;
    }
    size_t n = (size_t)fmin(length, 1e5) + 1;
    for (size_t i = 0; i <= n; i++) {
        double t = (double)i / (double)n;
        double x = from[0] + t * (to[0] - from[0]), y = from[1] + t * (to[1] - from[1]);
        place_fill(g, owner, (PlaceBox){x - half, y - half, x + half, y + half});
    }
}

bool place_is_free(const PlaceGround *g, PlaceBox box, int owner)
{
    size_t x0, x1, y0, y1;
    cells(box.x0, box.x1, g->width, &x0, &x1);
    cells(box.y0, box.y1, g->height, &y0, &y1);
    for (size_t y = y0; y < y1; y++) {
        for (size_t x = x0; x < x1; x++) {
            int c = g->cell[y * g->width + x];
            if (c != 0 && c != owner) {
                return false;
            }
        }
    }
    return true;
}

/* Margins [pt] across and up to the curves of others. */
typedef struct Side {
    double x, y; /* where the label is, seen from the curve */
    double across, up;
} Side;

static bool is_good(const PlaceGround *g, int owner, PlaceBox b, const Side *s)
{
    const PlaceBox wide = {b.x0 - s->across, b.y0 - s->up, b.x1 + s->across, b.y1 + s->up};
    bool is_inside =
        b.x0 >= 0.0 && b.y0 >= 0.0 && b.x1 <= (double)g->width && b.y1 <= (double)g->height;
    return is_inside && place_is_free(g, b, 0) && place_is_free(g, wide, owner);
}

/* After the end, where no other curve comes between; else above and below the curve, and at its corners,
 * where the next curve must be farther than its own. */
static const Side end_side = {1, 0, 0.5, 0.5};
static const Side sides[] = {{0, 1, 6, 2},      {0, -1, 6, 2},     {1, 1, 4.5, 4.5},
                             {1, -1, 4.5, 4.5}, {-1, 1, 4.5, 4.5}, {-1, -1, 4.5, 4.5}};

static bool place_beside(const PlaceGround *g, int owner, double x, double y, const double size[2],
                         const Side *s, PlaceBox *ret)
{
    for (int k = 0; k < 3; k++) {
        double gap = GAP + k;
        double cx = x + s->x * (0.5 * size[0] + gap + 1.0), cy = y + s->y * (0.5 * size[1] + gap);
        *ret = (PlaceBox){cx - 0.5 * size[0], cy - 0.5 * size[1], cx + 0.5 * size[0],
                          cy + 0.5 * size[1]};
        if (is_good(g, owner, *ret, s)) {
            return true;
        }
    }
    return false;
}

static bool place_at(const PlaceGround *g, int owner, double x, double y, const double size[2],
                     bool is_end, PlaceBox *ret)
{
    bool is_placed = is_end && place_beside(g, owner, x, y, size, &end_side, ret);
    for (size_t k = 0; !is_placed && k < sizeof sides / sizeof sides[0]; k++) {
        is_placed = place_beside(g, owner, x, y, size, &sides[k], ret);
    }
    return is_placed;
}

bool place_label(PlaceGround *g, int owner, const double *x, const double *y, size_t n,
                 bool is_from_last, const double size[2], PlaceBox *ret)
{
    double at[2] = {(double)NAN, (double)NAN};
    for (size_t k = 0; k < n; k++) {
        size_t i = is_from_last ? n - 1 - k : k;
        if (!isfinite(x[i]) || !isfinite(y[i])) {
            continue;
        }
        bool is_end = !isfinite(at[0]);
        double length = is_end ? 0.0 : hypot(x[i] - at[0], y[i] - at[1]);
        size_t steps = is_end ? 1 : (size_t)fmin(ceil(length / STEP), 1e4);
        for (size_t s = 1; s <= steps; s++) {
            double t = (double)s / (double)steps;
            double px = is_end ? x[i] : at[0] + t * (x[i] - at[0]);
            double py = is_end ? y[i] : at[1] + t * (y[i] - at[1]);
            if (place_at(g, owner, px, py, size, is_end, ret)) {
                place_fill(g, PLACE_ANY, *ret);
                return true;
            }
        }
        at[0] = x[i];
        at[1] = y[i];
    }
    return false;
}

bool place_aside(PlaceGround *g, double x, double y, const double size[2], PlaceBox *ret)
{
    for (int k = 1; k <= 24; k++) { /* down and up in turn */
        int rows = (k + 1) / 2;
        double middle = y + (k % 2 ? -0.5 : 0.5) * size[1] * rows;
        *ret = (PlaceBox){x + PLACE_LEADER, middle - 0.5 * size[1], x + PLACE_LEADER + size[0],
                          middle + 0.5 * size[1]};
        if (isfinite(middle) && isfinite(x) && is_good(g, 0, *ret, &end_side)) {
            place_fill(g, PLACE_ANY, *ret);
            return true;
        }
    }
    return false;
}
