/* tensors.h -- a model's tensors, and the optimizer's, as lists for safetensors files.
 *
 * model.safetensors   every tensor of the model under its own name, constants included
 * state.safetensors   the same, then "adamw.m.<name>" and "adamw.v.<name>" for every
 *                     trained tensor
 */
#ifndef TRAINER_WORKER_TENSORS_H
#define TRAINER_WORKER_TENSORS_H

#include "common/err.h"
#include "trainer/models/model.h"
#include "trainer/optim/optim.h"
#include "trainer/worker/safetensors.h"

/* The stretches of model_params() that weight decay applies to or not, into out
 * [model_tensor_count(m)]; returns how many.  They cover model_param_count(m). */
size_t tensors_ranges(const Model *m, OptimRange *out);

/* Entries of model.safetensors into out [model_tensor_count(m)]; returns how many. */
size_t tensors_of_model(const Model *m, TensorOut *out);

/* Entries of state.safetensors into out [3 model_tensor_count(m)]; returns how many. */
size_t tensors_of_state(const Model *m, const Optim *o, TensorOut *out);

/* Read such files; then model_params_changed().  ERR_FORMAT when the file's tensors are not
 * those of the model; ERR_IO. */
ErrCode tensors_load_model(Model *m, const Safetensors *s, Err *err);
ErrCode tensors_load_state(Model *m, Optim *o, const Safetensors *s, Err *err);

#endif
