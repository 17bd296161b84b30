/* decay_vec.h -- the kernels of linear attention, on sixteen lanes.
 *
 * Included by kern_vec.h; the twins are in isa/scalar/decay_scalar.h.  Inside a sub-chunk of
 * SIDE rows every sum has a register of its own:
 *
 *   - decay_inside: lane j is the column j of A, one register for every row.  For each channel
 *     the keys of all columns are carried down the rows, key_j <- key_j f_i where j < i, so
 *     that a row's step is one product and one fused sum.
 *   - decay_grad: lanes are channels, one register for each row's sum, carried along by the
 *     factors of the other side's rows.
 */
#include "trainer/core/isa/mul_rows.h"

enum {
    SIDE = KERN_LANES, /* rows that have a register each */
    SLAB = 64,         /* channels that are copied at a time */
};

/* ---- rows ---- */

static void scale_rows(size_t rows, size_t n, const float *s, const float *x, size_t ldx, float *y,
                       size_t ldy)
{
    for (size_t row = 0; row < rows; row++) {
        const float *xr = x + row * ldx;
        float *yr = y + row * ldy;
        Vec by = vec_set1(s[row]);
        EACH_BLOCK(n, vec_store(yr + i, c, vec_mul(by, vec_load(xr + i, c))));
    }
}

VEC_FN void sum_rows_block(size_t c, size_t rows, const float *x, size_t ldx, double *sum)
{
    VecD total = vecd_load(sum, c);
    for (size_t row = 0; row < rows; row++) {
        total = vecd_add(total, vec_load(x + row * ldx, c));
    }
    vecd_store(sum, c, total);
}

static void sum_rows(size_t rows, size_t n, const float *x, size_t ldx, double *sum)
{
    EACH_BLOCK(n, sum_rows_block(c, rows, x + i, ldx, sum + i));
}

/* ---- the factors of a chunk ---- */

/* Rows first .. end, one sub-chunk, of c channels from a; returns e^(sum of g). */
VEC_FN Vec factors_of_block(size_t c, const KernDecay *x, size_t first, size_t end, size_t a,
                            Vec before)
{
    Vec total = vec_set1(0.0f), fore = vec_set1(1.0f), rest = vec_set1(1.0f);
    for (size_t row = first; row < end; row++) {
        size_t at = row * x->n + a;
        Vec g = vec_load(x->g + row * x->ldg + a, c);
        Vec f = vec_exp(g);
        total = vec_add(total, g);
        fore = vec_mul(fore, f);
        Vec near = vec_mul(vec_load(x->q + row * x->ldq + a, c), fore);
        vec_store(x->f + at, c, f);
        vec_store(x->near + at, c, near);
        vec_store(x->far + at, c, vec_mul(near, before));
    }
    for (size_t row = end; row-- > first;) {
        size_t at = row * x->n + a;
        vec_store(x->key + at, c, vec_mul(vec_load(x->k + row * x->ldk + a, c), rest));
        rest = vec_mul(rest, vec_load(x->f + at, c));
    }
    return vec_exp(total);
}

VEC_FN void factors_of_chunk(size_t c, const KernDecay *x, size_t a)
{
    Vec before = vec_set1(1.0f);
    size_t block = 0;
    for (size_t first = 0; first < x->rows; first += x->sub, block++) {
        size_t end = x->rows - first < x->sub ? x->rows : first + x->sub;
        Vec whole = factors_of_block(c, x, first, end, a, before);
        vec_store(x->whole + block * x->n + a, c, whole);
        vec_store(x->before + block * x->n + a, c, before);
        before = vec_mul(before, whole);
    }
    vec_store(x->before + block * x->n + a, c, before);
}

static void decay_factors(const KernDecay *x)
{
    const KernDecay own = *x; /* stores cannot change it */
    EACH_BLOCK(own.n, factors_of_chunk(c, &own, i));
}

/* ---- inside a sub-chunk ---- */

/* SIDE rows of q and f and SIDE columns of keys, of up to SLAB channels. */
typedef struct InsideTile {
    float q[SIDE * SLAB], f[SIDE * SLAB];
    float key[SLAB * SIDE]; /* transposed */
} InsideTile;

/* to [SIDE,SLAB]: rows and channels that are missing are zeros. */
static void copy_rows(size_t rows, size_t n, const float *x, size_t ldx, float *to)
{
    for (size_t row = 0; row < SIDE; row++) {
        const float *from = x + row * ldx;
        for (size_t i = 0; i < n; i += KERN_LANES) {
            size_t left = row >= rows ? 0 : n - i < KERN_LANES ? n - i : KERN_LANES;
            Vec v = left == KERN_LANES ? vec_load(from + i, KERN_LANES)
                    : left > 0         ? vec_load(from + i, left)
                                       : vec_set1(0.0f);
            vec_store(to + row * SLAB + i, KERN_LANES, v);
        }
    }
}

