#include "cli/suggest_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/output.h"

const SuggestedGroup *suggest_group_of(const SuggestReport *r, const SuggestCandidate *c)
{
    for (size_t g = 0; g < r->n_groups; g++) {
        if (r->group[g].index == c->group) {
            return &r->group[g];
        }
    }
    return NULL;
}

static const SuggestCandidate *candidate_of(const SuggestReport *r, const SuggestRow *row)
{
    return &r->pool.candidate[row->candidate];
}

static const SuggestRun *run_of(const SuggestReport *r, const SuggestCandidate *c)
{
    return &r->pool.run[c->tag];
}

/* ---- JSON ---------------------------------------------------------------------------------------- */

static json_t *error_json(double se, double half)
{
    return json_pack("{s:o, s:o}", "se", output_real(se), "half_width", output_real(half));
}

static json_t *group_json(const SuggestedGroup *g)
{
    const InfoNoise *k = &g->now.info.noise;
    if (g->is_refused) {
        return json_pack("{s:s, s:b, s:s, s:i}", "group", g->obs->name, "refused", 1, "reason",
                         g->refusal.msg, "n", (int)g->obs->data.n);
    }
    json_t *v = json_pack(
        "{s:s, s:b, s:i, s:i, s:o, s:s, s:s, s:s, s:{s:o, s:o, s:o, s:s}, s:o, s:{s:o, s:o, s:o}}",
        "group", g->obs->name, "refused", 0, "n", (int)g->obs->data.n, "runs",
        (int)g->obs->data.n_runs, "value", output_real(g->now.target.value), "target",
        g->now.target.name, "unit", g->now.target.unit, "scale",
        g->now.target.is_log ? "log" : "linear", "interval", "lo", output_real(g->current.lo), "hi",
        output_real(g->current.hi), "se", output_real(g->current.se), "method", "bootstrap",
        "expected", error_json(suggest_error(&g->now), suggest_half_width(&g->now)), "noise",
        "between", output_real(sqrt(k->between)), "within", output_real(sqrt(k->within)), "kappa",
        output_real(k->kappa));
    if (v && g->verified) {
        (void)json_object_set_new(v, "verified",
                                  json_pack("{s:i, s:o, s:o}", "studies", (int)g->verified,
                                            "sd_before", output_real(g->sd_before), "sd_after",
                                            output_real(g->sd_after)));
    }
    return v;
}

static json_t *run_json(const SuggestReport *r, const SuggestCandidate *c)
{
    const SuggestRun *run = run_of(r, c);
    json_t *v = json_pack("{s:s, s:f, s:f, s:f, s:i}", "group", run->group, "N", c->n, "D", c->d,
                          "cost", c->cost, "checkpoints", (int)c->points);
    if (v && run->architecture) {
        (void)json_object_update_new(
            v, json_pack("{s:s, s:s, s:b, s:I, s:I, s:I, s:I}", "architecture", run->architecture,
                         "size", run->size, "new_size", run->is_new, "layers",
                         (json_int_t)run->layers, "width", (json_int_t)run->width, "heads",
                         (json_int_t)run->heads, "tokens", (json_int_t)run->tokens));
    }
    return v;
}

static json_t *row_json(const SuggestReport *r, size_t i)
{
    const SuggestRow *row = &r->found.row[i];
    const SuggestCandidate *c = candidate_of(r, row);
    const SuggestedGroup *g = suggest_group_of(r, c);
    json_t *v = run_json(r, c);
    if (!v) {
        return NULL;
    }
    (void)json_object_update_new(
        v, json_pack("{s:o, s:o, s:o, s:o, s:{s:f, s:f}}", "before",
                     error_json(row->before, row->half_before), "after",
                     error_json(row->after, row->half_after), "gain", output_real(row->gain),
                     "gain_per_flop", output_real(row->gain / c->cost), "outside", "N",
                     fmax(1.0, c->n / g->n_most), "D", fmax(1.0, c->d / g->d_most)));
    if (run_of(r, c)->architecture) {
        (void)json_object_set_new(v, "seed", json_integer(r->row_seed[i]));
    }
    return v;
}

static json_t *alone_json(const SuggestReport *r, size_t k, double gain)
{
    json_t *v = run_json(r, &r->pool.candidate[k]);
    (void)json_object_set_new(v, "gain", output_real(gain));
    return v;
}

