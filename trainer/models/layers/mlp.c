#include "trainer/models/layers/mlp.h"

void mlp_forward(const Kern *k, const Mlp *w, size_t rows, const Real *xb, Real *gu, Real *y,
                 Real *x)
{
    size_t g = w->g;
    linear_forward(k, w->gate_up, rows, xb, w->d, gu, 2 * g, KERN_SET);
    for (size_t r = 0; r < rows; r++) {
        const Real *gate = gu + r * 2 * g;
        if (w->is_swish) {
            k->swiglu(g, gate + g, gate, y + r * g);
        } else {
            k->glu(g, gate + g, gate, y + r * g);
        }
    }
    linear_forward(k, w->down, rows, y, g, x, w->d, KERN_ADD);
}

void mlp_backward(const Kern *k, const Mlp *w, size_t rows, const Real *gu, const Real *dx,
                  Real *dgu, Real *dy, Real *dxb)
{
    size_t g = w->g;
    linear_backward_x(k, w->down, rows, dx, w->d, dy, g, KERN_SET);
    for (size_t r = 0; r < rows; r++) {
        const Real *gate = gu + r * 2 * g;
        Real *dgate = dgu + r * 2 * g;
        if (w->is_swish) {
            k->swiglu_grad(g, gate + g, gate, dy + r * g, dgate + g, dgate);
        } else {
            k->glu_grad(g, gate + g, gate, dy + r * g, dgate + g, dgate);
        }
    }
    linear_backward_x(k, w->gate_up, rows, dgu, 2 * g, dxb, w->d, KERN_SET);
}

void mlp_backward_w(const Kern *k, const Mlp *w, const Part *part, const Real *xb, const Real *y,
                    const Real *dx, const Real *dgu)
{
    linear_backward_w(k, w->down, part, dx, w->d, y, w->g);
    linear_backward_w(k, w->gate_up, part, dgu, 2 * w->g, xb, w->d);
}