/* to[a][j] = x[j][a], [n,SIDE]; columns that are missing are zeros. */
static void transpose_rows(size_t rows, size_t n, const float *x, size_t ldx, float *to)
{
    size_t whole_rows = rows / TRANSPOSE * TRANSPOSE, whole_n = n / TRANSPOSE * TRANSPOSE;
    for (size_t a = 0; a < whole_n; a += TRANSPOSE) {
        for (size_t j = 0; j < whole_rows; j += TRANSPOSE) {
            tile_transpose(x + j * ldx + a, ldx, to + a * SIDE + j, SIDE);
        }
    }
    for (size_t a = 0; a < n; a++) {
        for (size_t j = a < whole_n ? whole_rows : 0; j < SIDE; j++) {
            to[a * SIDE + j] = j < rows ? x[j * ldx + a] : 0.0f;
        }
    }
}

/* p [rows,cols] += q (keys carried to its row); leaves the keys as they are after its last
 * row.  On the diagonal the columns from the row on are not yet carried, and those after
 * it count nothing. */
VEC_FN void inside_tile(const bool is_diagonal, size_t n, InsideTile *t, size_t rows, size_t cols,
                        float *p, size_t ldp, bool add)
{
    Vec sum[SIDE];
    UNROLL
    for (size_t r = 0; r < SIDE; r++) {
        sum[r] = add && r < rows ? vec_load(p + r * ldp, cols) : vec_set1(0.0f);
    }
    for (size_t a = 0; a < n; a++) {
        Vec key = vec_load(t->key + a * SIDE, SIDE);
        UNROLL
        for (size_t r = 0; r < SIDE; r++) {
            Vec carried = vec_mul(key, vec_set1(t->f[r * SLAB + a]));
            key = vec_keep(is_diagonal ? r : SIDE, carried, key);
            sum[r] = vec_fma(vec_set1(t->q[r * SLAB + a]), key, sum[r]);
        }
        vec_store(t->key + a * SIDE, SIDE, key);
    }
    UNROLL
    for (size_t r = 0; r < SIDE; r++) {
        if (r < rows) {
            vec_store(p + r * ldp, cols,
                      is_diagonal ? vec_keep(r + 1, sum[r], vec_set1(0.0f)) : sum[r]);
        }
    }
}

/* The operands of decay_inside from some channel on. */
typedef struct Inside {
    size_t rows, n;
    const float *q, *k, *f;
    size_t ldq, ldk, ldf;
    float *p;
    size_t ldp;
} Inside;

/* Columns first .. first + SIDE of p, over at most SLAB channels. */
static void inside_columns(const Inside *x, size_t first, bool add)
{
    InsideTile t;
    size_t n = x->n, cols = x->rows - first < SIDE ? x->rows - first : SIDE;
    transpose_rows(cols, n, x->k + first * x->ldk, x->ldk, t.key);
    for (size_t i = first; i < x->rows; i += SIDE) {
        size_t height = x->rows - i < SIDE ? x->rows - i : SIDE;
        float *to = x->p + i * x->ldp + first;
        copy_rows(height, n, x->q + i * x->ldq, x->ldq, t.q);
        copy_rows(height, n, x->f + i * x->ldf, x->ldf, t.f);
        if (i > first) {
            inside_tile(false, n, &t, height, cols, to, x->ldp, add);
        } else if (height == SIDE) {
            inside_tile(true, n, &t, SIDE, SIDE, to, x->ldp, add);
        } else {
            inside_tile(true, n, &t, height, cols, to, x->ldp, add);
        }
    }
}

static void decay_inside(size_t rows, size_t n, const float *q, size_t ldq, const float *k,
                         size_t ldk, const float *f, float *p, size_t ldp)
{
    for (size_t first = 0; first < rows; first += SIDE) {
        size_t cols = rows - first < SIDE ? rows - first : SIDE;
        for (size_t i = 0; i < (n > 0 ? first : rows); i++) {
            memset(p + i * ldp + first, 0, cols * sizeof *p);
        }
        for (size_t a = 0; a < n; a += SLAB) {
            const Inside part = {.rows = rows,
                                 .n = n - a < SLAB ? n - a : SLAB,
                                 .q = q + a,
                                 .k = k + a,
                                 .f = f + a,
                                 .ldq = ldq,
                                 .ldk = ldk,
                                 .ldf = n,
                                 .p = p,
                                 .ldp = ldp};
            inside_columns(&part, first, a > 0);
        }
    }
}

/* ---- its gradient ---- */

/* The last step of both sums of c channels from a: what comes from outside, and dg. */
VEC_FN void finish_query(size_t c, const KernDecayGrad *x, size_t row, size_t a, Vec *fore, Vec sum)
{
    size_t at = row * x->n + a;
    *fore = vec_mul(*fore, vec_load(x->f + at, c));
    vec_store(x->dq + row * x->lddq + a, c, vec_fma(*fore, vec_load(x->dnear + at, c), sum));
}

