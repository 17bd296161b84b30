#include "analysis/fit/fit.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/bootstrap.h"
#include "analysis/fit/nls.h"
#include "analysis/fit/parallel.h"
#include "analysis/fit/solve.h"
#include "analysis/fit/starts.h"
#include "common/quantity.h"

#define AT_MINIMUM       1e-8
#define DISTINCT_MINIMUM 1e-6
#define FLAT_EIGEN_RATIO 1e-6

FitOptions fit_defaults(const Form *form)
{
    FitLoss loss =
        form->huber_delta > 0.0 ? (FitLoss){FIT_HUBER, form->huber_delta} : (FitLoss){FIT_MSE, 0.0};
    return (FitOptions){.form = form,
                        .loss = loss,
                        .residual = FIT_LOG,
                        .starts = 64,
                        .bootstrap = 200,
                        .seed = 1,
                        .threads = 1};
}

ErrCode fit_loss_parse(const char *text, FitLoss *ret, Err *err)
{
    double delta;
    if (strcmp(text, "mse") == 0) {
        *ret = (FitLoss){FIT_MSE, 0.0};
    } else if (strcmp(text, "l1") == 0) {
        *ret = (FitLoss){FIT_L1, 0.0};
    } else if (strcmp(text, "huber") == 0) {
        *ret = (FitLoss){FIT_HUBER, 1e-3};
    } else if (strncmp(text, "huber:", 6) == 0 &&
               quantity_parse(text + 6, QUANTITY_COUNT, &delta) && delta > 0.0) {
        *ret = (FitLoss){FIT_HUBER, delta};
    } else {
        (void)err_set(err, ERR_USAGE, "there is no loss \"%s\"", text);
        return err_hint(err, "mse, l1, or huber:DELTA with a positive DELTA, as huber:1e-3");
    }
    return ERR_OK;
}

const char *fit_loss_name(FitLossKind kind)
{
    return kind == FIT_MSE ? "mse" : kind == FIT_HUBER ? "huber" : "l1";
}

double fit_predict(const FitResult *r, const double *inputs)
{
    double x[FORM_MAX_INPUTS];
    for (size_t k = 0; k < r->form->n_inputs; k++) {
        x[k] = log(inputs[k]) - r->centre[k];
    }
    return r->form->value(r->theta, x);
}

const FitValue *fit_value(const FitResult *r, const char *name)
{
    for (size_t i = 0; i < r->n_params + r->n_derived; i++) {
        const FitValue *v = i < r->n_params ? &r->param[i] : &r->derived[i - r->n_params];
        if (strcmp(v->name, name) == 0) {
            return v;
        }
    }
    return NULL;
}

