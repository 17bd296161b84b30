#include "analysis/fit/options.h"

#include <string.h>

#include "common/quantity.h"
#include "common/words.h"

#define DEFAULT_DELTA 1e-3

FitOptions fit_defaults(const Form *form)
{
    FitLoss loss = form->huber_delta > 0.0 ? (FitLoss){FIT_HUBER, form->huber_delta, 1.0}
                                           : (FitLoss){FIT_MSE, 0.0, 1.0};
    return (FitOptions){.form = form,
                        .loss = loss,
                        .residual = form->is_raw ? FIT_RAW : FIT_LOG,
                        .starts = 64,
                        .bootstrap = 200,
                        .resampling = FIT_AUTO,
                        .seed = 1,
                        .threads = 1};
}

/* "W" or "W:DELTA", or as much of it as a loss has: above 0. */
static bool positives(const char *text, size_t most, double *ret[])
{
    char word[WORD_BYTES];
    size_t n = 0;
    while (words_next(&text, ':', word)) {
        if (n == most || !quantity_parse(word, QUANTITY_COUNT, ret[n]) || !(*ret[n] > 0.0)) {
            return false;
        }
        n++;
    }
    return n > 0;
}

ErrCode fit_loss_parse(const char *text, FitLoss *ret, Err *err)
{
    FitLoss l = {FIT_HUBER, DEFAULT_DELTA, 1.0};
    double *asymmetric[] = {&l.over, &l.delta}, *huber[] = {&l.delta};
    if (strcmp(text, "mse") == 0) {
        l = (FitLoss){FIT_MSE, 0.0, 1.0};
    } else if (strcmp(text, "l1") == 0) {
        l = (FitLoss){FIT_L1, 0.0, 1.0};
    } else if (strncmp(text, "asymmetric:", 11) == 0 && positives(text + 11, 2, asymmetric)) {
        l.kind = FIT_ASYMMETRIC;
    } else if (strcmp(text, "huber") != 0 &&
               (strncmp(text, "huber:", 6) != 0 || !positives(text + 6, 1, huber))) {
        (void)err_set(err, ERR_USAGE,
                      "--loss takes mse, l1, huber:DELTA or asymmetric:WEIGHT:DELTA, not \"%.80s\"",
                      text);
        return err_hint(err, "huber:1e-3, or asymmetric:10:1e-3 (10: the weight of overestimates)");
    }
    *ret = l;
    return ERR_OK;
}

const char *fit_loss_name(FitLossKind kind)
{
    static const char *const name[] = {
        [FIT_MSE] = "mse", [FIT_HUBER] = "huber", [FIT_L1] = "l1", [FIT_ASYMMETRIC] = "asymmetric"};
    return name[kind];
}

ErrCode fit_resampling_parse(const char *text, FitResampling *ret, Err *err)
{
    const char *name[FIT_NO_INTERVALS];
    size_t i = 0;
    for (size_t k = 0; k < FIT_NO_INTERVALS; k++) {
        name[k] = fit_resampling_name((FitResampling)k);
    }
    ErrCode rc = words_enum("resample", text, name, FIT_NO_INTERVALS, &i, err);
    *ret = rc == ERR_OK ? (FitResampling)i : *ret;
    return rc;
}

ErrCode fit_residual_parse(const char *text, FitResidual *ret, Err *err)
{
    static const char *const name[] = {[FIT_LOG] = "log", [FIT_RAW] = "raw"};
    size_t i = 0;
    ErrCode rc = words_enum("residual", text, name, 2, &i, err);
    *ret = rc == ERR_OK ? (FitResidual)i : *ret;
    return rc;
}

ErrCode fit_law_parse(const char *text, const Form **ret, Err *err)
{
    enum { MAX_LAWS = 64 };
    const char *name[MAX_LAWS];
    size_t n = 0, ignored;
    const Form *f = form_find(text);
    if (f) {
        *ret = f;
        return ERR_OK;
    }
    for (; n < form_count() && n < MAX_LAWS; n++) {
        name[n] = form_at(n)->name;
    }
    return words_find("law", text, name, n, &ignored, err);
}

ErrCode fit_param_parse(const Form *const *law, size_t n_laws, const char *text, Err *err)
{
    const char *name[FORM_MAX_PARAMS] = {NULL};
    size_t n = 0, ignored;
    for (size_t i = 0; i < n_laws; i++) {
        if (form_param(law[i], text) >= 0) {
            return ERR_OK;
        }
    }
    for (; n_laws && n < law[0]->n_params; n++) {
        name[n] = law[0]->param[n].name;
    }
    ErrCode rc = words_find("parameter", text, name, n, &ignored, err);
    return rc == ERR_OK ? rc : err_wrap(err, "%s", n_laws ? law[0]->name : "no law");
}
