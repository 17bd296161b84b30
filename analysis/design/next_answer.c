/* Suggested runs as an answer.  Field names are a contract: docs/json.md. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/design/next_runs.h"

enum { TEXT_BYTES = 160 };

/* An interval is this much wider or narrower than the other before it is worth a sentence. */
#define DISAGREE 1.5

static double share_of(double gain)
{
    return -expm1(-gain);
}

/* Half an interval as people see it: "+-0.031" or, on a log scale, "x/1.4". */
static const char *half_text(const NextGroup *g, double half, char out[TEXT_BYTES])
{
    bool is_log = g->now.target.is_log;
    if (is_log && exp(half) > 1e4) {
        (void)snprintf(out, TEXT_BYTES, "unknown");
    } else {
        (void)snprintf(out, TEXT_BYTES, is_log ? "x/%.3g" : "+-%.2g", is_log ? exp(half) : half);
    }
    return out;
}

/* ---- sentences ---- */

static const char *run_text(const NextRuns *r, const SuggestCandidate *c, char out[TEXT_BYTES])
{
    const SuggestRun *run = &r->pool.run[c->tag];
    if (run->architecture) {
        (void)snprintf(out, TEXT_BYTES,
                       "%s %s (%s%lld layers of width %lld, N = %.4g) for %.3g tokens",
                       run->architecture, run->size, run->is_new ? "new: " : "",
                       (long long)run->layers, (long long)run->width, c->n, c->d);
    } else {
        (void)snprintf(out, TEXT_BYTES, "a run of N = %.3g, D = %.3g", c->n, c->d);
    }
    return out;
}

static const char *target_text(const NextRuns *r, const NextGroup *g, char out[TEXT_BYTES])
{
    const char *name = g->now.target.name;
    if (r->o->n > 0.0) {
        (void)snprintf(out, TEXT_BYTES, "the loss at N = %.3g, D = %.3g", r->o->n, r->o->d);
    } else if (r->o->flops > 0.0 &&
               (strstr(name, "_opt") || strcmp(name, "tokens_per_parameter") == 0)) {
        (void)snprintf(out, TEXT_BYTES, "%s at %.3g FLOP", name, r->o->flops);
    } else {
        (void)snprintf(out, TEXT_BYTES, "%s", name);
    }
    return out;
}

/* What to train, a sentence a group that gets runs. */
static void say_group_runs(const NextRuns *r, const NextGroup *g, AnswerNode *top)
{
    char run[TEXT_BYTES], more[48] = "", target[TEXT_BYTES], before[TEXT_BYTES], after[TEXT_BYTES];
    const SuggestRow *row = r->found.row;
    size_t n = 0, first = 0, last = 0;
    for (size_t i = 0; i < r->found.n; i++) {
        if (next_group(r, next_candidate(r, i)) == g) {
            first = n++ ? first : i;
            last = i;
        }
    }
    if (n == 0) {
        return;
    }
    (void)run_text(r, next_candidate(r, first), run);
    if (n > 1) {
        (void)snprintf(more, sizeof more, " and %zu more", n - 1);
    }
    if (g->is_refused) {
        answer_say(top, NULL, SAY_VERDICT, "%s: train %s%s.", g->obs->name, run, more);
        return;
    }
    answer_say(top, NULL, SAY_VERDICT,
               "%s: train %s%s. The 95 %% interval of %s is expected to narrow from %s to %s.",
               g->obs->name, run, more, target_text(r, g, target),
               half_text(g, row[first].half_before, before),
               half_text(g, row[last].half_after, after));
}

static void say_runs(const NextRuns *r, AnswerNode *top)
{
    for (size_t g = 0; g < r->n_groups; g++) {
        say_group_runs(r, &r->group[g], top);
    }
    if (r->found.n == 0) {
        answer_say(top, NULL, SAY_VERDICT, "%s",
                   r->found.affordable
                       ? "Nothing that the budget allows narrows this by a tenth of a percent: "
                         "keep the budget, or raise it."
                       : "Nothing is affordable within the budget: a run is not to be shorter "
                         "than the shortest there is.");
    }
}

