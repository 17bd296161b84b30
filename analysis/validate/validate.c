#include "analysis/validate/validate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/validate/conditions.h"
#include "common/rng.h"
#include "common/words.h"

/* Starts of rivals: a law that these points cannot determine takes long to give up, and a formula over
 * many points takes long anyway. */
enum { ASKED_STARTS = 24, BASELINE_STARTS = 12, SLOW_STARTS = 4, MANY_POINTS = 500 };

ErrCode validate_parts_parse(const char *text, unsigned *ret, Err *err)
{
    static const char *const part[] = {"hold-out", "laws", "influence", "sensitivity", "residuals"};
    char word[WORD_BYTES];
    *ret = 0;
    while (words_next(&text, ',', word)) {
        size_t k = 0;
        ErrCode rc = words_enum("only", word, part, sizeof part / sizeof part[0], &k, err);
        if (rc != ERR_OK) {
            return rc;
        }
        *ret |= 1u << k;
    }
    return ERR_OK;
}

/* ---- rivals ---- */

static void add_law(HoldoutOptions *h, const char *name, const FitOptions *o, bool is_asked)
{
    for (size_t i = 0; i < h->n_rivals; i++) {
        if (strcmp(h->rival[i].name, name) == 0) {
            return;
        }
    }
    if (h->n_rivals == RIVAL_MAX) {
        return;
    }
    Rival *r = &h->rival[h->n_rivals++];
    *r = (Rival){.kind = RIVAL_LAW, .options = *o, .is_asked = is_asked};
    (void)snprintf(r->name, sizeof r->name, "%s", name);
}

/* The options of another law with the loss, residual and seed of the first. */
static FitOptions rival_options(const ReportPlan *plan, const FitOptions *first, const Form *form,
                                size_t n, bool is_asked)
{
    FitOptions o = report_options(plan, form);
    o.loss = first->loss;
    o.residual = first->residual;
    o.has_all_intervals = false;
    o.n_at = 0;
    bool is_slow = !form_is_powers(form) && n > MANY_POINTS;
    size_t most = is_asked ? ASKED_STARTS : is_slow ? SLOW_STARTS : BASELINE_STARTS;
    o.starts = o.starts < most ? o.starts : most;
    if (!is_asked) {
        o.fix = (FitFix){0};
        o.bootstrap = 0;
    }
    return o;
}

static void add_rule(HoldoutOptions *h, const char *name, RivalKind kind)
{
    if (h->n_rivals < RIVAL_MAX) {
        Rival *r = &h->rival[h->n_rivals++];
        *r = (Rival){.kind = kind};
        (void)snprintf(r->name, sizeof r->name, "%s", name);
    }
}

static void add_baselines(const ReportPlan *plan, const FitOptions *first, size_t n,
                          HoldoutOptions *h)
{
    const Form *form = first->form;
    int e = form_param(form, "E");
    if (e >= 0 && !first->fix.is_fixed[e]) {
        char name[48];
        FitOptions o = rival_options(plan, first, form, n, false);
        o.fix = first->fix;
        o.fix.is_fixed[e] = true;
        o.fix.value[e] = 0.0;
        (void)snprintf(name, sizeof name, "%s E=0", form->name);
        add_law(h, name, &o, false);
    }
    static const char *const law[] = {"kaplan", "power:C"};
    for (size_t i = 0; i < 2; i++) {
        const Form *f = form_find(law[i]);
        FitOptions o = rival_options(plan, first, f, n, false);
        add_law(h, f->name, &o, false);
    }
    add_rule(h, "line", RIVAL_LINE);
    add_rule(h, "nearest", RIVAL_NEAREST);
}

static void make_rivals(const ReportPlan *plan, const FitOptions *first, size_t n,
                        HoldoutOptions *h)
{
    for (size_t i = 0; i < plan->n_laws; i++) {
        FitOptions o = i == 0 ? *first : rival_options(plan, first, plan->law[i], n, true);
        o.n_at = 0;
        o.has_all_intervals = false;
        if (plan->law[i]->response == first->form->response) {
            add_law(h, plan->law[i]->name, &o, true);
        }
    }
    if (first->form->response == FORM_LOSS) {
        add_baselines(plan, first, n, h);
    }
}

/* ---- hold-out and laws ---- */

static void fit_law(const Validation *v, const Rival *rival, ValidateLaw *law)
{
    FitOptions o = rival->options;
    FitResult *r = calloc(1, sizeof *r);
    Err err = ERR_INIT;
    o.bootstrap = 0;
    law->is_refused = true;
    law->aic = law->bic = law->rmse_log = (double)NAN;
    if (r && rival->kind == RIVAL_LAW && fit_family(&o, &v->group->data, r, &err) == ERR_OK) {
        law->is_refused = false;
        law->aic = r->aic;
        law->bic = r->bic;
        law->rmse_log = r->rmse_log;
        for (size_t k = 0; k < r->n_params; k++) {
            law->n_params += r->fix.is_fixed[k] ? 0 : 1;
        }
    }
    free(r);
}

