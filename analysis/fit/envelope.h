/* envelope.h -- the least loss at each compute, and how N and D grow along it.
 *
 * arXiv:2406.16690 section 4, with the cure for its steps: over a grid of C (even in
 * ln C) each run's curve of loss against ln C is interpolated linearly, and the size with
 * the least loss is taken.
 *   inner  sizes on both sides of the best one have a loss at this C.  The parabola through
 *          the three (ln N, loss) gives N_opt and the loss (Hoffmann et al. 2022, approach 2).
 *   outer  a neighbour is missing: its run has ended, or there is none.  There the best size
 *          is decided by how long the runs are, not by the law (a tends to 1).
 * ln N_opt, ln D_opt and ln loss are regressed on ln C over the inner points; over all points,
 * with N_opt the best size itself, when inner ones are too few.  D_opt = C / (FLOP per token at
 * N_opt).  C = F(N) D makes a + b near 1 a property of the data; the regressions are
 * independent, so a + b and the drift of 6 N_opt D_opt / C say how far they agree.
 */
#ifndef ANALYSIS_FIT_ENVELOPE_H
#define ANALYSIS_FIT_ENVELOPE_H

#include "analysis/fit/problem.h"

enum { ENVELOPE_GRID = 120, ENVELOPE_MIN_INNER = 5 };

typedef struct EnvelopePoint {
    double c;    /* [FLOP] */
    double n, d; /* [parameters], [tokens] */
    double loss; /* [nats/token] */
    double size; /* N of the best run: n is this, or beside it by the parabola */
    bool is_inner;
} EnvelopePoint;

typedef struct Envelope {
    EnvelopePoint point[ENVELOPE_GRID];
    size_t n_points;
    bool is_inner;                  /* the laws below are over inner points; all in point[] are */
    size_t n_sizes;                 /* distinct N that are best somewhere */
    double k_n, a;                  /* N_opt = k_n C^a, C in PFLOP/s-days */
    double k_d, b;                  /* D_opt = k_d C^b */
    double beta, alpha;             /* loss on the envelope = beta C^alpha */
    double ratio_first, ratio_last; /* 6 N_opt D_opt / C at both ends of the grid */
} Envelope;

/* An observation of weight 0 is not there (a bootstrap replicate).  Observations without runs are
 * grouped by N.  ERR_NUMERIC when fewer than
 * two sizes are ever comparable or fewer than two are ever best; ERR_NOMEM. */
ErrCode envelope_fit(const FitData *data, const double *weight, Envelope *ret, Err *err);

/* The plain form: C is cut in bins, bin = floor(per_decade log10 C), and the observation of least loss in
 * each is taken as it is; log10 N and log10 D of these on their log10 C. */
typedef struct EnvelopeBins {
    size_t n_bins;         /* that have an observation */
    double k_n, a, k_d, b; /* N_opt = k_n C^a, D_opt = k_d C^b, C in FLOP */
} EnvelopeBins;

/* ERR_INVALID when N, D, C or loss is missing or not positive, ERR_NUMERIC when fewer than three bins
 * have an observation; ERR_NOMEM. */
ErrCode envelope_bins(const FitData *data, double per_decade, EnvelopeBins *ret, Err *err);

#endif
