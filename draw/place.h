/* place.h -- where a label may stand: at its own curve, on nothing else.
 *
 * The ground of a panel is a grid of cells, a point (1/72 in) each, that know which curve lies in them.
 * A label's box must lie within the panel, hold no cell that is taken, and keep a margin of points from
 * every curve but its own, so that nobody reads it at another one.
 */
#ifndef DRAW_PLACE_H
#define DRAW_PLACE_H

#include <stdbool.h>
#include <stddef.h>

/* [pt], from the panel's lower left corner. */
typedef struct PlaceBox {
    double x0, y0, x1, y1;
} PlaceBox;

typedef struct PlaceGround {
    size_t width, height; /* [cells] */
    unsigned char *cell;  /* [height, width]: 0 free, else whose; owned */
} PlaceGround;

/* Of text and of what more than one curve crosses. */
enum { PLACE_ANY = 255 };

/* False when memory is short.  *ret is to be released in any case. */
bool place_open(PlaceGround *ret, double width, double height);
void place_release(PlaceGround *g);

/* Marks what lies in the panel: a stroke from one point to another with a half width, a box.
 * owner: 1 .. 254. */
void place_stroke(PlaceGround *g, int owner, const double from[2], const double to[2], double half);
void place_fill(PlaceGround *g, int owner, PlaceBox box);

/* Does the box lie in the panel with no cell of another owner in it?  owner 0: with no cell at all. */
bool place_is_free(const PlaceGround *g, PlaceBox box, int owner);

/* A box of the given size [pt] for a label of the curve (x, y) [n] of this owner, tried from the last
 * point on (or from the first); marked as taken.  Values that are not finite are passed over.  False:
 * there is none. */
bool place_label(PlaceGround *g, int owner, const double *x, const double *y, size_t n,
                 bool is_from_last, const double size[2], PlaceBox *ret);

/* Where place_label() finds none: to the right of a curve's end (x, y), at the other end of a thin line of
 * PLACE_LEADER points across. */
#define PLACE_LEADER 7.0
bool place_aside(PlaceGround *g, double x, double y, const double size[2], PlaceBox *ret);

#endif