static void warn(FitResult *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void warn(FitResult *r, const char *fmt, ...)
{
    if (r->n_warnings < FIT_MAX_WARNINGS) {
        va_list ap;
        va_start(ap, fmt);
        (void)vsnprintf(r->warning[r->n_warnings++], FIT_WARNING_BYTES, fmt, ap);
        va_end(ap);
    }
}

/* ---- may these data be fitted at all ---- */

static const char *input_word(FormInput k)
{
    return k == FORM_N ? "N" : k == FORM_D ? "D" : "C";
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Distinct values of input k, equal within 1e-9 of each other; 0 when memory is short. */
static size_t distinct_inputs(const FitProblem *p, size_t k)
{
    double *v = calloc(p->n + 1, sizeof *v);
    size_t n = 0;
    for (size_t i = 0; v && i < p->n; i++) {
        v[i] = p->x[i * p->form->n_inputs + k];
    }
    if (v) {
        qsort(v, p->n, sizeof *v, by_value);
        for (size_t i = 0; i < p->n; i++) {
            n += i == 0 || v[i] - v[i - 1] > 1e-9 ? 1 : 0;
        }
    }
    free(v);
    return n;
}

/* An input's curve has a coefficient and an exponent, and the constant beside it if any. */
static size_t distinct_needed(const Form *f)
{
    return f->n_terms > 1 ? 3 : 2;
}

static ErrCode check_size(const Form *f, size_t n, Err *err)
{
    if (n < f->n_params + 1) {
        (void)err_set(err, ERR_NUMERIC,
                      "%s has %zu parameters and needs at least %zu points, not %zu", f->name,
                      f->n_params, f->n_params + 1, n);
        return err_hint(err, "more runs, or more checkpoints a run");
    }
    return ERR_OK;
}

static ErrCode check_spread(const FitProblem *p, FitResult *r, Err *err)
{
    for (size_t k = 0; k < p->form->n_inputs; k++) {
        size_t have = distinct_inputs(p, k), need = distinct_needed(p->form);
        const char *name = input_word(p->form->input[k]);
        if (have < need) {
            (void)err_set(err, ERR_NUMERIC,
                          "%s needs at least %zu different values of %s; these points have %zu",
                          p->form->name, need, name, have);
            return err_hint(err, "with fewer, infinitely many laws fit equally well");
        }
        if (have == need) {
            warn(r,
                 "few_sizes: %s takes only %zu values, as many as its curve has parameters; "
                 "their errors cannot be seen",
                 name, have);
        }
    }
    return ERR_OK;
}

/* ---- multi-start ---- */

typedef struct Search {
    const FitProblem *p;
    Nls **nls;     /* [threads] */
    Solution *end; /* [starts] */
} Search;

static void search_item(void *ctx, size_t worker, size_t item)
{
    Search *s = ctx;
    solve_from(s->p, s->nls[worker], &s->end[item]);
}

static void search_release(Search *s, size_t threads)
{
    for (size_t t = 0; s->nls && t < threads; t++) {
        nls_free(s->nls[t]);
    }
    free(s->nls);
    free(s->end);
}

static ErrCode search_all(const FitOptions *o, Search *s, size_t threads, Err *err)
{
    const FitProblem *p = s->p;
    double *theta = calloc(o->starts * p->p + 1, sizeof *theta);
    s->nls = calloc(threads, sizeof(Nls *)); /* NOLINT(bugprone-sizeof-expression): pointers */
    s->end = calloc(o->starts + 1, sizeof *s->end);
    ErrCode rc = theta && s->nls && s->end ? ERR_OK : err_nomem(err, "starting points");
    for (size_t t = 0; t < threads && rc == ERR_OK; t++) {
        rc = nls_new(p->n, p->p, &s->nls[t], err);
    }
    if (rc == ERR_OK) {
        rc = starts_fill(p, o->seed, o->starts, theta, err);
    }
    if (rc == ERR_OK && theta && s->end) {
        for (size_t i = 0; i < o->starts; i++) {
            memcpy(s->end[i].theta, theta + i * p->p, sizeof *theta * p->p);
        }
        parallel_for(threads, o->starts, search_item, s);
    }
    free(theta);
    return rc;
}

/* The lowest certified end, or the lowest of all when none is. */
static const Solution *lowest(const Search *s, size_t n, double above)
{
    const Solution *best = NULL;
    for (size_t i = 0; i < n; i++) {
        const Solution *e = &s->end[i];
        bool is_candidate = isfinite(e->objective) && e->objective > above &&
                            (above < 0.0 || e->certificate.is_minimum);
        if (is_candidate && (!best || e->objective < best->objective)) {
            best = e;
        }
    }
    return best;
}

static bool is_elsewhere(const FitProblem *p, const Solution *a, const Solution *b)
{
    for (size_t i = 0; i < p->p; i++) {
        if (fabs(a->theta[i] - b->theta[i]) > 1e-3 * fmax(1.0, fabs(a->theta[i]))) {
            return true;
        }
    }
    return false;
}

/* Counts the ends; returns the second-best distinct minimum or NULL. */
static const Solution *count_ends(const Search *s, size_t n, const Solution *best, FitResult *r)
{
    double noise = problem_noise(s->p);
    bool is_unique = true;
    r->starts = n;
    for (size_t i = 0; i < n; i++) {
        const Solution *e = &s->end[i];
        bool is_there = e->objective <= best->objective * (1.0 + AT_MINIMUM) + noise;
        r->at_minimum += is_there ? 1 : 0;
        r->not_converged += is_there || e->certificate.is_minimum ? 0 : 1;
        is_unique = is_unique && !(is_there && is_elsewhere(s->p, best, e));
    }
    if (!is_unique) {
        warn(r, "not_unique: other parameters reach the same objective within 1e-8");
    }
    if (r->at_minimum < 2 && n > 1) {
        warn(r, "starts: only one of %zu starts reached the minimum; try --starts %zu", n, 4 * n);
    }
    return lowest(s, n, best->objective * (1.0 + DISTINCT_MINIMUM) + noise);
}

/* ---- judgement ---- */

static ErrCode check_terms(const FitProblem *p, const Solution *best, FitResult *r, Err *err)
{
    const Form *f = p->form;
    double least = solve_least_loss(p);
    for (size_t k = 0; k < f->n_terms; k++) {
        if (best->is_zero[k]) {
            warn(r, "boundary: %s is at its limit 0; these points do not show it",
                 f->param[k].name);
        } else if (best->theta[k] < log(SOLVE_VANISHED * least)) {
            return err_set(err, ERR_NUMERIC,
                           "%s: these points do not show the term of %s (%s is 0)", f->name,
                           f->param[k].name, f->param[k].help);
        }
    }
    for (size_t j = f->n_terms; j < f->n_params; j++) {
        double q = best->theta[j];
        double lo = f->start_lo[j - f->n_terms], hi = f->start_hi[j - f->n_terms];
        if ((lo >= 0.0 && q <= 0.0) || (hi <= 0.0 && q >= 0.0)) {
            (void)err_set(err, ERR_NUMERIC, "%s: %s (%s) comes out as %.4g", f->name,
                          f->param[j].name, f->param[j].help, q);
            return err_hint(err,
                            "in these points the loss does not fall; look at them with slaw plot");
        }
    }
    return ERR_OK;
}

static ErrCode check_minimum(const FitProblem *p, const Solution *best, FitResult *r, Err *err)
{
    if (!best->certificate.is_minimum) {
        (void)err_set(
            err, ERR_NUMERIC,
            "%s: no start ended at a minimum (promised decrease %.2g, eigenvalue ratio %.2g)",
            p->form->name, best->certificate.decrement, best->certificate.eigen_ratio);
        return err_hint(err,
                        "the points leave a direction of parameters undetermined; vary N and D "
                        "independently, or try --starts 1000");
    }
    if (p->loss.kind != FIT_L1 && best->certificate.eigen_ratio < FLAT_EIGEN_RATIO) {
        warn(
            r,
            "flat: the Hessian's eigenvalue ratio is %.1e; parameters trade off against each other",
            best->certificate.eigen_ratio);
    }
    return ERR_OK;
}

/* Root mean squares, R2 of the raw losses, and Gaussian AIC and BIC of the residuals fitted. */
static void measure(const FitProblem *p, const Solution *best, FitResult *r)
{
    double n = (double)p->n, mean = 0.0, raw = 0.0, logs = 0.0, total = 0.0;
    for (size_t i = 0; i < p->n; i++) {
        mean += p->y[i] / n;
    }
    for (size_t i = 0; i < p->n; i++) {
        double loss = p->form->value(best->theta, p->x + i * p->form->n_inputs);
        double e = loss - p->y[i], l = log(loss) - p->ln_y[i];
        raw += e * e;
        logs += l * l;
        total += (p->y[i] - mean) * (p->y[i] - mean);
    }
    double rss = fmax(p->residual == FIT_LOG ? logs : raw, 1e-300);
    double k = (double)p->p + 1.0; /* and the variance */
    r->rmse = sqrt(raw / n);
    r->rmse_log = sqrt(logs / n);
    r->r2 = total > 0.0 ? 1.0 - raw / total : (double)NAN;
    r->aic = n * log(rss / n) + 2.0 * k;
    r->bic = n * log(rss / n) + log(n) * k;
}

static FitValue value_of(const FormParam *p, double x)
{
    return (FitValue){p->name, p->unit, p->help, x, (double)NAN, (double)NAN, (double)NAN};
}

static void describe(const FitProblem *p, const Solution *best, FitResult *r)
{
    static const FormParam of_envelope[] = {
        {"a", "1", "N_opt = k_N C^a on the envelope"},
        {"b", "1", "D_opt = k_D C^b on the envelope"},
        {"k_N", "parameters", "best N at one PFLOP/s-day"},
        {"k_D", "tokens", "best D at one PFLOP/s-day"},
        {"a_plus_b", "1", "1 where C = 6 N D"},
        {"ratio_first", "1", "6 N_opt D_opt / C at the least C"},
        {"ratio_last", "1", "6 N_opt D_opt / C at the most C"},
        {"beta_C_envelope", "nats/token", "beta_C of the envelope alone"},
        {"alpha_C_envelope", "1", "alpha_C of the envelope alone"},
    };
    double v[FORM_MAX_PARAMS + FIT_MAX_VALUES];
    size_t n = bootstrap_values(p, best->theta, r->has_envelope ? &r->envelope : NULL, v);
    r->n_params = p->p;
    r->n_derived = n - p->p;
    for (size_t i = 0; i < n; i++) {
        if (i < p->p) {
            r->param[i] = value_of(&p->form->param[i], v[i]);
        } else if (i - p->p < p->form->n_derived) {
            r->derived[i - p->p] = value_of(&p->form->derived[i - p->p], v[i]);
        } else {
            size_t k = i - p->p;
            r->derived[k] = value_of(&of_envelope[k - p->form->n_derived], v[i]);
        }
    }
}

static void add_envelope(const FitData *data, const FitProblem *p, FitResult *r)
{
    Err err = ERR_INIT;
    if (!p->form->has_envelope) {
        return;
    }
    if (!data->params || !data->tokens ||
        envelope_fit(data, p->weight, &r->envelope, &err) != ERR_OK) {
        warn(r, "envelope: no N_opt and D_opt: %s",
             err.code == ERR_OK ? "the points lack N or D" : err.msg);
        return;
    }
    r->has_envelope = true;
    if (!r->envelope.is_inner) {
        warn(r,
             "envelope: hardly any C has sizes on both sides of the best one; a and b follow the "
             "ends of the runs");
    }
    if (r->envelope.n_sizes < 3) {
        warn(r, "envelope: only %zu sizes are best anywhere; a and b are steps between them",
             r->envelope.n_sizes);
    }
    double lo = fmin(r->envelope.ratio_first, r->envelope.ratio_last);
    double hi = fmax(r->envelope.ratio_first, r->envelope.ratio_last);
    if (hi > 1.25 * lo) {
        warn(r, "drift: a + b = %.3f, so 6 N_opt D_opt / C goes from %.2f to %.2f over the data",
             r->envelope.a + r->envelope.b, r->envelope.ratio_first, r->envelope.ratio_last);
    }
}

/* What the replicates that could be fitted say is conditional on that; past a half it is not
 * printed. */
static void judge_replicates(FitResult *r)
{
    bool is_void = r->replicates_failed * 2 > r->replicates;
    if (r->replicates_failed * 10 <= r->replicates) {
        return;
    }
    warn(r, "bootstrap: %zu of %zu samples do not determine this law%s", r->replicates_failed,
         r->replicates,
         is_void ? "; no intervals" : "; the intervals are of the others and too narrow");
    for (size_t i = 0; is_void && i < r->n_params + r->n_derived; i++) {
        FitValue *v = i < r->n_params ? &r->param[i] : &r->derived[i - r->n_params];
        v->se = v->lo = v->hi = (double)NAN;
    }
}

static ErrCode add_intervals(const FitOptions *o, const FitData *data, const FitProblem *p,
                             const Solution *best, const Solution *second, FitResult *r, Err *err)
{
    if (o->bootstrap == 0) {
        return ERR_OK;
    }
    ErrCode rc = bootstrap_run(o, data, p, best, second, r, err);
    if (rc != ERR_OK) {
        return rc;
    }
    if (bootstrap_kind(data) == FIT_NO_INTERVALS) {
        warn(r, "few_runs: %zu runs cannot show how runs differ; no intervals", data->n_runs);
    } else if (r->resampling == FIT_CLUSTERS && data->n_runs < BOOTSTRAP_FEW_RUNS &&
               r->replicates_failed * 2 <= r->replicates) {
        warn(r,
             "few_runs: intervals from %zu runs are too narrow; six runs or more give honest ones",
             data->n_runs);
    }
    judge_replicates(r);
    return ERR_OK;
}

static ErrCode fit_problem(const FitOptions *o, const FitData *data, const FitProblem *p,
                           FitResult *r, Err *err)
{
    size_t threads = o->threads ? o->threads : 1;
    Search s = {.p = p};
    const Solution *best = NULL, *second = NULL;
    ErrCode rc = ERR_OK;
    TRY(check_spread(p, r, err));
    TRY(search_all(o, &s, threads, err));
    best = lowest(&s, o->starts, -1.0);
    if (!best) {
        rc = err_set(err, ERR_NUMERIC, "%s: no start stayed within finite numbers", p->form->name);
        goto done;
    }
    TRY(check_terms(p, best, r, err));
    TRY(check_minimum(p, best, r, err));
    second = count_ends(&s, o->starts, best, r);
    memcpy(r->theta, best->theta, sizeof r->theta);
    memcpy(r->centre, p->centre, sizeof r->centre);
    r->objective = best->objective;
    r->certificate = best->certificate;
    if (second) {
        r->has_second = true;
        r->second_objective = second->objective;
        p->form->report(second->theta, p->centre, r->second_param);
    }
    add_envelope(data, p, r);
    describe(p, best, r);
    measure(p, best, r);
    TRY(add_intervals(o, data, p, best, second, r, err));
done:
    search_release(&s, threads);
    return rc;
}

ErrCode fit_run(const FitOptions *o, const FitData *data, FitResult *ret, Err *err)
{
    ErrCode rc = check_size(o->form, data->n, err);
    if (rc != ERR_OK) {
        return rc;
    }
    FitProblem p;
    rc = problem_init(&p, o->form, o->loss, o->residual, data, err);
    if (rc != ERR_OK) {
        return rc;
    }
    FitResult *r = calloc(1, sizeof *r);
    if (!r) {
        problem_release(&p);
        return err_nomem(err, "fit");
    }
    r->form = o->form;
    r->loss = o->loss;
    r->residual = o->residual;
    r->n = data->n;
    r->n_runs = data->n_runs;
    rc = fit_problem(o, data, &p, r, err);
    if (rc == ERR_OK) {
        *ret = *r;
    }
    free(r);
    problem_release(&p);
    return rc;
}
