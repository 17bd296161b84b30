#include "analysis/report/covariance.h"

#include <math.h>
#include <stdio.h>

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

static void matrix_answer(AnswerNode *in, const char *key, const double *m, size_t n)
{
    AnswerNode *rows = answer_list(in, key);
    for (size_t i = 0; i < n; i++) {
        AnswerNode *row = answer_list(rows, NULL);
        for (size_t j = 0; j < n; j++) {
            answer_set(row, NULL, value_real(m[i * n + j]));
        }
    }
}

static void add_one(AnswerNode *in, const FitResult *f, const Covariance *c)
{
    AnswerNode *names = answer_list(in, "names");
    for (size_t i = 0; i < c->n; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s%s", c->is_log[i] ? "ln " : "", f->param[i].name);
        answer_set(names, NULL, value_text(name));
    }
    matrix_answer(in, "matrix", c->matrix, c->n);
    matrix_answer(in, "correlation", c->correlation, c->n);
}

void covariance_answer(AnswerNode *in, const FitResult *f, const FitDraws *d)
{
    Covariance c;
    bool has_draws = covariance_of_draws(f, d, false, &c);
    if (!has_draws && !f->has_sandwich) {
        answer_set(in, "covariance", value_none());
        return;
    }
    AnswerNode *o = answer_object(in, "covariance");
    if (has_draws) {
        add_one(o, f, &c);
        answer_set(o, "method", value_text("bootstrap"));
        if (covariance_of_draws(f, d, true, &c)) {
            add_one(answer_object(o, "log"), f, &c);
        }
    }
    if (covariance_of_sandwich(f, false, &c)) {
        AnswerNode *sandwich = answer_object(o, "sandwich");
        add_one(sandwich, f, &c);
        (void)covariance_of_sandwich(f, true, &c);
        add_one(answer_object(sandwich, "log"), f, &c);
    }
}
