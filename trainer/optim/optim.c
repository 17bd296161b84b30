#include "trainer/optim/optim.h"

#include <math.h>

size_t optim_join_ranges(OptimRange *range, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (kept > 0 && range[kept - 1].is_decayed == range[i].is_decayed) {
            range[kept - 1].n += range[i].n;
        } else {
            range[kept++] = range[i];
        }
    }
    return kept;
}

size_t optim_bytes(size_t n)
{
    enum { ALIGNMENT = 64 };
    return 2 * (n * sizeof(Real) + ALIGNMENT);
}

ErrCode optim_init(const RunConfig *c, const Kern *kern, const OptimRange *range, size_t n_ranges,
                   size_t n, Arena *arena, Optim *ret, Err *err)
{
    size_t at = 0;
    for (size_t i = 0; i < n_ranges && range[i].begin == at; i++) {
        at += range[i].n;
    }
    if (at != n) {
        return err_set(err, ERR_INVALID, "the optimizer's ranges cover %zu of %zu parameters", at,
                       n);
    }
    Real *m = arena_array(arena, n, sizeof *m), *v = arena_array(arena, n, sizeof *v);
    if (!m || !v) {
        return err_nomem(err, "the optimizer's state");
    }
    *ret = (Optim){.n = n,
                   .m = m,
                   .v = v,
                   .range = range,
                   .n_ranges = n_ranges,
                   .beta1 = c->beta1,
                   .beta2 = c->beta2,
                   .eps = c->adam_eps,
                   .weight_decay = c->weight_decay,
                   .clip = c->clip,
                   .kern = kern};
    return ERR_OK;
}

double optim_grad_norm(const Optim *o, const Real *g)
{
    return sqrt(o->kern->sum_squares(o->n, g));
}

/* b^k by squaring: a C library's pow() may differ from machine to machine. */
static double power(double b, int64_t k)
{
    double result = 1.0;
    while (k > 0) {
        if (k % 2 == 1) {
            result *= b;
        }
        b *= b;
        k /= 2;
    }
    return result;
}

void optim_step(Optim *o, int64_t step, double lr, double grad_norm, const Real *g, Real *p)
{
    /* The kernel's betas are Real: correct the bias of the average that it makes. */
    const double b1 = (double)(Real)o->beta1, b2 = (double)(Real)o->beta2;
    double scale = o->clip > 0.0 && grad_norm > o->clip ? o->clip / grad_norm : 1.0;
    KernAdamw k = {.lr = (Real)lr,
                   .beta1 = (Real)o->beta1,
                   .beta2 = (Real)o->beta2,
                   .eps = (Real)o->eps,
                   .c1 = (Real)(1.0 / (1.0 - power(b1, step))),
                   .c2 = (Real)(1.0 / (1.0 - power(b2, step))),
                   .grad_scale = (Real)scale};
    for (size_t i = 0; i < o->n_ranges; i++) {
        const OptimRange *r = &o->range[i];
        k.weight_decay = (Real)(r->is_decayed ? o->weight_decay : 0.0);
        o->kern->adamw(r->n, &k, g + r->begin, p + r->begin, o->m + r->begin, o->v + r->begin);
    }
}
