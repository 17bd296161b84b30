/* frame.h -- a table of text with named columns: a CSV file, or a study's observations.
 *
 * Both sources become this one thing, so that selecting, renaming and grouping
 * are written once and mean the same for both.
 */
#ifndef ANALYSIS_OBS_FRAME_H
#define ANALYSIS_OBS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/hash.h"

#define FRAME_NONE ((size_t)-1)

typedef struct Frame {
    char *source; /* for messages: the file */
    Buf text;     /* all names and cells, NUL-terminated */
    uint32_t *at; /* offsets into text: n_columns names, then the cells row by row */
    size_t n_at, cap_at;
    size_t n_columns, n_rows;
    size_t first_axis, n_axes; /* columns that are axes of a study's matrix */
    uint32_t *line; /* [n_rows] line of the file where the row starts; NULL when not a file */
    /* [n_columns]: the numbers of a column that has no text, [n_rows], NaN for an empty cell; NULL: a
     * column of text.  NULL altogether when every column is text. */
    double **number;
    Arena *made;                   /* texts of such cells, made when they are asked for */
    char digest[SHA256_HEX_BYTES]; /* of the file, or of the observations (study_frame.h) */
} Frame;

void frame_release(Frame *f);

/* Builds: names first, then cells in order (n_columns is set between).  Failures of memory
 * stick in text.is_short; frame_finish reports them. */
void frame_add(Frame *f, const char *cell, size_t n);
/* A cell whose text is at this offset of f->text already; false when memory is short. */
bool frame_point(Frame *f, size_t offset);
ErrCode frame_finish(Frame *f, Err *err);

const char *frame_name(const Frame *f, size_t column);
/* The cell's text; it lives as long as the frame.  (Of a cell that is a number by itself it is made
 * here, so two threads must not ask at once.) */
const char *frame_cell(const Frame *f, size_t row, size_t column);

/* Turns a column of a finished frame into one of numbers: values [n_rows], malloc'd, owned by the
 * frame from now on.  ERR_NOMEM: then they are freed. */
ErrCode frame_set_numbers(Frame *f, size_t column, double *values, Err *err);

/* FRAME_NONE when there is no such column. */
size_t frame_find(const Frame *f, const char *name);

/* The column that people mean: of that name, or else the only one whose name ends in it behind a dot, as
 * "lr" and "adamw.lr" for training.optimizer.adamw.lr.  ERR_INVALID: there is none (with the nearest name
 * as a hint); several end in it; or it is a column's name and an axis of the study ends in it, so that
 * only the axis's whole name says which is meant (both are named). */
ErrCode frame_column(const Frame *f, const char *name, size_t *ret, Err *err);

/* "COLUMN", or "COLUMN*FACTOR" for numbers that want one; a column whose name has a star is itself.
 * Errors of frame_column(). */
ErrCode frame_scaled(const Frame *f, const char *text, size_t *ret_column, double *ret_factor,
                     Err *err);

/* The cell as a finite number.  ERR_INVALID: "fits.csv:12: column \"loss\": \"abc\" is not a
 * number", with a hint that says why: empty, NaN, too large, a decimal comma, a separator of
 * thousands, hexadecimal. */
ErrCode frame_number(const Frame *f, size_t row, size_t column, double *ret, Err *err);

/* ERR_INVALID about one cell, with its place in front. */
ErrCode frame_bad_cell(const Frame *f, size_t row, size_t column, const char *rule, Err *err);

#endif
