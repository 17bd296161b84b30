/* norm_vec.h -- the normalisations on sixteen lanes (included by kern_vec.h).
 *
 * A row's second pass finds it in L1. */
#include <math.h>

#include "trainer/core/kern.h"
#include "trainer/core/vec/vec.h"

VEC_FN float rstd_of(size_t d, float eps, Vec lane)
{
    float mean = d > 0 ? vec_fold(lane) / (float)d : 0.0f;
    return 1.0f / sqrtf(mean + eps);
}

/* Sixteen partial sums of x^2. */
VEC_FN Vec squares_of(size_t d, const float *x)
{
    Vec lane = vec_set1(0.0f);
    EACH_BLOCK(d, {
        Vec vx = vec_load(x + i, c);
        lane = vec_keep(c, vec_fma(vx, vx, lane), lane);
    });
    return lane;
}

VEC_FN void norm_row(size_t d, const float *x, const float *w, float *y, float rstd)
{
    Vec r = vec_set1(rstd);
    if (w) {
        EACH_BLOCK(
            d, vec_store(y + i, c, vec_mul(vec_mul(vec_load(x + i, c), r), vec_load(w + i, c))));
    } else {
        EACH_BLOCK(d, vec_store(y + i, c, vec_mul(vec_load(x + i, c), r)));
    }
}

static void rmsnorm(size_t rows, size_t d, float eps, const float *x, const float *w, float *y,
                    float *rstd)
{
    for (size_t row = 0; row < rows; row++, x += d, y += d) {
        rstd[row] = rstd_of(d, eps, squares_of(d, x));
        norm_row(d, x, w, y, rstd[row]);
    }
}

static void add_rmsnorm(size_t rows, size_t d, float eps, const float *x, float *a, const float *w,
                        float *y, float *rstd)
{
    for (size_t row = 0; row < rows; row++, x += d, a += d, y += d) {
        Vec lane = vec_set1(0.0f);
        EACH_BLOCK(d, {
            Vec sum = vec_add(vec_load(x + i, c), vec_load(a + i, c));
            vec_store(a + i, c, sum);
            lane = vec_keep(c, vec_fma(sum, sum, lane), lane);
        });
        rstd[row] = rstd_of(d, eps, lane);
        norm_row(d, a, w, y, rstd[row]);
    }
}

/* dy w, or dy where there is no weight */
VEC_FN Vec weighted(const bool has_w, size_t c, const float *dy, const float *w)
{
    return has_w ? vec_mul(vec_load(dy, c), vec_load(w, c)) : vec_load(dy, c);
}

/* has_w and adds are constants at each call; without a weight, w is dy and never read. */
VEC_FN void dx_row(const bool has_w, const bool adds, size_t d, const float *x, const float *w,
                   float rstd, const float *dy, float *dx)
{
    Vec r = vec_set1(rstd);
    Vec lane = vec_set1(0.0f);
    EACH_BLOCK(d, lane = vec_keep(c,
                                  vec_fma(weighted(has_w, c, dy + i, w + i),
                                          vec_mul(vec_load(x + i, c), r), lane),
                                  lane));
    Vec mean = vec_set1(vec_fold(lane) / (float)d);
    EACH_BLOCK(d, {
        Vec normed = vec_mul(vec_load(x + i, c), r);
        Vec along = vec_fnma(normed, mean, weighted(has_w, c, dy + i, w + i));
        vec_store(dx + i, c, adds ? vec_fma(r, along, vec_load(dx + i, c)) : vec_mul(r, along));
    });
}

static void rmsnorm_dx(size_t rows, size_t d, const float *x, const float *w, const float *rstd,
                       const float *dy, float *dx, KernAcc acc)
{
    for (size_t row = 0; row < rows && d > 0; row++, x += d, dy += d, dx += d) {
        if (w && acc == KERN_ADD) {
            dx_row(true, true, d, x, w, rstd[row], dy, dx);
        } else if (w) {
            dx_row(true, false, d, x, w, rstd[row], dy, dx);
        } else if (acc == KERN_ADD) {
            dx_row(false, true, d, x, dy, rstd[row], dy, dx);
        } else {
            dx_row(false, false, d, x, dy, rstd[row], dy, dx);
        }
    }
}

/* The sums of a column block stay in registers while the rows pass: DW_VECS chains hide
 * the latency of an addition. */
