#include "analysis/design/info.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/newton.h"
#include "analysis/fit/values.h"
#include "common/buf.h"

/* kappa is counted over so many robust standard deviations. */
#define KAPPA_WINDOW 0.6
/* l1 is a Huber loss with so small a delta, in robust standard deviations. */
#define L1_DELTA     1e-3

/* ---- gradients ----------------------------------------------------------------------------- */

/* J [p] of the residual's response at centred inputs x. */
static void gradient(const Info *i, const double *x, double *ret)
{
    double all[FORM_MAX_PARAMS];
    double value = form_gradient(i->form, i->theta, x, all);
    for (size_t k = 0; k < i->p; k++) {
        ret[k] = all[i->free[k]] / (i->residual == FIT_LOG ? value : 1.0);
    }
}

static void place(const Info *i, double n, double d, double c, double *x)
{
    double inputs[FORM_MAX_INPUTS] = {0.0};
    for (size_t k = 0; k < form_columns(i->form); k++) {
        double unit = i->form->input_unit[k] > 0.0 ? i->form->input_unit[k] : 1.0;
        FormInput in = i->form->input[k];
        inputs[k] = (in == FORM_N ? n : in == FORM_D ? d : c) / unit;
    }
    form_place(i->form, inputs, i->centre, x);
}

static void add_outer(double *a, size_t p, const double *v, double times)
{
    for (size_t r = 0; r < p; r++) {
        for (size_t k = 0; k < p; k++) {
            a[r * p + k] += times * v[r] * v[k];
        }
    }
}

void info_run(const Info *i, double n, const double *d, const double *c, size_t points,
              InfoRun *ret)
{
    double x[FORM_MAX_INPUTS], j[FORM_MAX_PARAMS];
    *ret = (InfoRun){.n = points};
    for (size_t k = 0; k < points; k++) {
        place(i, n, d[k], c ? c[k] : 6.0 * n * d[k], x);
        gradient(i, x, j);
        add_outer(ret->h, i->p, j, 1.0);
        for (size_t q = 0; q < i->p; q++) {
            ret->s[q] += j[q];
        }
    }
}

static void change(Info *i, const InfoRun *run, double sign)
{
    for (size_t k = 0; k < i->p * i->p; k++) {
        i->h[k] += sign * run->h[k];
        i->m[k] += sign * i->noise.within * run->h[k];
    }
    add_outer(i->m, i->p, run->s, sign * i->noise.between);
}

void info_add(Info *i, const InfoRun *run)
{
    change(i, run, 1.0);
    i->n += run->n;
    i->n_runs += i->noise.has_runs ? 1 : 0;
}

void info_remove(Info *i, const InfoRun *run)
{
    change(i, run, -1.0);
    i->n -= run->n;
    i->n_runs -= i->noise.has_runs ? 1 : 0;
}

/* ---- covariance ------------------------------------------------------------------------------ */

/* The Cholesky factor of H, scaled to unit diagonal (scale [p]); false: not determined. */
static bool factor(const Info *i, double *l, double *scale)
{
    for (size_t k = 0; k < i->p; k++) {
        double own = i->h[k * i->p + k];
        if (!(own > 0.0) || !isfinite(own)) {
            return false;
        }
        scale[k] = 1.0 / sqrt(own);
    }
    for (size_t r = 0; r < i->p; r++) {
        for (size_t k = 0; k < i->p; k++) {
            l[r * i->p + k] = i->h[r * i->p + k] * scale[r] * scale[k];
        }
    }
    return i->p > 0 && dense_cholesky(i->p, l);
}

/* v <- H^-1 v */
static void solve(const Info *i, const double *l, const double *scale, double *v)
{
    for (size_t k = 0; k < i->p; k++) {
        v[k] *= scale[k];
    }
    dense_solve(i->p, l, v);
    for (size_t k = 0; k < i->p; k++) {
        v[k] *= scale[k];
    }
}

static double quadratic(const double *a, size_t p, const double *v)
{
    double sum = 0.0;
    for (size_t r = 0; r < p; r++) {
        for (size_t k = 0; k < p; k++) {
            sum += v[r] * a[r * p + k] * v[k];
        }
    }
    return sum;
}

double info_variance(const Info *i, const double *g)
{
    double l[INFO_MAX], scale[FORM_MAX_PARAMS], v[FORM_MAX_PARAMS];
    if (!factor(i, l, scale)) {
        return (double)INFINITY;
    }
    memcpy(v, g, sizeof *v * i->p);
    solve(i, l, scale, v);
    return quadratic(i->m, i->p, v);
}