static json_t *alternatives_json(const SuggestReport *r)
{
    const Suggestion *s = &r->found;
    if (!s->affordable) {
        return json_null();
    }
    return json_pack("{s:i, s:o, s:o, s:o, s:o}", "affordable", (int)s->affordable, "best_alone",
                     alone_json(r, s->best_alone, s->best_gain), "largest",
                     alone_json(r, s->largest, s->largest_gain), "cheapest_good",
                     alone_json(r, s->cheap, s->cheap_gain), "median_gain",
                     output_real(s->median_gain));
}

json_t *suggest_json(const SuggestReport *r)
{
    json_t *groups = json_array(), *rows = json_array();
    for (size_t g = 0; g < r->n_groups; g++) {
        (void)json_array_append_new(groups, group_json(&r->group[g]));
    }
    for (size_t i = 0; i < r->found.n; i++) {
        (void)json_array_append_new(rows, row_json(r, i));
    }
    return json_pack(
        "{s:i, s:s, s:s, s:I, s:s, s:s, s:{s:s, s:o, s:o, s:o}, s:f, s:f, s:s, s:i, s:b, s:o, s:o, "
        "s:o, s:o}",
        "schema", 1, "source", r->source, "version", SLAW_VERSION, "seed", (json_int_t)r->seed,
        "law", r->law->name, "criterion", r->criterion, "target", "name", r->target, "C",
        output_real(r->flops > 0.0 ? r->flops : (double)NAN), "N",
        output_real(r->n > 0.0 ? r->n : (double)NAN), "D",
        output_real(r->d > 0.0 ? r->d : (double)NAN), "budget", r->budget, "cost", r->found.cost,
        "convention", r->convention, "candidates", (int)r->pool.n, "nominal", r->is_nominal,
        "groups", groups, "suggestions", rows, "alternatives", alternatives_json(r), "study",
        output_string(r->out));
}

/* ---- text ---------------------------------------------------------------------------------------- */

/* "+-0.031" or, on a log scale, "x/1.4". */
static const char *width_text(const SuggestedGroup *g, double half, char out[32])
{
    bool is_log = g->now.target.is_log;
    if (is_log && exp(half) > 1e4) {
        (void)snprintf(out, 32, "unknown");
    } else {
        (void)snprintf(out, 32, is_log ? "x/%.3g" : "+-%.2g", is_log ? exp(half) : half);
    }
    return out;
}

static void name_run(const SuggestReport *r, const SuggestCandidate *c, Buf *out)
{
    const SuggestRun *run = run_of(r, c);
    if (run->architecture) {
        buf_printf(out, "%s %s (%s%lld layers of width %lld, N = %.4g) for %.3g tokens",
                   run->architecture, run->size, run->is_new ? "new: " : "", (long long)run->layers,
                   (long long)run->width, c->n, c->d);
    } else {
        buf_printf(out, "%s%sN = %.3g, D = %.3g", r->n_groups > 1 ? run->group : "",
                   r->n_groups > 1 ? ": " : "", c->n, c->d);
    }
}

static void target_text(const SuggestReport *r, const SuggestedGroup *g, Buf *out)
{
    if (r->n > 0.0) {
        buf_printf(out, "the loss at N = %.3g, D = %.3g", r->n, r->d);
    } else if (r->flops > 0.0 && (strstr(g->now.target.name, "_opt") ||
                                  strcmp(g->now.target.name, "tokens_per_parameter") == 0)) {
        buf_printf(out, "%s at %.3g FLOP", g->now.target.name, r->flops);
    } else {
        buf_puts(out, g->now.target.name);
    }
}