enum { DW_VECS = 4, DW_COLS = DW_VECS * KERN_LANES };

static void dw_block(size_t rows, size_t ld, const float *x, const float *rstd, const float *dy,
                     float *dw)
{
    Vec sum[DW_VECS];
    UNROLL
    for (size_t v = 0; v < DW_VECS; v++) {
        sum[v] = vec_load(dw + v * KERN_LANES, KERN_LANES);
    }
    for (size_t row = 0; row < rows; row++, x += ld, dy += ld) {
        Vec r = vec_set1(rstd[row]);
        UNROLL
        for (size_t v = 0; v < DW_VECS; v++) {
            Vec normed = vec_mul(vec_load(x + v * KERN_LANES, KERN_LANES), r);
            sum[v] = vec_fma(vec_load(dy + v * KERN_LANES, KERN_LANES), normed, sum[v]);
        }
    }
    UNROLL
    for (size_t v = 0; v < DW_VECS; v++) {
        vec_store(dw + v * KERN_LANES, KERN_LANES, sum[v]);
    }
}

VEC_FN void dw_lanes(size_t c, size_t rows, size_t ld, const float *x, const float *rstd,
                     const float *dy, float *dw)
{
    Vec sum = vec_load(dw, c);
    for (size_t row = 0; row < rows; row++, x += ld, dy += ld) {
        sum = vec_fma(vec_load(dy, c), vec_mul(vec_load(x, c), vec_set1(rstd[row])), sum);
    }
    vec_store(dw, c, sum);
}

static void rmsnorm_dw(size_t rows, size_t cols, size_t ld, const float *x, const float *rstd,
                       const float *dy, float *dw)
{
    size_t whole = cols / DW_COLS * DW_COLS;
    for (size_t j = 0; j < whole; j += DW_COLS) {
        dw_block(rows, ld, x + j, rstd, dy + j, dw + j);
    }
    x += whole, dy += whole, dw += whole;
    EACH_BLOCK(cols - whole, dw_lanes(c, rows, ld, x + i, rstd, dy + i, dw + i));
}

static void normgate(size_t rows, size_t d, float eps, const float *o, const float *z, float *y,
                     float *rstd)
{
    for (size_t row = 0; row < rows; row++, o += d, z += d, y += d) {
        rstd[row] = rstd_of(d, eps, squares_of(d, o));
        Vec r = vec_set1(rstd[row]);
        EACH_BLOCK(
            d, vec_store(y + i, c,
                         vec_mul(vec_mul(vec_load(o + i, c), r), vec_sigmoid(vec_load(z + i, c)))));
    }
}

/* The first pass of a row; the output of the norm's gradient is its input for a while. */
VEC_FN Vec gate_grad_row(size_t d, const float *o, const float *z, Vec r, const float *dy, float *y,
                         float *dz, float *dout)
{
    Vec one = vec_set1(1.0f), lane = vec_set1(0.0f);
    EACH_BLOCK(d, {
        Vec s = vec_sigmoid(vec_load(z + i, c));
        Vec normed = vec_mul(vec_load(o + i, c), r);
        Vec g = vec_load(dy + i, c);
        Vec t = vec_mul(g, s);
        vec_store(dout + i, c, t);
        vec_store(y + i, c, vec_mul(normed, s));
        vec_store(dz + i, c, vec_mul(vec_mul(g, normed), vec_mul(s, vec_sub(one, s))));
        lane = vec_keep(c, vec_fma(t, normed, lane), lane);
    });
    return lane;
}

static void normgate_grad(size_t rows, size_t d, const float *o, const float *z, const float *rstd,
                          const float *dy, float *y, float *dz, float *dout)
{
    for (size_t row = 0; row < rows && d > 0; row++) {
        size_t at = row * d;
        Vec r = vec_set1(rstd[row]);
        Vec lane = gate_grad_row(d, o + at, z + at, r, dy + at, y + at, dz + at, dout + at);
        Vec mean = vec_set1(vec_fold(lane) / (float)d);
        const float *from = o + at;
        float *to = dout + at;
        EACH_BLOCK(d, {
            Vec normed = vec_mul(vec_load(from + i, c), r);
            vec_store(to + i, c, vec_mul(r, vec_fnma(normed, mean, vec_load(to + i, c))));
        });
    }
}
