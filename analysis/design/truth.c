#include "analysis/design/truth.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/quantity.h"
#include "common/words.h"

enum { GOLDEN_STEPS = 90 };

/* Features and samples in the middle of the data, unless told. */
#define MIDDLE_FEATURES 100.0

const char *const truth_name[TRUTH_NAMED] = {"hoffmann",  "besiroglu", "imbalanced",
                                             "low_floor", "steep",     "symmetric"};

const Truth *truth_named(size_t i)
{
    static const Truth named[TRUTH_NAMED] = {
        {&form_chinchilla, {1.69, 406.4, 410.7, 0.34, 0.28}, .scale = 0.0}, /* 2203.15556 */
        {&form_chinchilla,
         {1.8172, 482.01, 2085.43, 0.3478, 0.3658},
         .scale = 0.0}, /* 2404.10102 */
        {&form_chinchilla, {1.69, 406.4, 410.7, 0.465, 0.155}, .scale = 0.0},
        {&form_chinchilla, {0.3, 50.0, 80.0, 0.22, 0.19}, .scale = 0.0},
        {&form_chinchilla, {2.1, 25000.0, 900000.0, 0.62, 0.7}, .scale = 0.0},
        {&form_chinchilla, {1.5, 300.0, 300.0, 0.3, 0.3}, .scale = 0.0},
    };
    return &named[i];
}

/* ---- parsing ------------------------------------------------------------------------------- */

/* The next "NAME=VALUE" of a list with commas; false at its end.  Without a value that is empty. */
static bool next_setting(const char **text, char name[WORD_BYTES], char value[WORD_BYTES])
{
    if (!words_next(text, ',', name)) {
        return false;
    }
    char *eq = strchr(name, '=');
    (void)snprintf(value, WORD_BYTES, "%s", eq ? eq + 1 : "");
    name[eq ? (size_t)(eq - name) : strlen(name)] = '\0';
    return true;
}

static ErrCode bad_setting(const char *name, const char *value, const char *known, Err *err)
{
    (void)err_set(err, ERR_USAGE, "--truth takes NAME=NUMBER, not \"%s=%s\"", name, value);
    return err_hint(err, "it has %s", known);
}

static ErrCode parse_ridge(const char *value, Solvable *s, Err *err)
{
    if (strcmp(value, "none") == 0) {
        s->ridge = SOLVABLE_RIDGELESS;
    } else if (strcmp(value, "best") == 0) {
        s->ridge = SOLVABLE_BEST;
    } else if (quantity_parse(value, QUANTITY_COUNT, &s->gamma) && s->gamma > 0.0) {
        s->ridge = SOLVABLE_FIXED;
    } else {
        return err_set(err, ERR_USAGE, "ridge= takes none, best or a positive number, not \"%s\"",
                       value);
    }
    return ERR_OK;
}

static ErrCode parse_solvable(const char *text, Truth *ret, Err *err)
{
    Truth t = {.solvable = solvable_default(), .offset = 1.0};
    char name[WORD_BYTES], value[WORD_BYTES];
    double latent = 1e6;
    const struct {
        const char *name;
        double *at;
    } known[] = {{"alpha", &t.solvable.alpha}, {"M", &latent},    {"E", &t.offset},
                 {"scale", &t.scale},          {"N0", &t.n_unit}, {"D0", &t.d_unit}};
    while (next_setting(&text, name, value)) {
        double x = 0.0;
        bool is_known = false;
        if (strcmp(name, "ridge") == 0) {
            ErrCode rc = parse_ridge(value, &t.solvable, err);
            if (rc != ERR_OK) {
                return rc;
            }
            continue;
        }
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
            if (strcmp(known[i].name, name) == 0 && quantity_parse(value, QUANTITY_COUNT, &x)) {
                *known[i].at = x;
                is_known = x >= 0.0;
            }
        }
        if (!is_known) {
            return bad_setting(name, value, "alpha, M, E, scale, N0, D0 and ridge", err);
        }
    }
    t.solvable.latent = latent >= 1.0 && latent <= SOLVABLE_MAX_LATENT ? (size_t)latent : 0;
    *ret = t;
    return ERR_OK;
}

