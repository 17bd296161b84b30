#include "analysis/report/covariance.h"

#include <math.h>

enum { MIN_DRAWS = 20 };

static void describe(const FitResult *f, bool in_logs, Covariance *c)
{
    *c = (Covariance){.n = f->n_params};
    for (size_t i = 0; i < c->n; i++) {
        bool is_scale = f->form->param[i].kind == FORM_COEFFICIENT && f->param[i].value > 0.0;
        c->is_log[i] = in_logs && is_scale;
    }
}

static void correlate(Covariance *c)
{
    for (size_t i = 0; i < c->n; i++) {
        for (size_t j = 0; j < c->n; j++) {
            double scale = sqrt(c->matrix[i * c->n + i] * c->matrix[j * c->n + j]);
            c->correlation[i * c->n + j] =
                scale > 0.0 ? c->matrix[i * c->n + j] / scale : (double)NAN;
        }
    }
}

static double at(const Covariance *c, const double *draw, size_t i)
{
    return c->is_log[i] ? log(draw[i]) : draw[i];
}

/* A replicate counts when all its parameters are numbers; ln 0 is none. */
static bool counts(const Covariance *c, const double *draw)
{
    for (size_t i = 0; i < c->n; i++) {
        if (!isfinite(at(c, draw, i))) {
            return false;
        }
    }
    return true;
}

bool covariance_of_draws(const FitResult *f, const FitDraws *d, bool in_logs, Covariance *ret)
{
    double mean[FORM_MAX_PARAMS] = {0};
    size_t n = 0;
    describe(f, in_logs, ret);
    for (size_t r = 0; r < d->n; r++) {
        const double *draw = fit_draw(d, r);
        bool is_in = counts(ret, draw);
        n += is_in ? 1 : 0;
        for (size_t i = 0; is_in && i < ret->n; i++) {
            mean[i] += (at(ret, draw, i) - mean[i]) / (double)n;
        }
    }
    if (n < MIN_DRAWS) {
        return false;
    }
    for (size_t r = 0; r < d->n; r++) {
        const double *draw = fit_draw(d, r);
        for (size_t k = 0; counts(ret, draw) && k < ret->n * ret->n; k++) {
            size_t i = k / ret->n, j = k % ret->n;
            ret->matrix[k] +=
                (at(ret, draw, i) - mean[i]) * (at(ret, draw, j) - mean[j]) / (double)(n - 1);
        }
    }
    correlate(ret);
    return true;
}

bool covariance_of_sandwich(const FitResult *f, bool in_logs, Covariance *ret)
{
    Covariance logs;
    describe(f, true, &logs); /* what f->sandwich is in */
    describe(f, in_logs, ret);
    if (!f->has_sandwich) {
        return false;
    }
    for (size_t k = 0; k < ret->n * ret->n; k++) {
        size_t i = k / ret->n, j = k % ret->n; /* d value = value d ln value */
        double di = logs.is_log[i] && !in_logs ? f->param[i].value : 1.0;
        double dj = logs.is_log[j] && !in_logs ? f->param[j].value : 1.0;
        ret->matrix[k] = f->sandwich[k] * di * dj;
    }
    correlate(ret);
    return true;
}

static json_t *matrix_json(const double *m, size_t n)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *row = json_array();
        for (size_t j = 0; j < n; j++) {
            double x = m[i * n + j];
            (void)json_array_append_new(row, isfinite(x) ? json_real(x) : json_null());
        }
        (void)json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *one_json(const FitResult *f, const Covariance *c)
{
    json_t *obj = json_object(), *names = json_array();
    for (size_t i = 0; i < c->n; i++) {
        (void)json_array_append_new(
            names, json_sprintf("%s%s", c->is_log[i] ? "ln " : "", f->param[i].name));
    }
    (void)json_object_set_new(obj, "names", names);
    (void)json_object_set_new(obj, "matrix", matrix_json(c->matrix, c->n));
    (void)json_object_set_new(obj, "correlation", matrix_json(c->correlation, c->n));
    return obj;
}

json_t *covariance_json(const FitResult *f, const FitDraws *d)
{
    Covariance c;
    json_t *obj = NULL, *sandwich = NULL;
    if (covariance_of_draws(f, d, false, &c)) {
        obj = one_json(f, &c);
        (void)json_object_set_new(obj, "method", json_string("bootstrap"));
        if (covariance_of_draws(f, d, true, &c)) {
            (void)json_object_set_new(obj, "log", one_json(f, &c));
        }
    }
    if (covariance_of_sandwich(f, false, &c)) {
        sandwich = one_json(f, &c);
        (void)covariance_of_sandwich(f, true, &c);
        (void)json_object_set_new(sandwich, "log", one_json(f, &c));
    }
    if (sandwich) {
        obj = obj ? obj : json_object();
        (void)json_object_set_new(obj, "sandwich", sandwich);
    }
    return obj ? obj : json_null();
}
