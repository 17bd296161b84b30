/* The JSON of a report.  Field names are a contract: docs/fitting.md. */
#include <math.h>

#include "analysis/fit/bootstrap.h"
#include "analysis/fit/covariance.h"
#include "analysis/report/formula.h"
#include "analysis/report/provenance.h"
#include "analysis/report/report.h"
#include "common/json.h"

/* ---- covariance ---- */

static json_t *matrix_json(const double *m, size_t n)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *row = json_array();
        for (size_t j = 0; j < n; j++) {
            double x = m[i * n + j];
            (void)json_array_append_new(row, isfinite(x) ? json_real(x) : json_null());
        }
        (void)json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *one_covariance_json(const FitResult *f, const Covariance *c)
{
    json_t *obj = json_object(), *names = json_array();
    for (size_t i = 0; i < c->n; i++) {
        (void)json_array_append_new(
            names, json_sprintf("%s%s", c->is_log[i] ? "ln " : "", f->param[i].name));
    }
    (void)json_object_set_new(obj, "names", names);
    (void)json_object_set_new(obj, "matrix", matrix_json(c->matrix, c->n));
    (void)json_object_set_new(obj, "correlation", matrix_json(c->correlation, c->n));
    return obj;
}

/* {"names":[…],"matrix":[[…]],"correlation":[[…]],"method":"bootstrap",
 *  "log":{"names":["ln E",…],"matrix":…,"correlation":…},"sandwich":{the same without method}};
 * the sandwich alone when there are no replicates; null when there is neither. */
static json_t *covariance_json(const FitResult *f, const FitDraws *d)
{
    Covariance c;
    json_t *obj = NULL, *sandwich = NULL;
    if (covariance_of_draws(f, d, false, &c)) {
        obj = one_covariance_json(f, &c);
        (void)json_object_set_new(obj, "method", json_string("bootstrap"));
        if (covariance_of_draws(f, d, true, &c)) {
            (void)json_object_set_new(obj, "log", one_covariance_json(f, &c));
        }
    }
    if (covariance_of_sandwich(f, false, &c)) {
        sandwich = one_covariance_json(f, &c);
        (void)covariance_of_sandwich(f, true, &c);
        (void)json_object_set_new(sandwich, "log", one_covariance_json(f, &c));
    }
    if (sandwich) {
        obj = obj ? obj : json_object();
        (void)json_object_set_new(obj, "sandwich", sandwich);
    }
    return obj ? obj : json_null();
}

static void set_real(json_t *obj, const char *key, double x)
{
    (void)json_object_set_new(obj, key, isfinite(x) ? json_real(x) : json_null());
}

static void set_count(json_t *obj, const char *key, size_t n)
{
    (void)json_object_set_new(obj, key, json_integer((json_int_t)n));
}

static void set_text(json_t *obj, const char *key, const char *s)
{
    (void)json_object_set_new(obj, key, json_string(s));
}

static json_t *values_json(const FitValue *v, size_t n)
{
    json_t *obj = json_object();
    for (size_t i = 0; i < n; i++) {
        set_real(obj, v[i].name, v[i].value);
    }
    return obj;
}

static void add_intervals(json_t *obj, const FitValue *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (isfinite(v[i].se)) {
            json_t *one = json_object();
            set_real(one, "se", v[i].se);
            set_real(one, "lo", v[i].lo);
            set_real(one, "hi", v[i].hi);
            set_text(one, "method", "bootstrap");
            (void)json_object_set_new(obj, v[i].name, one);
        }
    }
}

static void set_interval(json_t *obj, const char *key, const FitInterval *i)
{
    if (isfinite(i->se) || isfinite(i->lo) || isfinite(i->hi)) {
        json_t *one = json_object();
        set_real(one, "se", i->se);
        set_real(one, "lo", i->lo);
        set_real(one, "hi", i->hi);
        (void)json_object_set_new(obj, key, one);
    }
}

/* {"bca": {...}, "sandwich": ...} of one value; NULL when there is none. */
static json_t *methods_json(const FitValue *v)
{
    json_t *obj = json_object();
    for (int m = 0; m < FIT_N_METHODS; m++) {
        set_interval(obj, fit_method_name((FitMethod)m), &v->by[m]);
    }
    if (json_object_size(obj) == 0) {
        json_decref(obj);
        return NULL;
    }
    return obj;
}

