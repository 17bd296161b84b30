/* measure.h -- how fast this machine trains and scores one model, measured. */
#ifndef TRAINER_WORKER_MEASURE_H
#define TRAINER_WORKER_MEASURE_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "trainer/arch/arch.h"

typedef struct Measure {
    const ModelShape *shape;
    Precision precision;
    int64_t sequence, sequences; /* of a step; at most what fills MEASURE_TOKENS is measured */
    size_t threads;              /* at least 1 */
    double seconds;              /* about so long in all; one call of each kind at least */
} Measure;

enum { MEASURE_TOKENS = 512 };

typedef struct Speed {
    double tokens_per_s; /* forward and backward */
    double scored_per_s; /* forward alone [tokens/s] */
    double update_s;     /* gradient norm and AdamW, once a step */
    int64_t steps;       /* measured */
} Speed;

/* Sequences of one measured call. */
int64_t measure_sequences(const Measure *w);

/* Opens the model with small parameters and random tokens, lets it compute once without a
 * clock, then with one.  ERR_INVALID, ERR_NOMEM, ERR_IO: what model_open() says. */
ErrCode measure_speed(const Measure *w, Speed *ret, Err *err);

#endif