bool info_covariance(const Info *i, double *cov)
{
    double l[INFO_MAX], scale[FORM_MAX_PARAMS], half[INFO_MAX], v[FORM_MAX_PARAMS];
    size_t p = i->p;
    if (!factor(i, l, scale)) {
        return false;
    }
    for (size_t k = 0; k < p; k++) { /* half = M H^-1, by rows of M */
        memcpy(v, i->m + k * p, sizeof *v * p);
        solve(i, l, scale, v);
        memcpy(half + k * p, v, sizeof *v * p);
    }
    for (size_t k = 0; k < p; k++) {
        for (size_t r = 0; r < p; r++) {
            v[r] = half[r * p + k];
        }
        solve(i, l, scale, v);
        for (size_t r = 0; r < p; r++) {
            cov[r * p + k] = v[r];
        }
    }
    return true;
}

/* ln det H^-1 M H^-1 = ln det M - 2 ln det H */
double info_log_det(const Info *i)
{
    double l[INFO_MAX], scale[FORM_MAX_PARAMS], sum = 0.0;
    if (!factor(i, l, scale)) {
        return (double)INFINITY;
    }
    for (size_t k = 0; k < i->p; k++) {
        sum -= 4.0 * log(l[k * i->p + k] / scale[k]);
    }
    Info other = *i;
    memcpy(other.h, i->m, sizeof other.h);
    if (!factor(&other, l, scale)) {
        return (double)INFINITY;
    }
    for (size_t k = 0; k < i->p; k++) {
        sum += 2.0 * log(l[k * i->p + k] / scale[k]);
    }
    return sum;
}

double info_t(const Info *i)
{
    double df = i->noise.has_runs ? (double)i->n_runs - 1.0 : (double)i->n - (double)i->p;
    return gsl_cdf_tdist_Pinv(0.975, fmax(df, 1.0));
}

/* ---- noise ----------------------------------------------------------------------------------- */

static double robust_sd(const double *r, size_t n, double *work)
{
    for (size_t i = 0; i < n; i++) {
        work[i] = fabs(r[i]);
    }
    gsl_sort(work, 1, n);
    return 1.4826 * gsl_stats_median_from_sorted_data(work, 1, n);
}

static double inside(double z) /* P(|Z| < z) */
{
    return erf(z / sqrt(2.0));
}

/* r -> psi(r)/kappa, in place. */
static double pseudo(const FitLoss *loss, double *r, size_t n, double *work)
{
    double sd = robust_sd(r, n, work);
    if (loss->kind == FIT_MSE || !(sd > 0.0)) {
        return 1.0;
    }
    double delta = loss->kind == FIT_L1 ? L1_DELTA * sd : loss->delta;
    double window = fmax(delta, KAPPA_WINDOW * sd), count = 0.0;
    for (size_t i = 0; i < n; i++) {
        count += fabs(r[i]) < window ? 1.0 : 0.0;
    }
    double kappa = count / (double)n * inside(delta / sd) / inside(window / sd);
    for (size_t i = 0; i < n; i++) {
        r[i] = fmax(-delta, fmin(delta, r[i])) / kappa;
    }
    return kappa;
}

/* Sums over runs for the expectations in the header. */
typedef struct Moments {
    double q1, q2;
    double zz, dz, dgg; /* tr (I-P)ZZ', tr ZDZ'(I-P), tr D (Z'(I-P)Z)^2 */
} Moments;

static void moments(const Info *i, const FitData *data, const double *e, const double *s,
                    const double *count, double *sums, Moments *ret)
{
    double l[INFO_MAX], scale[FORM_MAX_PARAMS], ss[INFO_MAX] = {0.0}, v[FORM_MAX_PARAMS];
    size_t p = i->p, n_runs = data->n_runs;
    *ret = (Moments){0};
    (void)factor(i, l, scale);
    for (size_t k = 0; k < data->n; k++) {
        ret->q1 += e[k] * e[k];
        sums[data->run[k]] += e[k];
    }
    for (size_t r = 0; r < n_runs; r++) {
        add_outer(ss, p, s + r * p, 1.0);
    }
    for (size_t r = 0; r < n_runs; r++) {
        double m = count[r], q = 0.0;
        memcpy(v, s + r * p, sizeof *v * p);
        solve(i, l, scale, v);
        for (size_t k = 0; k < p; k++) {
            q += s[r * p + k] * v[k];
        }
        ret->q2 += sums[r] * sums[r] / m;
        ret->zz += m - q;
        ret->dz += (m - q) / m;
        ret->dgg += (m * m - 2.0 * m * q + quadratic(ss, p, v)) / m;
    }
}

