#include "analysis/forms/jet.h"

#include <math.h>
#include <string.h>

void jet_variable(Jet *r, size_t n, int order, size_t i, double v)
{
    r->n = n;
    r->order = order;
    r->v = v;
    if (order > 0) {
        memset(r->g, 0, sizeof *r->g * n);
        r->g[i] = 1.0;
    }
    if (order > 1) {
        memset(r->h, 0, sizeof *r->h * n * n);
    }
}

void jet_constant(Jet *r, const Jet *like, double v)
{
    jet_variable(r, like->n, like->order, 0, v);
    r->g[0] = 0.0;
}

void jet_axpy(Jet *r, const Jet *a, double s, const Jet *b)
{
    size_t n = a->n;
    r->n = n;
    r->order = a->order;
    r->v = a->v + s * b->v;
    for (size_t i = 0; a->order > 0 && i < n; i++) {
        r->g[i] = a->g[i] + s * b->g[i];
    }
    for (size_t i = 0; a->order > 1 && i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            r->h[i * n + j] = a->h[i * n + j] + s * b->h[i * n + j];
        }
    }
}

void jet_add(Jet *r, const Jet *a, const Jet *b)
{
    jet_axpy(r, a, 1.0, b);
}

/* r = f(a) with f, f' and f'' given at a. */
static void apply(Jet *r, const Jet *a, double f, double f1, double f2)
{
    size_t n = a->n;
    r->n = n;
    r->order = a->order;
    for (size_t i = 0; a->order > 1 && i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            r->h[i * n + j] = f1 * a->h[i * n + j] + f2 * a->g[i] * a->g[j];
        }
    }
    for (size_t i = 0; a->order > 0 && i < n; i++) {
        r->g[i] = f1 * a->g[i];
    }
    r->v = f;
}

void jet_scale(Jet *r, const Jet *a, double s)
{
    apply(r, a, s * a->v, s, 0.0);
}

void jet_shift(Jet *r, const Jet *a, double c)
{
    apply(r, a, a->v + c, 1.0, 0.0);
}

void jet_mul(Jet *r, const Jet *a, const Jet *b)
{
    size_t n = a->n;
    double av = a->v, bv = b->v;
    r->n = n;
    r->order = a->order;
    for (size_t i = 0; a->order > 1 && i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            r->h[i * n + j] =
                a->h[i * n + j] * bv + b->h[i * n + j] * av + a->g[i] * b->g[j] + a->g[j] * b->g[i];
        }
    }
    for (size_t i = 0; a->order > 0 && i < n; i++) {
        r->g[i] = a->g[i] * bv + b->g[i] * av;
    }
    r->v = av * bv;
}

void jet_div(Jet *r, const Jet *a, const Jet *b)
{
    Jet inverse;
    double q = 1.0 / b->v;
    apply(&inverse, b, q, -q * q, 2.0 * q * q * q);
    jet_mul(r, a, &inverse);
}

void jet_exp(Jet *r, const Jet *a)
{
    double e = exp(a->v);
    apply(r, a, e, e, e);
}

void jet_log(Jet *r, const Jet *a)
{
    double q = 1.0 / a->v;
    apply(r, a, log(a->v), q, -q * q);
}

static double sigmoid(double x)
{
    double e = exp(-fabs(x));
    return x >= 0.0 ? 1.0 / (1.0 + e) : e / (1.0 + e);
}

void jet_softplus(Jet *r, const Jet *a)
{
    double x = a->v, s = sigmoid(x);
    double f = fmax(x, 0.0) + log1p(exp(-fabs(x)));
    apply(r, a, f, s, s * sigmoid(-x));
}

void jet_sigmoid(Jet *r, const Jet *a)
{
    double s = sigmoid(a->v), t = sigmoid(-a->v);
    apply(r, a, s, s * t, s * t * (t - s));
}
