/* solvable.h -- a model of scaling laws that is solved exactly: a truth to fit laws to.
 *
 * Maloney, Roberts, Sully 2022, "A Solvable Model of Neural Scaling Laws", arXiv:2210.16859: random
 * linear features.  A latent x in R^M has covariance diag(lambda_I), lambda_I = lambda
 * I^-(1+alpha), I = 1..M; the teacher is y = w.x, w_I ~ N(0, sigma^2); the student sees T samples
 * and N features phi = U x (U_ij ~ N(0, 1/N)) and minimises sum (y - theta.phi)^2 + gamma |theta|^2.
 * The test loss E (theta.phi - y)^2, by the deterministic equivalent that is exact as M, N, T grow:
 *
 *   gamma = kappa (T - z) (1 - z/N)                           gives kappa, with z < min(N, T)
 *   r_I = lambda_I / (lambda_I + kappa),  z = sum r_I,  q = sum r_I^2
 *   bias = kappa / (lambda_I + kappa) - kappa lambda_I / (lambda_I + kappa)^2 (N - z)/(N - q)
 *   L = sigma^2 sum_I lambda_I bias_I / (1 - (q (N - 2z) + z^2) / (T (N - q)))
 *
 * without ridge (gamma = 0), m = min(N, T), by sum_I lambda_I/(lambda_I + Delta) = m:
 *
 *   L = sigma^2 m Delta / (1 - m / max(N, T))
 *
 * symmetric in N and T, infinite at N = T (double descent), 0 for m >= M.  For 1 << m << M
 * Delta -> lambda ((pi/p) / sin(pi/p))^p m^-p with p = 1 + alpha, so that L falls as
 * min(N, T)^-alpha.  The best ridge removes the peak at N = T.
 *
 * N plays the parameters, T the tokens.  Neither need be whole.  Losses are squared errors in the
 * unit of sigma^2 lambda.  The first 1,000 eigenvalues are summed one by one, the rest by blocks 0.5 %
 * wide (relative error below 2e-6), so that M hardly costs anything.
 */
#ifndef ANALYSIS_DESIGN_SOLVABLE_H
#define ANALYSIS_DESIGN_SOLVABLE_H

#include <stddef.h>

#include "common/err.h"

enum { SOLVABLE_MAX_LATENT = 1000000000 };

typedef enum SolvableRidge {
    SOLVABLE_RIDGELESS,
    SOLVABLE_FIXED, /* gamma as given */
    SOLVABLE_BEST,  /* the gamma of least loss at each (N, T) */
} SolvableRidge;

typedef struct Solvable {
    size_t latent;  /* M */
    double alpha;   /* of the spectrum, positive */
    double lambda;  /* its scale, positive */
    double sigma_w; /* standard deviation of the teacher's weights */
    SolvableRidge ridge;
    double gamma; /* of SOLVABLE_FIXED, positive */
    /* By solvable_open(): eigenvalues, and how many each stands for. */
    double *spectrum, *count; /* [n_terms] */
    size_t n_terms;
} Solvable;

/* M = 600, alpha = 0.5, lambda = sigma_w = 1, the best ridge; not open. */
Solvable solvable_default(void);

/* Makes the spectrum.  ERR_INVALID naming the rule that the model breaks; ERR_NOMEM. */
ErrCode solvable_open(Solvable *s, Err *err);
void solvable_release(Solvable *s);

/* The test loss.  features and samples are positive; INFINITY at N = T without ridge, 0 where the
 * latents are exhausted (min(N, T) >= M without ridge).  Some 0.3 ms. */
double solvable_loss(const Solvable *s, double features, double samples);

/* Delta of the ridgeless solution, 0 < m < M; and its power law for 1 << m << M. */
double solvable_delta(const Solvable *s, double m);
double solvable_delta_asymptote(const Solvable *s, double m);

#endif