static void solve_noise(const Moments *x, double free_points, InfoNoise *ret)
{
    double det = free_points * x->dgg - x->zz * x->dz;
    ret->between = (free_points * x->q2 - x->dz * x->q1) / det;
    ret->within = (x->dgg * x->q1 - x->zz * x->q2) / det;
    if (!(ret->between > 0.0) || !isfinite(ret->between)) {
        ret->between = 0.0;
        ret->within = x->q1 / free_points;
    } else if (!(ret->within > 0.0)) {
        ret->within = 0.0;
        ret->between = x->q1 / x->zz;
    }
}

/* Scratch of info_of_fit. */
typedef struct Scratch {
    double *e, *work;         /* [n] */
    double *s, *count, *sums; /* [n_runs, p], [n_runs], [n_runs] */
} Scratch;

static ErrCode estimate(Info *i, const FitProblem *p, const FitData *data, const FitLoss *loss,
                        Scratch *w, Err *err)
{
    double x[FORM_MAX_INPUTS], j[FORM_MAX_PARAMS] = {0.0};
    Moments sums;
    if (data->n <= i->p) {
        return err_set(err, ERR_NUMERIC, "no more points than parameters: nothing shows the noise");
    }
    for (size_t k = 0; k < data->n; k++) {
        w->e[k] = problem_residual(p, k, i->theta);
        problem_point(p, k, x);
        gradient(i, x, j);
        add_outer(i->h, i->p, j, 1.0);
        size_t run = i->noise.has_runs ? data->run[k] : 0;
        w->count[run] += 1.0;
        for (size_t q = 0; q < i->p; q++) {
            w->s[run * i->p + q] += j[q];
        }
    }
    i->noise.kappa = pseudo(loss, w->e, data->n, w->work);
    double squares = 0.0, free_points = (double)(data->n - i->p);
    for (size_t k = 0; k < data->n; k++) {
        squares += w->e[k] * w->e[k];
    }
    i->noise.within = squares / free_points;
    if (i->noise.has_runs) {
        moments(i, data, w->e, w->s, w->count, w->sums, &sums);
        solve_noise(&sums, free_points, &i->noise);
    }
    for (size_t k = 0; k < i->p * i->p; k++) {
        i->m[k] = i->noise.within * i->h[k];
    }
    for (size_t r = 0; i->noise.has_runs && r < data->n_runs; r++) {
        add_outer(i->m, i->p, w->s + r * i->p, i->noise.between);
    }
    return ERR_OK;
}

static ErrCode check_law(const Form *f, const FitLoss *loss, const FitData *data, Err *err)
{
    for (size_t k = 0; k < form_columns(f); k++) {
        if (f->response != FORM_LOSS ||
            (f->input[k] != FORM_N && f->input[k] != FORM_D && f->input[k] != FORM_C)) {
            return err_set(err, ERR_USAGE, "designs are for laws of N, D or C, not for %s",
                           f->name);
        }
    }
    if (loss->kind == FIT_ASYMMETRIC || data->sigma) {
        return err_set(err, ERR_USAGE, "designs know neither an asymmetric loss nor sigma");
    }
    return ERR_OK;
}

ErrCode info_of_fit(const FitResult *fit, const FitData *data, Info *ret, Err *err)
{
    Info i = {.form = fit->form, .residual = fit->residual, .n = data->n};
    FitProblem p = {0};
    Scratch w = {0};
    ErrCode rc = check_law(fit->form, &fit->loss, data, err);
    if (rc != ERR_OK) {
        return rc;
    }
    TRY(problem_open(&p, fit->form, fit->loss, fit->residual, &fit->fix, fit->centre, data, err));
    memcpy(i.theta, fit->theta, sizeof i.theta);
    memcpy(i.centre, fit->centre, sizeof i.centre);
    i.noise.has_runs = data->n_runs > 0 && data->n_runs < data->n;
    i.n_runs = i.noise.has_runs ? data->n_runs : 0;
    for (size_t k = 0; k < fit->n_params; k++) {
        bool is_zero =
            fit->form->param[k].kind == FORM_COEFFICIENT && fit->theta[k] <= 0.5 * PROBLEM_LN_ZERO;
        if (!fit->fix.is_fixed[k] && !is_zero) {
            i.free[i.p++] = k;
        }
    }
    w.e = calloc(data->n + 1, sizeof *w.e);
    w.work = calloc(data->n + 1, sizeof *w.work);
    w.s = calloc((data->n_runs + 1) * (i.p + 1), sizeof *w.s);
    w.count = calloc(data->n_runs + 1, sizeof *w.count);
    w.sums = calloc(data->n_runs + 1, sizeof *w.sums);
    rc = w.e && w.work && w.s && w.count && w.sums ? estimate(&i, &p, data, &fit->loss, &w, err)
                                                   : err_nomem(err, "the information");
    *ret = i;
done:
    free(w.e);
    free(w.work);
    free(w.s);
    free(w.count);
    free(w.sums);
    problem_release(&p);
    return rc;
}

