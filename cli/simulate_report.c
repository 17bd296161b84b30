#include "cli/simulate_report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "common/csv.h"
#include "common/json.h"
#include "common/quantity.h"

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *share_json(size_t part, size_t whole)
{
    return whole ? json_real((double)part / (double)whole) : json_null();
}

static json_t *value_json(const SimValue *v)
{
    const SimCover *c = &v->by[FIT_PERCENTILE];
    bool is_known = isfinite(v->truth);
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:i}", "unit", v->unit, "scale",
                     v->is_log ? "log" : "linear", "truth", output_real(v->truth), "median",
                     output_real(v->median), "bias", output_real(v->bias), "sd", output_real(v->sd),
                     "coverage", is_known ? share_json(c->held, c->given) : json_null(), "width",
                     output_real(c->width), "fits", (int)v->n, "intervals", (int)c->given);
}

static json_t *at_json(const Simulation *s)
{
    json_t *out = json_array();
    for (size_t k = 0; k < s->n_values; k++) {
        const SimValue *v = &s->value[k];
        if (!(v->c > 0.0)) {
            continue;
        }
        json_t *last = json_array_get(out, json_array_size(out) - 1);
        if (!last || json_real_value(json_object_get(last, "C")) != v->c) {
            (void)json_array_append_new(out, json_pack("{s:f, s:{}}", "C", v->c, "values"));
            last = json_array_get(out, json_array_size(out) - 1);
        }
        (void)json_object_set_new(json_object_get(last, "values"), v->name, value_json(v));
    }
    return out;
}

static json_t *power_json(const SimReport *r, const Simulation *s)
{
    if (!r->options.difference) {
        return json_null();
    }
    return json_pack("{s:s, s:f, s:i, s:o, s:i, s:o, s:o}", "parameter", r->options.difference,
                     "difference", r->options.difference_by, "compared", (int)s->compared, "power",
                     share_json(s->seen, s->compared), "compared_equal", (int)s->compared_equal,
                     "false_alarms", share_json(s->seen_equal, s->compared_equal), "detectable_80",
                     output_real(s->detectable));
}

static json_t *truth_json(const Truth *t)
{
    json_t *params = json_object();
    if (!t->form) {
        json_decref(params);
        return json_pack("{s:s, s:{s:f, s:f, s:f, s:f, s:f, s:f}}", "law", "solvable", "params",
                         "alpha", t->solvable.alpha, "M", (double)t->solvable.latent, "E",
                         t->offset, "scale", t->scale, "N0", t->n_unit, "D0", t->d_unit);
    }
    for (size_t k = 0; k < t->form->n_params; k++) {
        (void)json_object_set_new(params, t->form->param[k].name, output_real(t->params[k]));
    }
    return json_pack("{s:s, s:o}", "law", t->form->name, "params", params);
}

static json_t *group_json(const SimReport *r, const SimGroup *g)
{
    json_t *values = json_object(), *refusals = json_array();
    const Simulation *s = &g->result;
    for (size_t k = 0; k < s->n_values; k++) {
        if (!(s->value[k].c > 0.0)) {
            (void)json_object_set_new(values, s->value[k].name, value_json(&s->value[k]));
        }
    }
    for (size_t k = 0; k < s->n_reasons; k++) {
        (void)json_array_append_new(refusals, json_pack("{s:s, s:i}", "reason", s->reason[k].text,
                                                        "studies", (int)s->reason[k].n));
    }
    return json_pack("{s:s, s:i, s:i, s:f, s:o, s:{s:f, s:f, s:f}, s:i, s:i, s:o, s:o, s:o, s:o}",
                     "group", g->design->name, "runs", (int)g->design->data.n_runs, "points",
                     (int)g->design->data.n, "flops", g->design->flops, "truth",
                     truth_json(&g->truth), "noise", "run", g->noise.run, "point", g->noise.point,
                     "correlation", g->noise.correlation, "studies", (int)s->studies, "refused",
                     (int)s->refused, "refusals", refusals, "values", values, "at", at_json(s),
                     "power", power_json(r, s));
}