/* The answer, a sentence a group that gets runs. */
static void say_answer(const SuggestReport *r, Buf *out)
{
    char before[32], after[32];
    const Suggestion *s = &r->found;
    if (s->n == 0) {
        buf_puts(out, s->affordable
                          ? "Nothing that the budget allows narrows this by a tenth of a "
                            "percent: keep the budget, or raise it.\n"
                          : "Nothing is affordable within the budget: a run is not to be shorter "
                            "than the shortest there is.\n");
        return;
    }
    for (size_t g = 0; g < r->n_groups; g++) {
        const SuggestedGroup *own = &r->group[g];
        size_t first = SIZE_MAX, last = 0, n = 0;
        for (size_t i = 0; i < s->n; i++) {
            if (suggest_group_of(r, candidate_of(r, &s->row[i])) == own) {
                first = first == SIZE_MAX ? i : first;
                last = i;
                n++;
            }
        }
        if (n == 0) {
            continue;
        }
        buf_printf(out, "%s: train ", own->obs->name);
        name_run(r, candidate_of(r, &s->row[first]), out);
        if (n > 1) {
            buf_printf(out, " and %zu more", n - 1);
        }
        if (own->is_refused) {
            buf_puts(out, ".\n");
            continue;
        }
        buf_puts(out, ".  The 95 % interval of ");
        target_text(r, own, out);
        buf_printf(out, " is expected to narrow from %s to %s.\n",
                   width_text(own, s->row[first].half_before, before),
                   width_text(own, s->row[last].half_after, after));
    }
    buf_printf(out, "Cost: %.3g FLOP of %.3g (%s).\n", s->cost, r->budget, r->convention);
}

static ErrCode rows_table(const SuggestReport *r, TableFormat format, Buf *out, Err *err)
{
    static const TableColumn column[] = {
        {"run", true},    {"group", false},     {"size", false},           {"N", true},
        {"D", true},      {"cost", true},       {"before", true},          {"after", true},
        {"gain %", true}, {"gain/share", true}, {"beyond the data", false}};
    Table t;
    char cell[64];
    table_init(&t, column, sizeof column / sizeof column[0]);
    for (size_t i = 0; i < r->found.n; i++) {
        const SuggestRow *row = &r->found.row[i];
        const SuggestCandidate *c = candidate_of(r, row);
        const SuggestedGroup *g = suggest_group_of(r, c);
        const SuggestRun *run = run_of(r, c);
        double gain = 100.0 * -expm1(-row->gain);
        table_digits(&t, 3, (double)(i + 1));
        table_text(&t, run->group);
        (void)snprintf(cell, sizeof cell, "%s%s", run->size ? run->size : "-",
                       run->is_new ? " (new)" : "");
        table_text(&t, cell);
        table_digits(&t, 4, c->n);
        table_digits(&t, 4, c->d);
        table_digits(&t, 3, c->cost);
        table_text(&t, r->is_nominal ? "" : width_text(g, row->half_before, cell));
        table_text(&t, r->is_nominal ? "" : width_text(g, row->half_after, cell));
        table_digits(&t, 3, gain);
        table_digits(&t, 3, gain / (100.0 * c->cost / r->budget));
        double n = c->n / g->n_most, d = c->d / g->d_most;
        (void)snprintf(cell, sizeof cell,
                       n > 1.001 && d > 1.001 ? "N x%.2g, D x%.2g"
                       : n > 1.001            ? "N x%.2g"
                       : d > 1.001            ? "D x%.2g"
                                              : "no",
                       n > 1.001 ? n : d, d);
        table_text(&t, cell);
    }
    ErrCode rc = t.n_cells ? table_print(&t, format, out, err) : ERR_OK;
    table_release(&t);
    return rc;
}

static void say_alone(const SuggestReport *r, Buf *out)
{
    const Suggestion *s = &r->found;
    if (!s->affordable || !(s->best_gain > 0.0) || r->is_nominal) {
        return;
    }
    buf_printf(out,
               "\nOne run alone: the best of %zu affordable ones narrows by %.0f %%, the dearest (",
               s->affordable, 100.0 * -expm1(-s->best_gain));
    name_run(r, &r->pool.candidate[s->largest], out);
    buf_printf(out, ") by %.0f %%, the median one by %.0f %%.\n", 100.0 * -expm1(-s->largest_gain),
               100.0 * -expm1(-s->median_gain));
    const SuggestCandidate *cheap = &r->pool.candidate[s->cheap];
    if (cheap->cost < 0.8 * r->pool.candidate[s->best_alone].cost) {
        buf_puts(out, "Nine tenths of the best gain for less: ");
        name_run(r, cheap, out);
        buf_printf(out, ", %.3g FLOP, narrows by %.0f %%.\n", cheap->cost,
                   100.0 * -expm1(-s->cheap_gain));
    }
}

