#include "trainer/models/layers/head.h"

#include <string.h>

size_t head_tile_rows(size_t vocab)
{
    size_t rows = 65536 / vocab / 8 * 8;
    return rows < 8 ? 8 : rows > 256 ? 256 : rows;
}

void embedding_forward(size_t rows, size_t d, const Real *table, const uint16_t *token, Real *x)
{
    for (size_t r = 0; r < rows; r++) {
        memcpy(x + r * d, table + token[r] * d, d * sizeof *x);
    }
}

void embedding_backward(const Kern *k, size_t rows, size_t d, Share columns, const uint16_t *token,
                        const Real *dx, Real *dtable)
{
    size_t n = columns.end - columns.first;
    for (size_t r = 0; r < rows && n > 0; r++) {
        Real *row = dtable + token[r] * d + columns.first;
        k->add(n, row, dx + r * d + columns.first, row);
    }
}

/* The rows first .. end of a tile that begins at row `at` of the part. */
static void tile_rows_loss(const Head *head, size_t at, Share s, const Real *x,
                           const uint16_t *target, double grad_scale, Real *nll, Real *dx)
{
    const Kern *k = head->kern;
    size_t d = head->table->in, v = head->vocab, n = s.end - s.first, row = at + s.first;
    Real *z = head->logits + s.first * v;
    linear_forward(k, head->table, n, x + row * d, d, z, v, KERN_SET);
    k->cross_entropy(n, v, z, target + row, (Real)grad_scale, nll + row);
    if (grad_scale > 0.0) {
        linear_backward_x(k, head->table, n, z, v, dx + row * d, d, KERN_SET);
    }
}

void head_loss(const Head *head, const Part *part, const Real *x, const uint16_t *target,
               double grad_scale, Real *nll, Real *dx)
{
    size_t d = head->table->in;
    for (size_t at = 0; at < part->rows; at += head->tile_rows) {
        Part tile = *part; /* only its rows count for a weight's gradient */
        tile.rows = part->rows - at < head->tile_rows ? part->rows - at : head->tile_rows;
        tile_rows_loss(head, at, part_share(part, tile.rows, 1), x, target, grad_scale, nll, dx);
        part_barrier(part);
        if (grad_scale > 0.0) {
            linear_backward_w(head->kern, head->table, &tile, head->logits, head->vocab, x + at * d,
                              d);
            part_barrier(part);
        }
    }
}
