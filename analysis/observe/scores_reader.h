/* scores_reader.h -- how scores_read() goes about it.  Private to analysis/observe.
 *
 *   reader_find_columns      what the options name                        scores_columns.c
 *   reader_number_models     rows to models                               scores_models.c
 *   reader_list_benchmarks   columns, or values of a pivot, to benchmarks scores_columns.c
 *   reader_fill, _join       cells to scores; targets of another table    scores_cells.c
 */
#ifndef ANALYSIS_OBSERVE_SCORES_READER_H
#define ANALYSIS_OBSERVE_SCORES_READER_H

#include "analysis/obs/where.h"
#include "analysis/observe/scores.h"
#include "common/map.h"

/* A column of numbers and what to multiply it by. */
typedef struct Column {
    size_t at; /* FRAME_NONE: there is none */
    double factor;
} Column;

typedef struct Reader {
    const Frame *f;
    const ScoresOptions *o;
    Scores *s;
    Where where[OBS_MAX_WHERE];
    size_t model, family, step; /* columns; FRAME_NONE: none */
    Column c, n, d;
    size_t pivot, value; /* of a pivot */
    double sign;
    Map models, families, benchmarks;
    size_t *column;    /* wide: column of each benchmark */
    size_t *row_model; /* [n_rows] MAP_NONE: left out */
    bool is_short;
} Reader;

/* Of the errors of scores_read(), what the options make of the frame's columns. */
ErrCode reader_find_columns(Reader *r, Err *err);
/* The column that names models in a table where nobody says so; FRAME_NONE. */
size_t reader_model_column(const Frame *f);

/* r->models and row_model: the rows that are selected. */
ErrCode reader_number_models(Reader *r, Err *err);

/* r->benchmarks, and their columns. */
ErrCode reader_list_benchmarks(Reader *r, Err *err);

/* A score, NaN where it is missing.  ERR_INVALID: no number. */
ErrCode reader_score(const Frame *f, size_t row, size_t column, double *ret, Err *err);

/* Room in r->s, and all scores of the frame; then the targets of the other table, if any. */
ErrCode reader_fill(Reader *r, Err *err);
ErrCode reader_join(Reader *r, Err *err);

#endif
