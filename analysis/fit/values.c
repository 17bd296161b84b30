#include "analysis/fit/values.h"

#include <math.h>
#include <string.h>

/* Size that is best for N D = nd, by the law's own closed form. */
static void frontier(const Form *f, const double *params, double c, double *v)
{
    double n = f->best_size(params, c / 6.0), d = c / 6.0 / n;
    double inputs[FORM_MAX_INPUTS] = {n, d, d};
    v[0] = n;
    v[1] = d;
    v[2] = form_loss(f, params, inputs);
    v[3] = d / n;
}

size_t values_at(const Form *f, const double *centre, const double *theta, const Envelope *e,
                 const double *at, size_t n_at, double *values)
{
    form_report(f, theta, centre, values);
    size_t n = f->n_params;
    if (f->n_derived) {
        f->derive(values, values + n);
        n += f->n_derived;
    }
    if (e) {
        const double v[] = {e->a,           e->b,          e->k_n,  e->k_d,  e->a + e->b,
                            e->ratio_first, e->ratio_last, e->beta, e->alpha};
        memcpy(values + n, v, sizeof v);
        n += sizeof v / sizeof v[0];
    }
    for (size_t i = 0; f->best_size && i < n_at; i++, n += FIT_PER_AT) {
        frontier(f, values, at[i], values + n);
    }
    return n;
}

static FitValue value_of(const FormParam *p, double x)
{
    FitValue v = {.name = p->name, .unit = p->unit, .help = p->help, .value = x};
    v.se = v.lo = v.hi = (double)NAN;
    for (size_t m = 0; m < FIT_N_METHODS; m++) {
        v.by[m] = (FitInterval){(double)NAN, (double)NAN, (double)NAN};
    }
    return v;
}

static const FormParam of_envelope[] = {
    {"a", "1", "N_opt = k_N C^a on the envelope"},
    {"b", "1", "D_opt = k_D C^b on the envelope"},
    {"k_N", "parameters", "best N at one PFLOP/s-day"},
    {"k_D", "tokens", "best D at one PFLOP/s-day"},
    {"a_plus_b", "1", "1 where C = 6 N D"},
    {"ratio_first", "1", "6 N_opt D_opt / C at the least C"},
    {"ratio_last", "1", "6 N_opt D_opt / C at the most C"},
    {"beta_C_envelope", "nats/token", "beta_C of the envelope alone"},
    {"alpha_C_envelope", "1", "alpha_C of the envelope alone"},
};

static const FormParam of_at[FIT_PER_AT] = {
    {"N_opt", "parameters", "size of least loss at this C = 6 N D"},
    {"D_opt", "tokens", "tokens of least loss at it"},
    {"L_opt", "nats/token", "least loss at it"},
    {"tokens_per_parameter", "1", "D_opt / N_opt at it"},
};

/* Does x lie outside the range of input k of the data by more than rounding? */
static bool is_outside(const FitProblem *p, size_t k, double x)
{
    double at = log(x) - p->centre[k];
    return at < p->x_lo[k] - 1e-9 || at > p->x_hi[k] + 1e-9;
}

void values_describe(const FitProblem *p, const FitOptions *o, FitResult *r)
{
    const Form *f = p->form;
    double v[FIT_MAX_VALUES];
    size_t n_at = f->best_size ? o->n_at : 0;
    size_t n =
        values_at(f, r->centre, r->theta, r->has_envelope ? &r->envelope : NULL, o->at, n_at, v);
    r->n_params = p->p;
    r->n_at = n_at;
    r->n_derived = n - p->p - FIT_PER_AT * n_at;
    for (size_t i = 0; i < r->n_params; i++) {
        r->param[i] = value_of(&f->param[i], v[i]);
    }
    for (size_t i = 0; i < r->n_derived; i++) {
        const FormParam *q = i < f->n_derived ? &f->derived[i] : &of_envelope[i - f->n_derived];
        r->derived[i] = value_of(q, v[r->n_params + i]);
    }
    for (size_t i = 0; i < n_at; i++) {
        FitAt *at = &r->at[i];
        const double *own = v + r->n_params + r->n_derived + FIT_PER_AT * i;
        at->c = o->at[i];
        for (size_t k = 0; k < FIT_PER_AT; k++) {
            at->value[k] = value_of(&of_at[k], own[k]);
        }
        at->is_outside = is_outside(p, 0, own[0]) || is_outside(p, 1, own[1]);
    }
}

bool values_is_scale(const FitResult *r, size_t k)
{
    if (k < r->n_params) {
        return r->form->param[k].kind == FORM_COEFFICIENT && r->param[k].value > 0.0;
    }
    k -= r->n_params;
    if (k < r->n_derived) {
        return strcmp(r->derived[k].name, "G") == 0 || strncmp(r->derived[k].name, "k_", 2) == 0;
    }
    return (k - r->n_derived) % FIT_PER_AT != 2;
}
