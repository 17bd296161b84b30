/* softmax_vec.h -- the softmax over tiles on sixteen lanes (included by kern_vec.h). */
#include <math.h>
#include <string.h>

#include "trainer/core/kern.h"
#include "trainer/core/real_math.h"
#include "trainer/core/vec/vec.h"

VEC_FN float row_max(size_t n, const float *x)
{
    Vec lane = vec_set1(-INFINITY);
    EACH_BLOCK(n, lane = vec_keep(c, vec_max(vec_load(x + i, c), lane), lane));
    return vec_fold_max(lane);
}

VEC_FN size_t valid_of(size_t n, size_t valid, size_t row)
{
    return valid + row < n ? valid + row : n;
}

VEC_FN void clear_rest(size_t n, size_t used, float *x)
{
    if (used < n) {
        memset(x + used, 0, (n - used) * sizeof *x);
    }
}

/* First the maxima of all rows, so that their exponentials fill the lanes. */
VEC_FN void move_maxima(size_t rows, size_t n, size_t ld, size_t valid, const float *s, float *max,
                        float *scale)
{
    for (size_t row = 0; row < rows; row++) {
        float here = row_max(valid_of(n, valid, row), s + row * ld);
        scale[row] = max[row];
        max[row] = here > max[row] ? here : max[row];
    }
    EACH_BLOCK(rows, vec_store(scale + i, c,
                               vec_exp2(vec_sub(vec_load(scale + i, c), vec_load(max + i, c)))));
}

static void softmax_tile(size_t rows, size_t n, size_t ld, size_t valid, float *s, float *max,
                         float *sum, float *scale)
{
    move_maxima(rows, n, ld, valid, s, max, scale);
    for (size_t row = 0; row < rows; row++, s += ld, sum += KERN_LANES) {
        size_t used = valid_of(n, valid, row);
        Vec vmax = vec_set1(max[row]);
        Vec lane = vec_mul(vec_load(sum, KERN_LANES), vec_set1(scale[row]));
        EACH_BLOCK(used, {
            Vec e = vec_exp2(vec_sub(vec_load(s + i, c), vmax));
            lane = vec_keep(c, vec_add(lane, e), lane);
            vec_store(s + i, c, e);
        });
        vec_store(sum, KERN_LANES, lane);
        clear_rest(n, used, s);
    }
}

static void softmax_end(size_t rows, const float *max, const float *sum, float *scale, float *lse)
{
    for (size_t row = 0; row < rows; row++) {
        float total = vec_fold(vec_load(sum + row * KERN_LANES, KERN_LANES));
        scale[row] = 1.0f / total;
        lse[row] = fmaf(real_log(total), (float)LOG2_E, max[row]);
    }
}

static void softmax_tile_grad(size_t rows, size_t n, size_t ld, size_t valid, const float *lse,
                              const float *along, float *s, float *dp)
{
    for (size_t row = 0; row < rows; row++, s += ld, dp += ld) {
        size_t used = valid_of(n, valid, row);
        Vec vlse = vec_set1(lse[row]), valong = vec_set1(along[row]);
        EACH_BLOCK(used, {
            Vec e = vec_exp2(vec_sub(vec_load(s + i, c), vlse));
            vec_store(s + i, c, e);
            vec_store(dp + i, c, vec_mul(e, vec_sub(vec_load(dp + i, c), valong)));
        });
        clear_rest(n, used, s);
        clear_rest(n, used, dp);
    }
}

static void dot_rows(size_t rows, size_t n, const float *a, const float *b, size_t ld, float *y)
{
    for (size_t row = 0; row < rows; row++, a += ld, b += ld) {
        Vec lane = vec_set1(0.0f);
        EACH_BLOCK(n,
                   lane = vec_keep(c, vec_fma(vec_load(a + i, c), vec_load(b + i, c), lane), lane));
        y[row] = vec_fold(lane);
    }
}
