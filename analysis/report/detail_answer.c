/* Every fit by itself. */
#include <math.h>
#include <stdio.h>

#include "analysis/report/covariance_answer.h"
#include "analysis/report/law_answer.h"
#include "analysis/report/report_answer.h"

enum { TEXT_BYTES = 160 };

static void values_table(const FitResult *f, AnswerNode *in)
{
    static const Column column[] = {
        {.heading = "name"},
        {.heading = "value"},
        {.heading = "std. error", .digits = 2, .rank = 2},
        {.heading = "what it is", .is_prose = true, .rank = 1},
    };
    AnswerNode *table = answer_table(in, NULL, NULL, COLUMNS(column));
    answer_table_use(table, TABLE_FOR_PEOPLE);
    for (size_t i = 0; i < f->n_params + f->n_derived; i++) {
        const FitValue *v = i < f->n_params ? &f->param[i] : &f->derived[i - f->n_params];
        const Interval interval = fit_value_interval(v);
        char help[TEXT_BYTES];
        fit_value_help(v, help, sizeof help);
        answer_row(table, value_text(v->name), value_between(v->value, &interval),
                   value_real(v->se), value_text(help));
    }
}

static void show_text(AnswerNode *in, const char *heading, const char *text)
{
    const Column column = {.heading = heading};
    answer_show(in, &column, value_text(text));
}

static void show_number(AnswerNode *in, const char *heading, const char *unit, int digits, double x)
{
    const Column column = {.heading = heading, .unit = unit, .digits = digits};
    answer_show(in, &column, value_real(x));
}

static void minimum_pairs(const FitResult *f, AnswerNode *in)
{
    char text[TEXT_BYTES];
    Buf loss = BUF_INIT;
    fit_loss_text(f, &loss);
    (void)snprintf(text, sizeof text, "the sum of the loss %s", buf_str(&loss));
    buf_release(&loss);
    show_text(in, "minimised", text);
    show_number(in, "its least value", NULL, 10, f->objective);
    (void)snprintf(text, sizeof text, "%zu of %zu", f->at_minimum, f->starts);
    show_text(in, "starts that end there", text);
    show_number(in, "next minimum, as a multiple of it", NULL, 3,
                f->has_second ? f->second_objective / f->objective : (double)NAN);
    if (f->loss.kind == FIT_L1) {
        show_text(in, "certificate", "an optimal vertex");
        return;
    }
    show_number(in, "promised further decrease, as a share", NULL, 1, f->certificate.decrement);
    show_number(in, "least over largest curvature", NULL, 2, f->certificate.eigen_ratio);
}

static void quality_pairs(const ReportFit *rf, AnswerNode *in)
{
    static const Column points = {.heading = "points"}, runs = {.heading = "runs"},
                        failed = {.heading = "replicates without a minimum"};
    const FitResult *f = &rf->fit;
    answer_show(in, &points, value_size(f->n));
    if (f->n_runs) {
        answer_show(in, &runs, value_size(f->n_runs));
    }
    minimum_pairs(f, in);
    show_number(in, "root mean square error", rf->form->response == FORM_LOSS ? "nats/token" : NULL,
                4, f->rmse);
    show_number(in, "root mean square error of logarithms", NULL, 3, f->rmse_log);
    show_number(in, "R2", NULL, 6, f->r2);
    show_number(in, "AIC", NULL, 6, f->aic);
    show_number(in, "BIC", NULL, 6, f->bic);
    if (f->replicates_failed) {
        answer_show(in, &failed, value_size(f->replicates_failed));
    }
}

/* The lower half. */
static void correlation_table(const ReportFit *rf, AnswerNode *in)
{
    Covariance c;
    char name[FORM_MAX_PARAMS][64];
    Column column[FORM_MAX_PARAMS + 1] = {{.heading = "and"}};
    if (!covariance_of_draws(&rf->fit, &rf->draws, true, &c)) {
        return;
    }
    for (size_t i = 0; i < c.n; i++) {
        (void)snprintf(name[i], sizeof name[i], "%s%s", c.is_log[i] ? "ln " : "",
                       rf->fit.param[i].name);
        column[i + 1] =
            (Column){.heading = name[i], .format = NUMBER_FIXED, .digits = 3, .is_symbol = true};
    }
    AnswerNode *table = answer_table(in, NULL, "Correlations of the replicates", column, c.n + 1);
    answer_table_use(table, TABLE_FOR_PEOPLE);
    for (size_t i = 0; i < c.n; i++) {
        Value v[FORM_MAX_PARAMS + 1] = {value_text(name[i])};
        for (size_t j = 0; j < c.n; j++) {
            v[j + 1] = j <= i ? value_real(c.correlation[i * c.n + j]) : value_none();
        }
        (void)answer_row_of(table, v, c.n + 1);
    }
}

static void one_fit(const Report *r, const ReportFit *rf, AnswerNode *top)
{
    const FitResult *f = &rf->fit;
    Buf text = BUF_INIT;
    AnswerNode *in = answer_section(top, "%s, %s", rf->group->name, rf->form->name);
    law_equation_say(r, rf->form, in);
    values_table(f, in);
    fit_interval_text(f, &text);
    answer_say(in, NULL, SAY_PLAIN, "%s", buf_str(&text));
    buf_release(&text);
    quality_pairs(rf, in);
    fit_formula_say(rf, "", 9, in);
    fit_worked_say(rf, 9, in);
    correlation_table(rf, in);
    for (size_t i = 0; i < f->n_warnings; i++) {
        answer_say(in, NULL, SAY_WARNING, "%s", f->warning[i]);
    }
}

void report_details_answer(const Report *r, AnswerNode *top)
{
    for (size_t i = 0; i < r->n; i++) {
        if (!r->fit[i].is_refused) {
            one_fit(r, &r->fit[i], top);
        }
    }
}