json_t *simulate_json(const SimReport *r)
{
    const FitOptions *f = &r->options.fit;
    json_t *groups = json_array();
    for (size_t g = 0; g < r->n; g++) {
        (void)json_array_append_new(groups, group_json(r, &r->group[g]));
    }
    return json_pack(
        "{s:i, s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:s, s:o}", "schema", 1, "source",
        r->source, "version", SLAW_VERSION, "seed", (json_int_t)r->options.seed, "law",
        f->form->name, "truth", r->truth_text, "loss", fit_loss_name(f->loss.kind), "residual",
        f->residual == FIT_LOG ? "log" : "raw", "studies", (json_int_t)r->options.studies,
        "bootstrap", (json_int_t)f->bootstrap, "resample", fit_resampling_name(f->resampling),
        "convention", obs_convention_name(r->design->convention), "groups", groups);
}

/* ---- text ------------------------------------------------------------------------------------ */

static const SimValue *find(const Simulation *s, const char *name)
{
    for (size_t k = 0; k < s->n_values; k++) {
        if (strcmp(s->value[k].name, name) == 0) {
            return &s->value[k];
        }
    }
    return NULL;
}

static void say_value(const SimValue *v, Buf *out)
{
    if (v && v->is_log) {
        buf_printf(out, ", %s to a factor of %.3g", v->name, exp(v->sd));
    } else if (v) {
        buf_printf(out, ", %s to +-%.2g", v->name, v->sd);
    }
}

/* With few runs the bootstrap does not know how well the law is known. */
static void say_wide(const SimGroup *g, Buf *out)
{
    const SimValue *v = find(&g->result, "alpha");
    double ratio = v ? v->by[FIT_PERCENTILE].width / (2.0 * 1.959964 * v->sd) : 0.0;
    if (v && !v->is_log && ratio > 1.5) {
        buf_printf(
            out,
            "The intervals are %.1f times as wide as the estimates scatter, as %zu runs show "
            "little of how runs differ: more sizes or seeds narrow them.\n",
            ratio, g->design->data.n_runs);
    }
}

/* The answer in a sentence. */
static void say_group(const SimReport *r, const SimGroup *g, Buf *out)
{
    const Simulation *s = &g->result;
    size_t fitted = s->studies - s->refused, held = 0, given = 0;
    buf_printf(out, "%s: %zu runs, %zu points, %.3g FLOP.  ", g->design->name,
               g->design->data.n_runs, g->design->data.n, g->design->flops);
    if (fitted == 0) {
        buf_printf(out, "This design does not determine the law: all %zu fits were refused.\n",
                   s->studies);
        return;
    }
    for (size_t k = 0; k < s->n_values; k++) {
        held += isfinite(s->value[k].truth) ? s->value[k].by[FIT_PERCENTILE].held : 0;
        given += isfinite(s->value[k].truth) ? s->value[k].by[FIT_PERCENTILE].given : 0;
    }
    buf_puts(out, "One standard deviation:");
    Buf list = BUF_INIT;
    const char *const shown[] = {"alpha", "beta", "a", "N_opt", "L_opt"};
    for (size_t k = 0; k < sizeof shown / sizeof shown[0]; k++) {
        say_value(find(s, shown[k]), &list);
    }
    if (!list.len) {
        for (size_t k = 0; k < s->n_values && k < 3; k++) {
            say_value(&s->value[k], &list);
        }
    }
    buf_printf(out, "%s", list.len ? buf_str(&list) + 1 : " none");
    buf_release(&list);
    if (given) {
        buf_printf(out, ".  The 95 %% intervals hold the truth %.1f %% of the time",
                   100.0 * (double)held / (double)given);
    } else if (r->options.fit.bootstrap) {
        buf_puts(out, ".  No intervals: too few runs or replicates");
    }
    buf_printf(out, "; %zu of %zu fits refused.\n", s->refused, s->studies);
    say_wide(g, out);
}

static void say_power(const SimReport *r, const Simulation *s, Buf *out)
{
    if (!r->options.difference) {
        return;
    }
    if (!s->compared || !s->compared_equal) {
        buf_printf(out, "A difference in %s could not be tested: no intervals.\n",
                   r->options.difference);
        return;
    }
    buf_printf(out,
               "A second group whose %s differs by %g would be told apart in %.0f %% of %zu "
               "studies; one that does not differ in %.1f %% (nominal 5 %%).  Were the "
               "errors known, %.2g would be seen in 80 %%.\n",
               r->options.difference, r->options.difference_by,
               100.0 * (double)s->seen / (double)s->compared, s->compared,
               100.0 * (double)s->seen_equal / (double)s->compared_equal, s->detectable);
}

