/* What a validation says first. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/validate/validate_answer.h"

#define SIGNIFICANT 0.05

void validate_point_name(const Validation *v, size_t i, char *ret, size_t n)
{
    const FitData *data = &v->group->data;
    double params = data->params ? data->params[i] : (double)NAN;
    double tokens = data->tokens ? data->tokens[i] : (double)NAN;
    if (isfinite(params) && isfinite(tokens)) {
        (void)snprintf(ret, n, "N = %.4g, D = %.4g", params, tokens);
    } else if (data->flops && isfinite(data->flops[i])) {
        (void)snprintf(ret, n, "C = %.4g", data->flops[i]);
    } else {
        (void)snprintf(ret, n, "observation %zu", i + 1);
    }
}

static const char *input_of(const Holdout *h)
{
    return h->by == HOLDOUT_D ? "D" : h->by == HOLDOUT_N ? "N" : "C";
}

static void holdout_sentence(const Validation *v, Buf *out)
{
    const Holdout *h = &v->holdout;
    const FitData *data = &v->group->data;
    const double *response = fit_data_response(data, v->form->response);
    size_t k = h->n_points - 1; /* the last split's largest */
    const HoldoutPoint *p = &h->point[k];
    const Prediction *q = &h->prediction[k * h->n_rivals];
    double measured = response[p->at];
    char name[64];
    validate_point_name(v, p->at, name, sizeof name);
    buf_printf(out,
               "Trained on the %zu points up to %s = %.4g, %s predicts %.5g at %s; measured %.5g: "
               "%+.3f %%",
               h->split[p->split].n_train, input_of(h), h->split[p->split].hi, v->form->name,
               q->value, name, measured, 100.0 * (q->value / measured - 1.0));
    if (isfinite(q->meas_lo)) {
        bool is_in = measured >= q->meas_lo && measured <= q->meas_hi;
        buf_printf(out, ", %s its 95 %% interval %.5g to %.5g.\n", is_in ? "inside" : "outside",
                   q->meas_lo, q->meas_hi);
    } else {
        buf_puts(out, ", without an interval.\n");
    }
    const HoldoutScore *s = &h->total[0];
    buf_printf(out, "Over %zu split%s and %zu prediction%s: mean |error| %.3g %%, bias %+.3g %%",
               h->n_splits, h->n_splits == 1 ? "" : "s", s->n, s->n == 1 ? "" : "s", 100.0 * s->mae,
               100.0 * s->bias);
    if (s->n_intervals > 0) {
        buf_printf(out, "; %zu of %zu measurements inside their 95 %% interval", s->covered,
                   s->n_intervals);
    }
    buf_puts(out, ".\n");
}

/* "; kaplan is next, its |error| larger by ..." */
static void behind_text(const char *name, const char *how, const HoldoutPair *p, Buf *out)
{
    buf_printf(out, "%s %s, its |error| larger by %.3g", name, how, 100.0 * p->mean);
    if (!isfinite(p->se)) {
        buf_puts(out, " percentage points on the one held-out observation: too few to tell.\n");
        return;
    }
    buf_printf(out, " +- %.2g percentage points over %zu held-out observations (p = %.2g): %s.\n",
               100.0 * p->se, p->n, p->p,
               p->p < SIGNIFICANT ? "the difference exceeds its error"
                                  : "the data cannot tell them apart");
}

static void laws_sentence(const Validation *v, Buf *out)
{
    const Holdout *h = &v->holdout;
    const ValidateLaw *next = NULL;
    for (size_t i = 0; i < v->n_laws; i++) {
        const ValidateLaw *law = &v->law[i];
        if (i != v->best && v->holdout.is_eligible[law->rival] &&
            (!next || law->against_best.mean < next->against_best.mean)) {
            next = law;
        }
    }
    if (!next) {
        return;
    }
    buf_printf(out, "%s predicts best; ", h->rival[v->law[v->best].rival].name);
    behind_text(h->rival[next->rival].name, "is next", &next->against_best, out);
    if (v->best != 0 && next->rival != 0) {
        behind_text(h->rival[0].name, "is behind", &v->law[0].against_best, out);
    }
}

static void influence_sentence(const Validation *v, Buf *out)
{
    const Influence *x = &v->influence;
    const char *unit = x->is_by_run ? "run" : "observation";
    if (x->n_refused > 0) {
        buf_printf(out, "Without %s of %zu %ss there is no law.\n",
                   x->n_refused == 1 ? "one" : "some", x->n, unit);
    }
    if (x->n_marked == 0) {
        buf_printf(out, "No single %s moves a value by more than its standard error.\n", unit);
        return;
    }
    for (size_t u = 0; u < x->n; u++) {
        if (x->unit[u].is_marked) {
            const InfluenceUnit *m = &x->unit[u];
            buf_printf(out, "%zu of %zu %ss move a value by more than its standard error; most by ",
                       x->n_marked, x->n, unit);
            if (x->is_by_run) {
                buf_printf(out, "%s", v->group->run_name[m->unit]);
            } else {
                char name[64];
                validate_point_name(v, m->unit, name, sizeof name);
                buf_puts(out, name);
            }
            buf_printf(out, ": %s %+.2f se without it.\n", fit_slot(v->fit, m->most)->name,
                       influence_change(x, v->fit, u, m->most));
            return;
        }
    }
}

static void sensitivity_sentence(const Validation *v, Buf *out)
{
    const Sensitivity *s = &v->sensitivity;
    size_t n = 0;
    for (size_t k = 0; k < s->n_shown; k++) {
        size_t slot = s->shown[k];
        if (s->is_outside[slot]) {
            buf_printf(out, "%s%s (%s)",
                       n ? ", " : "A choice matters more than the sampling error for ",
                       fit_slot(v->fit, slot)->name, s->fit[s->worst[slot]].name);
            n++;
        }
    }
    if (n > 0) {
        buf_puts(out, ".\n");
    } else if (s->n_shown > 0 && isfinite(s->shift[s->shown[0]])) {
        buf_puts(out, "No choice moves a value out of its 95 % interval.\n");
    }
}

static void residuals_sentence(const Validation *v, Buf *out)
{
    const Residuals *r = &v->residuals;
    bool is_tilted = false;
    for (size_t k = 0; k < r->n_trends; k++) {
        const StatsSlope *s =
            isfinite(r->trend[k].clustered.t) ? &r->trend[k].clustered : &r->trend[k].slope;
        if (s->p < SIGNIFICANT) {
            buf_printf(out, "%s %s (t = %.2f)", is_tilted ? " and" : "Residuals are tilted along",
                       form_input_name(r->trend[k].input), s->t);
            is_tilted = true;
        }
    }
    buf_puts(out, is_tilted ? ".\n" : "Residuals show no trend in N, D or C.\n");
    if (r->icc > 0.0 && r->effective < 0.9 * (double)r->n) {
        buf_printf(out,
                   "Points of a run err alike (intraclass correlation %.2f): %zu points are worth "
                   "%.0f.\n",
                   r->icc, r->n, r->effective);
    }
}

void validate_sentences(const Validation *v, Buf *out)
{
    if (v->has_holdout) {
        holdout_sentence(v, out);
    }
    if (v->n_laws > 0) {
        laws_sentence(v, out);
    }
    if (v->has_influence) {
        influence_sentence(v, out);
    }
    if (v->has_sensitivity) {
        sensitivity_sentence(v, out);
    }
    if (v->has_residuals) {
        residuals_sentence(v, out);
    }
}
