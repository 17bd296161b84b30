#include <math.h>
#include <stdio.h>

#include "analysis/observe/observe_report.h"

enum { DIGITS = 4 };

/* "0.8431 [0.80, 0.88]" */
static void put_with_interval(Table *t, double x, const FitInterval *i)
{
    char shown[96];
    if (!isfinite(x)) {
        table_text(t, "");
    } else if (i && isfinite(i->lo)) {
        (void)snprintf(shown, sizeof shown, "%.4g [%.3g, %.3g]", x, i->lo, i->hi);
        table_text(t, shown);
    } else {
        table_digits(t, DIGITS, x);
    }
}

static void heading(TableFormat format, Buf *out, const char *text)
{
    buf_printf(out, format == TABLE_MARKDOWN ? "\n### %s\n\n" : "\n%s\n", text);
}

static ErrCode finish(Table *t, TableFormat format, Buf *out, Err *err)
{
    ErrCode rc = table_print(t, format, out, err);
    table_release(t);
    return rc;
}

static ErrCode components_table(const Observe *r, TableFormat format, Buf *out, Err *err)
{
    enum { SHOWN = 4 };
    static const TableColumn column[2 + SHOWN] = {{"benchmark", false}, {"mean", true},
                                                  {"PC1", true},        {"PC2", true},
                                                  {"PC3", true},        {"PC4", true}};
    const Scores *s = r->scores;
    size_t shown = s->t < SHOWN ? s->t : SHOWN;
    Table t;
    table_init(&t, column, 2 + shown);
    table_text(&t, "share of variance");
    table_text(&t, "");
    for (size_t k = 0; k < shown; k++) {
        put_with_interval(&t, r->pca.share[k], k < r->options.components ? &r->share[k] : NULL);
    }
    for (size_t j = 0; j < s->t; j++) {
        table_text(&t, s->benchmark[j]);
        table_digits(&t, DIGITS, r->pca.mean[j]);
        for (size_t k = 0; k < shown; k++) {
            put_with_interval(&t, r->pca.weight[k * s->t + j], k == 0 ? &r->weight[j] : NULL);
        }
    }
    heading(format, out,
            "Components: share of the variance, then the weight of each benchmark [95 % interval]");
    return finish(&t, format, out, err);
}

static ErrCode families_table(const Observe *r, TableFormat format, Buf *out, Err *err)
{
    static const TableColumn column[] = {
        {"family", false},      {"models", true}, {"C from", true}, {"to [FLOP]", true},
        {"theta [95 %]", true}, {"nu", true},     {"R2", true},     {"C equivalent / C", true}};
    const Scores *s = r->scores;
    Table t;
    table_init(&t, column, sizeof column / sizeof column[0]);
    for (size_t f = 0; f < s->n_families; f++) {
        const ObserveLine *l = &r->line[f];
        if (l->is_refused) {
            continue;
        }
        const FitInterval slope = {l->line.se, l->line.lo, l->line.hi};
        table_text(&t, s->family_name[f]);
        table_digits(&t, DIGITS, (double)l->line.n);
        table_digits(&t, 3, l->c_lo);
        table_digits(&t, 3, l->c_hi);
        put_with_interval(&t, l->line.slope, &slope);
        table_digits(&t, DIGITS, l->line.level);
        table_decimals(&t, 4, l->line.r2);
        put_with_interval(&t, r->equivalent.is_refused ? (double)NAN : r->equivalent.ratio[f],
                          &r->equivalent.ratio_interval[f]);
    }
    heading(format, out, "Families: PC1 = theta ln C + nu (Student's t interval of theta)");
    return finish(&t, format, out, err);
}

static void join_betas(const Link *l, char *out, size_t size)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t j = 0; j < l->k && at < size; j++) {
        int n = snprintf(out + at, size - at, "%s%.4g", j ? ", " : "", l->beta[j]);
        at += n > 0 ? (size_t)n : 0;
    }
}

