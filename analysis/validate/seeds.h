/* seeds.h -- how much the loss differs between runs that are alike but for their seed.
 *
 * Runs of one N and one configuration are compared at the largest D that all of them reach; there the loss is
 * interpolated linearly in ln D.  s is the standard deviation of ln loss between them, on n - 1 degrees
 * of freedom, so that 0.01 is 1 %; over sizes variances are pooled, s^2 = sum of squares / sum of degrees.
 *
 *   interval   s sqrt(v / chi2_{0.975, v}) to s sqrt(v / chi2_{0.025, v}), v degrees of freedom: normal
 *              ln losses (Snedecor and Cochran 1989)
 *   needed     n = 2 (z_{0.975} + z_{0.8})^2 s^2 / delta^2 seeds in each of two groups: a two-sided test at
 *              5 % of the difference of their mean ln losses sees delta with 80 % power when s is known
 *              (Lachin 1981, Controlled Clinical Trials 2, 93-113); with s estimated from few seeds it takes
 *              one or two more
 */
#ifndef ANALYSIS_VALIDATE_SEEDS_H
#define ANALYSIS_VALIDATE_SEEDS_H

#include "analysis/obs/obs.h"
#include "answer/answer.h"
#include "common/arena.h"
#include "draw/plot.h"

/* Runs of one N and one configuration. */
typedef struct SeedSize {
    double n;             /* N [parameters] */
    double d;             /* where they are compared [tokens] */
    size_t runs;          /* compared */
    size_t n_late;        /* that begin beyond d, left out */
    double mean, squares; /* of ln loss, and of its deviations from that */
    size_t kind;          /* number of the configuration */
    const char
        *configuration; /* the cells that make it, with slashes; NULL: all of a group are alike */
} SeedSize;

/* Of ln loss. */
typedef struct SeedNoise {
    double sigma; /* NaN without a degree of freedom */
    double dof;
} SeedNoise;

/* y of one run at `at`, between its n points, whose x rise: interpolated linearly in ln x, the last one's
 * after its end, NaN before its first.  Point i is at x[i * stride] and y[i * stride]. */
double seeds_run_at(const double *x, const double *y, size_t stride, size_t n, double at);

/* The sizes of observations with N, D, loss and run, those of one run too.  kind [data->n] tells
 * configurations apart; NULL: all are alike.  The array lives in the arena.  ERR_NOMEM. */
ErrCode seeds_sizes(const FitData *data, const size_t *kind, Arena *a, SeedSize **ret,
                    size_t *ret_n, Err *err);

/* Pooled over sizes. */
SeedNoise seeds_noise(const SeedSize *size, size_t n);
/* The 95 % interval of sigma; NaN without a degree of freedom. */
Interval seeds_interval(const SeedNoise *noise);
/* Seeds in each of two groups, rounded up, at least 1; `difference` is relative (0.01). */
double seeds_needed(double sigma, double difference);

/* ---- a whole source ---- */

typedef struct SeedGroup {
    const char *name;
    SeedSize *size; /* of two runs or more, by configuration, then N */
    size_t n_sizes;
    size_t n_late; /* runs left out, of all sizes */
    SeedNoise noise;
    Err refusal; /* of a group without such a size */
} SeedGroup;

typedef struct Seeds {
    Arena arena;
    bool has_groups; /* else the one group has no name of its own */
    SeedGroup *group;
    size_t n_groups;
} Seeds;

/* Runs are told apart by the columns run and seed, configurations by architecture, size, lr, batch, U,
 * experts and the axes of a study.  ERR_INVALID: neither column; no group has a size with two runs; two runs of
 * one configuration have one seed, so that something else must differ.  ERR_NOMEM. */
ErrCode seeds_measure(const ObsSource *source, const Obs *obs, Seeds *ret, Err *err);
void seeds_release(Seeds *s);

/* All but what the source adds: docs/json.md.  Returns how many groups are refused. */
size_t seeds_answer(const Seeds *s, AnswerNode *top);
/* Standard deviations against N, bars their intervals, a line the pooled one; a panel a group, or one
 * when there are more than PLOT_MAX_PANELS.  It lives in the arena.
 * ERR_NOMEM. */
ErrCode seeds_figure(Seeds *s, const PlotFigure **ret, Err *err);

#endif
