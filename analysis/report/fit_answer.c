/* Field names are a contract: docs/json.md. */
#include "analysis/report/fit_answer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/fit/bootstrap.h"
#include "analysis/fit/covariance.h"
#include "analysis/report/formula.h"

Interval fit_interval(const FitInterval *i, const char *method)
{
    return (Interval){.se = i->se, .lo = i->lo, .hi = i->hi, .method = method};
}

Interval fit_value_interval(const FitValue *v)
{
    return (Interval){.se = v->se, .lo = v->lo, .hi = v->hi, .method = "bootstrap"};
}

const FitValue *fit_value_at(const FitResult *f, size_t i)
{
    return i < f->n_params                  ? &f->param[i]
           : i < f->n_params + f->n_derived ? &f->derived[i - f->n_params]
                                            : NULL;
}

static bool is_known(const Interval *i)
{
    return !isnan(i->se) || !isnan(i->lo) || !isnan(i->hi);
}

void interval_answer(AnswerNode *in, const char *key, const Interval *i)
{
    if (is_known(i)) {
        answer_set_interval(in, key, i);
    }
}

/* {"E":...,"alpha":...} */
static void values_answer(AnswerNode *in, const char *key, const FitValue *v, size_t n)
{
    AnswerNode *o = answer_object(in, key);
    for (size_t i = 0; i < n; i++) {
        answer_set(o, v[i].name, value_real(v[i].value));
    }
}

/* {"alpha":{"se","lo","hi","method"},...}, and by each method {"alpha":{"bca":{...}},...} of values that
 * have any. */
static void value_intervals(AnswerNode *intervals, AnswerNode *methods, const FitValue *v)
{
    const Interval own = fit_value_interval(v);
    AnswerNode *o = NULL;
    interval_answer(intervals, v->name, &own);
    for (int m = 0; m < FIT_N_METHODS; m++) {
        const Interval i = fit_interval(&v->by[m], fit_method_name((FitMethod)m));
        if (is_known(&i)) {
            o = o ? o : answer_object(methods, v->name);
            answer_set_interval(o, i.method, &i);
        }
    }
}

static void intervals_answer(AnswerNode *in, const FitResult *f)
{
    AnswerNode *intervals = answer_object(in, "intervals");
    AnswerNode *methods = answer_object(in, "interval_methods");
    const FitValue *v;
    for (size_t i = 0; (v = fit_value_at(f, i)); i++) {
        value_intervals(intervals, methods, v);
    }
}

static void at_answer(AnswerNode *o, const FitAt *at)
{
    answer_set(o, "C", value_real(at->c));
    for (size_t k = 0; k < FIT_PER_AT; k++) {
        answer_set(o, at->value[k].name, value_real(at->value[k].value));
    }
    AnswerNode *intervals = answer_object(o, "intervals");
    AnswerNode *methods = answer_object(o, "interval_methods");
    for (size_t k = 0; k < FIT_PER_AT; k++) {
        value_intervals(intervals, methods, &at->value[k]);
    }
    answer_set(o, "outside_data", value_bool(at->is_outside));
}

/* What was held, which rivals were tried, the best N and D at given C. */
static void extras_answer(AnswerNode *in, const FitResult *f)
{
    AnswerNode *fixed = answer_object(in, "fixed"), *rivals = answer_list(in, "rivals");
    AnswerNode *ats = answer_list(in, "at");
    for (size_t i = 0; i < f->n_params; i++) {
        if (f->fix.is_fixed[i]) {
            answer_set(fixed, f->param[i].name, value_real(f->fix.value[i]));
        }
    }
    for (size_t i = 0; i < f->n_rivals; i++) {
        answer_set_all(answer_object(rivals, NULL), "law bic", value_text(f->rival[i]),
                       value_real(f->rival_bic[i]));
    }
    for (size_t i = 0; i < f->n_at; i++) {
        at_answer(answer_object(ats, NULL), &f->at[i]);
    }
}

