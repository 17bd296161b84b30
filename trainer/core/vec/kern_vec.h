/* kern_vec.h -- every kernel but the matrix products, on sixteen lanes.
 *
 * Included once by each kern_<isa>.c after its vec_<isa>.h.  Each function here
 * does what its namesake in isa/scalar/kern_scalar.c does, in the same order;
 * the tests compare them bit for bit.
 */
#include "trainer/core/kern.h"
#include "trainer/core/kern_table.h"
#include "trainer/core/vec/gate_vec.h"
#include "trainer/core/vec/norm_vec.h"
#include "trainer/core/vec/softmax_vec.h"
#include "trainer/core/vec/turn_vec.h"
#include "trainer/core/vec/vec.h"

/* ---- reductions ---- */

static float dot(size_t n, const float *x, const float *y)
{
    Vec lane = vec_set1(0.0f);
    EACH_BLOCK(n, lane = vec_keep(c, vec_fma(vec_load(x + i, c), vec_load(y + i, c), lane), lane));
    return vec_fold(lane);
}

static float sum(size_t n, const float *x)
{
    Vec lane = vec_set1(0.0f);
    EACH_BLOCK(n, lane = vec_keep(c, vec_add(lane, vec_load(x + i, c)), lane));
    return vec_fold(lane);
}

static double sum_squares(size_t n, const float *x)
{
    VecD lane = vecd_zero(); /* a square is never -0, so idle lanes may add 0 */
    EACH_BLOCK(n, lane = vecd_square_add(vec_load(x + i, c), lane));
    return vecd_fold(lane);
}

/* ---- elementwise ---- */

static void add(size_t n, const float *a, const float *b, float *y)
{
    EACH_BLOCK(n, vec_store(y + i, c, vec_add(vec_load(a + i, c), vec_load(b + i, c))));
}

static void mul(size_t n, const float *a, const float *b, float *y)
{
    EACH_BLOCK(n, vec_store(y + i, c, vec_mul(vec_load(a + i, c), vec_load(b + i, c))));
}

static void mul_add(size_t n, const float *a, const float *b, float *y)
{
    EACH_BLOCK(n, vec_store(y + i, c,
                            vec_fma(vec_load(a + i, c), vec_load(b + i, c), vec_load(y + i, c))));
}

static void axpy(size_t n, float alpha, const float *x, float *y)
{
    Vec va = vec_set1(alpha);
    EACH_BLOCK(n, vec_store(y + i, c, vec_fma(va, vec_load(x + i, c), vec_load(y + i, c))));
}

static void scale(size_t n, float alpha, const float *x, float *y)
{
    Vec va = vec_set1(alpha);
    EACH_BLOCK(n, vec_store(y + i, c, vec_mul(va, vec_load(x + i, c))));
}

static void exp_all(size_t n, const float *x, float *y)
{
    EACH_BLOCK(n, vec_store(y + i, c, vec_exp(vec_load(x + i, c))));
}

static void sigmoid(size_t n, const float *x, float *y)
{
    EACH_BLOCK(n, vec_store(y + i, c, vec_sigmoid(vec_load(x + i, c))));
}

static void log_sigmoid(size_t n, const float *x, float *y)
{
    EACH_BLOCK(n, vec_store(y + i, c, vec_log_sigmoid(vec_load(x + i, c))));
}

VEC_FN void silu_block(size_t c, const float *x, float *y)
{
    Vec vx = vec_load(x, c);
    vec_store(y, c, vec_mul(vx, vec_sigmoid(vx)));
}

static void silu(size_t n, const float *x, float *y)
{
    EACH_BLOCK(n, silu_block(c, x + i, y + i));
}

VEC_FN void silu_grad_block(size_t c, const float *x, const float *dy, float *dx)
{
    Vec vx = vec_load(x, c);
    vec_store(dx, c, vec_mul(vec_load(dy, c), vec_silu_slope(vx, vec_sigmoid(vx))));
}

static void silu_grad(size_t n, const float *x, const float *dy, float *dx)
{
    EACH_BLOCK(n, silu_grad_block(c, x + i, dy + i, dx + i));
}

/* ---- rows ---- */

VEC_FN float exp_row(size_t n, float max, float *x, bool keep)
{
    Vec vmax = vec_set1(max);
    Vec lane = vec_set1(0.0f);
    EACH_BLOCK(n, {
        Vec e = vec_exp(vec_sub(vec_load(x + i, c), vmax));
        lane = vec_keep(c, vec_add(lane, e), lane);
        if (keep) {
            vec_store(x + i, c, e);
        }
    });
    return vec_fold(lane);
}

