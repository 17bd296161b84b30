/* Labels stand at their own curve and on nothing else. */
#include "draw/place.h"

#include <check.h>
#include <math.h>

#include "tests/support/suite.h"

enum { N = 40, WIDTH = 200, HEIGHT = 120, N_CURVES = 3 };

static double x[N_CURVES][N], y[N_CURVES][N];
static PlaceGround ground;

/* Curves from x = 10 to 150, rising; the middle ones start at `at` and lie 20 apart. */
static void make_curves(double at, double apart)
{
    ck_assert(place_open(&ground, WIDTH, HEIGHT));
    for (int c = 0; c < N_CURVES; c++) {
        for (int i = 0; i < N; i++) {
            x[c][i] = 10.0 + 140.0 * i / (N - 1);
            y[c][i] = at + apart * c + 10.0 * i / (N - 1);
            const double to[] = {x[c][i], y[c][i]},
                         from[] = {x[c][i ? i - 1 : 0], y[c][i ? i - 1 : 0]};
            place_stroke(&ground, 1 + c, from, to, 0.5);
        }
    }
}

static double distance(const PlaceBox *b, int c)
{
    double least = (double)INFINITY;
    for (int i = 0; i < N; i++) {
        double dx = fmax(fmax(b->x0 - x[c][i], x[c][i] - b->x1), 0.0);
        double dy = fmax(fmax(b->y0 - y[c][i], y[c][i] - b->y1), 0.0);
        least = fmin(least, hypot(dx, dy));
    }
    return least;
}

static bool touch(const PlaceBox *a, const PlaceBox *b)
{
    return a->x0 < b->x1 && b->x0 < a->x1 && a->y0 < b->y1 && b->y0 < a->y1;
}

static void check_labels(bool is_from_last)
{
    static const double size[] = {34.0, 7.0};
    PlaceBox box[N_CURVES];
    for (int c = 0; c < N_CURVES; c++) {
        ck_assert(place_label(&ground, 1 + c, x[c], y[c], N, is_from_last, size, &box[c]));
        ck_assert_double_eq_tol(box[c].x1 - box[c].x0, size[0], 1e-9);
        ck_assert_double_eq_tol(box[c].y1 - box[c].y0, size[1], 1e-9);
        ck_assert(box[c].x0 >= 0.0 && box[c].x1 <= WIDTH && box[c].y0 >= 0.0 &&
                  box[c].y1 <= HEIGHT);
        for (int other = 0; other < N_CURVES; other++) {
            ck_assert_double_gt(distance(&box[c], other), 0.5);
            ck_assert(other == c || distance(&box[c], c) < distance(&box[c], other));
            ck_assert(other >= c || !touch(&box[c], &box[other]));
        }
    }
}

START_TEST(labels_are_nearest_to_their_own_curve)
{
    make_curves(30.0, 20.0);
    check_labels(true);
    place_release(&ground);
    make_curves(30.0, 20.0);
    check_labels(false);
    place_release(&ground);
}
END_TEST

/* Where there is room right of the end, the label is there, level with it. */
START_TEST(the_end_of_the_curve_comes_first)
{
    static const double size[] = {34.0, 7.0};
    PlaceBox box;
    make_curves(30.0, 20.0);
    ck_assert(place_label(&ground, 2, x[1], y[1], N, true, size, &box));
    ck_assert_double_gt(box.x0, x[1][N - 1]);
    ck_assert_double_lt(box.x0, x[1][N - 1] + 6.0);
    ck_assert_double_eq_tol(0.5 * (box.y0 + box.y1), y[1][N - 1], 1e-9);
    place_release(&ground);
}
END_TEST

/* Curves 5 points apart have no room for three labels of 7: the second goes aside, at a line's end. */
START_TEST(a_label_without_room_goes_aside)
{
    static const double size[] = {34.0, 7.0};
    PlaceBox first, second;
    make_curves(50.0, 5.0);
    place_fill(&ground, PLACE_ANY, (PlaceBox){0.0, 0.0, 155.0, HEIGHT});
    ck_assert(place_label(&ground, 1, x[0], y[0], N, true, size, &first) == false);
    ck_assert(place_aside(&ground, x[0][N - 1], y[0][N - 1], size, &first));
    ck_assert(place_aside(&ground, x[1][N - 1], y[1][N - 1], size, &second));
    ck_assert_double_eq_tol(first.x0, x[0][N - 1] + PLACE_LEADER, 1e-9);
    ck_assert(!touch(&first, &second));
    place_release(&ground);
}
END_TEST

START_TEST(without_any_room_there_is_no_label)
{
    static const double size[] = {34.0, 7.0};
    PlaceBox box;
    make_curves(50.0, 20.0);
    place_fill(&ground, PLACE_ANY, (PlaceBox){0.0, 0.0, WIDTH, HEIGHT});
    ck_assert(!place_label(&ground, 1, x[0], y[0], N, true, size, &box));
    ck_assert(!place_aside(&ground, x[0][N - 1], y[0][N - 1], size, &box));
    place_release(&ground);
}
END_TEST

START_TEST(what_is_not_finite_is_passed_over)
{
    static const double size[] = {20.0, 7.0};
    const double odd_x[] = {(double)NAN, 50.0, 60.0, (double)NAN},
                 odd_y[] = {10.0, 50.0, (double)INFINITY, (double)NAN};
    PlaceBox box;
    ck_assert(place_open(&ground, WIDTH, HEIGHT));
    place_stroke(&ground, 1, (double[]){(double)NAN, 1.0}, (double[]){5.0, 5.0}, 0.5);
    ck_assert(place_is_free(&ground, (PlaceBox){0.0, 0.0, WIDTH, HEIGHT}, 0));
    ck_assert(place_label(&ground, 1, odd_x, odd_y, 4, true, size, &box));
    ck_assert_double_gt(box.x0, 50.0);
    ck_assert_double_lt(box.x0, 60.0);
    ck_assert(!place_is_free(&ground, box, 1));
    place_release(&ground);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "draw/place"});
}