static void starts_answer(AnswerNode *in, const FitResult *f)
{
    AnswerNode *o = answer_object(in, "starts");
    answer_set_all(o, "total observations at_minimum not_converged", value_size(f->starts),
                   value_size(f->searched), value_size(f->at_minimum),
                   value_size(f->not_converged));
    if (!f->has_second) {
        answer_set(o, "second_best", value_none());
        return;
    }
    AnswerNode *second = answer_object(o, "second_best");
    answer_set(second, "objective", value_real(f->second_objective));
    AnswerNode *params = answer_object(second, "params");
    for (size_t i = 0; i < f->n_params; i++) {
        answer_set(params, f->param[i].name, value_real(f->second_param[i]));
    }
}

static void certificate_answer(AnswerNode *in, const FitResult *f)
{
    AnswerNode *o = answer_object(in, "certificate");
    if (f->loss.kind == FIT_L1) {
        answer_set(o, "kind", value_text("vertex"));
        return;
    }
    answer_set_all(o, "kind decrement gradient step eigen_ratio", value_text("newton"),
                   value_real(f->certificate.decrement), value_real(f->certificate.gradient),
                   value_real(f->certificate.step), value_real(f->certificate.eigen_ratio));
    AnswerNode *spectrum = answer_list(o, "eigenvalues");
    for (size_t i = 0; i < f->certificate.n_eigenvalues; i++) {
        answer_set(spectrum, NULL, value_real(f->certificate.eigenvalue[i]));
    }
    answer_set(o, "referee", value_real(f->referee));
}

static void bootstrap_answer(AnswerNode *in, const FitResult *f)
{
    static const char *const unit[] = {
        [FIT_NO_INTERVALS] = "none",  [FIT_CASES] = "point",
        [FIT_CLUSTERS] = "run",       [FIT_STRATIFIED] = "point within budget",
        [FIT_RESIDUALS] = "residual", [FIT_WILD] = "point"};
    bool by_run = bootstrap_by_run(f->resampling, f->n, f->n_runs);
    answer_set_all(answer_object(in, "bootstrap"), "unit resample replicates failed",
                   value_text(by_run ? "run" : unit[f->resampling]),
                   value_text(fit_resampling_name(f->resampling)), value_size(f->replicates),
                   value_size(f->replicates_failed));
}

static void envelope_answer(AnswerNode *in, const Envelope *e)
{
    AnswerNode *o = answer_object(in, "envelope");
    answer_set_all(o, "sizes method", value_size(e->n_sizes),
                   value_text(e->is_inner ? "parabola" : "argmin"));
    AnswerNode *points = answer_list(o, "points");
    for (size_t i = 0; i < e->n_points; i++) {
        answer_set_all(answer_object(points, NULL), "C N D loss", value_real(e->point[i].c),
                       value_real(e->point[i].n), value_real(e->point[i].d),
                       value_real(e->point[i].loss));
    }
}

static void matrix_answer(AnswerNode *in, const char *key, const double *m, size_t n)
{
    AnswerNode *rows = answer_list(in, key);
    for (size_t i = 0; i < n; i++) {
        AnswerNode *row = answer_list(rows, NULL);
        for (size_t j = 0; j < n; j++) {
            answer_set(row, NULL, value_real(m[i * n + j]));
        }
    }
}

static void add_covariance(AnswerNode *in, const FitResult *f, const Covariance *c)
{
    AnswerNode *names = answer_list(in, "names");
    for (size_t i = 0; i < c->n; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s%s", c->is_log[i] ? "ln " : "", f->param[i].name);
        answer_set(names, NULL, value_text(name));
    }
    matrix_answer(in, "matrix", c->matrix, c->n);
    matrix_answer(in, "correlation", c->correlation, c->n);
}

/* At "covariance": {"names":[...],"matrix":[[...]],"correlation":[[...]],"method":"bootstrap",
 *  "log":{"names":["ln E",...],"matrix":...,"correlation":...},"sandwich":{the same without method}};
 * the sandwich alone when there are no replicates; null when there is neither. */
static void covariance_answer(AnswerNode *in, const FitResult *f, const FitDraws *d)
{
    Covariance c;
    bool has_draws = covariance_of_draws(f, d, false, &c);
    if (!has_draws && !f->has_sandwich) {
        answer_set(in, "covariance", value_none());
        return;
    }
    AnswerNode *o = answer_object(in, "covariance");
    if (has_draws) {
        add_covariance(o, f, &c);
        answer_set(o, "method", value_text("bootstrap"));
        if (covariance_of_draws(f, d, true, &c)) {
            add_covariance(answer_object(o, "log"), f, &c);
        }
    }
    if (covariance_of_sandwich(f, false, &c)) {
        AnswerNode *sandwich = answer_object(o, "sandwich");
        add_covariance(sandwich, f, &c);
        (void)covariance_of_sandwich(f, true, &c);
        add_covariance(answer_object(sandwich, "log"), f, &c);
    }
}

