/* y(x) = a + b x^-c0 prod_i (1 + (x/d_i)^(1/f_i))^(-c_i f_i): a smoothly broken power law
 *
 * Caballero et al. 2023, "Broken Neural Scaling Laws", arXiv:2210.14891, equation 1: between
 * breaks the slope in logs is constant, and at d_i it grows steeper by c_i within a range set by
 * f_i.  With w the centred log of x and d_i' that of d_i:
 *
 *   y = a + e^(tb - c0 w - sum_i c_i f_i ln(1 + e^((w - d_i')/f_i))),  theta = (a, tb, c0, c_i, d_i', ln f_i)
 *
 * a is any number of the response's scale; the fitter keeps it positive.  `broken` alone tries one, two and
 * three breaks and takes the number of least BIC.
 */
#include <math.h>

#include "analysis/forms/form.h"

enum { A, B, C0, FIRST_BREAK };
enum { SLOPE, PLACE, WIDTH, PER_BREAK };

static void ln_curve(const Jet *theta, size_t breaks, const double *x, Jet *ret)
{
    jet_scale(ret, &theta[C0], -x[0]);
    for (size_t i = 0; i < breaks; i++) {
        const Jet *q = theta + FIRST_BREAK + PER_BREAK * i;
        Jet f, bend;
        jet_exp(&f, &q[WIDTH]);
        jet_scale(&bend, &q[PLACE], -1.0);
        jet_shift(&bend, &bend, x[0]);
        jet_div(&bend, &bend, &f);
        jet_softplus(&bend, &bend);
        jet_mul(&bend, &bend, &f);
        jet_mul(&bend, &bend, &q[SLOPE]);
        jet_axpy(ret, ret, -1.0, &bend);
    }
}

static size_t breaks_of(size_t n_params)
{
    return (n_params - FIRST_BREAK) / PER_BREAK;
}

static void formula(const Jet *theta, const double *x, Jet *ret)
{
    Jet floor_term, curve;
    ln_curve(theta, breaks_of(theta->n), x, &curve);
    jet_add(&curve, &curve, &theta[B]);
    jet_exp(&curve, &curve);
    jet_exp(&floor_term, &theta[A]);
    jet_add(ret, &floor_term, &curve);
}

static double curve_at(const double *theta, size_t breaks, double w)
{
    double ln = -theta[C0] * w;
    for (size_t i = 0; i < breaks; i++) {
        const double *q = theta + FIRST_BREAK + PER_BREAK * i;
        double f = exp(q[WIDTH]), z = (w - q[PLACE]) / f;
        ln -= q[SLOPE] * f * (fmax(z, 0.0) + log1p(exp(-fabs(z))));
    }
    return exp(ln);
}

static void report(const Form *f, const double *theta, const double *centre, double *params)
{
    params[A] = exp(theta[A]);
    params[B] = exp(theta[B] + theta[C0] * centre[0]);
    params[C0] = theta[C0];
    for (size_t i = FIRST_BREAK; i < f->n_params; i += PER_BREAK) {
        params[i + SLOPE] = theta[i + SLOPE];
        params[i + PLACE] = exp(theta[i + PLACE] + centre[0]);
        params[i + WIDTH] = exp(theta[i + WIDTH]);
    }
}

static void internal(const Form *f, const double *params, const double *centre, double *theta)
{
    theta[A] = log(params[A]);
    theta[B] = log(params[B]) - params[C0] * centre[0];
    theta[C0] = params[C0];
    for (size_t i = FIRST_BREAK; i < f->n_params; i += PER_BREAK) {
        theta[i + SLOPE] = params[i + SLOPE];
        theta[i + PLACE] = log(params[i + PLACE]) - centre[0];
        theta[i + WIDTH] = log(params[i + WIDTH]);
    }
}

