#include "analysis/report/covariance_answer.h"

#include <stdio.h>

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
