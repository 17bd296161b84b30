#include "trainer/models/layers/head.h"

#include <string.h>

#include "trainer/models/layers/linear.h"

size_t head_tile_rows(size_t vocab)
{
    size_t rows = 65536 / vocab;
    return rows < 8 ? 8 : rows > 256 ? 256 : rows;
}

void embedding_forward(size_t rows, size_t d, const Real *table, const uint16_t *token, Real *x)
{
    for (size_t r = 0; r < rows; r++) {
        memcpy(x + r * d, table + token[r] * d, d * sizeof *x);
    }
}

void embedding_backward(const Kern *k, size_t rows, size_t d, const uint16_t *token, const Real *dx,
                        Real *dtable)
{
    for (size_t r = 0; r < rows; r++) {
        Real *row = dtable + token[r] * d;
        k->add(d, row, dx + r * d, row);
    }
}

double head_loss(const Head *head, size_t rows, const Real *x, const uint16_t *target,
                 double grad_scale, Real *dx, Real *dtable)
{
    const Kern *k = head->kern;
    size_t d = head->d, v = head->vocab;
    double total = 0.0;
    for (size_t r = 0; r < rows; r += head->tile_rows) {
        size_t n = rows - r < head->tile_rows ? rows - r : head->tile_rows;
        const Real *xr = x + r * d;
        linear_forward(k, n, d, v, xr, d, head->table, head->logits, v, KERN_SET);
        k->cross_entropy(n, v, head->logits, target + r, dtable ? (Real)grad_scale : (Real)0,
                         head->nll);
        for (size_t i = 0; i < n; i++) {
            total += (double)head->nll[i];
        }
        if (dtable) {
            linear_backward_w(k, n, d, v, head->logits, v, xr, d, dtable);
            linear_backward_x(k, n, d, v, head->logits, v, head->table, dx + r * d, d, KERN_SET);
        }
    }
    return total;
}