/* Breaks within the data, one after the other. */
static void box(size_t breaks, const double *x_lo, const double *x_hi, double *lo, double *hi)
{
    double step = (x_hi[0] - x_lo[0]) / (double)breaks;
    lo[C0] = 0.0;
    hi[C0] = 1.0;
    for (size_t i = 0; i < breaks; i++) {
        size_t at = FIRST_BREAK + PER_BREAK * i;
        lo[at + SLOPE] = -0.6;
        hi[at + SLOPE] = 1.2;
        lo[at + PLACE] = x_lo[0] + step * (double)i;
        hi[at + PLACE] = x_lo[0] + step * (double)(i + 1);
        lo[at + WIDTH] = log(0.05);
        hi[at + WIDTH] = log(2.0);
    }
}

static void phi_of(size_t breaks, const double *theta, const double *x, double *phi)
{
    phi[A] = 1.0;
    phi[B] = curve_at(theta, breaks, x[0]);
}

#define BREAKS(n)                                                                      \
    static void phi##n(const double *theta, const double *x, double *phi)              \
    {                                                                                  \
        phi_of(n, theta, x, phi);                                                      \
    }                                                                                  \
    static void box##n(const double *x_lo, const double *x_hi, double *lo, double *hi) \
    {                                                                                  \
        box(n, x_lo, x_hi, lo, hi);                                                    \
    }
BREAKS(1)
BREAKS(2)
BREAKS(3)

#define ONE_BREAK(i)                                                         \
    {"c" #i, "1", "steepening of the exponent at d" #i, FORM_SHAPE},         \
        {"d" #i, "as x", "place of break " #i, FORM_SHAPE, .centres = 1},    \
    {                                                                        \
        "f" #i, "1", "width of break " #i " in ln x, 0 is sharp", FORM_SHAPE \
    }

#define BROKEN(id, word, x, variable, n, next, ...)                                              \
    const Form form_##id = {                                                                     \
        .name = word ":" x,                                                                      \
        .equation = "L(" x ") = a + b " x "^-c0 prod_i (1 + (" x "/d_i)^(1/f_i))^(-c_i f_i), "   \
                    "i = 1 .. " #n,                                                              \
        .source = "arXiv:2210.14891, equation 1",                                                \
        .n_inputs = 1,                                                                           \
        .input = {variable},                                                                     \
        .n_params = FIRST_BREAK + PER_BREAK * (n),                                               \
        .n_terms = 2,                                                                            \
        .param = {[A] = {"a", "nats/token", "limit at endless " x, .may_vanish = true},          \
                  [B] = {"b", "nats/token", "coefficient of " x ", at " x " = 1", .centres = 1}, \
                  [C0] = {"c0", "1", "exponent before the first break", FORM_SHAPE},             \
                  __VA_ARGS__},                                                                  \
        .formula = formula,                                                                      \
        .phi = phi##n,                                                                           \
        .box = box##n,                                                                           \
        .richer = next,                                                                          \
        FORM_REPORTS,                                                                            \
    }

BROKEN(broken_n, "broken", "N", FORM_N, 1, "broken2:N", ONE_BREAK(1));
BROKEN(broken_d, "broken", "D", FORM_D, 1, "broken2:D", ONE_BREAK(1));
BROKEN(broken_c, "broken", "C", FORM_C, 1, "broken2:C", ONE_BREAK(1));
BROKEN(broken2_n, "broken2", "N", FORM_N, 2, "broken3:N", ONE_BREAK(1), ONE_BREAK(2));
BROKEN(broken2_d, "broken2", "D", FORM_D, 2, "broken3:D", ONE_BREAK(1), ONE_BREAK(2));
BROKEN(broken2_c, "broken2", "C", FORM_C, 2, "broken3:C", ONE_BREAK(1), ONE_BREAK(2));
BROKEN(broken3_n, "broken3", "N", FORM_N, 3, NULL, ONE_BREAK(1), ONE_BREAK(2), ONE_BREAK(3));
BROKEN(broken3_d, "broken3", "D", FORM_D, 3, NULL, ONE_BREAK(1), ONE_BREAK(2), ONE_BREAK(3));
BROKEN(broken3_c, "broken3", "C", FORM_C, 3, NULL, ONE_BREAK(1), ONE_BREAK(2), ONE_BREAK(3));