static ErrCode compare_laws(Validation *v, Err *err)
{
    const Holdout *h = &v->holdout;
    const FitData *data = &v->group->data;
    HoldoutPair pair;
    double least = 0.0;
    ErrCode rc = ERR_OK;
    for (size_t r = 0; r < h->n_rivals && rc == ERR_OK; r++) {
        v->law[v->n_laws] = (ValidateLaw){.rival = r};
        fit_law(v, &h->rival[r], &v->law[v->n_laws++]);
        rc = holdout_pair(h, data, 0, r, &pair, err);
        if (rc == ERR_OK && h->is_eligible[r] && pair.mean < least) {
            least = pair.mean;
            v->best = r;
        }
    }
    for (size_t r = 0; r < h->n_rivals && rc == ERR_OK; r++) {
        HoldoutPair *own = &v->law[r].against_best;
        *own = (HoldoutPair){0, (double)NAN, (double)NAN, (double)NAN};
        rc = h->is_eligible[r] ? holdout_pair(h, data, v->best, r, own, err) : ERR_OK;
    }
    return rc;
}

/* ---- the chain ---- */

static ErrCode chain_values(Validation *v, Err *err)
{
    const Holdout *h = &v->holdout;
    const double *measured = fit_data_response(&v->group->data, v->chain_fit->form->response);
    v->chained = calloc(h->n_points + 1, sizeof *v->chained);
    if (!v->chained) {
        return err_nomem(err, "chain");
    }
    for (size_t k = 0; k < h->n_points; k++) {
        double loss = h->prediction[k * h->n_rivals].value;
        v->chained[v->n_chained++] = (ValidateChained){.at = h->point[k].at,
                                                       .loss = loss,
                                                       .value = fit_predict(v->chain_fit, &loss),
                                                       .measured = measured[h->point[k].at]};
    }
    v->has_chain = true;
    return ERR_OK;
}

/* Fits the law of the loss to `keep`, and asks it at the first law's predictions. */
static ErrCode run_chain(const ReportPlan *plan, const Form *chain, const bool *keep, Validation *v,
                         Err *err)
{
    Subset known = {0};
    FitOptions o = report_options(plan, chain);
    const Form *form = chain;
    o.bootstrap = 0;
    o.has_all_intervals = false;
    o.n_at = 0;
    o.loss = fit_defaults(form).loss;
    o.residual = fit_defaults(form).residual;
    v->chain_fit = calloc(1, sizeof *v->chain_fit);
    if (!v->chain_fit) {
        return err_nomem(err, "chain");
    }
    ErrCode rc = subset_open(&v->group->data, keep, &known, err);
    if (rc == ERR_OK) {
        rc = fit_run(&o, &known.data, v->chain_fit, &v->why_chain);
        rc = rc == ERR_OK      ? chain_values(v, err)
             : rc == ERR_NOMEM ? err_nomem(err, "chain")
                               : ERR_OK;
        subset_release(&known);
    }
    return rc;
}

/* ---- one group ---- */

typedef struct Masks {
    bool *train, *test, *chain;
} Masks;

