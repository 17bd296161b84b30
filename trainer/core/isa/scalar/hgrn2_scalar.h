/* hgrn2_scalar.h -- the twins of HGRN2's gates; included by kern_scalar.c. */

/* ln f of the gate z: with w = logit f, ln f = log_sigmoid w (see kern.h) */
static Real log_gate(const KernBound *b, size_t j, Real z)
{
    if (!b) {
        return real_log_sigmoid(z);
    }
    Real below = real_log_sigmoid(z + b->log_lb[j]);
    return real_log_sigmoid(z + b->log_open[j] - below);
}

static void hgrn2_gates(size_t rows, size_t d, const Real *z, size_t ldz, const KernBound *b,
                        Real *q, Real *k, Real *g)
{
    for (size_t i = 0; i < rows; i++) {
        const Real *zq = z + i * ldz, *zf = zq + d;
        silu(d, zq, q + i * d);
        for (size_t j = 0; j < d; j++) {
            Real closed = real_sigmoid(-zf[j]);
            k[i * d + j] = b ? closed * b->open[j] : closed;
            g[i * d + j] = log_gate(b, j, zf[j]);
        }
    }
}

static void hgrn2_gates_grad(size_t rows, size_t d, const Real *z, size_t ldz, const KernBound *b,
                             const Real *dq, const Real *dk, Real *dg, Real *dz)
{
    for (size_t i = 0; i < rows; i++) {
        const Real *zq = z + i * ldz, *zf = zq + d;
        Real *dzf = dz + i * ldz + d;
        silu_grad(d, zq, dq + i * d, dz + i * ldz);
        for (size_t j = 0; j < d; j++) {
            size_t at = i * d + j;
            Real s = real_sigmoid(zf[j]), closed = real_sigmoid(-zf[j]);
            if (!b) {
                dzf[j] = real_fma(-dk[at], s, dg[at]) * closed;
                continue;
            }
            Real rise = b->open[j] * s;
            Real df = dg[at] / (b->lb[j] + rise) - dk[at];
            dg[at] = df * closed;
            dzf[j] = dg[at] * rise;
        }
    }
}

#define SCALAR_GATES .hgrn2_gates = hgrn2_gates, .hgrn2_gates_grad = hgrn2_gates_grad
