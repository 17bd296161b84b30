/* mul_rows.h -- kernels that are mul() row by row; included where mul() is the ISA's. */
static void mul_rows(size_t rows, size_t n, const Real *w, const Real *x, size_t ldx, Real *y,
                     size_t ldy)
{
    for (size_t i = 0; i < rows; i++) {
        mul(n, w, x + i * ldx, y + i * ldy);
    }
}

static void mul_toeplitz(size_t rows, size_t n, const Real *t, Real *a, size_t lda)
{
    for (size_t i = 0; i < rows; i++) {
        mul(n, t - i, a + i * lda, a + i * lda);
    }
}
