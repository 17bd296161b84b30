/* A simulated study as an answer.  Field names are a contract: docs/json.md. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/design/simulated.h"

/* Half the width of a normal 95 % interval, in standard deviations. */
#define NORMAL_HALF 1.959964
/* Intervals so much wider than the estimates scatter are worth a sentence. */
#define WIDE        1.5

static Value share(size_t part, size_t whole)
{
    return whole ? value_real((double)part / (double)whole) : value_none();
}

static const SimValue *find(const Simulation *s, const char *name)
{
    for (size_t k = 0; k < s->n_values; k++) {
        if (strcmp(s->value[k].name, name) == 0) {
            return &s->value[k];
        }
    }
    return NULL;
}

/* ---- sentences ---- */

/* ", alpha to +-0.02, N_opt to a factor of 1.2" */
static void add_known(const SimValue *v, Buf *out)
{
    const char *comma = out->len ? "," : "";
    if (v && v->is_log) {
        buf_printf(out, "%s %s to a factor of %.3g", comma, v->name, exp(v->sd));
    } else if (v) {
        buf_printf(out, "%s %s to +-%.2g", comma, v->name, v->sd);
    }
}

static void say_found(const SimGroup *g, AnswerNode *in)
{
    static const char *const names[] = {"alpha", "beta", "a", "N_opt", "L_opt"};
    const Simulation *s = &g->result;
    Buf list = BUF_INIT;
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        add_known(find(s, names[k]), &list);
    }
    if (list.len == 0 && s->n_values) {
        add_known(&s->value[0], &list);
    }
    answer_say(in, NULL, SAY_VERDICT, "%zu runs, %zu points and %.3g FLOP %s%s.",
               g->design->data.n_runs, g->design->data.n, g->design->flops,
               s->refused == s->studies ? "do not determine the law: every fit was refused"
                                        : "give, within one standard deviation,",
               s->refused == s->studies ? "" : buf_str(&list));
    buf_release(&list);
}

/* How often the intervals of numbers that the truth has hold it. */
static void say_coverage(const SimGroup *g, bool is_asked, AnswerNode *top)
{
    const Simulation *s = &g->result;
    size_t held = 0, given = 0;
    for (size_t k = 0; k < s->n_values; k++) {
        held += isfinite(s->value[k].truth) ? s->value[k].by[FIT_PERCENTILE].held : 0;
        given += isfinite(s->value[k].truth) ? s->value[k].by[FIT_PERCENTILE].given : 0;
    }
    if (given) {
        answer_say(top, NULL, SAY_PLAIN,
                   "The 95 %% intervals hold the truth %.1f %% of the time; %zu of %zu fits were "
                   "refused.",
                   100.0 * (double)held / (double)given, s->refused, s->studies);
    } else if (is_asked) {
        answer_say(top, NULL, SAY_WARNING,
                   "There are no intervals: too few runs or replicates; %zu of %zu fits were "
                   "refused.",
                   s->refused, s->studies);
    }
}

/* With few runs the bootstrap does not know how well the law is known. */
static void say_wide(const SimGroup *g, AnswerNode *top)
{
    const SimValue *v = find(&g->result, "alpha");
    double ratio = v ? v->by[FIT_PERCENTILE].width / (2.0 * NORMAL_HALF * v->sd) : 0.0;
    if (v && !v->is_log && ratio > WIDE) {
        answer_say(top, NULL, SAY_NOTE,
                   "The intervals are %.1f times as wide as the estimates scatter, as %zu runs "
                   "show little of how runs differ: more sizes or seeds narrow them.",
                   ratio, g->design->data.n_runs);
    }
}