static ErrCode run_holdout(const ReportPlan *plan, const ValidateOptions *o, const Masks *masks,
                           uint64_t seed, Validation *v, Err *err)
{
    HoldoutOptions h = {.by = o->n_train + o->n_test ? HOLDOUT_GIVEN : o->by,
                        .is_all = o->is_all_points,
                        .is_train = masks->train,
                        .is_test = masks->test,
                        .seed = seed};
    make_rivals(plan, &v->options, v->group->data.n, &h);
    ErrCode rc = holdout_run(&v->group->data, &h, &v->holdout, &v->why_holdout);
    v->has_holdout = rc == ERR_OK;
    if (rc == ERR_NOMEM) {
        return err_nomem(err, "hold-out");
    }
    if (rc == ERR_OK && o->chain) {
        rc = run_chain(plan, o->chain, masks->chain, v, err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return v->has_holdout && o->parts & VALIDATE_LAWS ? compare_laws(v, err) : ERR_OK;
}

/* Column N_total of the group's rows, or NULL. */
static double *read_total(const Frame *frame, const ObsGroup *g)
{
    size_t column = frame_find(frame, "N_total");
    double *x = column == FRAME_NONE ? NULL : calloc(g->data.n + 1, sizeof *x);
    Err ignored = ERR_INIT;
    for (size_t i = 0; x && i < g->data.n; i++) {
        if (frame_number(frame, g->row[i], column, &x[i], &ignored) != ERR_OK || !(x[i] > 0.0)) {
            free(x);
            return NULL;
        }
    }
    return x;
}

static ErrCode run_parts(const Frame *frame, const ValidateOptions *o, Validation *v, Err *err)
{
    const FitData *data = &v->group->data;
    ErrCode rc = ERR_OK;
    if (o->parts & VALIDATE_INFLUENCE) {
        rc = influence_run(&v->options, data, v->fit, &v->influence, &v->why_influence);
        v->has_influence = rc == ERR_OK;
    }
    if (rc != ERR_NOMEM && o->parts & VALIDATE_SENSITIVITY) {
        double *total = read_total(frame, v->group);
        rc = sensitivity_run(&v->options, data, total, v->fit, &v->sensitivity, err);
        v->has_sensitivity = rc == ERR_OK;
        free(total);
    }
    if (rc != ERR_NOMEM && o->parts & VALIDATE_RESIDUALS) {
        rc = residuals_run(data, v->fit, &v->residuals, &v->why_residuals);
        v->has_residuals = rc == ERR_OK;
    }
    return rc == ERR_NOMEM ? err_nomem(err, "validation") : ERR_OK;
}

/* The largest 6 N D, where the best N and D are asked for unless --at-flops says. */
static double largest_compute(const FitData *data)
{
    double c = 0.0;
    for (size_t i = 0; data->params && data->tokens && i < data->n; i++) {
        c = fmax(c, 6.0 * data->params[i] * data->tokens[i]);
    }
    return c;
}

static ErrCode run_group(const Frame *frame, const ReportPlan *plan, const ValidateOptions *o,
                         const Masks *masks, uint64_t seed, Validation *v, Err *err)
{
    v->options = report_options(plan, v->form);
    v->options.seed = seed;
    if (v->options.n_at == 0 && v->form->best_size) {
        double c = largest_compute(&v->group->data);
        v->options.at[0] = c;
        v->options.n_at = isfinite(c) && c > 0.0 ? 1 : 0;
    }
    v->fit = calloc(1, sizeof *v->fit);
    if (!v->fit) {
        return err_nomem(err, "fit");
    }
    ErrCode rc = ERR_OK;
    if (o->parts & ~(unsigned)(VALIDATE_HOLDOUT | VALIDATE_LAWS)) {
        rc = fit_family(&v->options, &v->group->data, v->fit, &v->refusal);
        v->is_refused = rc != ERR_OK;
        if (rc == ERR_NOMEM) {
            return err_nomem(err, "fit");
        }
        rc = rc == ERR_OK ? run_parts(frame, o, v, err) : ERR_OK;
    }
    if (rc == ERR_OK && o->parts & (VALIDATE_HOLDOUT | VALIDATE_LAWS)) {
        rc = run_holdout(plan, o, masks, seed, v, err);
    }
    return rc;
}

/* What the conditions say of one group: what is not named is all the rest. */
static ErrCode mark(const Frame *frame, const ObsGroup *g, const ValidateOptions *o, Masks *m,
                    Err *err)
{
    size_t n = g->data.n;
    ErrCode rc = ERR_OK;
    m->train = calloc(n + 1, sizeof *m->train);
    m->test = calloc(n + 1, sizeof *m->test);
    m->chain = calloc(n + 1, sizeof *m->chain);
    if (!m->train || !m->test || !m->chain) {
        return err_nomem(err, "conditions");
    }
    TRY(conditions_mark(frame, o->train, o->n_train, g->row, n, m->train, err));
    TRY(conditions_mark(frame, o->test, o->n_test, g->row, n, m->test, err));
    TRY(conditions_mark(frame, o->chain_train, o->n_chain_train, g->row, n, m->chain, err));
    for (size_t i = 0; i < n; i++) {
        m->train[i] = o->n_train ? m->train[i] : !m->test[i];
        m->test[i] = (o->n_test ? m->test[i] : true) && !m->train[i];
        m->chain[i] = m->chain[i] || m->train[i];
    }
done:
    return rc;
}

static void masks_release(Masks *m)
{
    free(m->train);
    free(m->test);
    free(m->chain);
    *m = (Masks){0};
}

ErrCode validate_run(const Frame *frame, const Obs *obs, const ReportPlan *plan,
                     const ValidateOptions *o, Validation **ret, Err *err)
{
    Validation *v = calloc(obs->n_groups + 1, sizeof *v);
    ErrCode rc = v ? ERR_OK : err_nomem(err, "validation");
    for (size_t g = 0; g < obs->n_groups && rc == ERR_OK; g++) {
        Masks masks = {0};
        /* another seed for every group: replicates of groups are not to be correlated */
        uint64_t seed =
            g == 0 ? plan->seed : rng_u64(plan->seed, rng_stream(RNG_BOOTSTRAP, UINT32_MAX - 2), g);
        v[g].group = &obs->group[g];
        v[g].form = plan->law[0];
        rc = mark(frame, v[g].group, o, &masks, err);
        if (rc == ERR_OK) {
            rc = run_group(frame, plan, o, &masks, seed, &v[g], err);
        }
        masks_release(&masks);
    }
    if (rc != ERR_OK) {
        validate_release(v, v ? obs->n_groups : 0);
        return rc;
    }
    *ret = v;
    return ERR_OK;
}

void validate_release(Validation *v, size_t n)
{
    for (size_t g = 0; g < n; g++) {
        holdout_release(&v[g].holdout);
        influence_release(&v[g].influence);
        sensitivity_release(&v[g].sensitivity);
        residuals_release(&v[g].residuals);
        free(v[g].fit);
        free(v[g].chain_fit);
        free(v[g].chained);
    }
    free(v);
}
