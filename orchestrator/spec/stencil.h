/* stencil.h -- the texts of many runs from one: gaps where the values of the axes go.
 *
 * Cells of one architecture and size in which the same overrides hold differ in the values of
 * their axes alone.  A stencil is resolved once for all of them, in the way of cell.h, with a
 * mark in the place of every axis: its texts are then literals and gaps, and its counts come
 * from the file or from an axis.  cell.h stays the definition: whatever a stencil cannot tell is
 * resolved there, and a test compares the two on random matrices.
 */
#ifndef ORCHESTRATOR_SPEC_STENCIL_H
#define ORCHESTRATOR_SPEC_STENCIL_H

#include "orchestrator/spec/cell.h"

/* What goes into a gap: the value of an axis (its number), or one of these. */
enum { GAP_MODEL = CELL_MAX_AXES, GAP_CORPUS, GAP_NAME, GAP_HASH, N_GAPS };

/* Some bytes and the gap behind them. */
typedef struct Piece {
    const char *text;
    size_t n;
    int gap; /* -1: none */
} Piece;

/* A text with gaps; {0} is empty. */
typedef struct PieceText {
    Buf literal;
    Piece *piece; /* [n] */
    size_t n;
} PieceText;

/* Splits a canonical text at its marks, which are strings that stencil_mark() made. */
ErrCode piece_text_split(PieceText *t, Err *err);
void piece_text_release(PieceText *t);

/* What fills a gap. */
typedef struct Filling {
    const char *text;
    size_t n;
} Filling;

/* Appends the text with its gaps filled; every gap that occurs has a filling. */
void piece_text_fill(const PieceText *t, const Filling fill[N_GAPS], Buf *out);

/* The mark of a gap, a new string. */
json_t *stencil_mark(int gap);

/* The counts of a run that are checked against each other. */
typedef enum Count {
    COUNT_TOKENS,
    COUNT_BATCH,
    COUNT_SEQUENCE,
    COUNT_FIRST,
    COUNT_CHECKPOINTS,
    COUNT_WARMUP,
    COUNT_DECAY, /* a share */
    COUNT_KEEP,  /* how many checkpoints may keep their weights */
    N_COUNTS
} Count;

/* Where a count comes from. */
typedef struct CountSource {
    int axis; /* -1: `whole` and `share` */
    int64_t whole;
    double share;
} CountSource;

typedef struct Stencil {
    size_t architecture, size; /* indices on these axes */
    uint64_t *overrides;       /* bits of those that hold */
    uint64_t id;               /* no two are equal */
    bool is_bad;               /* its cells have a problem before anything is checked */
    bool is_told;              /* one of them has been resolved in full */
    bool is_odd;               /* two schedules: cells must be resolved in full */
    bool is_cosine;
    PieceText identity, config;
    CountSource count[N_COUNTS];
    char name[RUN_NAME_BYTES]; /* <architecture>-<size> */
} Stencil;

/* The value of a count whose setting is v: of an axis, or of the file. */
CountSource count_of(Count c, const json_t *v);

/* The count that a knob's path is; N_COUNTS when it is none. */
Count count_at(const char *path);

/* Fills everything but indices, bits and id, from a cell of its kind; marks [n_axes] are those
 * of the axes behind the seed.  ERR_NOMEM. */
ErrCode stencil_fill(const Source *src, const Matrix *m, const Cell *cell, json_t *const *marks,
                     Stencil *s, Err *err);
void stencil_release(Stencil *s);

#endif