/* What a refused group would know of its exponents after the runs. */
static void say_nominal(const NextRuns *r, const NextGroup *g, AnswerNode *top)
{
    Info i = g->now.info;
    double cov[INFO_MAX];
    char known[TEXT_BYTES] = "";
    size_t n = 0;
    for (size_t k = 0; k < r->found.n; k++) {
        const SuggestCandidate *c = next_candidate(r, k);
        InfoRun run;
        if (c->group == g->index) {
            info_run(&i, c->n, c->tokens, c->flops, c->points, &run);
            info_add(&i, &run);
        }
    }
    if (!info_covariance(&i, cov)) {
        return;
    }
    for (size_t k = 0; k < i.p && n < sizeof known; k++) {
        if (i.form->param[i.free[k]].kind == FORM_SHAPE) {
            n += (size_t)snprintf(known + n, sizeof known - n, "%s %s to +-%.2g", n ? "," : "",
                                  i.form->param[i.free[k]].name, sqrt(cov[k * i.p + k]));
        }
    }
    answer_say(top, NULL, SAY_PLAIN,
               "%s: with noise of %.2g %% they would give%s (one standard deviation).",
               g->obs->name, 100.0 * sqrt(i.noise.within), known);
}

static void say_basis(const NextRuns *r, AnswerNode *top)
{
    if (!r->is_nominal) {
        answer_say(top, NULL, SAY_NOTE,
                   "This is first-order theory about the fitted law: if the law is wrong beyond "
                   "the data, so is this.");
        return;
    }
    for (size_t g = 0; g < r->n_groups; g++) {
        say_nominal(r, &r->group[g], top);
    }
    answer_say(top, NULL, SAY_NOTE,
               "No group has a law yet. These runs would determine it best (D-optimal) if its "
               "exponents were those of the middle of their range; fit again after them.");
}

static void say_file(const NextRuns *r, const char *written, AnswerNode *top)
{
    const ModelSizes *sizes = r->o->sizes;
    if (sizes && sizes->corpus_tokens) {
        answer_say(top, NULL, SAY_NOTE,
                   "No run is longer than one pass over the corpus (%s%.3g tokens).",
                   sizes->is_corpus_guessed ? "about " : "", (double)sizes->corpus_tokens);
    }
    if (written) {
        answer_say(top, NULL, SAY_HINT,
                   "%s holds the study with these runs: slaw plan shows it, slaw run trains the "
                   "new runs alone.",
                   written);
    } else if (!sizes && r->found.n) {
        answer_say(top, NULL, SAY_HINT,
                   "There is no study file that could be extended; --format csv gives the runs as "
                   "a table.");
    }
}

/* ---- tables ---- */

/* "N x7.3, D x2" */
static const char *beyond_text(double n, double d, char out[TEXT_BYTES])
{
    (void)snprintf(out, TEXT_BYTES,
                   n > 1.001 && d > 1.001 ? "N x%.2g, D x%.2g"
                   : n > 1.001            ? "N x%.2g"
                   : d > 1.001            ? "D x%.2g"
                                          : "no",
                   n > 1.001 ? n : d, d);
    return out;
}

/* The last are of a study's models, in JSON and CSV only. */
static const Column row_column[] = {
    {NULL, "run"},
    {"group", "group"},
    {NULL, "size", .rank = 2},
    {"N", "N", .is_symbol = true},
    {"D", "D", .is_symbol = true},
    {"cost", "cost", "FLOP", .digits = 3, .rank = 2},
    {"checkpoints"},
    {"before.se"},
    {"before.half_width", "before", .rank = 1, .is_right = true,
     .help = "half of the 95 % interval expected without the run (x/: a factor)"},
    {"after.se"},
    {"after.half_width", "after", .rank = 1, .is_right = true,
     .help = "the same with this run and those above it"},
    {"gain"},
    {NULL, "narrows by", "%", NUMBER_PERCENT, 3, 2,
     .help = "the gain of the run (--criterion D: of all parameters together)"},
    {NULL, "per share", .digits = 3, .rank = 4, .help = "the gain for each percent of the budget"},
    {"gain_per_flop"},
    {"outside.N"},
    {"outside.D"},
    {NULL, "beyond the data", .rank = 3},
    {"architecture"},
    {"size"},
    {"new_size"},
    {"layers"},
    {"width"},
    {"heads"},
    {"tokens"},
    {"seed"},
};

enum { N_ROW_COLUMNS = sizeof row_column / sizeof row_column[0], N_MODEL_COLUMNS = 8 };

