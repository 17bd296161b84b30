#include "analysis/compare/reach.h"

#include <math.h>
#include <string.h>

/* ln of the amounts between which a loss is sought, and the steps of the search. */
#define LN_LEAST (-60.0)
#define LN_MOST  600.0
enum { BISECTIONS = 70 };

static bool is_in_size_and_data(const Form *f)
{
    return f->best_size != NULL;
}

const char *reach_resource(const Form *f)
{
    if (f->response != FORM_LOSS) {
        return NULL;
    }
    if (is_in_size_and_data(f)) {
        return "C";
    }
    bool is_known = f->input[0] == FORM_N || f->input[0] == FORM_D || f->input[0] == FORM_C;
    return form_columns(f) == 1 && is_known ? form_input_name(f->input[0]) : NULL;
}

double reach_loss(const Form *f, const double *params, double amount)
{
    double input[FORM_MAX_INPUTS] = {amount};
    if (is_in_size_and_data(f)) {
        double n = f->best_size(params, amount / 6.0), d = amount / 6.0 / n;
        input[0] = n;
        input[1] = input[2] = d; /* no repetition */
    } else if (f->input_unit[0] > 0.0) {
        input[0] = amount / f->input_unit[0];
    }
    return form_loss(f, params, input);
}

static double chinchilla_amount(const Form *f, const double *p, double loss)
{
    double derived[FORM_MAX_DERIVED];
    double reducible = loss - p[0], alpha = p[3], beta = p[4];
    if (!(reducible > 0.0)) {
        return (double)INFINITY;
    }
    f->derive(p, derived);
    double k = p[1] * pow(derived[2], -alpha) + p[2] * pow(derived[2], beta);
    return 6.0 * pow(k / reducible, (alpha + beta) / (alpha * beta));
}

double reach_amount(const Form *f, const double *params, double loss)
{
    if (strcmp(f->name, "chinchilla") == 0) {
        return chinchilla_amount(f, params, loss);
    }
    double lo = LN_LEAST, hi = LN_MOST;
    double at_lo = reach_loss(f, params, exp(lo)), at_hi = reach_loss(f, params, exp(hi));
    if (!(at_hi < at_lo) || !(loss < at_lo)) {
        return (double)NAN;
    }
    if (!(loss > at_hi * (1.0 + 1e-12))) {
        return (double)INFINITY;
    }
    for (int i = 0; i < BISECTIONS; i++) {
        double middle = 0.5 * (lo + hi);
        if (reach_loss(f, params, exp(middle)) > loss) {
            lo = middle;
        } else {
            hi = middle;
        }
    }
    return exp(0.5 * (lo + hi));
}
