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
static size_t add_known(const SimValue *v, char *out, size_t size, size_t used)
{
    int n = 0;
    if (v && used < size) {
        n = v->is_log ? snprintf(out + used, size - used, "%s %s to a factor of %.3g",
                                 used ? "," : "", v->name, exp(v->sd))
                      : snprintf(out + used, size - used, "%s %s to +-%.2g", used ? "," : "",
                                 v->name, v->sd);
    }
    return used + (n > 0 ? (size_t)n : 0);
}

static void known(const Simulation *s, char *out, size_t size)
{
    static const char *const names[] = {"alpha", "beta", "a", "N_opt", "L_opt"};
    size_t used = 0;
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        used = add_known(find(s, names[k]), out, size, used);
    }
    for (size_t k = 0; used == 0 && k < s->n_values && k < 3; k++) {
        used = add_known(&s->value[k], out, size, used);
    }
    if (used == 0) {
        (void)snprintf(out, size, " of no number");
    }
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

static void say_power(const SimulatedOptions *o, const Simulation *s, AnswerNode *top)
{
    if (!o->sim.difference) {
        return;
    }
    if (!s->compared || !s->compared_equal) {
        answer_say(top, NULL, SAY_WARNING,
                   "A difference in %s could not be tested, as there are no intervals.",
                   o->sim.difference);
        return;
    }
    answer_say(top, NULL, SAY_PLAIN,
               "A second group whose %s differs by %g would be told apart in %.0f %% of %zu "
               "studies; one that does not differ in %.1f %% (nominal 5 %%). Were the errors "
               "known, %.2g would be seen in 80 %%.",
               o->sim.difference, o->sim.difference_by,
               100.0 * (double)s->seen / (double)s->compared, s->compared,
               100.0 * (double)s->seen_equal / (double)s->compared_equal, s->detectable);
}

