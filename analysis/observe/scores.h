/* scores.h -- models by benchmarks: the table that observational laws are fitted to.
 *
 * From a frame with one row a model and a column a benchmark, or, with a pivot, one row a score
 * (the catalog's observations are such).  Scores rise with capability; losses enter negated.
 * A missing score is NaN: an empty cell, or one of nan, na, null, none, "-" in any case.
 */
#ifndef ANALYSIS_OBSERVE_SCORES_H
#define ANALYSIS_OBSERVE_SCORES_H

#include "analysis/obs/obs.h"
#include "common/arena.h"

enum { SCORES_MAX_TARGETS = 16 };

typedef struct ScoresOptions {
    const char *where[OBS_MAX_WHERE]; /* conditions that all hold (where.h) */
    size_t n_where;
    const char *map[OBS_MAX_MAP]; /* "C=FLOPs", "N=params", "D=tokens*1e9" */
    size_t n_map;
    const char *benchmarks; /* columns (with a pivot: its values) with commas; NULL: all */
    const char *model;      /* column; NULL: model, Model, name or run, else the row's number */
    const char *family; /* column; NULL: family, Family, architecture or arch, else one family */
    const char *pivot;  /* "task=accuracy", "task=-loss" (negated); NULL: wide */
    const char *target[SCORES_MAX_TARGETS]; /* metrics to predict; never benchmarks as well */
    size_t n_targets;
    const Frame *with;  /* another table with targets, joined by the model's name; or NULL */
    const char *key;    /* its column with that name; NULL: as `model` */
    bool is_every_step; /* of a pivot with steps: every step of a run is a model, else the last */
    bool is_complete;   /* leave out models with a missing score */
    ObsConvention convention; /* of C */
} ScoresOptions;

typedef struct Scores {
    Arena arena;
    size_t n, t; /* models, benchmarks */
    const char **model;
    const char **family_name;
    size_t n_families;
    size_t *family; /* [n] 0 .. n_families-1 */
    double *flops;  /* [n] C [FLOP]; NaN: not known */
    ObsConvention convention;
    const char **benchmark;
    double *score; /* [n, t] */
    size_t n_targets;
    const char *const *target;
    double *metric;                                /* [n_targets, n] */
    bool is_negated;                               /* scores are minus what the source has */
    size_t n_missing;                              /* cells */
    size_t n_read, n_where, n_empty, n_incomplete; /* rows of the source, and models left out */
} Scores;

/* ERR_INVALID: an unknown column, a cell that is no number, two rows of one model (or of one
 * model and benchmark), fewer than two benchmarks or models; ERR_USAGE: a pivot, mapping or
 * condition that is none; ERR_NOMEM.  Keeps nothing of the frames. */
ErrCode scores_read(const Frame *f, const ScoresOptions *o, Scores *ret, Err *err);
void scores_release(Scores *s);

#endif
