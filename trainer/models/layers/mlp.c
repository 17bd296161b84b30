#include "trainer/models/layers/mlp.h"

#include "trainer/models/layers/linear.h"

void mlp_forward(const Kern *k, const Mlp *w, size_t rows, const Real *xb, Real *gu, Real *y,
                 Real *x)
{
    size_t g = w->g;
    linear_forward(k, rows, w->d, 2 * g, xb, w->d, w->wgu, gu, 2 * g, KERN_SET);
    for (size_t r = 0; r < rows; r++) {
        const Real *gate = gu + r * 2 * g;
        if (w->is_swish) {
            k->swiglu(g, gate + g, gate, y + r * g);
        } else {
            k->glu(g, gate + g, gate, y + r * g);
        }
    }
    linear_forward(k, rows, g, w->d, y, g, w->down, x, w->d, KERN_ADD);
}

void mlp_backward(const Kern *k, const Mlp *w, size_t rows, const Real *xb, const Real *gu,
                  const Real *y, const Real *dx, Real *dgu, Real *dy, Real *dxb)
{
    size_t d = w->d, g = w->g;
    linear_backward_w(k, rows, g, d, dx, d, y, g, w->ddown);
    linear_backward_x(k, rows, g, d, dx, d, w->down, dy, g, KERN_SET);
    for (size_t r = 0; r < rows; r++) {
        const Real *gate = gu + r * 2 * g;
        Real *dgate = dgu + r * 2 * g;
        if (w->is_swish) {
            k->swiglu_grad(g, gate + g, gate, dy + r * g, dgate + g, dgate);
        } else {
            k->glu_grad(g, gate + g, gate, dy + r * g, dgate + g, dgate);
        }
    }
    linear_backward_w(k, rows, d, 2 * g, dgu, 2 * g, xb, d, w->dwgu);
    linear_backward_x(k, rows, d, 2 * g, dgu, 2 * g, w->wgu, dxb, d, KERN_SET);
}