static void softmax(size_t rows, size_t n, float *x, const size_t *valid, float *lse)
{
    for (size_t row = 0; row < rows; row++) {
        float *xr = x + row * n;
        float max = row_max(valid[row], xr);
        float total = exp_row(valid[row], max, xr, true);
        scale(valid[row], 1.0f / total, xr, xr);
        if (n > valid[row]) {
            memset(xr + valid[row], 0, (n - valid[row]) * sizeof *xr);
        }
        if (lse) {
            lse[row] = valid[row] > 0 ? max + real_log(total) : -INFINITY;
        }
    }
}

static void cross_entropy(size_t rows, size_t vocab, float *z, const uint16_t *target,
                          float grad_scale, float *nll)
{
    bool want_grad = grad_scale < 0.0f || grad_scale > 0.0f;
    for (size_t row = 0; row < rows; row++) {
        float *zr = z + row * vocab;
        float max = row_max(vocab, zr);
        float at_target = zr[target[row]] - max;
        float total = want_grad ? exp_row(vocab, max, zr, true) : exp_row(vocab, max, zr, false);
        nll[row] = real_log(total) - at_target;
        if (want_grad) {
            scale(vocab, grad_scale / total, zr, zr);
            zr[target[row]] -= grad_scale;
        }
    }
}

/* Sum of e^(x - max) over a row. */
VEC_FN float exp_sum(size_t n, float max, const float *x)
{
    Vec vmax = vec_set1(max), lane = vec_set1(0.0f);
    EACH_BLOCK(n,
               lane = vec_keep(c, vec_add(lane, vec_exp(vec_sub(vec_load(x + i, c), vmax))), lane));
    return vec_fold(lane);
}

static void cross_entropy_tile(size_t rows, size_t n, const float *z, size_t ld, float *max,
                               float *sum)
{
    for (size_t row = 0; row < rows; row++) {
        float here = row_max(n, z + row * ld);
        float now = max[row] > here ? max[row] : here;
        float total = exp_sum(n, now, z + row * ld);
        sum[row] = real_fma(sum[row], real_exp(max[row] - now), total);
        max[row] = now;
    }
}

static void cross_entropy_tile_grad(size_t rows, size_t n, float *z, size_t ld, const float *max,
                                    const float *factor)
{
    for (size_t row = 0; row < rows; row++) {
        Vec vmax = vec_set1(max[row]), f = vec_set1(factor[row]);
        float *zr = z + row * ld;
        EACH_BLOCK(n,
                   vec_store(zr + i, c, vec_mul(f, vec_exp(vec_sub(vec_load(zr + i, c), vmax)))));
    }
}

/* ---- optimiser ---- */

typedef struct AdamwLanes {
    Vec beta1, beta2, rest1, rest2, eps, weight_decay, lr, c1, c2, grad_scale;
} AdamwLanes;

VEC_FN void adamw_block(size_t c, const AdamwLanes *k, const float *g, float *p, float *m, float *v)
{
    Vec vg = vec_mul(k->grad_scale, vec_load(g, c));
    Vec vp = vec_load(p, c);
    Vec vm = vec_fma(k->beta1, vec_load(m, c), vec_mul(k->rest1, vg));
    Vec vv = vec_fma(k->beta2, vec_load(v, c), vec_mul(vec_mul(k->rest2, vg), vg));
    Vec step = vec_div(vec_mul(vm, k->c1), vec_add(vec_sqrt(vec_mul(vv, k->c2)), k->eps));
    vec_store(m, c, vm);
    vec_store(v, c, vv);
    vec_store(p, c, vec_fnma(k->lr, vec_fma(k->weight_decay, vp, step), vp));
}

static void adamw(size_t n, const KernAdamw *k, const float *g, float *p, float *m, float *v)
{
    const AdamwLanes lanes = {
        .beta1 = vec_set1(k->beta1),
        .beta2 = vec_set1(k->beta2),
        .rest1 = vec_set1(1.0f - k->beta1),
        .rest2 = vec_set1(1.0f - k->beta2),
        .eps = vec_set1(k->eps),
        .weight_decay = vec_set1(k->weight_decay),
        .lr = vec_set1(k->lr),
        .c1 = vec_set1(k->c1),
        .c2 = vec_set1(k->c2),
        .grad_scale = vec_set1(k->grad_scale),
    };
    EACH_BLOCK(n, adamw_block(c, &lanes, g + i, p + i, m + i, v + i));
}

/* ---- linear attention ---- */

#include "trainer/core/vec/decay_vec.h"
#include "trainer/core/vec/filter_vec.h"
#include "trainer/core/vec/hgrn2_vec.h"

/* ---- the table ---- */

/* The products that gemm_vec.h defines with this suffix, and everything else. */
#define KERN_VEC(suffix)                                                                 \
    KERN_PRODUCTS(suffix), .packed_bytes = packed_bytes##suffix, .dot = dot, KERN_PLAIN, \
                           KERN_VEC_DECAY, KERN_VEC_GATES, KERN_VEC_TURN, KERN_VEC_FILTER
