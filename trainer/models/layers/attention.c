#include "trainer/models/layers/attention.h"

#include <math.h>
#include <string.h>

enum {
    TILE = ATTENTION_TILE,
    HALF = TILE / 2, /* a tile on the diagonal is worked through in two halves of its rows */
};

static size_t tiles_of(size_t n)
{
    return (n + TILE - 1) / TILE;
}

void attention_layout_work(AttentionWork *work, const Kern *kern, size_t seq, size_t p, bool trains,
                           Mem *mem)
{
    size_t tiles = tiles_of(seq);
    *work = (AttentionWork){.columns_bytes = kern->packed_bytes(TILE, p),
                            .rows_bytes = kern->packed_bytes(p, TILE)};
    size_t value_bytes =
        work->columns_bytes > work->rows_bytes ? work->columns_bytes : work->rows_bytes;
    work->s = mem_reals(mem, (size_t)TILE * TILE);
    work->max = mem_reals(mem, TILE);
    work->sum = mem_reals(mem, (size_t)TILE * KERN_LANES);
    work->scale = mem_reals(mem, TILE);
    work->key = mem_take(mem, tiles, work->columns_bytes);
    work->value = mem_take(mem, tiles, value_bytes);
    if (trains) {
        work->ds = mem_reals(mem, (size_t)TILE * TILE);
        work->key_rows = mem_take(mem, tiles, work->rows_bytes);
        work->query_rows = mem_take(mem, 1, work->rows_bytes);
        work->dout_rows = mem_take(mem, 1, work->rows_bytes);
    }
}

static size_t tile_size(size_t n, size_t tile)
{
    return n - tile * TILE < TILE ? n - tile * TILE : TILE;
}

/* Rows first .. first + rows of a tile of queries against a tile of keys, the first cols of
 * it; row i may look at valid + i of them. */
typedef struct Piece {
    size_t query, key; /* where the tiles begin */
    size_t tile;       /* number of the tile of keys */
    size_t first, rows, cols, valid;
    bool is_whole; /* all keys of the tile: its packed form serves */
} Piece;

/* All of a tile below the diagonal. */
static Piece piece_below(const AttentionIn *in, size_t i, size_t j)
{
    size_t rows = tile_size(in->n, i);
    return (Piece){i * TILE, j * TILE, j, 0, rows, TILE, TILE, true};
}

/* The lower half of a tile on it looks at all keys of the tile, the upper at its own. */
static Piece piece_on(const AttentionIn *in, size_t i, bool is_lower)
{
    size_t rows = tile_size(in->n, i), upper = rows < HALF ? rows : HALF;
    if (is_lower) {
        return (Piece){i * TILE, i * TILE, i, upper, rows - upper, rows, upper + 1, true};
    }
    return (Piece){i * TILE, i * TILE, i, 0, upper, upper, 1, false};
}

/* x [rows,cols] = a [rows,p] times the transpose of the piece's keys or values. */
static void against(const Kern *kern, const AttentionWork *work, const AttentionIn *in,
                    const Piece *c, const Real *a, size_t lda, const Real *b, const char *packed,
                    Real *x)
{
    if (c->is_whole) {
        kern->gemm_packed(c->rows, c->cols, in->p, a, lda, packed + c->tile * work->columns_bytes,
                          x, TILE, KERN_SET);
    } else {
        kern->gemm_nt(c->rows, c->cols, in->p, a, lda, b + c->key * in->ld, in->ld, x, TILE,
                      KERN_SET);
    }
}

/* y [rows,p] (ldy) = or += weights x [rows,cols] times the piece's rows of b. */
static void combine(const Kern *kern, const AttentionWork *work, const AttentionIn *in,
                    const Piece *c, const Real *x, const Real *b, const char *packed, Real *y,
                    size_t ldy)
{
    KernAcc acc = c->tile > 0 ? KERN_ADD : KERN_SET;
    if (c->is_whole) {
        kern->gemm_packed(c->rows, in->p, c->cols, x, TILE, packed + c->tile * work->rows_bytes, y,
                          ldy, acc);
    } else {
        kern->gemm_nn(c->rows, in->p, c->cols, x, TILE, b + c->key * in->ld, in->ld, y, ldy, acc);
    }
}

/* ---- forward ----------------------------------------------------------------------- */

static void piece_forward(const Kern *kern, AttentionWork *work, const AttentionIn *in,
                          const Piece *c, Real *o, size_t ldo)
{
    size_t row = c->query + c->first, at = c->first;
    Real *oi = o + row * ldo, *s = work->s + at * TILE;
    if (c->rows == 0) {
        return;
    }
    against(kern, work, in, c, in->q + row * in->ld, in->ld, in->k, work->key, s);
    kern->softmax_tile(c->rows, c->cols, TILE, c->valid, s, work->max + at,
                       work->sum + at * KERN_LANES, work->scale + at);
    if (c->tile > 0) {
        kern->scale_rows(c->rows, in->p, work->scale + at, oi, ldo, oi, ldo);
    }
    combine(kern, work, in, c, s, in->v, work->value, oi, ldo);
}