static ErrCode targets_table(const Observe *r, TableFormat format, Buf *out, Err *err)
{
    static const TableColumn column[] = {{"target", false}, {"link", false}, {"models", true},
                                         {"lo", true},      {"range", true}, {"alpha", true},
                                         {"beta", true},    {"RMSE", true},  {"R2", true}};
    const Scores *s = r->scores;
    Table t;
    table_init(&t, column, sizeof column / sizeof column[0]);
    for (size_t k = 0; k < s->n_targets; k++) {
        const Link *l = &r->target[k].link;
        char betas[160];
        if (r->target[k].is_refused) {
            continue;
        }
        join_betas(l, betas, sizeof betas);
        table_text(&t, s->target[k]);
        table_text(&t, link_name(l->kind));
        table_digits(&t, DIGITS, (double)l->n);
        put_with_interval(&t, l->kind == LINK_LINEAR ? (double)NAN : l->lo, &r->target[k].lo);
        put_with_interval(&t, l->kind == LINK_LINEAR ? (double)NAN : l->range, &r->target[k].range);
        put_with_interval(&t, l->alpha, &r->target[k].alpha);
        table_text(&t, betas);
        table_digits(&t, DIGITS, sqrt(l->objective / (double)l->n));
        table_decimals(&t, 4, l->r2);
    }
    heading(format, out, "Targets: lo + range sigma(alpha + beta . PC); linear: alpha + beta . PC");
    return finish(&t, format, out, err);
}

static const char *way_name(const ObserveScore *x, char *text, size_t size)
{
    if (x->benchmark) {
        (void)snprintf(text, size, "%s alone", x->benchmark);
        return text;
    }
    switch (x->by[0]) {
    case 'b':
        return "all benchmarks";
    case 'f':
        return "each family's line in C";
    case 'c':
        return "compute alone";
    case 's':
        return "one benchmark";
    default:
        return "mean of the training models";
    }
}

static ErrCode holdout_table(const Observe *r, size_t k, TableFormat format, Buf *out, Err *err)
{
    static const TableColumn column[] = {{"predicted from", false}, {"models", true},
                                         {"train MSE", true},       {"test MSE", true},
                                         {"test MAE", true},        {"bias", true}};
    const ObserveHoldout *h = &r->holdout[k];
    char text[256];
    Table t;
    table_init(&t, column, sizeof column / sizeof column[0]);
    for (size_t i = 0; i < OBSERVE_SCORES; i++) {
        const ObserveScore *x = &h->score[i];
        if (x->is_refused) {
            continue;
        }
        table_text(&t, way_name(x, text, sizeof text));
        table_digits(&t, DIGITS, (double)x->n);
        table_digits(&t, DIGITS, x->train_mse);
        table_digits(&t, DIGITS, x->test_mse);
        table_digits(&t, DIGITS, x->test_mae);
        table_digits(&t, DIGITS, x->test_bias);
    }
    (void)snprintf(text, sizeof text, "%.100s, held out: trained on C <= %.4g FLOP, tested above",
                   r->scores->target[k], r->options.cutoff);
    heading(format, out, text);
    return finish(&t, format, out, err);
}

/* The sentence that the analysis answers first. */
static void put_summary(const Observe *r, Buf *out)
{
    const Scores *s = r->scores;
    size_t fitted = 0, close = 0;
    buf_printf(out,
               "%zu models of %zu families, %zu benchmarks%s: the first component holds %.1f %% of "
               "the variance",
               s->n, s->n_families, s->t, s->is_negated ? " (minus their losses)" : "",
               100.0 * r->pca.share[0]);
    if (s->t > 2) {
        buf_printf(out, ", three %.1f %%",
                   100.0 * (r->pca.share[0] + r->pca.share[1] + r->pca.share[2]));
    }
    buf_puts(out, ".\n");
    for (size_t f = 0; f < s->n_families; f++) {
        bool has = !r->line[f].is_refused && isfinite(r->line[f].line.r2);
        fitted += has ? 1 : 0;
        close += has && r->line[f].line.r2 > 0.9 ? 1 : 0;
    }
    if (fitted) {
        buf_printf(out,
                   "Of %zu families with three or more models of known C, %zu follow their line in "
                   "ln C with R2 above 0.9.\n",
                   fitted, close);
    }
    for (size_t k = 0; r->holdout && k < s->n_targets; k++) {
        const ObserveHoldout *h = &r->holdout[k];
        const ObserveScore *own = &h->score[0], *compute = &h->score[2];
        if (h->is_refused || own->is_refused) {
            continue;
        }
        buf_printf(out, "%s above the cut-off: RMSE %.4g from the benchmarks", s->target[k],
                   sqrt(own->test_mse));
        if (!compute->is_refused) {
            buf_printf(out, ", %.4g from compute alone", sqrt(compute->test_mse));
        }
        if (r->options.bootstrap) {
            buf_printf(out, "; %zu of %zu measurements inside their 95 %% interval", h->n_inside,
                       h->n_measured);
        }
        buf_puts(out, ".\n");
    }
}