static void runs_table(const NextRuns *r, AnswerNode *top)
{
    const size_t n = N_ROW_COLUMNS - (r->o->sizes ? 0 : N_MODEL_COLUMNS);
    AnswerNode *table = answer_table(top, "suggestions", "What to train", row_column, n);
    for (size_t i = 0; i < r->found.n; i++) {
        const SuggestRow *row = &r->found.row[i];
        const SuggestCandidate *c = next_candidate(r, i);
        const NextGroup *g = next_group(r, c);
        const SuggestRun *run = next_run(r, i);
        double out_n = fmax(1.0, c->n / g->n_most), out_d = fmax(1.0, c->d / g->d_most);
        double share = share_of(row->gain);
        char size[TEXT_BYTES], before[TEXT_BYTES] = "", after[TEXT_BYTES] = "", beyond[TEXT_BYTES];
        (void)snprintf(size, sizeof size, "%s%s", run->size ? run->size : "",
                       run->is_new ? " (new)" : "");
        if (!r->is_nominal) {
            (void)half_text(g, row->half_before, before);
            (void)half_text(g, row->half_after, after);
        }
        const Value v[N_ROW_COLUMNS] = {value_size(i + 1),
                                        value_text(run->group),
                                        value_text(size),
                                        value_real(c->n),
                                        value_real(c->d),
                                        value_real(c->cost),
                                        value_size(c->points),
                                        value_real(row->before),
                                        value_shown(value_real(row->half_before), before),
                                        value_real(row->after),
                                        value_shown(value_real(row->half_after), after),
                                        value_real(row->gain),
                                        value_real(share),
                                        value_real(share / (c->cost / r->o->choice.budget)),
                                        value_real(row->gain / c->cost),
                                        value_real(out_n),
                                        value_real(out_d),
                                        value_text(beyond_text(out_n, out_d, beyond)),
                                        value_text(run->architecture),
                                        value_text(run->size),
                                        value_bool(run->is_new),
                                        value_count(run->layers),
                                        value_count(run->width),
                                        value_count(run->heads),
                                        value_count(run->tokens),
                                        value_count(r->row_seed[i])};
        (void)answer_row_of(table, v, n);
    }
}

static const Column group_column[] = {
    {"group", "group"},
    {"refused"},
    {"reason"},
    {"n", "points", .rank = 4},
    {"runs", "runs", .rank = 3},
    {"target", "number", .rank = 1},
    {"value", "value", .rank = 1, .interval = "interval"},
    {"unit"},
    {"scale"},
    {"expected.se"},
    {"expected.half_width", "expected", .rank = 1, .is_right = true,
     .help = "half of its 95 % interval by the first-order theory (x/: a factor)"},
    {"noise.within", "noise", "%", NUMBER_PERCENT, .rank = 2, .help = "within a run"},
    {"noise.between"},
    {NULL, "between runs", "%", NUMBER_PERCENT, .rank = 2},
    {"noise.kappa"},
};
enum { N_GROUP_COLUMNS = sizeof group_column / sizeof group_column[0], N_REFUSED_COLUMNS = 5 };

/* A group that has a law: the rest of its row, and where what it rests on does not agree. */
static void law_answer(const NextRuns *r, const NextGroup *g, Value *v, AnswerNode *table,
                       AnswerNode *top)
{
    const InfoTarget *t = &g->now.target;
    const InfoNoise *noise = &g->now.info.noise;
    const Interval now = {g->current.se, g->current.lo, g->current.hi, "bootstrap"};
    const double width = suggest_half_width(&g->now);
    const double found = 0.5 * (t->is_log ? log(now.hi / now.lo) : now.hi - now.lo);
    const Value between = value_real(sqrt(noise->between));
    char expected[TEXT_BYTES], current[TEXT_BYTES];
    const Value own[] = {value_text(t->name),
                         value_between(t->value, &now),
                         value_text(t->unit),
                         value_text(t->is_log ? "log" : "linear"),
                         value_real(suggest_error(&g->now)),
                         value_shown(value_real(width), half_text(g, width, expected)),
                         value_real(sqrt(noise->within)),
                         between,
                         noise->has_runs ? between : value_none(),
                         value_real(noise->kappa)};
    memcpy(v + N_REFUSED_COLUMNS, own, sizeof own);
    AnswerNode *row = answer_row_of(table, v, N_GROUP_COLUMNS);
    if (r->o->studies) {
        answer_set_all(answer_object(row, "verified"), "studies sd_before sd_after",
                       value_size(r->o->studies), value_real(g->sd_before),
                       value_real(g->sd_after));
        answer_say(top, NULL, SAY_PLAIN,
                   "%s: over %zu simulated refits the standard deviation of %s is %.3g now, "
                   "%.3g with the suggested runs.",
                   g->obs->name, r->o->studies, t->name, g->sd_before, g->sd_after);
    }
    if (found > DISAGREE * width || found < width / DISAGREE) {
        answer_say(top, NULL, SAY_WARNING,
                   "%s: the expected interval is %s, the bootstrap's %s: the errors are not "
                   "small or not alike. Trust the order of the suggestions more than the "
                   "widths, and check with --verify 200.",
                   g->obs->name, expected, half_text(g, found, current));
    }
}

