/* Field names are a contract: docs/json.md. */
#include "analysis/report/fit_answer.h"

#include <math.h>
#include <string.h>

#include "analysis/fit/bootstrap.h"
#include "analysis/report/covariance_answer.h"
#include "analysis/report/formula.h"

Interval fit_interval(const FitInterval *i, const char *method)
{
    return (Interval){.se = i->se, .lo = i->lo, .hi = i->hi, .method = method};
}

Interval fit_value_interval(const FitValue *v)
{
    return (Interval){.se = v->se, .lo = v->lo, .hi = v->hi, .method = "bootstrap"};
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

void fit_values_answer(AnswerNode *in, const char *key, const FitValue *v, size_t n)
{
    AnswerNode *o = answer_object(in, key);
    for (size_t i = 0; i < n; i++) {
        answer_set(o, v[i].name, value_real(v[i].value));
    }
}

/* Parameters, then derived values. */
static const FitValue *value_at(const FitResult *f, size_t i)
{
    return i < f->n_params ? &f->param[i] : &f->derived[i - f->n_params];
}

void fit_intervals_answer(AnswerNode *in, const FitResult *f)
{
    AnswerNode *o = answer_object(in, "intervals");
    for (size_t i = 0; i < f->n_params + f->n_derived; i++) {
        const Interval interval = fit_value_interval(value_at(f, i));
        interval_answer(o, value_at(f, i)->name, &interval);
    }
}

/* {"bca": {...}, "sandwich": ...} of a value that has any. */
static void add_methods(AnswerNode *in, const FitValue *v)
{
    AnswerNode *o = NULL;
    for (int m = 0; m < FIT_N_METHODS; m++) {
        const Interval i = fit_interval(&v->by[m], fit_method_name((FitMethod)m));
        if (is_known(&i)) {
            o = o ? o : answer_object(in, v->name);
            answer_set_interval(o, i.method, &i);
        }
    }
}

static void methods_answer(AnswerNode *in, const FitResult *f)
{
    AnswerNode *o = answer_object(in, "interval_methods");
    for (size_t i = 0; i < f->n_params + f->n_derived; i++) {
        add_methods(o, value_at(f, i));
    }
}

static void at_answer(AnswerNode *list, const FitAt *at)
{
    AnswerNode *o = answer_object(list, NULL);
    answer_set(o, "C", value_real(at->c));
    for (size_t k = 0; k < FIT_PER_AT; k++) {
        answer_set(o, at->value[k].name, value_real(at->value[k].value));
    }
    AnswerNode *intervals = answer_object(o, "intervals");
    AnswerNode *methods = answer_object(o, "interval_methods");
    for (size_t k = 0; k < FIT_PER_AT; k++) {
        const Interval interval = fit_value_interval(&at->value[k]);
        interval_answer(intervals, at->value[k].name, &interval);
        add_methods(methods, &at->value[k]);
    }
    answer_set(o, "outside_data", value_bool(at->is_outside));
}

/* What was held, which rivals were tried, the best N and D at given C. */
static void extras_answer(AnswerNode *in, const FitResult *f)
{
    AnswerNode *fixed = answer_object(in, "fixed");
    for (size_t i = 0; i < f->n_params; i++) {
        if (f->fix.is_fixed[i]) {
            answer_set(fixed, f->param[i].name, value_real(f->fix.value[i]));
        }
    }
    AnswerNode *rivals = answer_list(in, "rivals");
    for (size_t i = 0; i < f->n_rivals; i++) {
        AnswerNode *one = answer_object(rivals, NULL);
        answer_set(one, "law", value_text(f->rival[i]));
        answer_set(one, "bic", value_real(f->rival_bic[i]));
    }
    AnswerNode *ats = answer_list(in, "at");
    for (size_t i = 0; i < f->n_at; i++) {
        at_answer(ats, &f->at[i]);
    }
}

static void starts_answer(AnswerNode *in, const FitResult *f)
{
    AnswerNode *o = answer_object(in, "starts");
    answer_set(o, "total", value_size(f->starts));
    answer_set(o, "observations", value_size(f->searched));
    answer_set(o, "at_minimum", value_size(f->at_minimum));
    answer_set(o, "not_converged", value_size(f->not_converged));
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
    answer_set(o, "kind", value_text("newton"));
    answer_set(o, "decrement", value_real(f->certificate.decrement));
    answer_set(o, "gradient", value_real(f->certificate.gradient));
    answer_set(o, "step", value_real(f->certificate.step));
    answer_set(o, "eigen_ratio", value_real(f->certificate.eigen_ratio));
    AnswerNode *spectrum = answer_list(o, "eigenvalues");
    for (size_t i = 0; i < f->certificate.n_eigenvalues; i++) {
        answer_set(spectrum, NULL, value_real(f->certificate.eigenvalue[i]));
    }
    answer_set(o, "referee", value_real(f->referee));
}

static void conditioning_answer(AnswerNode *in, const Conditioning *c)
{
    AnswerNode *o = answer_object(in, "conditioning");
    answer_set(o, "raw", value_real(c->raw));
    answer_set(o, "logs", value_real(c->logs));
    answer_set(o, "centred", value_real(c->centred));
    answer_set(o, "scaled", value_real(c->scaled));
    answer_set(o, "projected", value_real(c->projected));
}

static void bootstrap_answer(AnswerNode *in, const FitResult *f)
{
    static const char *const unit[] = {
        [FIT_NO_INTERVALS] = "none",  [FIT_CASES] = "point",
        [FIT_CLUSTERS] = "run",       [FIT_STRATIFIED] = "point within budget",
        [FIT_RESIDUALS] = "residual", [FIT_WILD] = "point"};
    bool by_run = bootstrap_by_run(f->resampling, f->n, f->n_runs);
    AnswerNode *o = answer_object(in, "bootstrap");
    answer_set(o, "unit", value_text(by_run ? "run" : unit[f->resampling]));
    answer_set(o, "resample", value_text(fit_resampling_name(f->resampling)));
    answer_set(o, "replicates", value_size(f->replicates));
    answer_set(o, "failed", value_size(f->replicates_failed));
}

static void envelope_answer(AnswerNode *in, const Envelope *e)
{
    AnswerNode *o = answer_object(in, "envelope");
    answer_set(o, "sizes", value_size(e->n_sizes));
    answer_set(o, "method", value_text(e->is_inner ? "parabola" : "argmin"));
    AnswerNode *points = answer_list(o, "points");
    for (size_t i = 0; i < e->n_points; i++) {
        AnswerNode *p = answer_object(points, NULL);
        answer_set(p, "C", value_real(e->point[i].c));
        answer_set(p, "N", value_real(e->point[i].n));
        answer_set(p, "D", value_real(e->point[i].d));
        answer_set(p, "loss", value_real(e->point[i].loss));
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
    answer_set(in, "group", value_text(group));
    answer_set(in, "law", value_text(f->form->name));
    answer_set(in, "equation", value_text(f->form->equation));
    answer_set(in, "loss", value_text(fit_loss_name(f->loss.kind)));
    answer_set(in, "delta", value_real(has_delta ? f->loss.delta : (double)NAN));
    if (f->loss.kind == FIT_ASYMMETRIC) {
        answer_set(in, "over", value_real(f->loss.over));
    }
    answer_set(in, "residual", value_text(f->residual == FIT_LOG ? "log" : "raw"));
    answer_set(in, "n", value_size(f->n));
    answer_set(in, "runs", value_size(f->n_runs));
    answer_set(in, "objective", value_real(f->objective));
    fit_values_answer(in, "params", f->param, f->n_params);
    AnswerNode *warnings = answer_list(in, "warnings");
    for (size_t i = 0; i < f->n_warnings; i++) {
        answer_set(warnings, NULL, value_text(f->warning[i]));
    }
}

void fit_answer(AnswerNode *in, const char *group, const FitResult *f, const FitData *data,
                const FitDraws *draws)
{
    fit_head_answer(in, group, f);
    fit_values_answer(in, "derived", f->derived, f->n_derived);
    fit_intervals_answer(in, f);
    methods_answer(in, f);
    extras_answer(in, f);
    covariance_answer(in, f, draws);
    formula_answer(in, f, data);
    bootstrap_answer(in, f);
    starts_answer(in, f);
    certificate_answer(in, f);
    conditioning_answer(in, &f->conditioning);
    answer_set(in, "rmse", value_real(f->rmse));
    answer_set(in, "rmse_log", value_real(f->rmse_log));
    answer_set(in, "r2", value_real(f->r2));
    answer_set(in, "aic", value_real(f->aic));
    answer_set(in, "bic", value_real(f->bic));
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