VEC_FN void finish_key(size_t c, const KernDecayGrad *x, size_t row, size_t a, Vec *rest,
                       VecD *total, Vec sum)
{
    size_t at = row * x->n + a;
    Vec dk = vec_fma(*rest, vec_load(x->dkey + at, c), sum);
    Vec from_q =
        vec_mul(vec_load(x->q + row * x->ldq + a, c), vec_load(x->dq + row * x->lddq + a, c));
    *rest = vec_mul(*rest, vec_load(x->f + at, c));
    *total = vecd_add(*total, vec_fnma(vec_load(x->k + row * x->ldk + a, c), dk, from_q));
    vec_store(x->dk + row * x->lddk + a, c, dk);
    vec_store(x->dg + row * x->lddg + a, c, vecd_round(*total));
}

/* SIDE rows, each sum in a register; p [SIDE,SIDE]. */
VEC_FN void grad_of_side(size_t c, const KernDecayGrad *x, const float *p, size_t a)
{
    Vec sum[SIDE], fore = vec_set1(1.0f), rest = fore;
    VecD total = vecd_load(x->sum + a, c);
    UNROLL
    for (size_t r = 0; r < SIDE; r++) {
        sum[r] = vec_set1(0.0f);
    }
    UNROLL
    for (size_t j = 0; j < SIDE; j++) {
        Vec f = vec_load(x->f + j * x->n + a, c), k = vec_load(x->k + j * x->ldk + a, c);
        UNROLL
        for (size_t r = 0; r < SIDE; r++) {
            sum[r] = r < j ? sum[r] : vec_fma(vec_set1(p[r * SIDE + j]), k, vec_mul(sum[r], f));
        }
    }
    UNROLL
    for (size_t r = 0; r < SIDE; r++) {
        finish_query(c, x, r, a, &fore, sum[r]);
        sum[r] = vec_set1(0.0f);
    }
    UNROLL
    for (size_t from_last = 0; from_last < SIDE; from_last++) {
        const size_t row = SIDE - 1 - from_last;
        Vec f = vec_load(x->f + row * x->n + a, c), q = vec_load(x->q + row * x->ldq + a, c);
        UNROLL
        for (size_t j = 0; j < SIDE; j++) {
            Vec more = vec_fma(vec_set1(p[row * SIDE + j]), q, sum[j]);
            sum[j] = j > row ? sum[j] : j < row ? vec_mul(more, f) : more;
        }
    }
    UNROLL
    for (size_t from_last = 0; from_last < SIDE; from_last++) {
        const size_t row = SIDE - 1 - from_last;
        finish_key(c, x, row, a, &rest, &total, sum[row]);
    }
    vecd_store(x->sum + a, c, total);
}

/* Functions of their own, or all of p would be broadcast into memory first. */
static __attribute__((noinline)) void grad_of_whole(const KernDecayGrad *x, const float *p,
                                                    size_t a)
{
    const KernDecayGrad own = *x; /* stores cannot change it */
    grad_of_side(KERN_LANES, &own, p, a);
}

static __attribute__((noinline)) void grad_of_part(const KernDecayGrad *x, const float *p, size_t a)
{
    grad_of_side(x->n - a, x, p, a);
}

/* Any number of rows, one sum after the other. */
VEC_FN void grad_of_rows(size_t c, const KernDecayGrad *x, size_t a)
{
    Vec fore = vec_set1(1.0f), rest = fore;
    VecD total = vecd_load(x->sum + a, c);
    for (size_t row = 0; row < x->rows; row++) {
        Vec sum = vec_set1(0.0f);
        for (size_t j = 0; j <= row; j++) {
            Vec carried = vec_mul(sum, vec_load(x->f + j * x->n + a, c));
            Vec k = vec_load(x->k + j * x->ldk + a, c);
            sum = vec_fma(vec_set1(x->p[row * x->ldp + j]), k, carried);
        }
        finish_query(c, x, row, a, &fore, sum);
    }
    for (size_t j = x->rows; j-- > 0;) {
        Vec sum = vec_set1(0.0f);
        for (size_t row = x->rows; row-- > j;) {
            Vec q = vec_load(x->q + row * x->ldq + a, c);
            sum = vec_fma(vec_set1(x->p[row * x->ldp + j]), q, sum);
            sum = row > j ? vec_mul(sum, vec_load(x->f + row * x->n + a, c)) : sum;
        }
        finish_key(c, x, j, a, &rest, &total, sum);
    }
    vecd_store(x->sum + a, c, total);
}

static void decay_grad(const KernDecayGrad *x)
{
    float p[SIDE * SIDE];
    if (x->rows != SIDE) {
        EACH_BLOCK(x->n, grad_of_rows(c, x, i));
        return;
    }
    for (size_t r = 0; r < SIDE; r++) { /* rows at a distance that the compiler knows */
        vec_store(p + r * SIDE, SIDE, vec_load(x->p + r * x->ldp, SIDE));
    }
    size_t a = 0;
    for (; a + KERN_LANES <= x->n; a += KERN_LANES) {
        grad_of_whole(x, p, a);
    }
    if (a < x->n) {
        grad_of_part(x, p, a);
    }
}

#define KERN_VEC_DECAY                                                                  \
    .scale_rows = scale_rows, .mul_rows = mul_rows, .mul_toeplitz = mul_toeplitz,       \
    .sum_rows = sum_rows, .decay_factors = decay_factors, .decay_inside = decay_inside, \
    .decay_grad = decay_grad