/* The law with its numbers, and a prediction to check one's own code against. */
static void formula_answer(AnswerNode *in, const FitResult *f, const FitData *data)
{
    double inputs[FORM_MAX_INPUTS] = {0.0};
    Buf text = BUF_INIT;
    bool is_plain = formula_text(f, 9, &text);
    answer_set(in, "formula", is_plain ? value_text(buf_str(&text)) : value_none());
    AnswerNode *point = answer_object(in, "worked");
    formula_point(f, data, inputs);
    for (size_t k = 0; k < form_columns(f->form); k++) {
        answer_set(point, form_input_name(f->form->input[k]), value_real(inputs[k]));
    }
    answer_set(point, "value", value_real(fit_predict(f, inputs)));
    buf_clear(&text);
    formula_worked(f, inputs, 9, &text);
    answer_set(point, "text", value_text(buf_str(&text)));
    buf_release(&text);
}

void fit_head_answer(AnswerNode *in, const char *group, const FitResult *f)
{
    bool has_delta = f->loss.kind == FIT_HUBER || f->loss.kind == FIT_ASYMMETRIC;
    answer_set_all(in, "group law equation loss delta", value_text(group),
                   value_text(f->form->name), value_text(f->form->equation),
                   value_text(fit_loss_name(f->loss.kind)),
                   value_real(has_delta ? f->loss.delta : (double)NAN));
    if (f->loss.kind == FIT_ASYMMETRIC) {
        answer_set(in, "over", value_real(f->loss.over));
    }
    answer_set_all(in, "residual n runs objective",
                   value_text(f->residual == FIT_LOG ? "log" : "raw"), value_size(f->n),
                   value_size(f->n_runs), value_real(f->objective));
    values_answer(in, "params", f->param, f->n_params);
    AnswerNode *warnings = answer_list(in, "warnings");
    for (size_t i = 0; i < f->n_warnings; i++) {
        answer_set(warnings, NULL, value_text(f->warning[i]));
    }
}

void fit_answer(AnswerNode *in, const char *group, const FitResult *f, const FitData *data,
                const FitDraws *draws)
{
    fit_head_answer(in, group, f);
    values_answer(in, "derived", f->derived, f->n_derived);
    intervals_answer(in, f);
    extras_answer(in, f);
    covariance_answer(in, f, draws);
    formula_answer(in, f, data);
    bootstrap_answer(in, f);
    starts_answer(in, f);
    certificate_answer(in, f);
    const Conditioning *c = &f->conditioning;
    answer_set_all(answer_object(in, "conditioning"), "raw logs centred scaled projected",
                   value_real(c->raw), value_real(c->logs), value_real(c->centred),
                   value_real(c->scaled), value_real(c->projected));
    answer_set_all(in, "rmse rmse_log r2 aic bic", value_real(f->rmse), value_real(f->rmse_log),
                   value_real(f->r2), value_real(f->aic), value_real(f->bic));
    if (f->has_envelope) {
        envelope_answer(in, &f->envelope);
    }
}

AnswerNode *refusal_answer(AnswerNode *list, const char *group, const char *key, const char *what,
                           const Err *why)
{
    AnswerNode *o = answer_object(list, NULL);
    answer_set(o, "group", value_text(group));
    answer_set(o, key, value_text(what));
    answer_set(o, "reason", value_text(why->msg));
    if (strncmp(why->msg, what, strlen(what)) == 0) { /* "chinchilla needs ..." */
        answer_say(o, NULL, SAY_REFUSED, "%s: %s", group, why->msg);
    } else {
        answer_say(o, NULL, SAY_REFUSED, "%s, %s: %s", group, what, why->msg);
    }
    if (why->hint[0]) {
        answer_set(o, "hint", value_text(why->hint));
        answer_say(o, NULL, SAY_HINT, "%s", why->hint);
    }
    return o;
}
