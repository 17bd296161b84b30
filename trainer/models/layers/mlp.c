#include "trainer/models/layers/mlp.h"

void mlp_forward(const Kern *k, const Mlp *w, size_t rows, const Real *xb, Real *gu, Real *y,
                 Real *x)
{
    size_t g = w->g;
    linear_forward(k, w->gate_up, rows, xb, w->d, gu, 2 * g, KERN_SET);
    (w->is_swish ? k->swiglu : k->glu)(rows, g, gu, y);
    linear_forward(k, w->down, rows, y, g, x, w->d, KERN_ADD);
}

void mlp_backward(const Kern *k, const Mlp *w, size_t rows, Real *gu, const Real *dx, Real *y,
                  Real *dxb)
{
    size_t g = w->g;
    linear_backward_x(k, w->down, rows, dx, w->d, y, g, KERN_SET);
    (w->is_swish ? k->swiglu_grad : k->glu_grad)(rows, g, gu, y, y, gu);
    linear_backward_x(k, w->gate_up, rows, gu, 2 * g, dxb, w->d, KERN_SET);
}

void mlp_backward_w(const Kern *k, const Mlp *w, const Part *part, const Real *xb, const Real *y,
                    const Real *dx, const Real *dgu)
{
    linear_backward_w(k, w->down, part, dx, w->d, y, w->g);
    linear_backward_w(k, w->gate_up, part, dgu, 2 * w->g, xb, w->d);
}
