/* tpe.h -- TPE, the causal Toeplitz filter that cosFormer2 runs over the embedding
 * (arXiv:2406.16690 section 2.2), one filter a channel:
 *
 *     H_t[c][j] = lam_j H_{t-1}[c][j] + B[c][j] x_t[c],   y_t[c] = sum_j H_t[c][j]
 *     = sum_{s<=t} K[t-s][c] x_s[c],   K[tau][c] = sum_j B[c][j] lam_j^tau
 *
 * In chunks of TPE_CHUNK rows: inside a chunk the filter K itself, between chunks the state
 * H [d,e], reached by matrix products with the table of powers W[tau][j] = lam_j^tau.  Every
 * use of lam goes through W, so its gradient is collected as dW.
 *
 * Channels do not meet (but in dW), so threads may share them out: the functions that take
 * `first` and `count` read and write only those channels, of scratch too. */
#ifndef TRAINER_MODELS_LAYERS_TPE_H
#define TRAINER_MODELS_LAYERS_TPE_H

#include "trainer/core/kern.h"
#include "trainer/models/mem.h"

enum { TPE_CHUNK = 16 };

typedef struct Tpe {
    const Kern *kern;
    size_t d, e;
    bool learns_decay;
    const Real *b;   /* [d,e] */
    Real *power;     /* [chunk+1,e] W */
    Real *reverse;   /* [chunk,e] W[chunk-1-s] */
    Real *across;    /* [d,e] rows of W[chunk] */
    Real *filter;    /* [chunk,d] K */
    Real *state;     /* [d,e] scratch */
    Real *seen, *mb; /* [d,e] scratch */
    Real *states;    /* [chunks,d,e] before each chunk, where the decay is learned */
    Real *dfilter;   /* [chunk,d] sum over a gradient */
    Real *dpower;    /* [chunk+1,e] */
    Real *dreverse;  /* [chunk,e] */
} Tpe;

void tpe_layout(Tpe *w, size_t seq, bool trains, Mem *mem);

/* Tables from lam [e] and b. */
void tpe_derive(Tpe *w, const double *lam);

/* y [n,d] = the filter of x [n,d], one sequence, channels first .. first + count. */
void tpe_forward(Tpe *w, size_t first, size_t count, size_t n, const Real *x, Real *y);

/* dx [n,d] += gradient from dy [n,d]; db [d,e] += what passes between chunks; the rest
 * waits in dfilter, dpower, dreverse.  Where the decay is learned, all channels at once
 * (or none). */
void tpe_backward(Tpe *w, size_t first, size_t count, size_t n, const Real *x, const Real *dy,
                  Real *dx, Real *db);

void tpe_grads_begin(Tpe *w);

/* db += what waited; dlam [e] (if learned) is set. */
void tpe_grads_end(Tpe *w, const double *lam, Real *db, double *dlam);

/* One row of the recurrence: state [d,e] moves on, y [d]. */
void tpe_step(const Tpe *w, const Real *x, Real *state, Real *y);

#endif