static bool is_surface(const Form *f)
{
    bool is_one = f->response == FORM_LOSS;
    for (size_t k = 0; k < form_columns(f); k++) {
        is_one =
            is_one && (f->input[k] == FORM_N || f->input[k] == FORM_D || f->input[k] == FORM_C);
    }
    return is_one;
}

static ErrCode parse_form(const Form *f, const char *text, Truth *ret, Err *err)
{
    Truth t = {.form = f};
    char name[WORD_BYTES], value[WORD_BYTES];
    Buf known = BUF_INIT;
    ErrCode rc = ERR_OK;
    for (size_t k = 0; k < f->n_params; k++) {
        t.params[k] = (double)NAN;
        buf_printf(&known, "%s%s", k ? ", " : "", f->param[k].name);
    }
    while (rc == ERR_OK && next_setting(&text, name, value)) {
        int k = form_param(f, name);
        if (k < 0 || !quantity_parse(value, QUANTITY_COUNT, &t.params[k])) {
            rc = bad_setting(name, value, buf_str(&known), err);
        }
    }
    for (size_t k = 0; rc == ERR_OK && k < f->n_params; k++) {
        if (isnan(t.params[k])) {
            (void)err_set(err, ERR_USAGE, "the truth lacks %s", f->param[k].name);
            rc = err_hint(err, "%s has %s", f->name, buf_str(&known));
        }
    }
    buf_release(&known);
    *ret = t;
    return rc;
}

ErrCode truth_parse(const char *text, Truth *ret, Err *err)
{
    char word[WORD_BYTES];
    for (size_t i = 0; i < TRUTH_NAMED; i++) {
        if (strcmp(text, truth_name[i]) == 0) {
            *ret = *truth_named(i);
            return ERR_OK;
        }
    }
    if (strncmp(text, "solvable", 8) == 0 && (text[8] == ':' || !text[8])) {
        return parse_solvable(text + 8 + (text[8] == ':' ? 1 : 0), ret, err);
    }
    const char *eq = strchr(text, '='), *colon = eq ? eq : text + strlen(text);
    while (colon > text && *colon != ':') {
        colon--; /* names of laws may hold colons: power:C:A=... */
    }
    (void)snprintf(word, sizeof word, "%.*s", (int)(colon - text), text);
    const Form *f = form_find(word);
    if (!f || !is_surface(f)) {
        (void)err_set(err, ERR_USAGE, "\"%s\" is no truth", text);
        return err_hint(err, "name a law of N, D or C with its parameters "
                             "(chinchilla:E=1.8,A=480,B=2080,alpha=0.35,beta=0.37), solvable, or "
                             "hoffmann, besiroglu, imbalanced, low_floor, steep, symmetric");
    }
    return parse_form(f, colon + 1, ret, err);
}

Truth truth_of_fit(const FitResult *fit)
{
    Truth t = {.form = fit->form};
    for (size_t k = 0; k < fit->n_params; k++) {
        t.params[k] = fit->param[k].value;
    }
    return t;
}

/* ---- what it says -------------------------------------------------------------------------- */

static double middle(const double *x, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += log(x[i]) / (double)n;
    }
    return exp(sum);
}

ErrCode truth_open(Truth *t, const FitData *data, Err *err)
{
    if (t->form) {
        return is_surface(t->form)
                   ? ERR_OK
                   : err_set(err, ERR_INVALID, "%s is no law of N, D or C alone", t->form->name);
    }
    ErrCode rc = solvable_open(&t->solvable, err);
    if (rc != ERR_OK) {
        return rc;
    }
    double n = middle(data->params, data->n), d = middle(data->tokens, data->n);
    t->n_unit = t->n_unit > 0.0 ? t->n_unit : n / MIDDLE_FEATURES;
    t->d_unit = t->d_unit > 0.0 ? t->d_unit : d / MIDDLE_FEATURES;
    if (!(t->scale > 0.0)) {
        Solvable best = t->solvable; /* finite everywhere */
        best.ridge = SOLVABLE_BEST;
        t->scale = 1.0 / solvable_loss(&best, n / t->n_unit, d / t->d_unit);
    }
    return ERR_OK;
}

void truth_release(Truth *t)
{
    solvable_release(&t->solvable);
}

