/* gemm_vec.h -- matrix products by register tiles (docs/kernels.md has the picture).
 *
 * A tile of C, TILE_ROWS by 2 TILE_W, lives in registers while k runs; B comes
 * from panels of 2 TILE_W columns, packed or in place; A is read where it lies,
 * one broadcast per row and k.  Blocks of k store C and load it again, which is
 * exact, so every output is one chain of fused operations over ascending k.
 *
 * An ISA's vec_<isa>.h defines Tile (TILE_W floats), TILE_ROWS and
 * TILE_SHAPES (the heights that have code of their own), TILE_GATHER_LEFT, the tile_*
 * functions and tile_transpose (TRANSPOSE square).
 */
#include "trainer/core/kern.h"
#include "trainer/core/pack.h"

enum {
    PANEL = 2 * TILE_W,
    ROWS_PER_BASE = 3, /* x86 addresses base, base + s and base + 2 s */
    /* With fewer rows of C, B is read too few times to be worth a copy. */
    PACK_MIN_ROWS = 4 * TILE_ROWS,
};

/* Element (i, p) of the left operand is at[i row + p step]. */
typedef struct LeftView {
    const float *at;
    size_t row, step;
} LeftView;

/* Element (p, j) of the right operand is at[p step + j column]. */
typedef struct RightView {
    const float *at;
    size_t step, column;
} RightView;

typedef struct TileJob {
    size_t k;
    LeftView a;
    const float *b; /* element (p, j) is b[p ldb + j] */
    size_t ldb;
    float *c;
    size_t ldc;
    size_t cols; /* columns of C to write; the rest of the tile is padding */
    bool add;    /* start from C, not from 0 */
} TileJob;

VEC_FN Tile tile_begin(const TileJob *t, size_t r, size_t v)
{
    const float *c = t->c + r * t->ldc + v * TILE_W;
    if (!t->add) {
        return tile_zero();
    }
    return t->cols >= (v + 1) * TILE_W ? tile_load(c) : tile_load_part(c, t->cols - v * TILE_W);
}

VEC_FN void tile_end(const TileJob *t, size_t r, size_t v, Tile x)
{
    float *c = t->c + r * t->ldc + v * TILE_W;
    if (t->cols >= (v + 1) * TILE_W) {
        tile_store(c, x);
    } else {
        tile_store_part(c, t->cols - v * TILE_W, x);
    }
}

/* rows, vecs and per_base are constants at each call, so the loops over them unroll and
 * acc is registers. */
VEC_FN void tile_run(const TileJob *t, const size_t rows, const size_t vecs, const size_t per_base,
                     const size_t row_stride, const size_t step)
{
    Tile acc[TILE_ROWS][2];
    const float *base[TILE_ROWS];
    const float *b = t->b;
    UNROLL
    for (size_t r = 0; r < rows; r++) {
        UNROLL
        for (size_t v = 0; v < vecs; v++) {
            acc[r][v] = tile_begin(t, r, v);
        }
        base[r / per_base] = t->a.at + r / per_base * per_base * row_stride;
    }
    for (size_t p = 0; p < t->k; p++) {
        Tile b0 = tile_load(b);
        Tile b1 = vecs > 1 ? tile_load(b + TILE_W) : b0;
        b += t->ldb;
        UNROLL
        for (size_t r = 0; r < rows; r++) {
            Tile a = tile_set1(base[r / per_base][r % per_base * row_stride]);
            acc[r][0] = tile_fma(a, b0, acc[r][0]);
            if (vecs > 1) {
                acc[r][1] = tile_fma(a, b1, acc[r][1]);
            }
        }
        UNROLL
        for (size_t r = 0; r < rows; r += per_base) {
            base[r / per_base] += step;
        }
    }
    UNROLL
    for (size_t r = 0; r < rows; r++) {
        UNROLL
        for (size_t v = 0; v < vecs; v++) {
            tile_end(t, r, v, acc[r][v]);
        }
    }
}