/* What the numbers rest on, and where they do not agree. */
static void say_group(const SuggestedGroup *g, Buf *out)
{
    const InfoNoise *k = &g->now.info.noise;
    double expected = suggest_half_width(&g->now);
    double current = 0.5 * (g->now.target.is_log ? log(g->current.hi / g->current.lo)
                                                 : g->current.hi - g->current.lo);
    char a[32], b[32];
    buf_printf(out, "%s: noise %.2g %% within", g->obs->name, 100.0 * sqrt(k->within));
    if (k->has_runs) {
        buf_printf(out, " and %.2g %% between %zu runs", 100.0 * sqrt(k->between),
                   g->obs->data.n_runs);
    } else {
        buf_puts(out, " (points independent: no column run)");
    }
    if (k->kappa < 1.0) {
        buf_puts(out, ", as the robust loss sees it");
    }
    buf_printf(out, "; expected interval now %s", width_text(g, expected, a));
    if (isfinite(current)) {
        buf_printf(out, ", the bootstrap's %s", width_text(g, current, b));
        double ratio = current / expected;
        if (ratio > 1.5 || ratio < 1.0 / 1.5) {
            buf_puts(out, ".  They differ: the errors are not small or not alike; trust the order "
                          "of the suggestions more than the widths, and check with --verify 200");
        }
    } else {
        buf_puts(out, "; the bootstrap gives none");
    }
    buf_puts(out, ".\n");
    if (g->verified) {
        buf_printf(out,
                   "  Simulated refits (%zu studies): standard deviation %.3g now, %.3g with the "
                   "suggested runs.\n",
                   g->verified, g->sd_before, g->sd_after);
    }
}

/* What a refused group would know of its exponents after the runs. */
static void say_nominal(const SuggestReport *r, const SuggestedGroup *g, Buf *out)
{
    Info i = g->now.info;
    double cov[INFO_MAX];
    for (size_t k = 0; k < r->found.n; k++) {
        const SuggestCandidate *c = candidate_of(r, &r->found.row[k]);
        InfoRun run;
        if (c->group == g->index) {
            info_run(&i, c->n, c->tokens, c->flops, c->points, &run);
            info_add(&i, &run);
        }
    }
    if (!info_covariance(&i, cov)) {
        return;
    }
    buf_printf(out, "%s: with noise of %.2g %% they would give", g->obs->name,
               100.0 * sqrt(i.noise.within));
    for (size_t k = 0; k < i.p; k++) {
        if (i.form->param[i.free[k]].kind == FORM_SHAPE) {
            buf_printf(out, " %s to +-%.2g", i.form->param[i.free[k]].name, sqrt(cov[k * i.p + k]));
        }
    }
    buf_puts(out, " (one standard deviation).\n");
}

static void say_sources(const SuggestReport *r, Buf *out)
{
    buf_puts(out, "\n");
    for (size_t g = 0; g < r->n_groups; g++) {
        if (!r->group[g].is_refused) {
            say_group(&r->group[g], out);
        }
    }
    for (size_t g = 0; r->is_nominal && g < r->n_groups; g++) {
        say_nominal(r, &r->group[g], out);
    }
    if (r->is_nominal) {
        buf_puts(out, "No group has a law yet.  These runs would determine it best (D-optimal) if "
                      "its exponents were those of the middle of their range; fit again after "
                      "them.\n");
    } else {
        buf_puts(out, "before, after: half of the 95 % interval expected (x/: a factor); gain: how "
                      "much each run narrows it, and for each percent of the budget.\nFirst-order "
                      "theory about the "
                      "fitted law: if the law is wrong beyond the data, so is this.\n");
    }
    if (r->pool.corpus_tokens) {
        buf_printf(out, "No run is longer than one pass over the corpus (%s%.3g tokens).\n",
                   r->pool.is_corpus_guessed ? "about " : "", (double)r->pool.corpus_tokens);
    }
    if (r->out) {
        buf_printf(out, "Written: %s.  slaw plan shows it; slaw run trains the new runs alone.\n",
                   r->out);
    } else if (!r->is_study && r->found.n) {
        buf_puts(out,
                 "A CSV is no study that could be extended, so there is no study file; --format "
                 "csv gives the runs as a table.\n");
    }
}

ErrCode suggest_text(const SuggestReport *r, TableFormat format, Buf *out, Err *err)
{
    if (format != TABLE_CSV) {
        say_answer(r, out);
        buf_puts(out, r->found.n ? "\n" : "");
    }
    ErrCode rc = rows_table(r, format, out, err);
    if (format != TABLE_CSV) {
        say_alone(r, out);
        say_sources(r, out);
    }
    return rc;
}
