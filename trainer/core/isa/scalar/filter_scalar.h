/* filter_scalar.h -- the twins of the filters by channel; included by kern_scalar.c. */

static void filter(size_t rows, size_t n, size_t ld, const Real *k, const Real *x, Real *y)
{
    for (size_t i = 0; i < rows; i++) {
        for (size_t s = 0; s <= i; s++) {
            mul_add(n, k + (i - s) * ld, x + s * ld, y + i * ld);
        }
    }
}

static void filter_grad(size_t rows, size_t n, size_t ld, const Real *k, const Real *x,
                        const Real *dy, Real *dx, Real *dk)
{
    for (size_t i = 0; i < rows; i++) {
        for (size_t s = 0; s <= i; s++) {
            mul_add(n, k + (i - s) * ld, dy + i * ld, dx + s * ld);
            mul_add(n, x + s * ld, dy + i * ld, dk + (i - s) * ld);
        }
    }
}

#define SCALAR_FILTER .filter = filter, .filter_grad = filter_grad