void attention_forward(const Kern *kern, AttentionWork *work, const AttentionIn *in, Real *o,
                       size_t ldo, Real *lse)
{
    for (size_t i = 0; i < tiles_of(in->n); i++) {
        size_t m = tile_size(in->n, i), at = i * TILE;
        kern->pack_nt(m, in->p, in->k + at * in->ld, in->ld, work->key + i * work->columns_bytes);
        kern->pack_nn(in->p, m, in->v + at * in->ld, in->ld, work->value + i * work->rows_bytes);
        for (size_t r = 0; r < m; r++) {
            work->max[r] = -(Real)INFINITY;
        }
        memset(work->sum, 0, m * KERN_LANES * sizeof *work->sum);
        for (size_t j = 0; j < i; j++) {
            Piece c = piece_below(in, i, j);
            piece_forward(kern, work, in, &c, o, ldo);
        }
        Piece upper = piece_on(in, i, false), lower = piece_on(in, i, true);
        piece_forward(kern, work, in, &upper, o, ldo);
        piece_forward(kern, work, in, &lower, o, ldo);
        kern->softmax_end(m, work->max, work->sum, work->scale, lse + at);
        kern->scale_rows(m, in->p, work->scale, o + at * ldo, ldo, o + at * ldo, ldo);
    }
}

/* ---- backward ---------------------------------------------------------------------- */

/* y [cols,p], rows of the piece's keys, = or += x^T b, b the piece's rows of q or dout. */
static void gather(const Kern *kern, const AttentionIn *in, const Piece *c, const Real *x,
                   const Real *b, size_t ldb, const char *packed, Real *y, size_t ldy)
{
    Real *to = y + c->key * ldy;
    if (c->key < c->query) {
        kern->gemm_tn_packed(c->cols, in->p, c->rows, x, TILE, packed, to, ldy, KERN_ADD);
    } else { /* on the diagonal: the lower half comes first and meets all keys */
        kern->gemm_tn(c->cols, in->p, c->rows, x, TILE, b + (c->query + c->first) * ldb, ldb, to,
                      ldy, c->is_whole ? KERN_SET : KERN_ADD);
    }
}

static void piece_backward(const Kern *kern, AttentionWork *work, const AttentionIn *in,
                           const AttentionOut *out, const Piece *c, const AttentionGrad *ret)
{
    size_t row = c->query + c->first;
    against(kern, work, in, c, in->q + row * in->ld, in->ld, in->k, work->key, work->s);
    against(kern, work, in, c, out->dout + row * out->ldo, out->ldo, in->v, work->value, work->ds);
    kern->softmax_tile_grad(c->rows, c->cols, TILE, c->valid, out->lse + row,
                            work->scale + c->first, work->s, work->ds);
    gather(kern, in, c, work->s, out->dout, out->ldo, work->dout_rows, ret->dv, ret->ld);
    gather(kern, in, c, work->ds, in->q, in->ld, work->query_rows, ret->dk, ret->ld);
    combine(kern, work, in, c, work->ds, in->k, work->key_rows, ret->dq + row * ret->ld, ret->ld);
}

void attention_backward(const Kern *kern, AttentionWork *work, const AttentionIn *in,
                        const AttentionOut *out, const AttentionGrad *ret)
{
    for (size_t i = 0; i < tiles_of(in->n); i++) {
        size_t m = tile_size(in->n, i), at = i * TILE;
        const Real *q = in->q + at * in->ld, *dout = out->dout + at * out->ldo;
        kern->pack_nt(m, in->p, in->k + at * in->ld, in->ld, work->key + i * work->columns_bytes);
        kern->pack_nn(in->p, m, in->k + at * in->ld, in->ld, work->key_rows + i * work->rows_bytes);
        kern->pack_nt(m, in->p, in->v + at * in->ld, in->ld, work->value + i * work->columns_bytes);
        kern->dot_rows(m, in->p, dout, out->o + at * out->ldo, out->ldo, work->scale);
        Piece lower = piece_on(in, i, true), upper = piece_on(in, i, false);
        if (i > 0) {
            kern->pack_nn(in->p, m, q, in->ld, work->query_rows);
            kern->pack_nn(in->p, m, dout, out->ldo, work->dout_rows);
        }
        for (size_t j = 0; j < i; j++) {
            Piece c = piece_below(in, i, j);
            piece_backward(kern, work, in, out, &c, ret);
        }
        piece_backward(kern, work, in, out, &lower, ret);
        piece_backward(kern, work, in, out, &upper, ret);
    }
}

void attention_decode(const Kern *kern, const AttentionIn *in, Real *scores, Real *o)
{
    size_t valid = in->n;
    kern->gemm_nt(1, in->n, in->p, in->q, in->p, in->k, in->ld, scores, in->n, KERN_SET);
    kern->softmax(1, in->n, scores, &valid, NULL);
    kern->gemm_nn(1, in->p, in->n, scores, in->n, in->v, in->ld, o, in->p, KERN_SET);
}
