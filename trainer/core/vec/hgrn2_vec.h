/* hgrn2_vec.h -- HGRN2's gates, on sixteen lanes; included by kern_vec.h.
 *
 * The twins are in isa/scalar/hgrn2_scalar.h.  sigmoid(z), sigmoid(-z) and log_sigmoid(z)
 * share e^-|z|.
 */

VEC_FN Vec vec_negative(Vec x)
{
    return vec_mul(vec_set1(-1.0f), x);
}

/* sigmoid(x) from e = e^-|x| */
VEC_FN Vec sigmoid_of(Vec x, Vec e)
{
    Vec one = vec_set1(1.0f);
    return vec_div(vec_if_negative(x, e, one), vec_add(one, e));
}

VEC_FN void gates_block(size_t c, size_t j, const float *zq, const float *zf, const KernBound *b,
                        float *q, float *k, float *g)
{
    Vec vzq = vec_load(zq + j, c), z = vec_load(zf + j, c);
    Vec e = vec_exp(vec_minus_abs(z));
    Vec closed = sigmoid_of(vec_negative(z), e);
    vec_store(q + j, c, vec_mul(vzq, vec_sigmoid(vzq)));
    if (!b) {
        vec_store(k + j, c, closed);
        vec_store(g + j, c, vec_sub(vec_min(vec_set1(0.0f), z), vec_log1p(e)));
        return;
    }
    Vec below = vec_log_sigmoid(vec_add(z, vec_load(b->log_lb + j, c)));
    Vec logit = vec_sub(vec_add(z, vec_load(b->log_open + j, c)), below);
    vec_store(k + j, c, vec_mul(closed, vec_load(b->open + j, c)));
    vec_store(g + j, c, vec_log_sigmoid(logit));
}

static void hgrn2_gates(size_t rows, size_t d, const float *z, size_t ldz, const KernBound *b,
                        float *q, float *k, float *g)
{
    for (size_t row = 0; row < rows; row++) {
        const float *zq = z + row * ldz;
        size_t at = row * d;
        if (b) {
            EACH_BLOCK(d, gates_block(c, i, zq, zq + d, b, q + at, k + at, g + at));
        } else {
            EACH_BLOCK(d, gates_block(c, i, zq, zq + d, NULL, q + at, k + at, g + at));
        }
    }
}

/* dz of the gate; dg becomes dlb's summand where there is a bound. */
VEC_FN Vec bound_grad_block(size_t c, size_t j, Vec z, const KernBound *b, Vec dk, float *dg)
{
    Vec e = vec_exp(vec_minus_abs(z));
    Vec s = sigmoid_of(z, e), closed = sigmoid_of(vec_negative(z), e), vdg = vec_load(dg, c);
    if (!b) {
        return vec_mul(vec_fnma(dk, s, vdg), closed);
    }
    Vec rise = vec_mul(vec_load(b->open + j, c), s);
    Vec df = vec_sub(vec_div(vdg, vec_add(vec_load(b->lb + j, c), rise)), dk);
    Vec of_bound = vec_mul(df, closed);
    vec_store(dg, c, of_bound);
    return vec_mul(of_bound, rise);
}

static void hgrn2_gates_grad(size_t rows, size_t d, const float *z, size_t ldz, const KernBound *b,
                             const float *dq, const float *dk, float *dg, float *dz)
{
    for (size_t row = 0; row < rows; row++) {
        const float *zf = z + row * ldz + d;
        float *dzf = dz + row * ldz + d;
        size_t at = row * d;
        silu_grad(d, zf - d, dq + at, dzf - d);
        if (b) {
            EACH_BLOCK(d, vec_store(dzf + i, c,
                                    bound_grad_block(c, i, vec_load(zf + i, c), b,
                                                     vec_load(dk + at + i, c), dg + at + i)));
        } else {
            EACH_BLOCK(d, vec_store(dzf + i, c,
                                    bound_grad_block(c, i, vec_load(zf + i, c), NULL,
                                                     vec_load(dk + at + i, c), dg + at + i)));
        }
    }
}

#define KERN_VEC_GATES .hgrn2_gates = hgrn2_gates, .hgrn2_gates_grad = hgrn2_gates_grad
