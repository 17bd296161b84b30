/* Field names are a contract: docs/prediction.md. */
#include <math.h>

#include "analysis/use/use_report.h"

static void set_real(json_t *obj, const char *key, double x)
{
    (void)json_object_set_new(obj, key, isfinite(x) ? json_real(x) : json_null());
}

static void set_text(json_t *obj, const char *key, const char *s)
{
    (void)json_object_set_new(obj, key, json_string(s));
}

static void set_count(json_t *obj, const char *key, size_t n)
{
    (void)json_object_set_new(obj, key, json_integer((json_int_t)n));
}

static void set_bool(json_t *obj, const char *key, bool is)
{
    (void)json_object_set_new(obj, key, json_boolean(is));
}

static void begin(json_t *obj, const UseFit *f)
{
    set_text(obj, "group", f->group->name);
    set_text(obj, "law", f->form->name);
}

static void set_interval(json_t *obj, const char *key, const FitInterval *i)
{
    if (!isnan(i->lo) || !isnan(i->hi)) {
        json_t *one = json_object();
        set_real(one, "se", i->se);
        set_real(one, "lo", i->lo);
        set_real(one, "hi", i->hi);
        set_text(one, "method", "bootstrap");
        (void)json_object_set_new(obj, key, one);
    }
}

json_t *use_refusal_json(const UseFit *f, const Err *refusal)
{
    json_t *obj = json_object();
    begin(obj, f);
    set_text(obj, "reason", refusal->msg);
    if (refusal->hint[0]) {
        set_text(obj, "hint", refusal->hint);
    }
    return obj;
}

static json_t *flops_json(const FlopModel *f)
{
    char text[FLOP_TEXT_BYTES];
    json_t *obj = json_object();
    flop_model_text(f, text);
    set_text(obj, "formula", text);
    set_text(obj, "shape", flop_shape_name(f->shape));
    set_real(obj, "k", f->k);
    set_real(obj, "m", f->m);
    set_real(obj, "g", f->g);
    set_real(obj, "bend", f->bend);
    set_real(obj, "centre", f->shape == FLOPS_SIX_PLUS ? exp(f->centre) : (double)NAN);
    set_count(obj, "sizes", f->sizes);
    set_real(obj, "misfit", f->misfit);
    return obj;
}

json_t *use_fit_json(const UseFit *f)
{
    const FitResult *r = &f->law.fit;
    json_t *obj = json_object(), *params = json_object(), *warnings = json_array();
    begin(obj, f);
    set_text(obj, "equation", f->form->equation);
    set_text(obj, "loss", fit_loss_name(r->loss.kind));
    set_real(obj, "delta",
             r->loss.kind == FIT_HUBER || r->loss.kind == FIT_ASYMMETRIC ? r->loss.delta
                                                                         : (double)NAN);
    set_text(obj, "residual", r->residual == FIT_LOG ? "log" : "raw");
    set_count(obj, "n", r->n);
    set_count(obj, "runs", r->n_runs);
    set_real(obj, "objective", r->objective);
    for (size_t i = 0; i < r->n_params; i++) {
        set_real(params, r->param[i].name, r->param[i].value);
    }
    (void)json_object_set_new(obj, "params", params);
    set_text(obj, "resampling", fit_resampling_name(r->resampling));
    set_count(obj, "replicates", r->replicates);
    set_count(obj, "failed", r->replicates_failed);
    if (f->law.has_scatter) {
        json_t *scatter = json_object();
        set_real(scatter, "between_runs", f->law.scatter.between);
        set_real(scatter, "within_runs", f->law.scatter.within);
        (void)json_object_set_new(obj, "scatter", scatter);
    }
    if (f->law.has_flops) {
        (void)json_object_set_new(obj, "flops_per_token", flops_json(&f->law.flops));
    }
    for (size_t i = 0; i < r->n_warnings; i++) {
        (void)json_array_append_new(warnings, json_string(r->warning[i]));
    }
    (void)json_object_set_new(obj, "warnings", warnings);
    return obj;
}

static json_t *distance_json(const PredictDistance *d)
{
    json_t *obj = json_object();
    set_real(obj, "N", d->n);
    set_real(obj, "D", d->d);
    set_real(obj, "C", d->c);
    return obj;
}

static void add_left_out(json_t *obj, const UsePrediction *p)
{
    const PredictedRun *r = &p->left_out;
    json_t *within = json_object();
    set_text(obj, "run", p->run);
    set_real(obj, "measured", r->measured);
    set_real(obj, "error", r->error);
    set_real(obj, "error_relative", r->error / r->measured);
    set_bool(within, "law", r->is_in_law);
    set_bool(within, "run", r->is_in_run);
    (void)json_object_set_new(obj, "within", within);
    set_count(obj, "points", r->n);
    set_real(obj, "mean_error", r->mean_error);
    set_real(obj, "rms_error", r->rms_error);
    set_count(obj, "n_fit", r->n_fit);
}

