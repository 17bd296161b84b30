/* gemm_vec.h -- matrix products by register tiles (docs/kernels.md has the picture).
 *
 * A tile of C, TILE_ROWS by 2 TILE_W, lives in registers while k runs; B comes
 * from panels of 2 TILE_W columns, packed or in place; A is read where it lies or
 * from a packed block, one broadcast per row and step.  Blocks of k store C and load
 * it again, which is exact, so every output is one chain over ascending k.
 *
 * Three kinds of product share this code (`kind` is a constant wherever it is used):
 *   EXACT    floats as they are; a step of k is one float;
 *   ROUNDED  the same on operands rounded to bfloat16 while they are packed;
 *   PAIRS    a step is two bfloat16 in one 32-bit lane, multiplied and added by the
 *            CPU's dot-product instruction.
 *
 * An ISA's vec_<isa>.h defines Tile (TILE_W floats), TILE_ROWS and
 * TILE_SHAPES (the heights that have code of their own), TILE_GATHER_LEFT, the tile_*
 * functions and tile_transpose (TRANSPOSE square); TILE_HAS_PAIRS, and with it
 * tile_pairs, tile_row_pairs and tile_dot, without it tile_round.
 */
#include "trainer/core/kern.h"
#include "trainer/core/pack.h"

enum {
    PANEL = 2 * TILE_W,
    ROWS_PER_BASE = 3, /* x86 addresses base, base + s and base + 2 s */
    /* With fewer rows of C, B is read too few times to be worth a copy. */
    PACK_MIN_ROWS = 4 * TILE_ROWS,
    /* Rows of A that stay in L2 while the panels pass. */
    ROW_BLOCK = 126 / TILE_ROWS * TILE_ROWS,
    LEFT_W = (TILE_ROWS + TILE_W - 1) / TILE_W * TILE_W, /* floats per step of one packed tile */
    L1_STRIDE = 1024, /* floats after which lines fall on the same place in L1: rows so far
                         apart would drive each other out */
    ROWS_AHEAD = 8,   /* steps between a prefetch and its use */
};

typedef enum Kind { EXACT, ROUNDED, PAIRS } Kind;

#if TILE_HAS_PAIRS
#define BF16_KIND PAIRS
VEC_FN Tile tile_round(Tile x) /* never used: PAIRS rounds as it packs */
{
    return x;
}
#else
#define BF16_KIND ROUNDED
VEC_FN Tile tile_pairs(Tile even, Tile odd) /* this and the next two are never used */
{
    (void)odd;
    return even;
}

VEC_FN Tile tile_row_pairs(const float *x, size_t count)
{
    return tile_load_part(x, count);
}

VEC_FN Tile tile_dot(Tile a, Tile b, Tile c)
{
    return tile_fma(a, b, c);
}
#endif

/* Floats (or pairs of bfloat16) that a depth of k takes. */
VEC_FN size_t steps_of(const Kind kind, size_t k)
{
    return kind == PAIRS ? (k + 1) / 2 : k;
}

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
    size_t steps;
    LeftView a;
    const float *b; /* element (p, j) is b[p ldb + j] */
    size_t ldb;
    float *c;
    size_t ldc;
    size_t cols;         /* columns of C to write; the rest of the tile is padding */
    bool add;            /* start from C, not from 0 */
    const float *next_c; /* where the next tile will start: fetched meanwhile */
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

VEC_FN Tile tile_multiply(const bool is_pairs, Tile a, Tile b, Tile c)
{
    return is_pairs ? tile_dot(a, b, c) : tile_fma(a, b, c);
}

/* is_pairs, rows, vecs and per_base are constants at each call, so the loops over them unroll
 * and acc is registers. */