static void say_group(const SimulatedOptions *o, const SimGroup *g, AnswerNode *top)
{
    const Simulation *s = &g->result;
    const FitData *d = &g->design->data;
    char list[256] = "";
    if (s->refused < s->studies) {
        known(s, list, sizeof list);
        answer_say(top, NULL, SAY_VERDICT,
                   "%zu runs, %zu points and %.3g FLOP give, within one standard deviation,%s.",
                   d->n_runs, d->n, g->design->flops, list);
        say_coverage(g, o->sim.fit.bootstrap > 0, top);
        say_wide(g, top);
        say_power(o, s, top);
    } else {
        answer_say(top, NULL, SAY_VERDICT,
                   "%zu runs, %zu points and %.3g FLOP do not determine the law: all %zu fits were "
                   "refused.",
                   d->n_runs, d->n, g->design->flops, s->studies);
    }
    for (size_t k = 0; k < s->n_reasons; k++) {
        answer_say(top, NULL, SAY_REFUSED, "%zu times: %s", s->reason[k].n, s->reason[k].text);
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

/* Of the long table; people see all but the first and the last, a table a group and a C. */
static const Column value_column[] = {
    {"group"},
    {"number", "number"},
    {"unit", "unit", .rank = 3},
    {"truth", "truth", .digits = 5},
    {"median", "median", .digits = 5, .rank = 2},
    {"bias", "bias", .digits = 2, .rank = 1, .help = "mean minus truth, of a factor the share"},
    {"sd", "sd", .digits = 2, .help = "of the value, of a factor that of its logarithm"},
    {"scale", "scale", .rank = 1},
    {"width", "width", .digits = 3, .help = "median of the 95 % interval, of a factor hi/lo"},
    {"coverage", "held", "%", .format = NUMBER_PERCENT, .digits = 3,
     .help = "how often the interval holds the truth"},
    {"C"},
};
enum { N_VALUE_COLUMNS = sizeof value_column / sizeof value_column[0] };

static void put_value(const SimGroup *g, const SimValue *v, bool is_long, AnswerNode *table)
{
    double width = v->by[FIT_PERCENTILE].width;
    const Value row[N_VALUE_COLUMNS] = {value_text(g->design->name),
                                        value_text(v->name),
                                        value_text(v->unit),
                                        value_real(v->truth),
                                        value_real(v->median),
                                        value_real(v->bias),
                                        value_real(v->sd),
                                        value_text(v->is_log ? "factor" : "value"),
                                        value_real(v->is_log ? exp(width) : width),
                                        coverage(v),
                                        v->c > 0.0 ? value_real(v->c) : value_none()};
    (void)answer_row_of(table, is_long ? row : row + 1,
                        is_long ? N_VALUE_COLUMNS : N_VALUE_COLUMNS - 2);
}

static void group_tables(const SimGroup *g, AnswerNode *in)
{
    AnswerNode *table = NULL;
    double last = -1.0;
    for (size_t k = 0; k < g->result.n_values; k++) {
        const SimValue *v = &g->result.value[k];
        char title[64] = "What the fits find";
        if (v->c != last) {
            if (v->c > 0.0) {
                (void)snprintf(title, sizeof title, "At C = %.4g FLOP", v->c);
            }
            table = answer_table(in, NULL, title, value_column + 1, N_VALUE_COLUMNS - 2);
            answer_table_use(table, TABLE_FOR_PEOPLE);
            last = v->c;
        }
        put_value(g, v, false, table);
    }
}

static void long_table(const Simulated *s, AnswerNode *top)
{
    AnswerNode *table = answer_table(top, NULL, NULL, value_column, N_VALUE_COLUMNS);
    answer_table_use(table, TABLE_FOR_CSV);
    for (size_t g = 0; g < s->n; g++) {
        for (size_t k = 0; k < s->group[g].result.n_values; k++) {
            put_value(&s->group[g], &s->group[g].result.value[k], true, table);
        }
    }
}

/* ---- JSON ---- */

static void value_json(const SimValue *v, AnswerNode *values)
{
    const SimCover *c = &v->by[FIT_PERCENTILE];
    answer_set_all(answer_object(values, v->name),
                   "unit scale truth median bias sd coverage width fits intervals",
                   value_text(v->unit), value_text(v->is_log ? "log" : "linear"),
                   value_real(v->truth), value_real(v->median), value_real(v->bias),
                   value_real(v->sd), coverage(v), value_real(c->width), value_size(v->n),
                   value_size(c->given));
}

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
        value_json(v, v->c > 0.0 ? own : values);
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

static void power_json(const SimOptions *o, const Simulation *s, AnswerNode *group)
{
    if (!o->difference) {
        answer_set(group, "power", value_none());
        return;
    }
    answer_set_all(answer_object(group, "power"),
                   "parameter difference compared power compared_equal false_alarms detectable_80",
                   value_text(o->difference), value_real(o->difference_by), value_size(s->compared),
                   share(s->seen, s->compared), value_size(s->compared_equal),
                   share(s->seen_equal, s->compared_equal), value_real(s->detectable));
}

static void group_json(const SimulatedOptions *o, const SimGroup *g, AnswerNode *groups)
{
    const Simulation *s = &g->result;
    AnswerNode *own = answer_object(groups, NULL);
    answer_set_all(own, "group runs points flops", value_text(g->design->name),
                   value_size(g->design->data.n_runs), value_size(g->design->data.n),
                   value_real(g->design->flops));
    truth_json(&g->truth, own);
    answer_set_all(answer_object(own, "noise"), "run point correlation", value_real(g->noise.run),
                   value_real(g->noise.point), value_real(g->noise.correlation));
    if (o->is_one_set) {
        return;
    }
    answer_set_all(own, "studies refused", value_size(s->studies), value_size(s->refused));
    AnswerNode *refusals = answer_list(own, "refusals");
    for (size_t k = 0; k < s->n_reasons; k++) {
        answer_set_all(answer_object(refusals, NULL), "reason studies",
                       value_text(s->reason[k].text), value_size(s->reason[k].n));
    }
    values_json(s, own);
    power_json(&o->sim, s, own);
}

static void head_json(const Simulated *s, const char *written, AnswerNode *top)
{
    const FitOptions *f = &s->o->sim.fit;
    answer_set_all(
        top, "law truth loss residual studies bootstrap resample convention csv",
        value_text(f->form->name), value_text(s->o->text), value_text(fit_loss_name(f->loss.kind)),
        value_text(f->residual == FIT_LOG ? "log" : "raw"), value_size(s->o->sim.studies),
        value_size(f->bootstrap), value_text(fit_resampling_name(f->resampling)),
        value_text(obs_convention_name(s->design->convention)), value_text(written));
}

void simulated_answer(const Simulated *s, const char *written, AnswerNode *top)
{
    head_json(s, written, top);
    if (written) {
        answer_say(top, NULL, SAY_VERDICT,
                   "%s holds one simulated data set of the law %s; slaw fit reads it.", written,
                   s->o->text);
    }
    for (size_t g = 0; g < s->n && !s->o->is_one_set; g++) {
        const SimGroup *own = &s->group[g];
        AnswerNode *in = s->n > 1 ? answer_section(top, "%s", own->design->name) : top;
        say_group(s->o, own, in);
        group_tables(own, in);
    }
    if (!s->o->is_one_set) {
        long_table(s, top);
    }
    say_basis(s, top);
    AnswerNode *groups = answer_list(top, "groups");
    for (size_t g = 0; g < s->n; g++) {
        group_json(s->o, &s->group[g], groups);
    }
}
