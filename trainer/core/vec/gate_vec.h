/* gate_vec.h -- the gated units on sixteen lanes (included by kern_vec.h). */
#include "trainer/core/kern.h"
#include "trainer/core/vec/vec.h"

VEC_FN Vec gate_of(const bool is_swish, Vec x)
{
    return is_swish ? vec_mul(x, vec_sigmoid(x)) : x;
}

VEC_FN void gate_rows(const bool is_swish, size_t rows, size_t g, const float *gu, float *y)
{
    for (size_t row = 0; row < rows; row++, gu += 2 * g, y += g) {
        EACH_BLOCK(
            g, vec_store(y + i, c,
                         vec_mul(vec_load(gu + g + i, c), gate_of(is_swish, vec_load(gu + i, c)))));
    }
}

static void glu(size_t rows, size_t g, const float *gu, float *y)
{
    gate_rows(false, rows, g, gu, y);
}

static void swiglu(size_t rows, size_t g, const float *gu, float *y)
{
    gate_rows(true, rows, g, gu, y);
}

/* Everything is read before anything is written: outputs may be the inputs. */
VEC_FN void gate_grad_block(const bool is_swish, size_t c, const float *gate, const float *up,
                            const float *dy, float *y, float *dgate, float *dup)
{
    Vec x = vec_load(gate, c), u = vec_load(up, c), d = vec_load(dy, c);
    Vec f = x, du = vec_mul(d, u);
    if (is_swish) {
        Vec s = vec_sigmoid(x);
        f = vec_mul(x, s);
        du = vec_mul(du, vec_silu_slope(x, s));
    }
    vec_store(y, c, vec_mul(u, f));
    vec_store(dgate, c, du);
    vec_store(dup, c, vec_mul(d, f));
}

VEC_FN void gate_grad_rows(const bool is_swish, size_t rows, size_t g, const float *gu,
                           const float *dy, float *y, float *dgu)
{
    for (size_t row = 0; row < rows; row++, gu += 2 * g, dgu += 2 * g, dy += g, y += g) {
        EACH_BLOCK(g, gate_grad_block(is_swish, c, gu + i, gu + g + i, dy + i, y + i, dgu + i,
                                      dgu + g + i));
    }
}

static void glu_grad(size_t rows, size_t g, const float *gu, const float *dy, float *y, float *dgu)
{
    gate_grad_rows(false, rows, g, gu, dy, y, dgu);
}

static void swiglu_grad(size_t rows, size_t g, const float *gu, const float *dy, float *y,
                        float *dgu)
{
    gate_grad_rows(true, rows, g, gu, dy, y, dgu);
}
