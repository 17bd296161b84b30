/* model.h -- a model that can be trained, evaluated and decoded.
 *
 * All memory is taken when the model is opened, from one arena that is then
 * sealed: no later call allocates.  Parameters lie in one block, gradients in
 * another of the same layout, so the optimizer sees two flat arrays.
 *
 * Shapes: B sequences, T positions, V vocabulary; tokens are [B, T+1] row-major:
 * position t predicts token t+1.  State is not reset at document boundaries
 * inside a sequence (the same choice for every architecture); each sequence
 * starts from an empty state.
 *
 * Not thread-safe; one Model per thread.
 */
#ifndef TRAINER_MODELS_MODEL_H
#define TRAINER_MODELS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "trainer/arch/arch.h"
#include "trainer/core/kern.h"
#include "trainer/core/team.h"

typedef struct Model Model;

typedef enum ModelUse {
    MODEL_TRAIN, /* loss, gradients and decoding */
    MODEL_INFER, /* loss, logits and decoding; no gradient memory */
} ModelUse;

/* A tensor of an open model. */
typedef struct ModelTensor {
    TensorSpec spec;
    size_t n;   /* elements */
    Real *data; /* [n], row-major */
    Real *grad; /* [n]; NULL if not trained or MODEL_INFER */
} ModelTensor;

/* How a model is opened. */
typedef struct ModelHow {
    ModelUse use;
    size_t batch, seq; /* at most `batch` sequences of at most `seq` tokens a call */
    const Kern *kern;
    Precision precision;
    size_t threads; /* at most so many work on a call; 0 is 1.  Results are the same bits */
} ModelHow;

/* Opens a model.  Parameters are zero until model_init() or until they are loaded (then call
 * model_params_changed()).  ERR_INVALID (arch_check, impossible sizes), ERR_NOMEM, ERR_IO (a
 * thread cannot be started). */
ErrCode model_open(const ModelShape *shape, const ModelHow *how, Model **ret, Err *err);
void model_close(Model *m); /* NULL is fine */

/* Bytes that model_open() would take; 0 if it would refuse. */
size_t model_bytes(const ModelShape *shape, const ModelHow *how);

/* How many threads work from the next call on, 1 .. how->threads (others are taken as the
 * nearest).  Never changes a result. */
void model_set_threads(Model *m, size_t threads);

/* The threads, for work between calls (the optimizer). */
Team *model_team(Model *m);

const ModelShape *model_shape(const Model *m);
size_t model_tensor_count(const Model *m);
const ModelTensor *model_tensor(const Model *m, size_t i);
/* By safetensors name; NULL if absent. */
const ModelTensor *model_tensor_find(const Model *m, const char *name);

/* All trained parameters and their gradients as flat arrays [n], in tensor order. */
size_t model_param_count(const Model *m);
Real *model_params(Model *m);
Real *model_grads(Model *m);

/* Initial values, a function of seed and shape alone: N(0, 2/(5d)) for matrices and the
 * embedding, output projections times 1/sqrt(2 l), norms 1, and as trainer/models/README.md
 * says for the rest. */
void model_init(Model *m, uint64_t seed);

/* Recomputes what is derived from parameters (HGRN2's bounds, ...).  Call after
 * writing into tensors and before the next forward pass. */
void model_params_changed(Model *m);

/* Mean next-token cross-entropy [nats/token] of tokens [b, t+1].  1 <= b <= batch,
 * 1 <= t <= seq. */
double model_loss(Model *m, const uint16_t *tokens, size_t b, size_t t);

/* The same, and the gradient of the mean loss in every tensor's grad (overwritten). */
double model_loss_grad(Model *m, const uint16_t *tokens, size_t b, size_t t);

/* Logits [b, t, V] of tokens [b, t] (no targets). */
void model_logits(Model *m, const uint16_t *tokens, size_t b, size_t t, Real *logits);

/* ---- decoding, one sequence, recurrent form: cost per token independent of position
 * for the linear architectures. */
void model_decode_reset(Model *m);
/* Feeds one token; logits [V] for the next.  ERR_INVALID past `seq` for architectures
 * with a cache of that length (llama). */
ErrCode model_decode(Model *m, uint16_t token, Real *logits, Err *err);

#endif