/* Every method beside the others. */
static void add_methods(json_t *fit, const FitResult *f)
{
    json_t *obj = json_object();
    for (size_t i = 0; i < f->n_params + f->n_derived; i++) {
        const FitValue *v = i < f->n_params ? &f->param[i] : &f->derived[i - f->n_params];
        json_t *methods = methods_json(v);
        if (methods) {
            (void)json_object_set_new(obj, v->name, methods);
        }
    }
    (void)json_object_set_new(fit, "interval_methods", obj);
}

static json_t *at_json(const FitAt *at)
{
    json_t *obj = json_object(), *intervals = json_object(), *methods = json_object();
    set_real(obj, "C", at->c);
    for (size_t k = 0; k < FIT_PER_AT; k++) {
        set_real(obj, at->value[k].name, at->value[k].value);
        json_t *own = methods_json(&at->value[k]);
        if (own) {
            (void)json_object_set_new(methods, at->value[k].name, own);
        }
    }
    add_intervals(intervals, at->value, FIT_PER_AT);
    (void)json_object_set_new(obj, "intervals", intervals);
    (void)json_object_set_new(obj, "interval_methods", methods);
    (void)json_object_set_new(obj, "outside_data", json_boolean(at->is_outside));
    return obj;
}

/* What was held, which rivals were tried, the best N and D at given C. */
static void add_extras(json_t *obj, const FitResult *f)
{
    json_t *fixed = json_object(), *rivals = json_array(), *ats = json_array();
    for (size_t i = 0; i < f->n_params; i++) {
        if (f->fix.is_fixed[i]) {
            set_real(fixed, f->param[i].name, f->fix.value[i]);
        }
    }
    for (size_t i = 0; i < f->n_rivals; i++) {
        json_t *one = json_object();
        set_text(one, "law", f->rival[i]);
        set_real(one, "bic", f->rival_bic[i]);
        (void)json_array_append_new(rivals, one);
    }
    for (size_t i = 0; i < f->n_at; i++) {
        (void)json_array_append_new(ats, at_json(&f->at[i]));
    }
    (void)json_object_set_new(obj, "fixed", fixed);
    (void)json_object_set_new(obj, "rivals", rivals);
    (void)json_object_set_new(obj, "at", ats);
}

static json_t *starts_json(const FitResult *f)
{
    json_t *obj = json_object();
    set_count(obj, "total", f->starts);
    set_count(obj, "observations", f->searched);
    set_count(obj, "at_minimum", f->at_minimum);
    set_count(obj, "not_converged", f->not_converged);
    json_t *second = json_null();
    if (f->has_second) {
        second = json_object();
        json_t *params = json_object();
        for (size_t i = 0; i < f->n_params; i++) {
            set_real(params, f->param[i].name, f->second_param[i]);
        }
        set_real(second, "objective", f->second_objective);
        (void)json_object_set_new(second, "params", params);
    }
    (void)json_object_set_new(obj, "second_best", second);
    return obj;
}

static json_t *certificate_json(const FitResult *f)
{
    json_t *obj = json_object();
    if (f->loss.kind == FIT_L1) {
        set_text(obj, "kind", "vertex");
        return obj;
    }
    set_text(obj, "kind", "newton");
    set_real(obj, "decrement", f->certificate.decrement);
    set_real(obj, "gradient", f->certificate.gradient);
    set_real(obj, "step", f->certificate.step);
    set_real(obj, "eigen_ratio", f->certificate.eigen_ratio);
    json_t *spectrum = json_array();
    for (size_t i = 0; i < f->certificate.n_eigenvalues; i++) {
        (void)json_array_append_new(spectrum, json_real(f->certificate.eigenvalue[i]));
    }
    (void)json_object_set_new(obj, "eigenvalues", spectrum);
    set_real(obj, "referee", f->referee);
    return obj;
}

static json_t *conditioning_json(const Conditioning *c)
{
    json_t *obj = json_object();
    set_real(obj, "raw", c->raw);
    set_real(obj, "logs", c->logs);
    set_real(obj, "centred", c->centred);
    set_real(obj, "scaled", c->scaled);
    set_real(obj, "projected", c->projected);
    return obj;
}

static json_t *bootstrap_json(const FitResult *f)
{
    static const char *const unit[] = {
        [FIT_NO_INTERVALS] = "none",  [FIT_CASES] = "point",
        [FIT_CLUSTERS] = "run",       [FIT_STRATIFIED] = "point within budget",
        [FIT_RESIDUALS] = "residual", [FIT_WILD] = "point"};
    bool by_run = bootstrap_by_run(f->resampling, f->n, f->n_runs);
    json_t *obj = json_object();
    set_text(obj, "unit", by_run ? "run" : unit[f->resampling]);
    set_text(obj, "resample", fit_resampling_name(f->resampling));
    set_count(obj, "replicates", f->replicates);
    set_count(obj, "failed", f->replicates_failed);
    return obj;
}

