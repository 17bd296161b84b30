/* jet.h -- a number with its gradient and Hessian in theta: exact derivatives of a formula that is
 * written once (forward mode, second order).
 *
 *   order 0: v alone.  1: and g.  2: and h, of which the lower triangle is kept.
 * Every operand of an operation has the same n and order; the result may be an operand.
 */
#ifndef ANALYSIS_FORMS_JET_H
#define ANALYSIS_FORMS_JET_H

#include <stddef.h>

enum { JET_MAX = 12 };

typedef struct Jet {
    size_t n;
    int order;
    double v;
    double g[JET_MAX];           /* dv/dtheta_i */
    double h[JET_MAX * JET_MAX]; /* h[i * n + j], j <= i */
} Jet;

void jet_variable(Jet *r, size_t n, int order, size_t i, double v);
void jet_constant(Jet *r, const Jet *like, double v);
void jet_add(Jet *r, const Jet *a, const Jet *b);
/* a + s b */
void jet_axpy(Jet *r, const Jet *a, double s, const Jet *b);
void jet_scale(Jet *r, const Jet *a, double s);
void jet_shift(Jet *r, const Jet *a, double c);
void jet_mul(Jet *r, const Jet *a, const Jet *b);
void jet_div(Jet *r, const Jet *a, const Jet *b);
void jet_exp(Jet *r, const Jet *a);
void jet_log(Jet *r, const Jet *a);
/* ln(1 + e^a) and 1/(1 + e^-a), safe at both ends */
void jet_softplus(Jet *r, const Jet *a);
void jet_sigmoid(Jet *r, const Jet *a);

#endif
