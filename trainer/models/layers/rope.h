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

/* LRPE after silu, of queries and keys that lie side by side: y [rows][2][h][2p] =
 * [silu(x) cos ; silu(x) sin] from x [rows][2][h p]; tables [period,h p]. */
void lrpe_forward(const Kern *k, const KernTurn *t, const Real *x, size_t ldx, Real *y, size_t ldy);

/* dx [rows][2][h p] from x and dy [rows][2][h][2p]. */
void lrpe_backward(const Kern *k, const KernTurn *t, const Real *x, size_t ldx, const Real *dy,
                   size_t lddy, Real *dx, size_t lddx);

#endif
