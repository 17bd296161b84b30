/* turn_vec.h -- the rotations on sixteen lanes (included by kern_vec.h). */
#include "trainer/core/kern.h"
#include "trainer/core/vec/vec.h"

VEC_FN size_t next_position(const KernTurn *t, size_t position)
{
    return position + 1 < t->period ? position + 1 : 0;
}

VEC_FN void rope_block(size_t c, Vec scale, Vec turn, const float *cosine, const float *sine,
                       float *x1, float *x2)
{
    Vec a = vec_mul(scale, vec_load(x1, c)), b = vec_mul(scale, vec_load(x2, c));
    Vec vc = vec_load(cosine, c), vs = vec_mul(turn, vec_load(sine, c));
    vec_store(x1, c, vec_fnma(b, vs, vec_mul(a, vc)));
    vec_store(x2, c, vec_fma(b, vc, vec_mul(a, vs)));
}

static void rope(const KernTurn *t, float scale, float turn, float *x, size_t ld)
{
    const size_t half = t->p / 2;
    Vec vscale = vec_set1(scale), vturn = vec_set1(turn);
    size_t at = t->first;
    for (size_t row = 0; row < t->rows; row++, x += ld, at = next_position(t, at)) {
        const float *cosine = t->cosine + at * half, *sine = t->sine + at * half;
        for (size_t head = 0; head < t->h; head++) {
            float *x1 = x + head * t->p;
            EACH_BLOCK(half,
                       rope_block(c, vscale, vturn, cosine + i, sine + i, x1 + i, x1 + half + i));
        }
    }
}

VEC_FN void lrpe_block(size_t c, size_t p, const float *x, const float *cosine, const float *sine,
                       float *y)
{
    Vec vx = vec_load(x, c);
    Vec f = vec_mul(vx, vec_sigmoid(vx));
    vec_store(y, c, vec_mul(f, vec_load(cosine, c)));
    vec_store(y + p, c, vec_mul(f, vec_load(sine, c)));
}

static void silu_lrpe(const KernTurn *t, const float *x, size_t ldx, float *y, size_t ldy)
{
    const size_t p = t->p, d = t->h * p;
    size_t at = t->first;
    for (size_t row = 0; row < t->rows; row++, at = next_position(t, at)) {
        for (size_t head = 0; head < t->h; head++) {
            const float *from = x + row * ldx + head * p;
            const float *cosine = t->cosine + at * d + head * p,
                        *sine = t->sine + at * d + head * p;
            float *to = y + row * ldy + head * 2 * p;
            EACH_BLOCK(p, lrpe_block(c, p, from + i, cosine + i, sine + i, to + i));
        }
    }
}

VEC_FN void lrpe_grad_block(size_t c, size_t p, const float *x, const float *cosine,
                            const float *sine, const float *dy, float *dx)
{
    Vec vx = vec_load(x, c);
    Vec f = vec_mul(vec_load(dy, c), vec_load(cosine, c));
    f = vec_fma(vec_load(dy + p, c), vec_load(sine, c), f);
    vec_store(dx, c, vec_mul(f, vec_silu_slope(vx, vec_sigmoid(vx))));
}

static void silu_lrpe_grad(const KernTurn *t, const float *x, size_t ldx, const float *dy,
                           size_t lddy, float *dx, size_t lddx)
{
    const size_t p = t->p, d = t->h * p;
    size_t at = t->first;
    for (size_t row = 0; row < t->rows; row++, at = next_position(t, at)) {
        for (size_t head = 0; head < t->h; head++) {
            const float *from = x + row * ldx + head * p, *of = dy + row * lddy + head * 2 * p;
            const float *cosine = t->cosine + at * d + head * p,
                        *sine = t->sine + at * d + head * p;
            float *to = dx + row * lddx + head * p;
            EACH_BLOCK(p, lrpe_grad_block(c, p, from + i, cosine + i, sine + i, of + i, to + i));
        }
    }
}

VEC_FN void theta_block(size_t c, size_t p, double position, const float *y, const float *dy,
                        double *dtheta)
{
    Vec moment = vec_mul(vec_load(dy + p, c), vec_load(y, c));
    moment = vec_fnma(vec_load(dy, c), vec_load(y + p, c), moment);
    vecd_store(dtheta, c, vecd_scaled_add(vecd_load(dtheta, c), position, moment));
}

static void lrpe_theta_grad(const KernTurn *t, const float *y, const float *dy, size_t ld,
                            double *dtheta)
{
    const size_t p = t->p;
    size_t at = t->first;
    for (size_t row = 0; row < t->rows; row++, y += ld, dy += ld, at = next_position(t, at)) {
        for (size_t head = 0; head < t->h; head++) {
            const float *of = y + head * 2 * p, *dof = dy + head * 2 * p;
            double *to = dtheta + head * p;
            EACH_BLOCK(p, theta_block(c, p, (double)at, of + i, dof + i, to + i));
        }
    }
}

#define KERN_VEC_TURN                                                       \
    .rope = rope, .silu_lrpe = silu_lrpe, .silu_lrpe_grad = silu_lrpe_grad, \
    .lrpe_theta_grad = lrpe_theta_grad