static void say_basis(const Simulated *s, AnswerNode *top)
{
    const SimulatedOptions *o = s->o;
    for (size_t g = 0; g < s->n; g++) {
        const SimNoise *k = &s->group[g].noise;
        if (g == 0 || o->like) { /* all alike, unless each is like its own fit */
            answer_say(top, NULL, SAY_NOTE,
                       "%s%sthe noise of the loss is %.3g %% between runs and %.3g %% within "
                       "(correlation %.2g).",
                       o->like ? s->group[g].design->name : "", o->like ? ": " : "", 100.0 * k->run,
                       100.0 * k->point, k->correlation);
        }
    }
    if (!o->is_one_set) {
        answer_say(top, NULL, SAY_NOTE,
                   "Each of the %zu studies was fitted by %s. A coverage is uncertain by +-%.1f "
                   "points (binomial, one standard error).",
                   o->sim.studies, o->sim.fit.form->name,
                   100.0 * sqrt(0.95 * 0.05 / (double)o->sim.studies));
    }
}

/* ---- tables ---- */

static Value coverage(const SimValue *v)
{
    const SimCover *c = &v->by[FIT_PERCENTILE];
    return isfinite(v->truth) ? share(c->held, c->given) : value_none();
}

static void values_table(const Simulated *s, AnswerNode *top)
{
    const Column column[] = {
        {"group", s->n > 1 ? "group" : NULL},
        {"number", "number"},
        {"unit", "unit", .rank = 3},
        {"truth", "truth", .digits = 5},
        {"median", "median", .digits = 5, .rank = 2},
        {"bias", "bias", .digits = 2, .rank = 1, .help = "mean minus truth, of a factor the share"},
        {"sd", "sd", .digits = 2, .help = "of the value, of a factor that of its logarithm"},
        {"scale", "scale", .rank = 1},
        {"width", "width", .digits = 3, .help = "median of the 95 % interval, of a factor hi/lo"},
        {"coverage", "held", "%", NUMBER_PERCENT, 3,
         .help = "how often the interval holds the truth"},
        {"C", s->o->sim.fit.n_at ? "at C" : NULL, "FLOP"},
    };
    AnswerNode *table = answer_table(top, NULL, "What the fits find", COLUMNS(column));
    for (size_t g = 0; g < s->n; g++) {
        for (size_t k = 0; k < s->group[g].result.n_values; k++) {
            const SimValue *v = &s->group[g].result.value[k];
            double width = v->by[FIT_PERCENTILE].width;
            answer_row(table, value_text(s->group[g].design->name), value_text(v->name),
                       value_text(v->unit), value_real(v->truth), value_real(v->median),
                       value_real(v->bias), value_real(v->sd),
                       value_text(v->is_log ? "factor" : "value"),
                       value_real(v->is_log ? exp(width) : width), coverage(v),
                       v->c > 0.0 ? value_real(v->c) : value_none());
        }
    }
}

/* ---- JSON ---- */

/* Those at no compute budget, then those of each. */
static void values_json(const Simulation *s, AnswerNode *group)
{
    AnswerNode *values = answer_object(group, "values"), *at = answer_list(group, "at");
    AnswerNode *own = NULL;
    double last = 0.0;
    for (size_t k = 0; k < s->n_values; k++) {
        const SimValue *v = &s->value[k];
        if (v->c > 0.0 && (!own || v->c != last)) {
            AnswerNode *one = answer_object(at, NULL);
            answer_set(one, "C", value_real(v->c));
            own = answer_object(one, "values");
            last = v->c;
        }
        answer_set_all(answer_object(v->c > 0.0 ? own : values, v->name),
                       "unit scale truth median bias sd coverage width fits intervals",
                       value_text(v->unit), value_text(v->is_log ? "log" : "linear"),
                       value_real(v->truth), value_real(v->median), value_real(v->bias),
                       value_real(v->sd), coverage(v), value_real(v->by[FIT_PERCENTILE].width),
                       value_size(v->n), value_size(v->by[FIT_PERCENTILE].given));
    }
}

static void truth_json(const Truth *t, AnswerNode *group)
{
    AnswerNode *o = answer_object(group, "truth");
    answer_set(o, "law", value_text(t->form ? t->form->name : "solvable"));
    AnswerNode *params = answer_object(o, "params");
    for (size_t k = 0; t->form && k < t->form->n_params; k++) {
        answer_set(params, t->form->param[k].name, value_real(t->params[k]));
    }
    if (!t->form) {
        answer_set_all(params, "alpha M E scale N0 D0", value_real(t->solvable.alpha),
                       value_real((double)t->solvable.latent), value_real(t->offset),
                       value_real(t->scale), value_real(t->n_unit), value_real(t->d_unit));
    }
}