/* One function per tile shape and orientation of A. */
#define TILE_SHAPE(R)                                                \
    static __attribute__((noinline)) void tile_##R(const TileJob *t) \
    {                                                                \
        if (t->a.step == 1) {                                        \
            if (t->cols > TILE_W) {                                  \
                tile_run(t, R, 2, ROWS_PER_BASE, t->a.row, 1);       \
            } else {                                                 \
                tile_run(t, R, 1, ROWS_PER_BASE, t->a.row, 1);       \
            }                                                        \
        } else if (t->cols > TILE_W) {                               \
            tile_run(t, R, 2, TILE_ROWS, 1, t->a.step);              \
        } else {                                                     \
            tile_run(t, R, 1, TILE_ROWS, 1, t->a.step);              \
        }                                                            \
    }

TILE_SHAPES(TILE_SHAPE)

typedef struct TileShape {
    size_t rows;
    void (*run)(const TileJob *t);
} TileShape;

static const TileShape *tile_shape(size_t rows_left)
{
#define TILE_ENTRY(R) {R, tile_##R},
    static const TileShape shapes[] = {TILE_SHAPES(TILE_ENTRY)}; /* tallest first, down to 1 */
#undef TILE_ENTRY
    const TileShape *s = shapes;
    while (s->rows > rows_left) {
        s++;
    }
    return s;
}

/* ---- panels of B ---- */

/* cols columns of k rows of B as a panel, padded with zeros to its width. */
static void pack_columns(size_t k, size_t cols, const float *b, size_t ldb, float *panel)
{
    size_t left = cols < TILE_W ? cols : TILE_W;
    for (size_t p = 0; p < k; p++, b += ldb, panel += PANEL) {
        if (cols == PANEL) {
            tile_store(panel, tile_load(b));
            tile_store(panel + TILE_W, tile_load(b + TILE_W));
        } else {
            tile_store(panel, tile_load_part(b, left));
            tile_store(panel + TILE_W,
                       cols > TILE_W ? tile_load_part(b + TILE_W, cols - TILE_W) : tile_zero());
        }
    }
}

/* The same where the columns of the product are the rows of b. */
static void pack_rows(size_t k, size_t cols, const float *b, size_t ldb, float *panel)
{
    size_t whole_k = k / TRANSPOSE * TRANSPOSE;
    size_t whole_cols = cols / TRANSPOSE * TRANSPOSE;
    for (size_t p = 0; p < whole_k; p += TRANSPOSE) {
        for (size_t j = 0; j < whole_cols; j += TRANSPOSE) {
            tile_transpose(b + j * ldb + p, ldb, panel + p * PANEL + j, PANEL);
        }
    }
    for (size_t p = 0; p < k; p++) {
        for (size_t j = p < whole_k ? whole_cols : 0; j < PANEL; j++) {
            panel[p * PANEL + j] = j < cols ? b[j * ldb + p] : 0.0f;
        }
    }
}

static void pack_panel(size_t k, size_t cols, RightView b, float *panel)
{
    if (b.column == 1) {
        pack_columns(k, cols, b.at, b.step, panel);
    } else {
        pack_rows(k, cols, b.at, b.column, panel);
    }
}

/* Where the panels of one block of B lie. */
typedef struct Panels {
    const float *whole; /* the first whole panel */
    size_t ldb, stride; /* between its rows; from one panel to the next */
    const float *tail;  /* the last, narrow one: always packed */
} Panels;