static void groups_table(const NextRuns *r, AnswerNode *top)
{
    AnswerNode *table =
        answer_table(top, "groups", "What is known now", group_column, N_GROUP_COLUMNS);
    for (size_t k = 0; k < r->n_groups; k++) {
        const NextGroup *g = &r->group[k];
        Value v[N_GROUP_COLUMNS] = {value_text(g->obs->name), value_bool(g->is_refused),
                                    value_text(g->is_refused ? g->refusal.msg : NULL),
                                    value_size(g->obs->data.n), value_size(g->obs->data.n_runs)};
        if (g->is_refused) {
            (void)answer_row_of(table, v, N_GROUP_COLUMNS);
            answer_say(top, NULL, SAY_REFUSED, "%s: %s", g->obs->name, g->refusal.msg);
        } else {
            law_answer(r, g, v, table, top);
        }
    }
}

/* ---- runs that were looked at alone ---- */

static void alone_json(const NextRuns *r, const char *key, size_t k, double gain, AnswerNode *in)
{
    const SuggestCandidate *c = &r->pool.candidate[k];
    const SuggestRun *run = &r->pool.run[c->tag];
    AnswerNode *o = answer_object(in, key);
    answer_set_all(o, "group N D cost checkpoints gain", value_text(run->group), value_real(c->n),
                   value_real(c->d), value_real(c->cost), value_size(c->points), value_real(gain));
    if (run->architecture) {
        answer_set_all(o, "architecture size new_size layers width heads tokens seed",
                       value_text(run->architecture), value_text(run->size),
                       value_bool(run->is_new), value_count(run->layers), value_count(run->width),
                       value_count(run->heads), value_count(run->tokens), value_count(run->seed));
    }
}

static void alternatives_answer(const NextRuns *r, AnswerNode *top)
{
    const Suggestion *s = &r->found;
    char run[TEXT_BYTES];
    if (!s->affordable) {
        answer_set(top, "alternatives", value_none());
        return;
    }
    AnswerNode *o = answer_object(top, "alternatives");
    answer_set_all(o, "affordable median_gain", value_size(s->affordable),
                   value_real(s->median_gain));
    alone_json(r, "best_alone", s->best_alone, s->best_gain, o);
    alone_json(r, "largest", s->largest, s->largest_gain, o);
    alone_json(r, "cheapest_good", s->cheap, s->cheap_gain, o);
    if (!(s->best_gain > 0.0) || r->is_nominal) {
        return;
    }
    answer_say(top, NULL, SAY_PLAIN,
               "One run alone: the best of %zu affordable ones gains %.0f %%, the dearest (%s) "
               "%.0f %%, the median one %.0f %%.",
               s->affordable, 100.0 * share_of(s->best_gain),
               run_text(r, &r->pool.candidate[s->largest], run), 100.0 * share_of(s->largest_gain),
               100.0 * share_of(s->median_gain));
    const SuggestCandidate *cheap = &r->pool.candidate[s->cheap];
    if (cheap->cost < 0.8 * r->pool.candidate[s->best_alone].cost) {
        answer_say(top, NULL, SAY_PLAIN,
                   "Nine tenths of the best gain for less: %s, %.3g FLOP, gains %.0f %%.",
                   run_text(r, cheap, run), cheap->cost, 100.0 * share_of(s->cheap_gain));
    }
}

void next_answer(const NextRuns *r, const char *written, AnswerNode *top)
{
    static const Column budget = {"budget", "Budget", "FLOP", .digits = 3};
    static const Column cost = {"cost", "Cost of all", "FLOP", .digits = 3};
    static const Column convention = {"convention", "FLOP counted as"};
    const NextOptions *o = r->o;
    answer_set_all(top, "law criterion candidates nominal study", value_text(r->law->name),
                   value_text(o->choice.criterion == SUGGEST_C ? "c" : "D"), value_size(r->pool.n),
                   value_bool(r->is_nominal), value_text(written));
    answer_set_all(answer_object(top, "target"), "name C N D", value_text(o->target),
                   value_real(o->flops), value_real(o->n), value_real(o->d));
    say_runs(r, top);
    answer_show(top, &budget, value_real(o->choice.budget));
    answer_show(top, &cost, value_real(r->found.cost));
    answer_show(top, &convention,
                value_text(o->sizes ? obs_convention_name(o->pool.convention) : "6nd"));
    runs_table(r, top);
    groups_table(r, top);
    alternatives_answer(r, top);
    say_basis(r, top);
    say_file(r, written, top);
}