static void put_notes(const Observe *r, Buf *out)
{
    const Scores *s = r->scores;
    if (s->n_missing) {
        buf_printf(out, "%zu missing scores are filled in by %zu component%s%s.\n", s->n_missing,
                   r->options.impute, r->options.impute == 1 ? "" : "s",
                   r->imputer.is_converged ? "" : ", WITHOUT coming to rest");
    }
    if (s->n_empty + s->n_incomplete) {
        buf_printf(out, "Left out: %zu models without a score, %zu with a missing one.\n",
                   s->n_empty, s->n_incomplete);
    }
    if (!r->equivalent.is_refused) {
        buf_printf(out,
                   "C equivalent: the compute at which family %s has the same %s; the ratio is the "
                   "family's geometric mean.\n",
                   s->family_name[r->equivalent.reference],
                   r->equivalent.is_of_target ? s->target[0] : "first component");
    }
    for (size_t k = 0; k < s->n_targets; k++) {
        if (!r->target[k].is_refused && r->target[k].link.warning[0]) {
            buf_printf(out, "warning: %s: %s\n", s->target[k], r->target[k].link.warning);
        }
    }
    if (r->replicates) {
        buf_printf(out, "Intervals: %zu bootstrap replicates over %s, %zu failed.\n", r->replicates,
                   r->options.is_by_family ? "families" : "models", r->replicates_failed);
    }
}

ErrCode observe_text(const Observe *r, TableFormat format, Buf *out, Err *err)
{
    ErrCode rc = ERR_OK;
    put_summary(r, out);
    TRY(components_table(r, format, out, err));
    TRY(families_table(r, format, out, err));
    if (r->scores->n_targets) {
        TRY(targets_table(r, format, out, err));
    }
    for (size_t k = 0; r->holdout && k < r->scores->n_targets; k++) {
        if (!r->holdout[k].is_refused) {
            TRY(holdout_table(r, k, format, out, err));
        }
    }
    buf_putc(out, '\n');
    put_notes(r, out);
done:
    return rc;
}

ErrCode observe_models_table(const Observe *r, TableFormat format, Buf *out, Err *err)
{
    static const char *const pc[OBSERVE_MAX_COMPONENTS] = {"PC1", "PC2", "PC3", "PC4",
                                                           "PC5", "PC6", "PC7", "PC8"};
    TableColumn column[4 + OBSERVE_MAX_COMPONENTS] = {
        {"model", false}, {"family", false}, {"C", true}, {"C_equivalent", true}};
    const Scores *s = r->scores;
    size_t k = r->options.components;
    Table t;
    for (size_t j = 0; j < k; j++) {
        column[4 + j] = (TableColumn){pc[j], true};
    }
    table_init(&t, column, 4 + k);
    for (size_t i = 0; i < s->n; i++) {
        table_text(&t, s->model[i]);
        table_text(&t, s->family_name[s->family[i]]);
        table_digits(&t, DIGITS, s->flops[i]);
        table_digits(&t, DIGITS, r->equivalent.is_refused ? (double)NAN : r->equivalent.flops[i]);
        for (size_t j = 0; j < k; j++) {
            table_digits(&t, DIGITS, r->component[i * k + j]);
        }
    }
    return finish(&t, format, out, err);
}