static json_t *envelope_json(const Envelope *e)
{
    json_t *obj = json_object(), *points = json_array();
    for (size_t i = 0; i < e->n_points; i++) {
        json_t *p = json_object();
        set_real(p, "C", e->point[i].c);
        set_real(p, "N", e->point[i].n);
        set_real(p, "D", e->point[i].d);
        set_real(p, "loss", e->point[i].loss);
        (void)json_array_append_new(points, p);
    }
    set_count(obj, "sizes", e->n_sizes);
    set_text(obj, "method", e->is_inner ? "parabola" : "argmin");
    (void)json_object_set_new(obj, "points", points);
    return obj;
}

/* "formula": the law with its numbers, and a prediction to check one's own code against. */
static void add_formula(json_t *obj, const ReportFit *rf)
{
    double inputs[FORM_MAX_INPUTS] = {0.0};
    Buf text = BUF_INIT;
    bool is_plain = formula_text(&rf->fit, 9, &text);
    json_t *formula = is_plain ? json_string(buf_str(&text)) : json_null(), *point = json_object();
    formula_point(&rf->fit, &rf->group->data, inputs);
    for (size_t k = 0; k < form_columns(rf->fit.form); k++) {
        set_real(point, form_input_name(rf->fit.form->input[k]), inputs[k]);
    }
    set_real(point, "value", fit_predict(&rf->fit, inputs));
    buf_clear(&text);
    formula_worked(&rf->fit, inputs, 9, &text);
    set_text(point, "text", buf_str(&text));
    (void)json_object_set_new(obj, "formula", formula);
    (void)json_object_set_new(obj, "worked", point);
    buf_release(&text);
}

static json_t *fit_json(const Report *r, const ReportFit *rf)
{
    const FitResult *f = &rf->fit;
    json_t *obj = json_object(), *intervals = json_object(), *warnings = json_array();
    bool has_delta = f->loss.kind == FIT_HUBER || f->loss.kind == FIT_ASYMMETRIC;
    set_text(obj, "group", rf->group->name);
    set_text(obj, "law", rf->form->name);
    set_text(obj, "equation", rf->form->equation);
    set_text(obj, "loss", fit_loss_name(f->loss.kind));
    set_real(obj, "delta", has_delta ? f->loss.delta : (double)NAN);
    if (f->loss.kind == FIT_ASYMMETRIC) {
        set_real(obj, "over", f->loss.over);
    }
    set_text(obj, "residual", f->residual == FIT_LOG ? "log" : "raw");
    if (rf->form->input[0] == FORM_C) {
        set_text(obj, "convention", obs_convention_name(r->obs->convention));
    }
    set_count(obj, "n", f->n);
    set_count(obj, "runs", f->n_runs);
    set_real(obj, "objective", f->objective);
    (void)json_object_set_new(obj, "params", values_json(f->param, f->n_params));
    (void)json_object_set_new(obj, "derived", values_json(f->derived, f->n_derived));
    add_intervals(intervals, f->param, f->n_params);
    add_intervals(intervals, f->derived, f->n_derived);
    (void)json_object_set_new(obj, "intervals", intervals);
    add_methods(obj, f);
    add_extras(obj, f);
    (void)json_object_set_new(obj, "covariance", covariance_json(f, &rf->draws));
    add_formula(obj, rf);
    (void)json_object_set_new(obj, "bootstrap", bootstrap_json(f));
    (void)json_object_set_new(obj, "starts", starts_json(f));
    (void)json_object_set_new(obj, "certificate", certificate_json(f));
    (void)json_object_set_new(obj, "conditioning", conditioning_json(&f->conditioning));
    set_real(obj, "rmse", f->rmse);
    set_real(obj, "rmse_log", f->rmse_log);
    set_real(obj, "r2", f->r2);
    set_real(obj, "aic", f->aic);
    set_real(obj, "bic", f->bic);
    if (f->has_envelope) {
        (void)json_object_set_new(obj, "envelope", envelope_json(&f->envelope));
    }
    for (size_t i = 0; i < f->n_warnings; i++) {
        (void)json_array_append_new(warnings, json_string(f->warning[i]));
    }
    (void)json_object_set_new(obj, "warnings", warnings);
    return obj;
}

