/* form.h -- a functional form: a response (mostly the loss) as a function of size, data or compute.
 *
 * A form is a row of constants and pure functions.  The fitter knows no form by
 * name; `slaw fit --law NAME` finds it in the registry (forms.def).
 *
 * A form is fitted in CENTRED LOGS: x = ln(input) - mean of ln(input) over the data (or
 * input - mean, for an input that is itself a loss), and theta holds ln of the
 * coefficients at the centre and the exponents themselves.  The condition number of the
 * Chinchilla problem falls from 2e14 (raw) to 4e3, and coefficients are positive without
 * a constraint.  Reported parameters are those of the equation, in the units given here.
 *
 * Two ways to give the equation; value, gradient and Hessian follow from either:
 *   factor[][]  a sum of products of powers, L = sum_k exp(theta_k + sum_f sign theta_q x_i).
 *               The fitter has a vectorised kernel for these (fit/kernel.h).
 *   formula     anything else, written once with second-order jets (jet.h).
 *
 * Units, everywhere in analysis/:
 *   N     trainable parameters, embeddings excluded      [parameters]
 *   D     training tokens seen, epochs counted again     [tokens]
 *   U     distinct training tokens                       [tokens]
 *   C     training compute under one named convention    [FLOP], or PFLOP/s-days (8.64e19 FLOP)
 *   loss  mean next-token cross-entropy                  [nats/token]
 */
#ifndef ANALYSIS_FORMS_FORM_H
#define ANALYSIS_FORMS_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/forms/jet.h"

enum {
    FORM_MAX_PARAMS = 12,
    FORM_MAX_INPUTS = 3,
    FORM_MAX_TERMS = 3,
    FORM_MAX_FACTORS = 3,
    FORM_MAX_DERIVED = 4
};

/* FLOP in one PFLOP/s-day. */
#define FORM_PFLOP_S_DAY 8.64e19

typedef enum FormInput {
    FORM_N,
    FORM_D,
    FORM_C,
    FORM_U,
    FORM_EXPERTS,
    FORM_X_LOSS,  /* the loss as an input: not logged */
    FORM_PRODUCT, /* of the form's first two centred inputs; no column of its own */
    FORM_N_INPUTS
} FormInput;

/* What the law predicts. */
typedef enum FormResponse {
    FORM_LOSS,     /* positive [nats/token] */
    FORM_ACCURACY, /* share of right answers */
    FORM_ERROR,    /* share of wrong answers */
    FORM_RATE,     /* best learning rate, positive */
    FORM_BATCH,    /* best batch, positive [tokens] */
    FORM_N_RESPONSES
} FormResponse;

typedef enum FormKind {
    FORM_COEFFICIENT, /* theta = ln of a positive level in the response's unit, at the centre */
    FORM_LINEAR,      /* theta = a level of any sign */
    FORM_SHAPE,       /* exponents and the like; starts are spread over [lo, hi] */
} FormKind;

typedef struct FormParam {
    const char *name; /* in JSON and tables */
    const char *unit;
    const char *help;
    FormKind kind;
    /* Of a coefficient: zero is a limit that leaves the rest identified (E = 0), not a term
     * that is missing. */
    bool may_vanish;
    int sign;         /* of a shape: +1 or -1 where theta must have this sign, else 0 */
    unsigned centres; /* bit k: the report of this parameter depends on the centre of input k */
    double lo, hi;    /* of a shape: where starts are; spaced by logs when both are positive */
} FormParam;

/* One factor of a term: exp(sign * theta[param] * x[input]). */
typedef struct FormFactor {
    int param, input;
    double sign;
} FormFactor;

typedef struct Form Form;

struct Form {
    const char *name;     /* the word in study files and on the command line */
    const char *equation; /* for people */
    const char *source;   /* paper and equation number */
    FormResponse response;
    size_t n_inputs;
    FormInput input[FORM_MAX_INPUTS];
    double input_unit[FORM_MAX_INPUTS]; /* the column is divided by it; 0 stands for 1 */
    unsigned shared_centres;            /* bit k: input k is centred as input k - 1 is */

    /* Reported parameters; theta[i] belongs to param[i].  The first n_terms are linear
     * coefficients: response = sum_k c_k phi_k(theta, x) with c = exp(theta) or theta. */
    size_t n_params, n_terms;
    FormParam param[FORM_MAX_PARAMS];

    size_t n_factors[FORM_MAX_TERMS];
    FormFactor factor[FORM_MAX_TERMS][FORM_MAX_FACTORS];

