#include "trainer/models/layers/normgate.h"

#include <string.h>

void normgate_forward(const Kern *k, size_t rows, size_t d, Real eps, const Real *o, Real *on,
                      Real *rstd, Real *gate, Real *y)
{
    k->rmsnorm(rows, d, eps, o, NULL, on, rstd);
    k->sigmoid(rows * d, gate, gate);
    k->mul(rows * d, on, gate, y);
}

void normgate_backward(const Kern *k, size_t rows, size_t d, const Real *o, const Real *on,
                       const Real *rstd, const Real *gate, Real *dy, Real *dz, Real *dout)
{
    for (size_t i = 0; i < rows * d; i++) {
        Real s = gate[i], dyi = dy[i];
        dz[i] = dyi * on[i] * (s * ((Real)1 - s));
        dy[i] = dyi * s;
    }
    memset(dout, 0, rows * d * sizeof *dout);
    k->rmsnorm_grad(rows, d, o, NULL, rstd, dy, dout, NULL);
}
