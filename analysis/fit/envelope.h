/* envelope.h -- the least loss at each compute, and how N and D grow along it.
 *
 * arXiv:2406.16690 section 4: over a grid of C (even in ln C), each run's curve of loss
 * against ln C is interpolated linearly, the run with the least loss is taken, and
 * ln N_opt, ln D_opt are regressed on ln C (least squares).  D at a grid point is
 * C / (the run's FLOP per token).  Where fewer than two runs of different N have a value
 * there is nothing to choose between, and the grid leaves the point out.
 * C = F(N) D with F ~ 6N makes a + b = 1 a property of the data; the two regressions are
 * independent, so a + b and the drift of 6 N_opt D_opt / C say how far they agree.
 */
#ifndef ANALYSIS_FIT_ENVELOPE_H
#define ANALYSIS_FIT_ENVELOPE_H

#include "analysis/fit/problem.h"

enum { ENVELOPE_GRID = 120 };

typedef struct EnvelopePoint {
    double c;    /* [FLOP] */
    double n, d; /* [parameters], [tokens] */
    double loss; /* [nats/token] */
} EnvelopePoint;

typedef struct Envelope {
    EnvelopePoint point[ENVELOPE_GRID];
    size_t n_points;
    size_t n_sizes;                 /* distinct N that are best somewhere */
    double k_n, a;                  /* N_opt = k_n C^a, C in PFLOP/s-days */
    double k_d, b;                  /* D_opt = k_d C^b */
    double beta, alpha;             /* loss on the envelope = beta C^alpha */
    double ratio_first, ratio_last; /* 6 N_opt D_opt / C at both ends of the grid */
} Envelope;

/* `loss` and `weight` [n] replace the data's own (a bootstrap replicate); a run of weight 0
 * is not there.  Observations without runs are grouped by N.  ERR_NUMERIC when fewer than
 * two sizes are ever comparable or fewer than two are ever best; ERR_NOMEM. */
ErrCode envelope_fit(const FitData *data, const double *loss, const double *weight, Envelope *ret,
                     Err *err);

#endif