static void add_value(Table *t, const char *group, const SimValue *v)
{
    const SimCover *c = &v->by[FIT_PERCENTILE];
    char name[96], at[32];
    bool is_known = isfinite(v->truth);
    (void)snprintf(at, sizeof at, " at %.3g", v->c);
    (void)snprintf(name, sizeof name, "%s%s", v->name, v->c > 0.0 ? at : "");
    table_text(t, group);
    table_text(t, name);
    table_text(t, v->unit);
    table_digits(t, 5, v->truth);
    table_digits(t, 5, v->median);
    table_digits(t, 2, v->bias);
    table_digits(t, 2, v->sd);
    table_text(t, v->is_log ? "factor" : "value");
    table_digits(t, 3, v->is_log ? exp(c->width) : c->width);
    table_decimals(t, 1,
                   is_known && c->given ? 100.0 * (double)c->held / (double)c->given : (double)NAN);
}

ErrCode simulate_text(const SimReport *r, TableFormat format, Buf *out, Err *err)
{
    static const TableColumn column[] = {{"group", false},    {"number", false}, {"unit", false},
                                         {"truth", true},     {"median", true},  {"bias", true},
                                         {"sd", true},        {"scale", false},  {"width", true},
                                         {"coverage %", true}};
    Table t;
    table_init(&t, column, sizeof column / sizeof column[0]);
    for (size_t g = 0; g < r->n; g++) {
        const Simulation *s = &r->group[g].result;
        if (format != TABLE_CSV) {
            say_group(r, &r->group[g], out);
            say_power(r, s, out);
            for (size_t k = 0; k < s->n_reasons; k++) {
                buf_printf(out, "  refused %zu times: %s\n", s->reason[k].n, s->reason[k].text);
            }
        }
        for (size_t k = 0; k < s->n_values; k++) {
            add_value(&t, r->group[g].design->name, &s->value[k]);
        }
    }
    if (format != TABLE_CSV) {
        buf_puts(out, "\n");
    }
    ErrCode rc = t.n_cells ? table_print(&t, format, out, err) : ERR_OK;
    table_release(&t);
    if (format != TABLE_CSV) {
        const SimNoise *k = &r->group[0].noise;
        buf_printf(
            out,
            "\n%zu studies of the law %s, fitted by %s; noise of the loss %.3g %% between "
            "runs, %.3g %% within (correlation %.2g).\nbias: mean minus truth, of a factor "
            "the share; sd: of the value, of a factor that of its logarithm; width: median "
            "of the 95 %% interval, of a factor hi/lo.\nEach coverage is uncertain by +-%.1f "
            "points (binomial, one standard error).\n",
            r->options.studies, r->truth_text, r->options.fit.form->name, 100.0 * k->run,
            100.0 * k->point, k->correlation,
            100.0 * sqrt(0.95 * 0.05 / (double)r->options.studies));
    }
    return rc;
}

/* ---- one data set ---------------------------------------------------------------------------- */

ErrCode simulate_csv(const SimReport *r, Buf *out, Err *err)
{
    buf_puts(out, "group,run,N,D,C,loss\n");
    for (size_t g = 0; g < r->n; g++) {
        const SimGroup *own = &r->group[g];
        const FitData *d = &own->design->data;
        double *loss = calloc(d->n + 1, sizeof *loss);
        double *work = calloc(d->n_runs + d->n + 1, sizeof *work);
        if (!loss || !work) {
            free(loss);
            free(work);
            return err_nomem(err, "the data set");
        }
        simulate_losses(&own->truth, d, &own->noise, r->options.seed + g, 0, loss, work);
        for (size_t i = 0; i < d->n; i++) {
            char n[32], tokens[32], c[32], l[32];
            json_number_text(d->params[i], n);
            json_number_text(d->tokens[i], tokens);
            json_number_text(d->flops ? d->flops[i] : 6.0 * d->params[i] * d->tokens[i], c);
            json_number_text(loss[i], l);
            csv_put_cell(out, own->design->name);
            buf_printf(out, ",%zu-%zu,%s,%s,%s,%s\n", g + 1, d->n_runs ? d->run[i] + 1 : i + 1, n,
                       tokens, c, l);
        }
        free(loss);
        free(work);
    }
    return buf_ok(out, err);
}
