/* filter_vec.h -- filters by channel, on sixteen lanes; included by kern_vec.h.
 *
 * The twins are in isa/scalar/filter_scalar.h.  Of SIDE rows (decay_vec.h) every sum has a
 * register; other numbers of rows go one sum after the other.
 */

/* sum[r] = what row r of p holds, in SIDE registers; and back. */
VEC_FN void load_side(size_t c, size_t ld, const float *p, Vec *sum)
{
    UNROLL
    for (size_t r = 0; r < SIDE; r++) {
        sum[r] = vec_load(p + r * ld, c);
    }
}

VEC_FN void store_side(size_t c, size_t ld, float *p, const Vec *sum)
{
    UNROLL
    for (size_t r = 0; r < SIDE; r++) {
        vec_store(p + r * ld, c, sum[r]);
    }
}

VEC_FN void filter_side(size_t c, size_t ld, const float *k, const float *x, float *y)
{
    Vec sum[SIDE];
    load_side(c, ld, y, sum);
    UNROLL
    for (size_t s = 0; s < SIDE; s++) {
        Vec xs = vec_load(x + s * ld, c);
        UNROLL
        for (size_t i = 0; i < SIDE; i++) {
            sum[i] = i < s ? sum[i] : vec_fma(vec_load(k + (i - s) * ld, c), xs, sum[i]);
        }
    }
    store_side(c, ld, y, sum);
}

/* sum over i of by[i - r] dy[i] into row r of to, i ascending: with by = k and to = dx, and,
 * as both are sums over pairs, with by = x and to = dk. */
VEC_FN void filter_grad_side(size_t c, size_t ld, const float *by, const float *dy, float *to)
{
    Vec sum[SIDE];
    load_side(c, ld, to, sum);
    UNROLL
    for (size_t i = 0; i < SIDE; i++) {
        Vec dyi = vec_load(dy + i * ld, c);
        UNROLL
        for (size_t r = 0; r < SIDE; r++) {
            sum[r] = r > i ? sum[r] : vec_fma(vec_load(by + (i - r) * ld, c), dyi, sum[r]);
        }
    }
    store_side(c, ld, to, sum);
}

VEC_FN void filter_rows(size_t c, size_t rows, size_t ld, const float *k, const float *x, float *y)
{
    for (size_t i = 0; i < rows; i++) {
        Vec sum = vec_load(y + i * ld, c);
        for (size_t s = 0; s <= i; s++) {
            sum = vec_fma(vec_load(k + (i - s) * ld, c), vec_load(x + s * ld, c), sum);
        }
        vec_store(y + i * ld, c, sum);
    }
}

VEC_FN void filter_grad_rows(size_t c, size_t rows, size_t ld, const float *by, const float *dy,
                             float *to)
{
    for (size_t r = 0; r < rows; r++) {
        Vec sum = vec_load(to + r * ld, c);
        for (size_t i = r; i < rows; i++) {
            sum = vec_fma(vec_load(by + (i - r) * ld, c), vec_load(dy + i * ld, c), sum);
        }
        vec_store(to + r * ld, c, sum);
    }
}

static void filter(size_t rows, size_t n, size_t ld, const float *k, const float *x, float *y)
{
    if (rows == SIDE) {
        EACH_BLOCK(n, filter_side(c, ld, k + i, x + i, y + i));
    } else {
        EACH_BLOCK(n, filter_rows(c, rows, ld, k + i, x + i, y + i));
    }
}

static void filter_grad(size_t rows, size_t n, size_t ld, const float *k, const float *x,
                        const float *dy, float *dx, float *dk)
{
    if (rows == SIDE) {
        EACH_BLOCK(n, filter_grad_side(c, ld, k + i, dy + i, dx + i));
        EACH_BLOCK(n, filter_grad_side(c, ld, x + i, dy + i, dk + i));
    } else {
        EACH_BLOCK(n, filter_grad_rows(c, rows, ld, k + i, dy + i, dx + i));
        EACH_BLOCK(n, filter_grad_rows(c, rows, ld, x + i, dy + i, dk + i));
    }
}

#define KERN_VEC_FILTER .filter = filter, .filter_grad = filter_grad
