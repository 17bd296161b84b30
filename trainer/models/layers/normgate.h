/* normgate.h -- the output gate of TNL and cosFormer2: y = SRMSNorm(o) * sigma(z). */
#ifndef TRAINER_MODELS_LAYERS_NORMGATE_H
#define TRAINER_MODELS_LAYERS_NORMGATE_H

#include "trainer/core/kern.h"

/* on = SRMSNorm(o), gate = sigma(gate), y = on gate; all [rows,d], rstd [rows]. */
void normgate_forward(const Kern *k, size_t rows, size_t d, Real eps, const Real *o, Real *on,
                      Real *rstd, Real *gate, Real *y);

/* From dy [rows,d]: dz [rows,d], the gradient of the gate's argument, and dout [rows,d],
 * that of o.  dy is overwritten by the gradient of on. */
void normgate_backward(const Kern *k, size_t rows, size_t d, const Real *o, const Real *on,
                       const Real *rstd, const Real *gate, Real *dy, Real *dz, Real *dout);

#endif
