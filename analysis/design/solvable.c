#include "analysis/design/solvable.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_BISECTIONS = 400, GOLDEN_STEPS = 80, SINGLE_TERMS = 1000, BLOCKS_PER_RATIO = 200 };

Solvable solvable_default(void)
{
    return (Solvable){
        .latent = 600, .alpha = 0.5, .lambda = 1.0, .sigma_w = 1.0, .ridge = SOLVABLE_BEST};
}

static ErrCode check(const Solvable *s, Err *err)
{
    if (s->latent < 2 || s->latent > SOLVABLE_MAX_LATENT) {
        return err_set(err, ERR_INVALID,
                       "the solvable model takes a latent dimension of 2 to %d, not %zu",
                       SOLVABLE_MAX_LATENT, s->latent);
    }
    if (!(s->alpha > 0.0 && s->alpha <= 10.0)) {
        return err_set(err, ERR_INVALID,
                       "the solvable model takes an alpha above 0 and at most 10, not %g",
                       s->alpha);
    }
    if (!(s->lambda > 0.0 && isfinite(s->lambda) && s->sigma_w > 0.0 && isfinite(s->sigma_w))) {
        return err_set(err, ERR_INVALID,
                       "the scales lambda and sigma_w of the solvable model must be positive");
    }
    if (s->ridge == SOLVABLE_FIXED && !(s->gamma > 0.0 && isfinite(s->gamma))) {
        return err_set(err, ERR_INVALID, "the ridge of the solvable model must be positive");
    }
    return ERR_OK;
}

/* Eigenvalues and how many each stands for; both NULL: only counts.  A block i..j-1 is taken at its
 * geometric middle. */
static size_t fill_terms(const Solvable *s, double *spectrum, double *count)
{
    size_t n = 0;
    for (size_t i = 1; i <= s->latent; n++) {
        size_t wide = i <= SINGLE_TERMS ? 1 : i / BLOCKS_PER_RATIO;
        wide = wide < s->latent + 1 - i ? wide : s->latent + 1 - i;
        if (spectrum) {
            double middle =
                wide == 1 ? (double)i : sqrt(((double)i - 0.5) * ((double)(i + wide) - 0.5));
            spectrum[n] = s->lambda * pow(middle, -(1.0 + s->alpha));
            count[n] = (double)wide;
        }
        i += wide;
    }
    return n;
}

ErrCode solvable_open(Solvable *s, Err *err)
{
    ErrCode rc = check(s, err);
    if (rc != ERR_OK) {
        return rc;
    }
    s->n_terms = fill_terms(s, NULL, NULL);
    s->spectrum = calloc(s->n_terms + 1, sizeof *s->spectrum);
    s->count = calloc(s->n_terms + 1, sizeof *s->count);
    if (!s->spectrum || !s->count) {
        solvable_release(s);
        return err_nomem(err, "the spectrum");
    }
    (void)fill_terms(s, s->spectrum, s->count);
    return ERR_OK;
}

void solvable_release(Solvable *s)
{
    free(s->spectrum);
    free(s->count);
    s->spectrum = s->count = NULL;
}

/* z and q at kappa. */
static void moments(const Solvable *s, double kappa, double *z, double *q)
{
    *z = *q = 0.0;
    for (size_t i = s->n_terms; i-- > 0;) { /* small ones first */
        double lam = s->spectrum[i], r = lam / (lam + kappa);
        *z += s->count[i] * r;
        *q += s->count[i] * r * r;
    }
}

double solvable_delta(const Solvable *s, double m)
{
    /* z falls from M at 0 to 0; bracket in logs around the scale of the spectrum */
    double lo = log(s->lambda) - 700.0, hi = log(s->lambda) + 50.0;
    for (int i = 0; i < MAX_BISECTIONS; i++) {
        double mid = 0.5 * (lo + hi), z, q;
        if (mid <= lo || mid >= hi) {
            break;
        }
        moments(s, exp(mid), &z, &q);
        *(z > m ? &lo : &hi) = mid;
    }
    return exp(0.5 * (lo + hi));
}

double solvable_delta_asymptote(const Solvable *s, double m)
{
    double p = 1.0 + s->alpha, x = acos(-1.0) / p;
    return s->lambda * pow(x / sin(x), p) * pow(m, -p);
}

static double ridgeless(const Solvable *s, double n, double t)
{
    double m = fmin(n, t), most = fmax(n, t);
    if (m >= (double)s->latent) {
        return 0.0;
    }
    return m < most ? s->sigma_w * s->sigma_w * m * solvable_delta(s, m) / (1.0 - m / most)
                    : (double)INFINITY;
}

/* The loss at kappa, whatever ridge that stands for. */
static double loss_at(const Solvable *s, double n, double t, double kappa)
{
    double z, q, sum = 0.0;
    moments(s, kappa, &z, &q);
    double reach = (n - z) / (n - q);
    for (size_t i = s->n_terms; i-- > 0;) {
        double lam = s->spectrum[i], all = lam + kappa;
        sum += s->count[i] * lam * (kappa / all - kappa * lam / (all * all) * reach);
    }
    return s->sigma_w * s->sigma_w * sum / (1.0 - (q * (n - 2.0 * z) + z * z) / (t * (n - q)));
}

/* gamma rises with kappa from 0, where z = min(N, T) (or kappa = 0 beyond M). */
static double ridge_at(const Solvable *s, double n, double t, double kappa)
{
    double z, q;
    moments(s, kappa, &z, &q);
    return z < fmin(n, t) ? kappa * (t - z) * (1.0 - z / n) : -1.0;
}

static double with_ridge(const Solvable *s, double n, double t)
{
    double lo = log(s->lambda) - 700.0, hi = log(s->gamma / t + s->lambda) + 50.0;
    for (int i = 0; i < MAX_BISECTIONS; i++) {
        double mid = 0.5 * (lo + hi);
        if (mid <= lo || mid >= hi) {
            break;
        }
        *(ridge_at(s, n, t, exp(mid)) < s->gamma ? &lo : &hi) = mid;
    }
    return loss_at(s, n, t, exp(0.5 * (lo + hi)));
}

/* The least loss over kappa, which stands for gamma one to one, by golden section in ln kappa. */
static double with_best_ridge(const Solvable *s, double n, double t)
{
    const double golden = 0.5 * (sqrt(5.0) - 1.0);
    double m = fmin(n, t);
    double least = m < (double)s->latent ? solvable_delta(s, m) : 1e-12 * s->lambda;
    double lo = log(least) + 1e-9, hi = log(s->lambda) + 5.0;
    double a = hi - golden * (hi - lo), b = lo + golden * (hi - lo);
    double at_a = loss_at(s, n, t, exp(a)), at_b = loss_at(s, n, t, exp(b));
    for (int i = 0; i < GOLDEN_STEPS && hi - lo > 1e-9; i++) {
        if (at_a < at_b) {
            hi = b;
            b = a;
            at_b = at_a;
            a = hi - golden * (hi - lo);
            at_a = loss_at(s, n, t, exp(a));
        } else {
            lo = a;
            a = b;
            at_a = at_b;
            b = lo + golden * (hi - lo);
            at_b = loss_at(s, n, t, exp(b));
        }
    }
    return fmin(at_a, at_b);
}

double solvable_loss(const Solvable *s, double features, double samples)
{
    switch (s->ridge) {
    case SOLVABLE_FIXED:
        return with_ridge(s, features, samples);
    case SOLVABLE_BEST:
        return with_best_ridge(s, features, samples);
    case SOLVABLE_RIDGELESS:
        break;
    }
    return ridgeless(s, features, samples);
}
