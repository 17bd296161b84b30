/* axis_texts.h -- the values of a matrix's axes in every form that a run wants them in, made once. */
#ifndef ORCHESTRATOR_SPEC_AXIS_TEXTS_H
#define ORCHESTRATOR_SPEC_AXIS_TEXTS_H

#include "common/arena.h"
#include "orchestrator/spec/stencil.h"

typedef struct AxisValue {
    Filling text; /* canonical */
    Filling name; /* "-lr0.003", "" where names do not say it */
    CountSource count;
} AxisValue;

typedef struct AxisTexts {
    Arena arena;
    AxisValue *value[CELL_MAX_AXES]; /* [n of the axis] */
    Count counts[CELL_MAX_AXES];     /* what the axis counts; N_COUNTS: nothing */
    bool is_shaping[CELL_MAX_AXES];  /* it changes the model, its sequence or its precision */
    json_t
        *mark[CELL_MAX_AXES]; /* what stands for its value in a stencil; NULL of the first three */
    Filling key[CELL_MAX_AXES];   /* "\"training.tokens\":" */
    size_t sorted[CELL_MAX_AXES]; /* axes by their paths */
} AxisTexts;

/* Into a zeroed *ret, which is to be released also after ERR_NOMEM. */
ErrCode axis_texts_read(const Matrix *m, AxisTexts *ret, Err *err);
void axis_texts_release(AxisTexts *x);

#endif
