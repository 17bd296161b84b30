/* obs.h -- observations ready to fit: selected, converted to numbers, grouped.
 *
 *   CSV file or catalog -> Frame -> where, task, warm-up -> N, D, C, loss -> groups
 *
 * Nothing is dropped in silence: every row that is not used is counted under its reason.
 */
#ifndef ANALYSIS_OBS_OBS_H
#define ANALYSIS_OBS_OBS_H

#include "analysis/fit/problem.h"
#include "analysis/obs/study_frame.h"
#include "common/arena.h"

enum { OBS_MAX_WHERE = 32, OBS_MAX_MAP = 32, OBS_MAX_KEYS = 8 };

/* The numbers of a row that laws may ask for, by the names that --map takes. */
typedef enum ObsColumn {
    OBS_COL_N,        /* "N" */
    OBS_COL_D,        /* "D" */
    OBS_COL_C,        /* "C", or that of the convention */
    OBS_COL_LOSS,     /* "loss" */
    OBS_COL_U,        /* "U" */
    OBS_COL_EXPERTS,  /* "experts" */
    OBS_COL_ACCURACY, /* "accuracy" */
    OBS_COL_ERROR,    /* "error" */
    OBS_COL_RATE,     /* "lr" */
    OBS_COL_BATCH,    /* "batch" */
    OBS_COL_SIGMA,    /* "sigma"; only when mapped */
    OBS_N_COLUMNS
} ObsColumn;

/* The columns that a law reads, as bits 1u << ObsColumn. */
unsigned obs_needs(const Form *f);

/* What C means.  A number of one convention never meets one of another. */
typedef enum ObsConvention {
    OBS_DEFAULT, /* paper if the source has it, else its column C, else 6ND */
    OBS_PAPER,   /* column C_paper: arXiv:2406.16690 table 1 */
    OBS_EXACT,   /* column C_exact: counted from the shapes */
    OBS_6ND,     /* column C_6nd, or 6 N D */
    OBS_GIVEN,   /* column C, as the source has it */
} ObsConvention;

/* "paper", "exact", "6nd", "given"; ERR_USAGE otherwise. */
ErrCode obs_convention_parse(const char *text, ObsConvention *ret, Err *err);
const char *obs_convention_name(ObsConvention c);

typedef struct ObsOptions {
    const char *where[OBS_MAX_WHERE]; /* conditions that all hold (where.h) */
    size_t n_where;
    const char
        *map[OBS_MAX_MAP]; /* "N=params": the source calls N params; "batch=bs*2048" scales */
    size_t n_map;
    /* Columns to group by, with commas; NULL: one group.  A group of several is named by its cells with
     * a slash between: by "architecture,lr" it is llama/0.003. */
    const char *by;
    const char
        *best_per; /* "N,D": of the rows that agree in these columns only that of least loss */
    bool is_loss_signed; /* a law takes the loss as an input that may be any number */
    unsigned needs;      /* columns that must be there; 0: N, D and loss */
    const char *task;    /* for a source with a column `task`; NULL: all */
    ObsConvention convention;
    bool is_final_only;   /* the last observation of each run */
    double min_tokens;    /* leaves out D below this */
    double skip_fraction; /* leaves out D below this share of the run's largest D */
} ObsOptions;

typedef struct ObsGroup {
    const char *name;
    FitData data;                /* borrowed from the Obs */
    const double *bits_per_byte; /* [data.n]; NaN where the source has none */
    const char *const *run_name; /* [data.n_runs] */
    const size_t *row;           /* [data.n] row of the frame */
} ObsGroup;

typedef struct Obs {
    Arena arena;
    ObsConvention convention; /* never OBS_DEFAULT */
    const char *by;           /* the columns of the groups; NULL: one group */
    ObsGroup *group;          /* in the order of the source */
    size_t n_groups;
    size_t n_read; /* rows of the source */
    size_t n_used;
    size_t n_where, n_task, n_diverged, n_early, n_worse; /* rows left out, by the first reason */
} Obs;

/* ERR_INVALID: an unknown column, a cell that is not a number or not positive (with its
 * line and column), nothing left; ERR_USAGE: a condition or mapping that is none.  Frees nothing
 * of the frame; the result is independent of it. */
ErrCode obs_select(const Frame *f, const ObsOptions *o, Obs *ret, Err *err);
void obs_release(Obs *o);

/* A whole source: what slaw calls SOURCE. */
typedef struct ObsSource {
    Frame frame;
    bool is_study;
    char *dir;              /* the study's folder; NULL for a CSV */
    StudyAnalysis analysis; /* of a study */
} ObsSource;

/* Opens a CSV file, a catalog.db, or a study's folder.  ERR_NOTFOUND with a hint,
 * ERR_FORMAT, ERR_IO, ERR_DB. */
ErrCode obs_source_open(const char *path, ObsSource *ret, Err *err);
void obs_source_release(ObsSource *s);

#endif
