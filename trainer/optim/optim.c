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

static size_t norm_blocks(size_t n)
{
    return (n + OPTIM_NORM_BLOCK - 1) / OPTIM_NORM_BLOCK;
}

size_t optim_bytes(size_t n)
{
    enum { ALIGNMENT = 64 };
    return 2 * (n * sizeof(Real) + ALIGNMENT) + norm_blocks(n) * sizeof(double) + ALIGNMENT;
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
    double *norm_part = arena_array(arena, norm_blocks(n), sizeof *norm_part);
    if (!m || !v || !norm_part) {
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
                   .kern = kern,
                   .norm_part = norm_part};
    return ERR_OK;
}

/* One pass over the parameters on every thread of the team. */
typedef struct Sweep {
    Optim *o;
    const Real *g;
    Real *p;
    KernAdamw how;
} Sweep;

static void sweep(Optim *o, void (*work)(void *ctx, size_t number), Sweep *s)
{
    if (o->team) {
        team_run(o->team, work, s);
    } else {
        work(s, 0);
    }
}

static Share share_of(const Optim *o, size_t n, size_t unit, size_t number)
{
    return team_share(n, unit, number, o->team ? o->team->active : 1);
}

static void norm_share(void *ctx, size_t number)
{
    const Sweep *s = ctx;
    const Optim *o = s->o;
    Share blocks = share_of(o, norm_blocks(o->n), 1, number);
    for (size_t i = blocks.first; i < blocks.end; i++) {
        size_t at = i * OPTIM_NORM_BLOCK;
        size_t n = o->n - at < OPTIM_NORM_BLOCK ? o->n - at : OPTIM_NORM_BLOCK;
        o->norm_part[i] = o->kern->sum_squares(n, s->g + at);
    }
}

double optim_grad_norm(Optim *o, const Real *g)
{
    Sweep s = {.o = o, .g = g};
    double total = 0.0;
    sweep(o, norm_share, &s);
    for (size_t i = 0; i < norm_blocks(o->n); i++) {
        total += o->norm_part[i];
    }
    return sqrt(total);
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

static void step_share(void *ctx, size_t number)
{
    const Sweep *s = ctx;
    Optim *o = s->o;
    KernAdamw k = s->how;
    Share mine = share_of(o, o->n, KERN_LANES, number);
    for (size_t i = 0; i < o->n_ranges; i++) {
        const OptimRange *r = &o->range[i];
        size_t first = r->begin > mine.first ? r->begin : mine.first;
        size_t end = r->begin + r->n < mine.end ? r->begin + r->n : mine.end;
        k.weight_decay = (Real)(r->is_decayed ? o->weight_decay : 0.0);
        if (first < end) {
            o->kern->adamw(end - first, &k, s->g + first, s->p + first, o->m + first, o->v + first);
        }
    }
}

/* p is written through s.p.  NOLINTNEXTLINE(readability-non-const-parameter) */
void optim_step(Optim *o, int64_t step, double lr, double grad_norm, const Real *g, Real *p)
{
    /* The kernel's betas are Real: correct the bias of the average that it makes. */
    const double b1 = (double)(Real)o->beta1, b2 = (double)(Real)o->beta2;
    double scale = o->clip > 0.0 && grad_norm > o->clip ? o->clip / grad_norm : 1.0;
    Sweep s = {.o = o,
               .g = g,
               .p = p,
               .how = {.lr = (Real)lr,
                       .beta1 = (Real)o->beta1,
                       .beta2 = (Real)o->beta2,
                       .eps = (Real)o->eps,
                       .c1 = (Real)(1.0 / (1.0 - power(b1, step))),
                       .c2 = (Real)(1.0 / (1.0 - power(b2, step))),
                       .grad_scale = (Real)scale}};
    sweep(o, step_share, &s);
}
