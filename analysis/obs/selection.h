/* selection.h -- how obs_select() goes about it.  Private to analysis/obs.
 *
 *   selection_find_columns   what --map, --where, --by and --best-per name        columns.c
 *   selection_read_rows      rows that are wanted, as numbers; warm-up left out   rows.c
 *   selection_fill_groups    in an order of their own, by group                   groups.c
 */
#ifndef ANALYSIS_OBS_SELECTION_H
#define ANALYSIS_OBS_SELECTION_H

#include "analysis/obs/obs.h"
#include "analysis/obs/where.h"
#include "common/map.h"

/* What --map calls them. */
extern const char *const selection_column_name[OBS_N_COLUMNS];

/* A column of the frame, and what its numbers are multiplied by. */
typedef struct Source {
    size_t at;
    double factor;
} Source;

/* Columns that the selection reads; FRAME_NONE where the source has none. */
typedef struct Columns {
    Source number[OBS_N_COLUMNS];
    size_t run, name, task, state, bits_per_byte;
    ObsConvention convention;
    unsigned needs;
} Columns;

/* One row in use. */
typedef struct Row {
    size_t group, run;
    double v[OBS_N_COLUMNS], bits_per_byte;
    size_t at; /* in the frame */
} Row;

typedef struct Selection {
    const Frame *f;
    const ObsOptions *o;
    Columns col;
    Where where[OBS_MAX_WHERE];
    Row *row;
    size_t n;
    Map groups; /* values: their names, in `names` as the keys are */
    Map runs;   /* keys: cells of the frame */
    Arena names;
    size_t *local; /* [runs.n + 1] of fill_group: number of a run within the group, from 1 */
    size_t key[OBS_MAX_KEYS], n_keys; /* of best_per */
    size_t by[OBS_MAX_KEYS], n_by;
    Buf key_text; /* scratch */
} Selection;

/* ERR_INVALID: a column that is not there; ERR_USAGE: a condition or mapping that is none. */
ErrCode selection_find_columns(Selection *s, Err *err);

/* Fills s->row and counts in o what is left out.  ERR_INVALID: a cell that is no number, runs that are
 * needed and not known; ERR_NOMEM. */
ErrCode selection_read_rows(Selection *s, Obs *o, Err *err);

/* Fills o->group.  ERR_INVALID: nothing is left; ERR_NOMEM. */
ErrCode selection_fill_groups(Selection *s, Obs *o, Err *err);

void selection_release(Selection *s);

#endif
