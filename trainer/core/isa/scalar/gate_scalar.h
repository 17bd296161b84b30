/* gate_scalar.h -- the twins of the gated units. */
#ifndef TRAINER_CORE_ISA_SCALAR_GATE_SCALAR_H
#define TRAINER_CORE_ISA_SCALAR_GATE_SCALAR_H

#include "trainer/core/kern.h"
#include "trainer/core/real_math.h"

static void glu(size_t rows, size_t g, const Real *gu, Real *y)
{
    for (size_t i = 0; i < rows; i++) {
        const Real *gate = gu + i * 2 * g, *up = gate + g;
        for (size_t j = 0; j < g; j++) {
            y[i * g + j] = up[j] * gate[j];
        }
    }
}

static void glu_grad(size_t rows, size_t g, const Real *gu, const Real *dy, Real *y, Real *dgu)
{
    for (size_t i = 0; i < rows; i++) {
        const Real *gate = gu + i * 2 * g, *up = gate + g;
        Real *dgate = dgu + i * 2 * g, *dup = dgate + g;
        for (size_t j = 0; j < g; j++) {
            Real u = up[j], f = gate[j], d = dy[i * g + j];
            y[i * g + j] = u * f;
            dgate[j] = d * u;
            dup[j] = d * f;
        }
    }
}

static void swiglu(size_t rows, size_t g, const Real *gu, Real *y)
{
    for (size_t i = 0; i < rows; i++) {
        const Real *gate = gu + i * 2 * g, *up = gate + g;
        for (size_t j = 0; j < g; j++) {
            y[i * g + j] = up[j] * (gate[j] * real_sigmoid(gate[j]));
        }
    }
}

static void swiglu_grad(size_t rows, size_t g, const Real *gu, const Real *dy, Real *y, Real *dgu)
{
    for (size_t i = 0; i < rows; i++) {
        const Real *gate = gu + i * 2 * g, *up = gate + g;
        Real *dgate = dgu + i * 2 * g, *dup = dgate + g;
        for (size_t j = 0; j < g; j++) {
            Real u = up[j], x = gate[j], d = dy[i * g + j];
            Real s = real_sigmoid(x);
            Real f = x * s;
            y[i * g + j] = u * f;
            dgate[j] = d * u * real_silu_slope(x, s);
            dup[j] = d * f;
        }
    }
}

#endif
