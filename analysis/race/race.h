/* race.h -- who is ahead after equal training time, equal compute, equal data.
 *
 * Stanic et al. 2023 (arXiv:2309.11197) compare models after equal time on one accelerator.  Here the time
 * is measured: core- or accelerator-seconds of training.  At a class X (a time, a compute or a number of
 * tokens):
 *   a run's response is interpolated linearly in ln X between its observations, is its last one after its
 *   end (that is what X buys), and is unknown before its first; runs of one N are averaged (seeds: in ln
 *   response); a group's value is that of its best N.
 * Classes double, the largest being the least of the groups' largest X, so that all are in it.
 *
 * The standard error of a value is sigma of ln response over the root of the runs averaged:
 *   seeds  sigma pooled over the sizes that have several runs, at their largest common D
 *          (analysis/validate/seeds.h)
 *   law    where no size has: the scatter sqrt(RSS/(n-5)) of the group's observations about its own
 *          L(N, D) = E + A N^-alpha + B D^-beta, least squares of logs
 * The difference of two groups has the interval d +- t_0.975 sqrt(se_a^2 + se_b^2), t on the groups' degrees
 * of freedom together.
 */
#ifndef ANALYSIS_RACE_RACE_H
#define ANALYSIS_RACE_RACE_H

#include "analysis/obs/obs.h"
#include "answer/answer.h"
#include "common/arena.h"
#include "draw/plot.h"

enum { RACE_MAX_GROUPS = 12, RACE_MAX_CLASSES = 12, RACE_DEFAULT_CLASSES = 6 };

typedef enum RaceAxis { RACE_TIME, RACE_COMPUTE, RACE_TOKENS, RACE_N_AXES } RaceAxis;

/* "time", "compute", "tokens" */
const char *race_axis_name(RaceAxis a);

typedef struct RaceOptions {
    const char *response; /* column; NULL: loss */
    /* Column of a CSV, "COLUMN*FACTOR" to seconds; NULL: the first that is there of core_seconds,
     * seconds, hours. */
    const char *time;
    bool is_wall;                     /* seconds, not core-seconds */
    double classes[RACE_MAX_CLASSES]; /* times [s]; none: doubling */
    size_t n_classes;
} RaceOptions;

typedef struct RacePoint {
    double x[RACE_N_AXES]; /* [s], [FLOP], [tokens] */
    double response, n;
    size_t curve; /* run, or size where the runs are not known */
} RacePoint;

typedef enum RaceNoise { RACE_NO_NOISE, RACE_SEEDS, RACE_LAW } RaceNoise;

typedef struct RaceGroup {
    const char *name;
    RacePoint *point; /* by curve, then time */
    size_t n, n_curves;
    size_t n_untimed; /* observations without a time, left out */
    RaceNoise noise;
    double sigma, dof; /* of ln response */
} RaceGroup;

/* One group in one class. */
typedef struct RaceEntry {
    double value; /* NaN: all its runs begin later */
    double n;     /* of the best size */
    size_t runs;  /* averaged */
    double se;    /* of ln value; NaN: unknown */
} RaceEntry;

typedef struct RaceClass {
    double at;
    RaceEntry entry[RACE_MAX_GROUPS];
    size_t best, second;       /* groups; equal when there is one alone */
    double difference, lo, hi; /* second less best; lo and hi NaN: unknown */
} RaceClass;

/* Tokens per second of one size of one group. */
typedef struct RaceSpeed {
    size_t group;
    double n, tokens_per_s;
    size_t runs;
} RaceSpeed;

typedef struct Race {
    Arena arena;
    const char *response, *time_unit; /* "core-seconds", "seconds", the column */
    RaceGroup group[RACE_MAX_GROUPS];
    size_t n_groups;
    RaceClass class[RACE_N_AXES][RACE_MAX_CLASSES];
    size_t n_classes[RACE_N_AXES];
    RaceSpeed *speed;
    size_t n_speeds;
} Race;

/* ERR_INVALID: no time, an unknown column, a response that is not positive, more groups than
 * RACE_MAX_GROUPS; ERR_NUMERIC: no class that two groups reach; ERR_NOMEM, ERR_DB. */
ErrCode race_run(const ObsSource *source, const Obs *obs, const RaceOptions *o, Race *ret,
                 Err *err);
void race_release(Race *r);

/* The response of a group at X on an axis. */
RaceEntry race_at(const RaceGroup *g, RaceAxis axis, double x);

/* All but what the source adds: docs/json.md. */
void race_answer(const Race *r, AnswerNode *top);
/* Response against time, compute (as the observations count it) and tokens: a curve a run, its group's
 * best thick.  The arrays live in the race's arena.  ERR_NOMEM. */
ErrCode race_figure(Race *r, ObsConvention convention, PlotFigure *ret, Err *err);

#endif