json_t *use_prediction_json(const UsePrediction *p)
{
    const Prediction *v = &p->value;
    json_t *obj = json_object(), *warnings = json_array();
    begin(obj, p->fit);
    set_real(obj, "N", v->at.n);
    set_real(obj, "D", v->at.d);
    set_real(obj, "C", v->at.c);
    set_real(obj, form_response_name(p->fit->form->response), v->value);
    set_real(obj, "lo", v->law.lo);
    set_real(obj, "hi", v->law.hi);
    set_real(obj, "se", v->law.se);
    set_real(obj, "predict_lo", v->run_lo);
    set_real(obj, "predict_hi", v->run_hi);
    set_text(obj, "method", "bootstrap");
    (void)json_object_set_new(obj, "outside", distance_json(&v->outside));
    json_t *standard = distance_json(&v->standard);
    set_real(standard, "together", v->together);
    (void)json_object_set_new(obj, "standard", standard);
    set_bool(obj, "far", v->is_far);
    if (p->run) {
        add_left_out(obj, p);
    }
    if (v->is_far) {
        (void)json_array_append_new(
            warnings, json_string("far: more than ten times beyond the data; no interval covers a "
                                  "law that changes there"));
    }
    (void)json_object_set_new(obj, "warnings", warnings);
    return obj;
}

static const char *question_name(Question q)
{
    static const char *const name[] = {
        "flops", "loss", "N", "D", "N at flops", "tokens_per_parameter at flops", "N at loss"};
    return name[q];
}

json_t *use_allocation_json(const UseAllocation *a)
{
    const Allocation *r = &a->answer;
    json_t *obj = json_object(), *intervals = json_object(), *outside = json_object();
    begin(obj, a->fit);
    set_text(obj, "question", question_name(r->question));
    for (size_t p = 0; p < ANSWER_PARTS; p++) {
        bool is_asked = !isnan(r->value[p]);
        if (is_asked || p <= ANSWER_RATIO) {
            set_real(obj, answer_part_name((AnswerPart)p), r->value[p]);
        }
        if (is_asked) {
            set_interval(intervals, answer_part_name((AnswerPart)p), &r->interval[p]);
        }
    }
    (void)json_object_set_new(obj, "intervals", intervals);
    set_real(obj, "step", r->step);
    if (r->n_without > 0) {
        set_real(obj, "share_without", (double)r->n_without / (double)r->n_draws);
    }
    if (a->budget->inference > 0.0) {
        set_real(obj, "inference_tokens", a->budget->inference);
    }
    set_bool(outside, "N", r->is_outside_n);
    set_bool(outside, "D", r->is_outside_d);
    (void)json_object_set_new(obj, "outside_data", outside);
    set_bool(obj, "far", r->is_far);
    return obj;
}

static json_t *approach_json(const Approach *r, const Approaches *all)
{
    static const struct {
        const char *name;
        ApproachPart part;
    } row[] = {{"a", APPROACH_A}, {"b", APPROACH_B}, {"k_N", APPROACH_K_N}, {"k_D", APPROACH_K_D}};
    json_t *obj = json_object(), *intervals = json_object(), *bias = json_object();
    json_t *at = json_array();
    set_text(obj, "approach", approach_number(r->kind));
    set_text(obj, "method", approach_name(r->kind));
    if (r->is_refused) {
        set_text(obj, "reason", r->refusal.msg);
        json_decref(intervals);
        json_decref(bias);
        json_decref(at);
        return obj;
    }
    set_count(obj, "points", r->points);
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        set_real(obj, row[i].name, r->value[row[i].part]);
        set_interval(intervals, row[i].name, &r->interval[row[i].part]);
        if (r->has_bias) {
            set_real(bias, row[i].name, r->bias[row[i].part]);
        }
    }
    for (size_t i = 0; i < all->n_at; i++) {
        json_t *one = json_object(), *own = json_object();
        set_real(one, "C", all->at[i]);
        set_real(one, "N_opt", r->value[APPROACH_N_OPT + i]);
        set_real(one, "D_opt", r->value[APPROACH_D_OPT + i]);
        set_interval(own, "N_opt", &r->interval[APPROACH_N_OPT + i]);
        set_interval(own, "D_opt", &r->interval[APPROACH_D_OPT + i]);
        (void)json_object_set_new(one, "intervals", own);
        if (r->has_bias) {
            set_real(one, "bias", r->bias[APPROACH_N_OPT + i]);
            set_real(one, "N_opt_corrected", r->corrected[APPROACH_N_OPT + i]);
        }
        (void)json_array_append_new(at, one);
    }
    (void)json_object_set_new(obj, "intervals", intervals);
    if (r->has_bias) {
        set_real(obj, "a_corrected", r->corrected[APPROACH_A]);
    }
    (void)json_object_set_new(obj, "bias", bias);
    (void)json_object_set_new(obj, "at", at);
    set_count(obj, "replicates", r->replicates);
    set_count(obj, "failed", r->failed);
    return obj;
}

json_t *use_approaches_json(const UseApproaches *a)
{
    json_t *obj = json_object(), *list = json_array(), *why = json_array();
    begin(obj, a->fit);
    for (size_t i = 0; i < APPROACH_NAMES; i++) {
        (void)json_array_append_new(list, approach_json(&a->all.by[i], &a->all));
    }
    for (size_t i = 0; i < a->all.n_why; i++) {
        (void)json_array_append_new(why, json_string(a->all.why[i]));
    }
    (void)json_object_set_new(obj, "approaches", list);
    (void)json_object_set_new(obj, "disagreements", why);
    return obj;
}
