#include "trainer/models/layers/head.h"

#include <math.h>
#include <string.h>

#include "trainer/core/real_math.h"

size_t head_tiles(size_t vocab)
{
    return (vocab + HEAD_TILE_COLUMNS - 1) / HEAD_TILE_COLUMNS;
}

Linear *head_bind(Model *m, const ModelTensor *table, size_t *ret_n)
{
    Linear *first = NULL;
    *ret_n = head_tiles(m->vocab);
    for (size_t i = 0; i < *ret_n; i++) {
        size_t row = i * HEAD_TILE_COLUMNS, left = m->vocab - row;
        Linear *tile =
            model_linear(m, table, m->d, left < HEAD_TILE_COLUMNS ? left : HEAD_TILE_COLUMNS);
        tile->row = row;
        first = first ? first : tile;
    }
    return first;
}

void head_logits(const Kern *k, const Linear *table, size_t n_tiles, size_t rows, const Real *x,
                 Real *logits)
{
    size_t vocab = table[n_tiles - 1].row + table[n_tiles - 1].out;
    for (size_t i = 0; i < n_tiles; i++) {
        linear_forward(k, &table[i], rows, x, table[i].in, logits + table[i].row, vocab, KERN_SET);
    }
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

/* One thread's rows of a tile. */
typedef struct Rows {
    size_t n, row; /* how many, and the first in the part */
    size_t at;     /* the first in the tile */
} Rows;

static Rows rows_of(const Part *part, size_t at, size_t tile_rows)
{
    Share s = part_share(part, tile_rows, 1);
    return (Rows){.n = s.end - s.first, .row = at + s.first, .at = s.first};
}

/* Between rows of logits, in every tile of the vocabulary: threads in different tiles must not
 * meet. */
static size_t row_stride(const Head *head)
{
    return head->table->out;
}

/* Logits of one tile of the vocabulary. */
static Real *tile_logits(const Head *head, const Linear *table, const Rows *r, const Real *x)
{
    size_t ld = row_stride(head);
    Real *z = head->logits + r->at * ld;
    linear_forward(head->kern, table, r->n, x + r->row * head->d, head->d, z, ld, KERN_SET);
    return z;
}

/* dx from the gradient of the logits and, when all rows are there, the table's. */
static void tile_backward(const Head *head, const Linear *table, const Part *tile, const Rows *r,
                          const Real *z, const Real *x_tile, Real *dx, KernAcc acc)
{
    size_t ld = row_stride(head);
    linear_backward_x(head->kern, table, r->n, z, ld, dx + r->row * head->d, head->d, acc);
    part_barrier(tile);
    linear_backward_w(head->kern, table, tile, head->logits, ld, x_tile, head->d);
    part_barrier(tile);
}

/* All of the vocabulary at once. */
static void loss_at_once(const Head *head, const Part *tile, const Rows *r, const Real *x,
                         const uint16_t *target, double grad_scale, Real *nll, Real *dx)
{
    Real *z = tile_logits(head, head->table, r, x);
    head->kern->cross_entropy(r->n, head->table->out, z, target + r->row, (Real)grad_scale,
                              nll + r->row);
    if (grad_scale > 0.0) {
        tile_backward(head, head->table, tile, r, z, x + (r->row - r->at) * head->d, dx, KERN_SET);
    }
}

/* The column of row i's target in a tile of the vocabulary; its width if it lies elsewhere. */
static size_t column_of(const Linear *table, uint16_t target)
{
    size_t c = (size_t)target - table->row; /* wraps below the tile */
    return c < table->out ? c : table->out;
}

/* First pass: max and sum of each row over all tiles, and from them the losses. */
static void tiles_loss(const Head *head, const Rows *r, const Real *x, const uint16_t *target,
                       Real *nll)
{
    Real *max = head->lse + r->at, *sum = max + head->tile_rows, *at_target = sum + head->tile_rows;
    size_t ld = row_stride(head);
    for (size_t i = 0; i < r->n; i++) {
        max[i] = -(Real)INFINITY;
        sum[i] = (Real)0;
    }
    for (size_t t = 0; t < head->n_tiles; t++) {
        const Linear *table = &head->table[t];
        const Real *z = tile_logits(head, table, r, x);
        head->kern->cross_entropy_tile(r->n, table->out, z, ld, max, sum);
        for (size_t i = 0; i < r->n; i++) {
            size_t c = column_of(table, target[r->row + i]);
            at_target[i] = c < table->out ? z[i * ld + c] : at_target[i];
        }
    }
    for (size_t i = 0; i < r->n; i++) {
        nll[r->row + i] = real_log(sum[i]) - (at_target[i] - max[i]);
    }
}

/* Second pass. */
static void tiles_grad(const Head *head, const Part *tile, const Rows *r, const Real *x,
                       const uint16_t *target, double grad_scale, Real *dx)
{
    Real *max = head->lse + r->at, *factor = max + head->tile_rows;
    size_t ld = row_stride(head);
    for (size_t i = 0; i < r->n; i++) {
        factor[i] = (Real)grad_scale / factor[i];
    }
    for (size_t t = 0; t < head->n_tiles; t++) {
        const Linear *table = &head->table[t];
        Real *z = tile_logits(head, table, r, x);
        head->kern->cross_entropy_tile_grad(r->n, table->out, z, ld, max, factor);
        for (size_t i = 0; i < r->n; i++) {
            size_t c = column_of(table, target[r->row + i]);
            if (c < table->out) {
                z[i * ld + c] -= (Real)grad_scale;
            }
        }
        tile_backward(head, table, tile, r, z, x + (r->row - r->at) * head->d, dx,
                      t > 0 ? KERN_ADD : KERN_SET);
    }
}

void head_loss(const Head *head, const Part *part, const Real *x, const uint16_t *target,
               double grad_scale, Real *nll, Real *dx)
{
    for (size_t at = 0; at < part->rows; at += head->tile_rows) {
        Part tile = *part; /* only its rows count for a weight's gradient */
        tile.rows = part->rows - at < head->tile_rows ? part->rows - at : head->tile_rows;
        Rows r = rows_of(part, at, tile.rows);
        if (head->n_tiles == 1) {
            loss_at_once(head, &tile, &r, x, target, grad_scale, nll, dx);
        } else {
            tiles_loss(head, &r, x, target, nll);
            if (grad_scale > 0.0) {
                tiles_grad(head, &tile, &r, x, target, grad_scale, dx);
            }
        }
        part_barrier(part); /* the next tile is shared out anew */
    }
}
