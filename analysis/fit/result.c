#include "analysis/fit/result.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const resampling_name[] = {
    [FIT_NO_INTERVALS] = "none",  [FIT_CASES] = "cases",
    [FIT_CLUSTERS] = "cluster",   [FIT_STRATIFIED] = "stratified",
    [FIT_RESIDUALS] = "residual", [FIT_WILD] = "wild",
    [FIT_AUTO] = "auto",
};

const char *fit_resampling_name(FitResampling r)
{
    return resampling_name[r];
}

const char *fit_method_name(FitMethod m)
{
    static const char *const name[FIT_N_METHODS] = {
        [FIT_PERCENTILE] = "bootstrap", [FIT_BCA] = "bca",
        [FIT_SANDWICH] = "sandwich",    [FIT_PROFILE] = "profile",
        [FIT_JACKKNIFE] = "jackknife",
    };
    return name[m];
}

double fit_predict(const FitResult *r, const double *inputs)
{
    double x[FORM_MAX_INPUTS];
    form_place(r->form, inputs, r->centre, x);
    return form_value(r->form, r->theta, x);
}

const FitValue *fit_value(const FitResult *r, const char *name)
{
    for (size_t i = 0; i < r->n_params + r->n_derived; i++) {
        const FitValue *v = i < r->n_params ? &r->param[i] : &r->derived[i - r->n_params];
        if (strcmp(v->name, name) == 0) {
            return v;
        }
    }
    return NULL;
}

FitValue *fit_slot(FitResult *r, size_t k)
{
    if (k < r->n_params) {
        return &r->param[k];
    }
    k -= r->n_params;
    if (k < r->n_derived) {
        return &r->derived[k];
    }
    k -= r->n_derived;
    return &r->at[k / FIT_PER_AT].value[k % FIT_PER_AT];
}

size_t fit_slots(const FitResult *r)
{
    return r->n_params + r->n_derived + FIT_PER_AT * r->n_at;
}

void fit_warn(FitResult *r, const char *fmt, ...)
{
    if (r->n_warnings < FIT_MAX_WARNINGS) {
        va_list ap;
        va_start(ap, fmt);
        (void)vsnprintf(r->warning[r->n_warnings++], FIT_WARNING_BYTES, fmt, ap);
        va_end(ap);
    }
}
