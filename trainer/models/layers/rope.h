/* rope.h -- positions by rotation: RoPE (arXiv:2104.09864) and the cosine form of LRPE
 * (arXiv:2307.09270; arXiv:2406.16690 A.1.4).
 *
 * Angles t theta are formed in double and their sines kept in tables [T, w]: at t = 16384
 * a float angle would have lost ten bits. */
#ifndef TRAINER_MODELS_LAYERS_ROPE_H
#define TRAINER_MODELS_LAYERS_ROPE_H

#include "trainer/core/kern.h"

/* cosine[j] = cos(t theta_j), sine[j] = sin(t theta_j), j < w. */
void angles_at(size_t t, size_t w, const double *theta, Real *cosine, Real *sine);

/* RoPE frequencies theta_j = base^(-2j/p), j < p/2. */
void rope_theta(size_t p, double base, double *theta);

/* Rotates the h heads of x [h p] in place, halves paired: (x1, x2) becomes
 * scale (x1 cos - x2 sin, x1 sin + x2 cos); cosine, sine [p/2]. */
void rope_forward(size_t h, size_t p, const Real *cosine, const Real *sine, Real scale, Real *x);

/* Its transpose: rotation by the opposite angle, times scale. */
void rope_backward(size_t h, size_t p, const Real *cosine, const Real *sine, Real scale, Real *dx);

/* LRPE of one row: y [h][2p] = [x cos ; x sin] from x [h][p]; cosine, sine [h p]. */
void lrpe_forward(const Kern *k, size_t h, size_t p, const Real *cosine, const Real *sine,
                  const Real *x, Real *y);

/* dx [h p] = dy_c cos + dy_s sin. */
void lrpe_backward(const Kern *k, size_t h, size_t p, const Real *cosine, const Real *sine,
                   const Real *dy, Real *dx);

/* dtheta [h p] += t ( dy_s y_c - dy_c y_s ): the frequency's gradient at position t. */
void lrpe_theta_grad(size_t h, size_t p, size_t t, const Real *y, const Real *dy, double *dtheta);

#endif