double truth_loss(const Truth *t, double n, double d, double c)
{
    double inputs[FORM_MAX_INPUTS] = {0.0};
    if (!t->form) {
        return t->offset + t->scale * solvable_loss(&t->solvable, n / t->n_unit, d / t->d_unit);
    }
    for (size_t k = 0; k < form_columns(t->form); k++) {
        double unit = t->form->input_unit[k] > 0.0 ? t->form->input_unit[k] : 1.0;
        FormInput in = t->form->input[k];
        inputs[k] = (in == FORM_N ? n : in == FORM_D ? d : c) / unit;
    }
    return form_loss(t->form, t->params, inputs);
}

/* The size of least loss on C = 6 N D. */
static double best_size(const Truth *t, double c)
{
    if (t->form) {
        return t->form->best_size ? t->form->best_size(t->params, c / 6.0) : (double)NAN;
    }
    const double golden = 0.5 * (sqrt(5.0) - 1.0);
    double nd = c / 6.0, square = sqrt(nd * t->n_unit / t->d_unit);
    double lo = log(square) - 8.0, hi = log(square) + 8.0;
    for (int i = 0; i < GOLDEN_STEPS && hi - lo > 1e-9; i++) {
        double a = hi - golden * (hi - lo), b = lo + golden * (hi - lo);
        bool is_left =
            truth_loss(t, exp(a), nd / exp(a), c) < truth_loss(t, exp(b), nd / exp(b), c);
        *(is_left ? &hi : &lo) = is_left ? b : a;
    }
    return exp(0.5 * (lo + hi));
}

static double value_at(const Truth *t, const char *name, double c)
{
    double n = best_size(t, c), d = c / 6.0 / n;
    return strcmp(name, "N_opt") == 0   ? n
           : strcmp(name, "D_opt") == 0 ? d
           : strcmp(name, "L_opt") == 0 ? truth_loss(t, n, d, c)
                                        : d / n;
}

static double solvable_value(const Truth *t, const char *name)
{
    if (strcmp(name, "alpha") == 0 || strcmp(name, "beta") == 0) {
        return t->solvable.alpha;
    }
    if (strcmp(name, "a") == 0 || strcmp(name, "b") == 0) {
        return 0.5;
    }
    return strcmp(name, "E") == 0 ? t->offset : (double)NAN;
}

double truth_value(const Truth *t, const char *name, double c)
{
    static const char *const at[FIT_PER_AT] = {"N_opt", "D_opt", "L_opt", "tokens_per_parameter"};
    double derived[FORM_MAX_DERIVED];
    for (size_t i = 0; i < FIT_PER_AT; i++) {
        if (strcmp(name, at[i]) == 0) {
            return c > 0.0 ? value_at(t, name, c) : (double)NAN;
        }
    }
    if (!t->form) {
        return solvable_value(t, name);
    }
    int k = form_param(t->form, name);
    if (k >= 0) {
        return t->params[k];
    }
    if (t->form->n_derived) {
        t->form->derive(t->params, derived);
    }
    for (size_t i = 0; i < t->form->n_derived; i++) {
        if (strcmp(t->form->derived[i].name, name) == 0) {
            return derived[i];
        }
    }
    return (double)NAN;
}

ErrCode truth_moved(const Truth *t, const FitData *data, const char *param, double by, Truth *ret,
                    Err *err)
{
    const Form *f = t->form;
    int k = f ? form_param(f, param) : -1;
    double centre[FORM_MAX_INPUTS] = {0.0}, theta[FORM_MAX_PARAMS];
    if (k < 0) {
        return err_set(err, ERR_USAGE, "%s has no parameter \"%s\" that could differ",
                       f ? f->name : "the solvable model", param);
    }
    *ret = *t;
    if (f->param[k].kind != FORM_SHAPE) {
        ret->params[k] += by;
        return ERR_OK;
    }
    for (size_t i = 0; i < form_columns(f); i++) {
        double unit = f->input_unit[i] > 0.0 ? f->input_unit[i] : 1.0;
        centre[i] = log(middle(fit_data_input(data, f->input[i]), data->n) / unit);
    }
    form_internal(f, t->params, centre, theta);
    theta[k] += by;
    form_report(f, theta, centre, ret->params);
    return ERR_OK;
}