static Panels panels_of(size_t m, size_t n, size_t k, RightView b)
{
    float *buffer = pack_buffer()->right;
    size_t n_whole = n / PANEL;
    size_t n_packed = b.column == 1 && m < PACK_MIN_ROWS ? 0 : n_whole;
    for (size_t i = 0; i < n_packed; i++) {
        RightView part = {b.at + i * PANEL * b.column, b.step, b.column};
        pack_panel(k, PANEL, part, buffer + i * k * PANEL);
    }
    float *tail = buffer + n_packed * k * PANEL;
    if (n > n_whole * PANEL) {
        RightView part = {b.at + n_whole * PANEL * b.column, b.step, b.column};
        pack_panel(k, n - n_whole * PANEL, part, tail);
    }
    if (n_packed == n_whole) {
        return (Panels){buffer, PANEL, k * PANEL, tail};
    }
    return (Panels){b.at, b.step, PANEL, tail};
}

/* ---- the product ---- */

/* A tile of a transposed A takes TILE_ROWS floats from each of k cache lines.  Where that
 * is a small part of the line and several panels will read it, gather it once; a k takes
 * TILE_W floats of the buffer. */
static LeftView left_of_tile(size_t rows, size_t n, size_t k, LeftView a)
{
    if (!TILE_GATHER_LEFT || a.step == 1 || n <= PANEL) {
        return a;
    }
    float *to = pack_buffer()->left;
    for (size_t p = 0; p < k; p++) {
        tile_store(to + p * TILE_W, tile_load_part(a.at + p * a.step, rows));
    }
    return (LeftView){to, 1, TILE_W};
}

/* One block: k and n are small enough for the buffer. */
static void gemm_block(size_t m, size_t n, size_t k, LeftView a, RightView b, float *c, size_t ldc,
                       bool add)
{
    Panels panels = panels_of(m, n, k, b);
    for (size_t i = 0; i < m;) {
        const TileShape *shape = tile_shape(m - i);
        LeftView ai = {a.at + i * a.row, a.row, a.step};
        TileJob job = {.k = k, .ldc = ldc, .add = add};
        job.a = left_of_tile(shape->rows, n, k, ai);
        for (size_t j = 0; j < n; j += PANEL) {
            bool is_whole = n - j >= PANEL;
            job.b = is_whole ? panels.whole + j / PANEL * panels.stride : panels.tail;
            job.ldb = is_whole ? panels.ldb : PANEL;
            job.c = c + i * ldc + j;
            job.cols = is_whole ? PANEL : n - j;
            shape->run(&job);
        }
        i += shape->rows;
    }
}

static void gemm(size_t m, size_t n, size_t k, LeftView a, RightView b, float *c, size_t ldc,
                 bool add)
{
    size_t n_blocks_k = k > PACK_K ? (k + PACK_K - 1) / PACK_K : 1;
    size_t kc = (k + n_blocks_k - 1) / n_blocks_k; /* blocks of equal depth */
    size_t nc = kc > 0 ? (size_t)PACK_K * PACK_N / kc / PANEL * PANEL : n;
    for (size_t j = 0; j < n; j += nc) {
        size_t cols = n - j < nc ? n - j : nc;
        size_t p = 0;
        do {
            size_t depth = k - p < kc ? k - p : kc;
            LeftView ap = {a.at + p * a.step, a.row, a.step};
            RightView bp = {b.at + p * b.step + j * b.column, b.step, b.column};
            gemm_block(m, cols, depth, ap, bp, c + j, ldc, add || p > 0);
            p += depth;
        } while (p < k);
    }
}

static void gemm_nn(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                    size_t ldb, float *c, size_t ldc, KernAcc acc)
{
    gemm(m, n, k, (LeftView){a, lda, 1}, (RightView){b, ldb, 1}, c, ldc, acc == KERN_ADD);
}

static void gemm_nt(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                    size_t ldb, float *c, size_t ldc, KernAcc acc)
{
    gemm(m, n, k, (LeftView){a, lda, 1}, (RightView){b, 1, ldb}, c, ldc, acc == KERN_ADD);
}

static void gemm_tn(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                    size_t ldb, float *c, size_t ldc, KernAcc acc)
{
    gemm(m, n, k, (LeftView){a, 1, lda}, (RightView){b, ldb, 1}, c, ldc, acc == KERN_ADD);
}
