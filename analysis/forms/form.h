/* form.h -- a functional form: loss as a function of size, data or compute.
 *
 * A form is a row of constants and pure functions.  The fitter knows no form by
 * name; `slaw fit --law NAME` finds it in the registry (forms.def).
 *
 * Every form is a sum of terms, each a positive coefficient times a function of
 * the exponents and of the inputs:  L = sum_k c_k phi_k(x; q).  It is fitted in
 * CENTRED LOGS: x = ln(input) - mean of ln(input) over the data, and theta holds
 * ln of the coefficients at the centre and the exponents themselves.  The
 * condition number of the Chinchilla problem falls from 2e14 (raw) to 4e3, and
 * coefficients are positive without a constraint.  Reported parameters are those
 * of the equation, in the units given here.
 *
 * Units, everywhere in analysis/:
 *   N     trainable parameters, embeddings excluded      [parameters]
 *   D     training tokens seen, epochs counted again     [tokens]
 *   C     training compute under one named convention    [PFLOP/s-day], 8.64e19 FLOP
 *   loss  mean next-token cross-entropy                  [nats/token]
 */
#ifndef ANALYSIS_FORMS_FORM_H
#define ANALYSIS_FORMS_FORM_H

#include <stdbool.h>
#include <stddef.h>

enum { FORM_MAX_PARAMS = 8, FORM_MAX_INPUTS = 2, FORM_MAX_TERMS = 3, FORM_MAX_DERIVED = 4 };

/* FLOP in one PFLOP/s-day. */
#define FORM_PFLOP_S_DAY 8.64e19

typedef enum FormInput { FORM_N, FORM_D, FORM_C } FormInput;

typedef struct FormParam {
    const char *name; /* in JSON and tables */
    const char *unit;
    const char *help;
} FormParam;

typedef struct Form {
    const char *name;     /* the word in study files and on the command line */
    const char *equation; /* for people */
    const char *source;   /* paper and equation number */
    size_t n_inputs;
    FormInput input[FORM_MAX_INPUTS];

    /* Reported parameters; theta[i] belongs to param[i].  The first n_terms are the
     * coefficients, the others the exponents.  `may_vanish`: a zero coefficient is a
     * limit that leaves the rest identified (E = 0), not a term that is missing. */
    size_t n_params, n_terms;
    FormParam param[FORM_MAX_PARAMS];
    bool may_vanish[FORM_MAX_TERMS];
    /* term_exponent[k]: which exponent (0 .. n_params - n_terms - 1) shapes term k; -1: none. */
    int term_exponent[FORM_MAX_TERMS];
    /* Range of each exponent that starting points are spread over. */
    double start_lo[FORM_MAX_PARAMS], start_hi[FORM_MAX_PARAMS];

    size_t n_derived;
    FormParam derived[FORM_MAX_DERIVED];

    double huber_delta; /* default loss: Huber with this delta; 0: least squares */
    bool has_envelope;  /* N_opt(C) and D_opt(C) are fitted on the envelope beside it */

    /* L(x; theta) [nats/token]. */
    double (*value)(const double *theta, const double *x);
    /* The same, and grad[i] = dL/dtheta_i, shape [n_params]. */
    double (*gradient)(const double *theta, const double *x, double *grad);
    /* The same, and hess[i * n_params + j] = d2L/dtheta_i dtheta_j. */
    double (*hessian)(const double *theta, const double *x, double *grad, double *hess);
    /* phi[k] of every term at exponents q, shape [n_terms]. */
    void (*terms)(const double *q, const double *x, double *phi);

    /* theta and the centres of the inputs' logs <-> the equation's parameters. */
    void (*report)(const double *theta, const double *centre, double *params);
    void (*internal)(const double *params, const double *centre, double *theta);
    void (*derive)(const double *params, double *derived); /* NULL when n_derived is 0 */
} Form;

/* NULL if no form has this name. */
const Form *form_find(const char *name);

/* All forms, in the order of forms.def. */
size_t form_count(void);
const Form *form_at(size_t i);

/* L at inputs in the units above, by reported parameters. */
double form_loss(const Form *f, const double *params, const double *inputs);

#define FORM(id) extern const Form form_##id;
#include "analysis/forms/forms.def"
#undef FORM

#endif
