/* generate.h -- text sampled from a checkpoint by the recurrent form of its model. */
#ifndef TRAINER_WORKER_GENERATE_H
#define TRAINER_WORKER_GENERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "trainer/core/real.h"

typedef struct GenerateOptions {
    const char *checkpoint; /* a checkpoint folder or a run folder */
    const char *prompt;     /* "": start as after the end of a document */
    int64_t tokens;         /* to add to the prompt */
    double temperature;     /* 0: always the likeliest token */
    int64_t top_k;          /* choose among the k likeliest; 0: among all */
    int64_t seed;
} GenerateOptions;

/* Receives text as it comes, prompt included; false stops. */
typedef bool (*GenerateSink)(void *ctx, const char *text, size_t n);

/* ERR_INVALID (options, a checkpoint that is not of bytes), and those of load.h. */
ErrCode generate(const GenerateOptions *o, GenerateSink sink, void *ctx, Err *err);

/* The token chosen from logits [V]: softmax(logits / temperature) restricted to the top_k
 * likeliest (ties: the lower token), at the point u in [0, 1) of its distribution.
 * `weight` is room for [V]. */
uint16_t generate_choose(const Real *logits, size_t vocabulary, double temperature, int64_t top_k,
                         double u, double *weight);

#endif