    /* The response as a jet of theta [n_params] at x; NULL for a sum of powers. */
    void (*formula)(const Jet *theta, const double *x, Jet *ret);
    /* phi [n_terms] of a formula that has terms. */
    void (*phi)(const double *theta, const double *x, double *phi);
    /* Start box of the shapes from the range of the centred inputs; NULL: lo and hi above. */
    void (*box)(const double *x_lo, const double *x_hi, double *lo, double *hi);

    size_t n_derived;
    FormParam derived[FORM_MAX_DERIVED];

    double huber_delta; /* default loss: Huber with this delta; 0: least squares */
    bool is_raw;        /* default residual raw, else log */
    bool has_envelope;  /* N_opt(C) and D_opt(C) are fitted on the envelope beside it */
    /* Name of the next richer law of a family that is chosen by BIC ("broken"), or NULL. */
    const char *richer;

    /* theta and the centres of the inputs <-> the equation's parameters (form_report and
     * form_internal call them); NULL for a sum of powers without a product. */
    void (*report)(const Form *f, const double *theta, const double *centre, double *params);
    void (*internal)(const Form *f, const double *params, const double *centre, double *theta);
    void (*derive)(const double *params, double *derived); /* NULL when n_derived is 0 */
    /* Of a law in N and D: the N of least response where N D = nd; else NULL. */
    double (*best_size)(const double *params, double nd);
};

/* The response at theta and centred inputs x. */
double form_value(const Form *f, const double *theta, const double *x);
/* The same, and grad[i] = dL/dtheta_i, shape [n_params]. */
double form_gradient(const Form *f, const double *theta, const double *x, double *grad);
/* The same, and hess[i * n_params + j] = d2L/dtheta_i dtheta_j. */
double form_hessian(const Form *f, const double *theta, const double *x, double *grad,
                    double *hess);
/* phi[k] of every term, shape [n_terms]; the coefficients in theta are not read. */
void form_terms(const Form *f, const double *theta, const double *x, double *phi);

/* Is it a sum of powers? */
static inline bool form_is_powers(const Form *f)
{
    return f->formula == NULL;
}

/* Inputs that are columns of the data: all but a product. */
size_t form_columns(const Form *f);
bool form_is_linear_input(FormInput k);
const char *form_input_name(FormInput k);
const char *form_response_name(FormResponse r);

/* x [n_inputs] from inputs (form_columns of them, in the form's units: PFLOP/s-days if it says so). */
void form_place(const Form *f, const double *inputs, const double *centre, double *x);

/* NULL if no form has this name.  "power", "power_offset" and "broken" alone are those in C. */
const Form *form_find(const char *name);
/* Index of a parameter, or -1. */
int form_param(const Form *f, const char *name);

/* All forms, in the order of forms.def. */
size_t form_count(void);
const Form *form_at(size_t i);

/* The response at inputs in the units above, by reported parameters. */
double form_loss(const Form *f, const double *params, const double *inputs);

/* The equation's parameters [n_params] from theta and the centres of the inputs, and back.  Of a sum
 * of powers ln c = theta_k - sum sign q centre. */
void form_report(const Form *f, const double *theta, const double *centre, double *params);
void form_internal(const Form *f, const double *params, const double *centre, double *theta);

/* Of a law whose file defines both by these names. */
#define FORM_REPORTS .report = report, .internal = internal

/* Of laws in N and D. */
#define FORM_OF_N_AND_D .n_inputs = 2, .input = {FORM_N, FORM_D}

/* The first three parameters of laws in N and D that add their terms; the inputs on whose centres A
 * and B depend. */
#define FORM_PARAMS_E_A_B(inputs_a, inputs_b)                                           \
    {"E", "nats/token", "loss that neither size nor data removes", .may_vanish = true}, \
        {"A", "nats/token", "coefficient of size, at N = 1", .centres = (inputs_a)},    \
    {                                                                                   \
        "B", "nats/token", "coefficient of data, at D = 1", .centres = (inputs_b)       \
    }

/* derive (a, b, G) and best_size of a law whose parameters begin with E, A, B, alpha and beta of
 * E + A N^-alpha + B D^-beta (chinchilla.c). */
void form_optimum(const double *params, double *derived);
double form_optimum_size(const double *params, double nd);

#define FORM(id) extern const Form form_##id;
#include "analysis/forms/forms.def"
#undef FORM

#endif