static void power_answer(const SimOptions *o, const Simulation *s, AnswerNode *own, AnswerNode *in)
{
    if (!o->difference) {
        answer_set(own, "power", value_none());
        return;
    }
    answer_set_all(answer_object(own, "power"),
                   "parameter difference compared power compared_equal false_alarms detectable_80",
                   value_text(o->difference), value_real(o->difference_by), value_size(s->compared),
                   share(s->seen, s->compared), value_size(s->compared_equal),
                   share(s->seen_equal, s->compared_equal), value_real(s->detectable));
    if (!s->compared || !s->compared_equal) {
        answer_say(in, NULL, SAY_WARNING,
                   "A difference in %s could not be tested, as there are no intervals.",
                   o->difference);
        return;
    }
    answer_say(in, NULL, SAY_PLAIN,
               "A second group whose %s differs by %g would be told apart in %.0f %% of %zu "
               "studies; one that does not differ in %.1f %% (nominal 5 %%). Were the errors "
               "known, %.2g would be seen in 80 %%.",
               o->difference, o->difference_by, 100.0 * (double)s->seen / (double)s->compared,
               s->compared, 100.0 * (double)s->seen_equal / (double)s->compared_equal,
               s->detectable);
}

static void group_answer(const Simulated *all, const SimGroup *g, AnswerNode *groups)
{
    const Simulation *s = &g->result;
    const FitData *d = &g->design->data;
    AnswerNode *own = answer_object(groups, NULL);
    answer_set_all(own, "group runs points flops", value_text(g->design->name),
                   value_size(d->n_runs), value_size(d->n), value_real(g->design->flops));
    truth_json(&g->truth, own);
    answer_set_all(answer_object(own, "noise"), "run point correlation", value_real(g->noise.run),
                   value_real(g->noise.point), value_real(g->noise.correlation));
    if (all->o->is_one_set) {
        return;
    }
    AnswerNode *in = all->n > 1 ? answer_section(own, "%s", g->design->name) : own;
    answer_set_all(own, "studies refused", value_size(s->studies), value_size(s->refused));
    say_found(g, in);
    if (s->refused < s->studies) {
        say_coverage(g, all->o->sim.fit.bootstrap > 0, in);
        say_wide(g, in);
    }
    AnswerNode *refusals = answer_list(own, "refusals");
    for (size_t k = 0; k < s->n_reasons; k++) {
        answer_set_all(answer_object(refusals, NULL), "reason studies",
                       value_text(s->reason[k].text), value_size(s->reason[k].n));
        answer_say(in, NULL, SAY_REFUSED, "%zu times: %s", s->reason[k].n, s->reason[k].text);
    }
    values_json(s, own);
    power_answer(&all->o->sim, s, own, in);
}

void simulated_answer(const Simulated *s, const char *written, AnswerNode *top)
{
    const FitOptions *f = &s->o->sim.fit;
    answer_set_all(
        top, "law truth loss residual studies bootstrap resample convention csv",
        value_text(f->form->name), value_text(s->o->text), value_text(fit_loss_name(f->loss.kind)),
        value_text(f->residual == FIT_LOG ? "log" : "raw"), value_size(s->o->sim.studies),
        value_size(f->bootstrap), value_text(fit_resampling_name(f->resampling)),
        value_text(obs_convention_name(s->design->convention)), value_text(written));
    if (written) {
        answer_say(top, NULL, SAY_VERDICT,
                   "%s holds one simulated data set of the law %s; slaw fit reads it.", written,
                   s->o->text);
    }
    AnswerNode *groups = answer_list(top, "groups");
    for (size_t g = 0; g < s->n; g++) {
        group_answer(s, &s->group[g], groups);
    }
    if (!s->o->is_one_set) {
        values_table(s, top);
    }
    say_basis(s, top);
}