VEC_FN void tile_run(const TileJob *t, const bool is_pairs, const size_t rows, const size_t vecs,
                     const size_t per_base, const size_t row_stride, const size_t step)
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
        if (t->add) {
            __builtin_prefetch(t->next_c + r * t->ldc, 1);
            __builtin_prefetch(t->next_c + r * t->ldc + PANEL - 1, 1);
        }
        base[r / per_base] = t->a.at + r / per_base * per_base * row_stride;
    }
    for (size_t p = 0; p < t->steps; p++) {
        Tile b0 = tile_load(b);
        Tile b1 = vecs > 1 ? tile_load(b + TILE_W) : b0;
        b += t->ldb;
        UNROLL
        for (size_t r = 0; r < rows; r++) {
            Tile a = tile_set1(base[r / per_base][r % per_base * row_stride]);
            acc[r][0] = tile_multiply(is_pairs, a, b0, acc[r][0]);
            if (vecs > 1) {
                acc[r][1] = tile_multiply(is_pairs, a, b1, acc[r][1]);
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

/* One function per tile shape and kind of multiplication, for either order of A. */
#define TILE_FUNCTION(R, name, is_pairs)                                 \
    static __attribute__((noinline)) void name##R(const TileJob *t)      \
    {                                                                    \
        if (t->a.step == 1) {                                            \
            if (t->cols > TILE_W) {                                      \
                tile_run(t, is_pairs, R, 2, ROWS_PER_BASE, t->a.row, 1); \
            } else {                                                     \
                tile_run(t, is_pairs, R, 1, ROWS_PER_BASE, t->a.row, 1); \
            }                                                            \
        } else if (t->cols > TILE_W) {                                   \
            tile_run(t, is_pairs, R, 2, TILE_ROWS, 1, t->a.step);        \
        } else {                                                         \
            tile_run(t, is_pairs, R, 1, TILE_ROWS, 1, t->a.step);        \
        }                                                                \
    }
#define TILE_FLOATS(R) TILE_FUNCTION(R, tile_, false)
#define TILE_PAIRS(R)  TILE_FUNCTION(R, tile_pairs_, true)

TILE_SHAPES(TILE_FLOATS)
#if TILE_HAS_PAIRS
TILE_SHAPES(TILE_PAIRS)
#endif

typedef struct TileShape {
    size_t rows;
    void (*run[2])(const TileJob *t); /* of floats, of pairs */
} TileShape;

static const TileShape *tile_shape(size_t rows_left)
{
#if TILE_HAS_PAIRS
#define TILE_ENTRY(R) {R, {tile_##R, tile_pairs_##R}},
#else
#define TILE_ENTRY(R) {R, {tile_##R}},
#endif
    static const TileShape shapes[] = {TILE_SHAPES(TILE_ENTRY)}; /* tallest first, down to 1 */
#undef TILE_ENTRY
    const TileShape *s = shapes;
    while (s->rows > rows_left) {
        s++;
    }
    return s;
}

/* ---- what a step holds ---- */

/* count lanes from the rows p, p + 1 of a matrix (PAIRS: 2 p and 2 p + 1, of k). */
VEC_FN Tile load_across(const Kind kind, const float *x, size_t ld, size_t p, size_t k,
                        size_t count)
{
    if (kind != PAIRS) {
        const float *at = x + p * ld;
        Tile row = count >= TILE_W ? tile_load(at) : tile_load_part(at, count);
        return kind == ROUNDED ? tile_round(row) : row;
    }
    const float *at = x + 2 * p * ld;
    Tile even = count >= TILE_W ? tile_load(at) : tile_load_part(at, count);
    if (2 * p + 1 == k) {
        return tile_pairs(even, tile_zero());
    }
    return tile_pairs(even, count >= TILE_W ? tile_load(at + ld) : tile_load_part(at + ld, count));
}

/* count floats (PAIRS: up to twice a register's) as the steps of a row. */
VEC_FN Tile convert(const Kind kind, const float *x, size_t count)
{
    if (kind == PAIRS) {
        return tile_row_pairs(x, count);
    }
    Tile t = count >= TILE_W ? tile_load(x) : tile_load_part(x, count);
    return kind == ROUNDED ? tile_round(t) : t;
}

/* One row of k floats as steps. */
VEC_FN void convert_row(const Kind kind, size_t k, const float *x, float *to)
{
    const size_t width = kind == PAIRS ? 2 * TILE_W : TILE_W; /* floats of x in one store */
    size_t p = 0;
    for (; p + width <= k; p += width, to += TILE_W) {
        tile_store(to, convert(kind, x + p, width));
    }
    if (p < k) {
        tile_store_part(to, steps_of(kind, k - p), convert(kind, x + p, k - p));
    }
}

/* ---- panels of B ---- */

/* n columns of k rows of B as panels, the last one padded with zeros; row after row, as B
 * lies in memory. */
VEC_FN void pack_columns(const Kind kind, size_t k, size_t n, const float *b, size_t ldb,
                         float *panels)
{
    size_t steps = steps_of(kind, k), size = steps * PANEL;
    for (size_t p = 0; p < steps; p++) {
        float *to = panels + p * PANEL;
        size_t j = 0;
        for (; j + PANEL <= n; j += PANEL, to += size) {
            tile_store(to, load_across(kind, b + j, ldb, p, k, TILE_W));
            tile_store(to + TILE_W, load_across(kind, b + j + TILE_W, ldb, p, k, TILE_W));
        }
        if (j < n) {
            size_t cols = n - j, left = cols < TILE_W ? cols : TILE_W;
            tile_store(to, load_across(kind, b + j, ldb, p, k, left));
            tile_store(to + TILE_W,
                       cols > TILE_W ? load_across(kind, b + j + TILE_W, ldb, p, k, cols - TILE_W)
                                     : tile_zero());
        }
    }
}

/* A panel of the transpose of b [cols,steps].  Tiles read the second half of a panel only if
 * it has columns. */
static void pack_transposed(size_t steps, size_t cols, const float *b, size_t ldb, float *panel)
{
    size_t width = cols > TILE_W ? PANEL : TILE_W;
    size_t whole_steps = steps / TRANSPOSE * TRANSPOSE;
    size_t whole_cols = cols / TRANSPOSE * TRANSPOSE;
    for (size_t p = 0; p < whole_steps; p += TRANSPOSE) {
        for (size_t j = 0; j < whole_cols; j += TRANSPOSE) {
            tile_transpose(b + j * ldb + p, ldb, panel + p * PANEL + j, PANEL);
        }
    }
    for (size_t p = 0; p < steps; p++) {
        for (size_t j = p < whole_steps ? whole_cols : 0; j < width; j++) {
            uint32_t bits = 0; /* a pair is no float */
            if (j < cols) {
                memcpy(&bits, b + j * ldb + p, sizeof bits);
            }
            memcpy(panel + p * PANEL + j, &bits, sizeof bits);
        }
    }
}

/* The same as pack_columns where the columns of the product are the rows of b. */
VEC_FN void pack_rows(const Kind kind, size_t k, size_t cols, const float *b, size_t ldb,
                      float *panel)
{
    if (kind == EXACT) {
        pack_transposed(k, cols, b, ldb, panel);
        return;
    }
    enum { LD = PACK_K + PACK_PAD };
    float *rows = pack_buffer()->rows;
    for (size_t j = 0; j < cols; j++) {
        convert_row(kind, k, b + j * ldb, rows + j * LD);
    }
    pack_transposed(steps_of(kind, k), cols, rows, LD, panel);
}

/* Where the panels of one block of B lie. */
typedef struct Panels {
    const float *whole; /* the first whole panel */
    size_t ldb, stride; /* between its rows; from one panel to the next */
    const float *tail;  /* the last, narrow one: always packed */
} Panels;

/* All of a block of B as panels, one after the other. */
VEC_FN void pack_block(const Kind kind, size_t n, size_t k, RightView b, float *to)
{
    if (b.column == 1) {
        pack_columns(kind, k, n, b.at, b.step, to);
        return;
    }
    for (size_t j = 0; j < n; j += PANEL, to += steps_of(kind, k) * PANEL) {
        pack_rows(kind, k, n - j < PANEL ? n - j : PANEL, b.at + j * b.column, b.column, to);
    }
}

VEC_FN Panels packed_panels(const Kind kind, size_t n, size_t k, const float *packed)
{
    size_t size = steps_of(kind, k) * PANEL;
    return (Panels){packed, PANEL, size, packed + n / PANEL * size};
}

VEC_FN Panels panels_of(const Kind kind, size_t m, size_t n, size_t k, RightView b)
{
    float *buffer = pack_buffer()->right;
    if (kind != EXACT || b.column != 1 || m >= PACK_MIN_ROWS) {
        pack_block(kind, n, k, b, buffer);
        return packed_panels(kind, n, k, buffer);
    }
    size_t whole = n / PANEL * PANEL;
    if (n > whole) {
        pack_block(kind, n - whole, k, (RightView){b.at + whole, b.step, 1}, buffer);
    }
    return (Panels){b.at, b.step, PANEL, buffer};
}

/* ---- blocks of A ---- */

/* A block of rows of A as its tiles read it. */
typedef struct Left {
    LeftView view;      /* of the first tile */
    size_t tile_floats; /* from one tile to the next; 0: tile rows follow each other in view */
} Left;

/* Short pieces of rows far apart: no prefetcher of a CPU follows them.  Addresses beyond the
 * matrix do no harm. */
VEC_FN void prefetch_rows(const float *x, size_t ld, const size_t n, size_t floats)
{
    enum { LINE_FLOATS = 16 };
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < floats; j += LINE_FLOATS) {
            __builtin_prefetch(x + i * ld + j);
        }
    }
}

/* Tile after tile, each [steps, LEFT_W]: A lies transposed.  Read row after row. */
VEC_FN Left pack_left_tiles(const Kind kind, size_t rows, size_t k, LeftView a)
{
    const size_t per_step = kind == PAIRS ? 2 : 1;
    size_t steps = steps_of(kind, k), size = steps * LEFT_W + PACK_PAD;
    float *left = pack_buffer()->left;
    for (size_t p = 0; p < steps; p++) {
        float *to = left + p * LEFT_W;
        prefetch_rows(a.at + (p + ROWS_AHEAD) * per_step * a.step, a.step, per_step, rows);
        size_t i = 0;
        for (; i + TILE_ROWS <= rows; i += TILE_ROWS, to += size) {
            tile_store(to, load_across(kind, a.at + i, a.step, p, k, TILE_ROWS));
        }
        while (i < rows) {
            size_t height = tile_shape(rows - i)->rows;
            tile_store(to, load_across(kind, a.at + i, a.step, p, k, height));
            i += height;
            to += size;
        }
    }
    return (Left){{left, 1, LEFT_W}, size};
}

VEC_FN Left left_of(const Kind kind, size_t rows, size_t n, size_t k, LeftView a)
{
    if (a.step != 1 || a.row == 1) { /* transposed: a tile takes few floats of each line */
        bool is_copied = kind != EXACT || (TILE_GATHER_LEFT && n > PANEL);
        return is_copied && a.row == 1 ? pack_left_tiles(kind, rows, k, a) : (Left){a, 0};
    }
    if (kind == EXACT && (a.row % L1_STRIDE != 0 || n <= (size_t)2 * PANEL)) {
        return (Left){a, 0};
    }
    float *to = pack_buffer()->left;
    size_t ld = steps_of(kind, k) + PACK_PAD;
    for (size_t i = 0; i < rows; i++) {
        convert_row(kind, k, a.at + i * a.row, to + i * ld);
    }
    return (Left){{to, ld, 1}, 0};
}

/* ---- the product ---- */

/* One tile of A's rows against all panels of a block: they lie in L2, the tile of A in L1. */
VEC_FN void tile_row(const Kind kind, const TileShape *shape, size_t n, TileJob *job,
                     const Panels *panels, float *c)
{
    for (size_t j = 0; j < n; j += PANEL) {
        bool is_whole = n - j >= PANEL;
        job->b = is_whole ? panels->whole + j / PANEL * panels->stride : panels->tail;
        job->ldb = is_whole ? panels->ldb : PANEL;
        job->cols = is_whole ? PANEL : n - j;
        job->c = c + j;
        job->next_c = j + PANEL < n ? c + j + PANEL : c + shape->rows * job->ldc;
        shape->run[kind == PAIRS](job);
    }
}

/* One block: its panels stay in L2. */
VEC_FN void gemm_block(const Kind kind, size_t m, size_t n, size_t k, LeftView a, Panels panels,
                       float *c, size_t ldc, bool add)
{
    for (size_t i = 0; i < m; i += ROW_BLOCK) {
        size_t rows = m - i < ROW_BLOCK ? m - i : ROW_BLOCK;
        Left left = left_of(kind, rows, n, k, (LeftView){a.at + i * a.row, a.row, a.step});
        TileJob job = {.steps = steps_of(kind, k), .a = left.view, .ldc = ldc, .add = add};
        for (size_t r = 0; r < rows;) {
            const TileShape *shape = tile_shape(rows - r);
            tile_row(kind, shape, n, &job, &panels, c + (i + r) * ldc);
            job.a.at += left.tile_floats ? left.tile_floats : shape->rows * left.view.row;
            r += shape->rows;
        }
    }
}

/* Blocks of k of equal depth; the same for packing and for multiplying. */
VEC_FN size_t block_depth(const Kind kind, size_t k)
{
    const size_t unit = kind == PAIRS ? 2 : 1, most = PACK_K * unit;
    size_t blocks = k > most ? (k + most - 1) / most : 1;
    size_t depth = (k + blocks - 1) / blocks;
    return (depth + unit - 1) / unit * unit;
}

/* Columns of B that fit the buffer at this depth. */
VEC_FN size_t block_width(const Kind kind, size_t n, size_t depth)
{
    return depth > 0 ? (size_t)PACK_K * PACK_N / steps_of(kind, depth) / PANEL * PANEL : n;
}

VEC_FN void gemm(const Kind kind, size_t m, size_t n, size_t k, LeftView a, RightView b, float *c,
                 size_t ldc, bool add)
{
    size_t kc = block_depth(kind, k), nc = block_width(kind, n, kc);
    for (size_t j = 0; j < n; j += nc) {
        size_t cols = n - j < nc ? n - j : nc;
        size_t p = 0;
        do {
            size_t depth = k - p < kc ? k - p : kc;
            LeftView ap = {a.at + p * a.step, a.row, a.step};
            RightView bp = {b.at + p * b.step + j * b.column, b.step, b.column};
            gemm_block(kind, m, cols, depth, ap, panels_of(kind, m, cols, depth, bp), c + j, ldc,
                       add || p > 0);
            p += depth;
        } while (p < k);
    }
}

/* ---- packed once ---- */

VEC_FN size_t packed_floats(const Kind kind, size_t n, size_t k)
{
    return (n + PANEL - 1) / PANEL * PANEL * steps_of(kind, k);
}

VEC_FN void pack_all(const Kind kind, size_t n, size_t k, RightView b, float *to)
{
    size_t kc = block_depth(kind, k);
    for (size_t p = 0; p < k; p += kc) {
        size_t depth = k - p < kc ? k - p : kc;
        pack_block(kind, n, depth, (RightView){b.at + p * b.step, b.step, b.column}, to);
        to += packed_floats(kind, n, depth);
    }
}

VEC_FN void gemm_on_packed(const Kind kind, size_t m, size_t n, size_t k, LeftView a,
                           const float *packed, float *c, size_t ldc, bool add)
{
    size_t kc = block_depth(kind, k), nc = block_width(kind, n, kc);
    size_t p = 0;
    do {
        size_t depth = k - p < kc ? k - p : kc;
        LeftView ap = {a.at + p * a.step, a.row, a.step};
        for (size_t j = 0; j < n; j += nc) {
            size_t cols = n - j < nc ? n - j : nc;
            Panels panels = packed_panels(kind, cols, depth, packed + j * steps_of(kind, depth));
            gemm_block(kind, m, cols, depth, ap, panels, c + j, ldc, add || p > 0);
        }
        packed += packed_floats(kind, n, depth);
        p += depth;
    } while (p < k);
}

/* ---- the table's functions, for each of the two precisions ---- */

#define GEMM_VEC(suffix, kind)                                                                   \
    static void gemm_nn##suffix(size_t m, size_t n, size_t k, const float *a, size_t lda,        \
                                const float *b, size_t ldb, float *c, size_t ldc, KernAcc acc)   \
    {                                                                                            \
        gemm(kind, m, n, k, (LeftView){a, lda, 1}, (RightView){b, ldb, 1}, c, ldc,               \
             acc == KERN_ADD);                                                                   \
    }                                                                                            \
    static void gemm_nt##suffix(size_t m, size_t n, size_t k, const float *a, size_t lda,        \
                                const float *b, size_t ldb, float *c, size_t ldc, KernAcc acc)   \
    {                                                                                            \
        gemm(kind, m, n, k, (LeftView){a, lda, 1}, (RightView){b, 1, ldb}, c, ldc,               \
             acc == KERN_ADD);                                                                   \
    }                                                                                            \
    static void gemm_tn##suffix(size_t m, size_t n, size_t k, const float *a, size_t lda,        \
                                const float *b, size_t ldb, float *c, size_t ldc, KernAcc acc)   \
    {                                                                                            \
        gemm(kind, m, n, k, (LeftView){a, 1, lda}, (RightView){b, ldb, 1}, c, ldc,               \
             acc == KERN_ADD);                                                                   \
    }                                                                                            \
    static size_t packed_bytes##suffix(size_t n, size_t k)                                       \
    {                                                                                            \
        return packed_floats(kind, n, k) * sizeof(float);                                        \
    }                                                                                            \
    static void pack_nn##suffix(size_t n, size_t k, const float *b, size_t ldb, void *to)        \
    {                                                                                            \
        pack_all(kind, n, k, (RightView){b, ldb, 1}, to);                                        \
    }                                                                                            \
    static void pack_nt##suffix(size_t n, size_t k, const float *b, size_t ldb, void *to)        \
    {                                                                                            \
        pack_all(kind, n, k, (RightView){b, 1, ldb}, to);                                        \
    }                                                                                            \
    static void gemm_packed##suffix(size_t m, size_t n, size_t k, const float *a, size_t lda,    \
                                    const void *b, float *c, size_t ldc, KernAcc acc)            \
    {                                                                                            \
        gemm_on_packed(kind, m, n, k, (LeftView){a, lda, 1}, b, c, ldc, acc == KERN_ADD);        \
    }                                                                                            \
    static void gemm_tn_packed##suffix(size_t m, size_t n, size_t k, const float *a, size_t lda, \
                                       const void *b, float *c, size_t ldc, KernAcc acc)         \
    {                                                                                            \
        gemm_on_packed(kind, m, n, k, (LeftView){a, 1, lda}, b, c, ldc, acc == KERN_ADD);        \
    }

GEMM_VEC(, EXACT)
GEMM_VEC(_bf16, BF16_KIND)