Info info_of_law(const Form *form, const double *params, const double *centre, InfoNoise noise,
                 double prior)
{
    Info i = {.form = form, .residual = FIT_LOG, .noise = noise, .p = form->n_params};
    double precision = (noise.within + noise.between) / (prior * prior);
    form_internal(form, params, centre, i.theta);
    memcpy(i.centre, centre, sizeof *centre * form->n_inputs);
    for (size_t k = 0; k < i.p; k++) {
        i.free[k] = k;
        i.h[k * i.p + k] = precision;
        i.m[k * i.p + k] = precision * (noise.within + noise.between);
    }
    return i;
}

/* ---- targets --------------------------------------------------------------------------------- */

typedef struct Wanted {
    const Info *i;
    size_t slot; /* of values_at() */
    double c, n, d;
    bool is_point; /* the loss at n, d */
} Wanted;

static double wanted_at(const Wanted *w, const double *theta)
{
    double v[FIT_MAX_VALUES], x[FORM_MAX_INPUTS];
    if (w->is_point) {
        place(w->i, w->n, w->d, w->c, x);
        return form_value(w->i->form, theta, x);
    }
    (void)values_at(w->i->form, w->i->centre, theta, NULL, &w->c, w->c > 0.0 ? 1 : 0, v);
    return v[w->slot];
}

static ErrCode find_wanted(const Info *i, const char *name, Wanted *w, InfoTarget *t, Err *err)
{
    static const char *const at[FIT_PER_AT] = {"N_opt", "D_opt", "L_opt", "tokens_per_parameter"};
    static const char *const unit[FIT_PER_AT] = {"parameters", "tokens", "nats/token", "1"};
    const Form *f = i->form;
    Buf known = BUF_INIT;
    for (size_t k = 0; k < f->n_params + f->n_derived; k++) {
        const FormParam *p = k < f->n_params ? &f->param[k] : &f->derived[k - f->n_params];
        if (strcmp(p->name, name) == 0) {
            w->slot = k;
            *t = (InfoTarget){.name = p->name, .unit = p->unit};
            t->is_log = k < f->n_params ? p->kind == FORM_COEFFICIENT && !p->may_vanish
                                        : strcmp(name, "G") == 0;
            buf_release(&known);
            return ERR_OK;
        }
        buf_printf(&known, "%s, ", p->name);
    }
    for (size_t k = 0; f->best_size && w->c > 0.0 && k < FIT_PER_AT; k++) {
        if (strcmp(at[k], name) == 0) {
            w->slot = f->n_params + f->n_derived + k;
            *t = (InfoTarget){.name = at[k], .unit = unit[k], .is_log = k != 2};
            buf_release(&known);
            return ERR_OK;
        }
    }
    (void)err_set(err, ERR_USAGE, "%s has no \"%s\" to aim at", f->name, name);
    (void)err_hint(err, "it has loss, %sN_opt, D_opt, L_opt and tokens_per_parameter",
                   buf_str(&known));
    buf_release(&known);
    return err->code;
}

ErrCode info_target(const Info *i, const char *name, double c, double n, double d, InfoTarget *ret,
                    Err *err)
{
    Wanted w = {.i = i, .c = c, .n = n, .d = d};
    InfoTarget t = {.name = "loss", .unit = "nats/token"};
    bool is_loss = strcmp(name, "loss") == 0;
    w.is_point = is_loss && n > 0.0 && d > 0.0;
    if (w.is_point) {
        w.c = 6.0 * n * d;
    } else {
        ErrCode rc = find_wanted(i, is_loss ? "L_opt" : name, &w, &t, err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    double theta[FORM_MAX_PARAMS];
    memcpy(theta, i->theta, sizeof theta);
    t.value = wanted_at(&w, theta);
    for (size_t k = 0; k < i->p; k++) {
        const double step = 1e-5;
        size_t q = i->free[k];
        theta[q] = i->theta[q] + step;
        double up = wanted_at(&w, theta);
        theta[q] = i->theta[q] - step;
        double down = wanted_at(&w, theta);
        theta[q] = i->theta[q];
        t.g[k] = (t.is_log ? log(up / down) : up - down) / (2.0 * step);
    }
    *ret = t;
    return ERR_OK;
}