static json_t *refusal_json(const ReportFit *rf)
{
    json_t *obj = json_object();
    set_text(obj, "group", rf->group->name);
    set_text(obj, "law", rf->form->name);
    set_count(obj, "n", rf->group->data.n);
    set_text(obj, "reason", rf->refusal.msg);
    if (rf->refusal.hint[0]) {
        set_text(obj, "hint", rf->refusal.hint);
    }
    return obj;
}

static json_t *joint_json(const ReportJoint *j)
{
    json_t *obj = json_object(), *shared = json_array();
    for (size_t i = 0; i < j->n_shared; i++) {
        (void)json_array_append_new(shared, json_string(j->shared[i]));
    }
    set_text(obj, "law", j->form->name);
    (void)json_object_set_new(obj, "shared", shared);
    set_count(obj, "groups", j->fit.n_groups);
    set_count(obj, "n", j->fit.n);
    set_count(obj, "parameters", j->fit.n_params);
    set_real(obj, "objective", j->fit.objective);
    set_real(obj, "aic", j->fit.aic);
    set_real(obj, "bic", j->fit.bic);
    json_t *starts = json_object();
    set_count(starts, "total", j->fit.starts);
    set_count(starts, "at_minimum", j->fit.at_minimum);
    (void)json_object_set_new(obj, "starts", starts);
    set_real(obj, "decrement", j->fit.decrement);
    return obj;
}

static json_t *isoflop_json(const ReportIsoflop *r)
{
    static const char *const state[] = {
        [ISOFLOP_USED] = "used", [ISOFLOP_FEW] = "few_points", [ISOFLOP_NO_VALE] = "no_minimum"};
    json_t *obj = json_object(), *budgets = json_array();
    set_text(obj, "group", r->group->name);
    if (r->is_refused) {
        set_text(obj, "reason", r->refusal.msg);
        json_decref(budgets);
        return obj;
    }
    set_real(obj, "a", r->fit.a);
    set_real(obj, "b", r->fit.b);
    set_real(obj, "k_N", r->fit.k_n);
    set_real(obj, "k_D", r->fit.k_d);
    set_real(obj, "se_a", r->fit.se_a);
    set_real(obj, "se_b", r->fit.se_b);
    for (size_t i = 0; i < r->fit.n_budgets; i++) {
        const IsoflopBudget *b = &r->fit.budget[i];
        bool is_used = b->state == ISOFLOP_USED;
        json_t *one = json_object();
        set_real(one, "C", b->c);
        set_count(one, "n", b->n);
        set_text(one, "state", b->is_outside ? "minimum_outside" : state[b->state]);
        set_real(one, "N_opt", is_used ? b->n_opt : (double)NAN);
        set_real(one, "D_opt", is_used ? b->d_opt : (double)NAN);
        set_real(one, "loss", is_used ? b->loss : (double)NAN);
        (void)json_array_append_new(budgets, one);
    }
    (void)json_object_set_new(obj, "budgets", budgets);
    return obj;
}

json_t *report_json(const Report *r)
{
    json_t *obj = json_object(), *fits = json_array(), *refused = json_array();
    set_count(obj, "schema", 1);
    set_text(obj, "source", r->source);
    set_text(obj, "version", SLAW_VERSION);
    (void)json_object_set_new(obj, "seed", json_integer((json_int_t)r->seed));
    set_text(obj, "convention", obs_convention_name(r->obs->convention));
    (void)json_object_set_new(obj, "rows", provenance_rows(r->obs));
    for (size_t i = 0; i < r->n; i++) {
        (void)json_array_append_new(r->fit[i].is_refused ? refused : fits,
                                    r->fit[i].is_refused ? refusal_json(&r->fit[i])
                                                         : fit_json(r, &r->fit[i]));
    }
    (void)json_object_set_new(obj, "fits", fits);
    (void)json_object_set_new(obj, "refused", refused);
    json_t *joint = json_array();
    for (size_t i = 0; i < r->n_joint; i++) {
        (void)json_array_append_new(joint, joint_json(&r->joint[i]));
    }
    (void)json_object_set_new(obj, "joint", joint);
    json_t *isoflop = json_array();
    for (size_t i = 0; i < r->n_isoflop; i++) {
        (void)json_array_append_new(isoflop, isoflop_json(&r->isoflop[i]));
    }
    (void)json_object_set_new(obj, "isoflop", isoflop);
    return obj;
}
