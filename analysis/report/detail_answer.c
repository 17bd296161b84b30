/* Every fit by itself. */
#include <math.h>
#include <stdio.h>

#include "analysis/fit/covariance.h"
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
    const FitValue *v;
    for (size_t i = 0; (v = fit_value_at(f, i)); i++) {
        const Interval interval = fit_value_interval(v);
        char help[TEXT_BYTES];
        fit_value_help(v, help, sizeof help);
        answer_row(table, value_text(v->name), value_between(v->value, &interval),
                   value_real(v->se), value_text(help));
    }
}

/* Under `heading`, with so many digits (0: as usual). */
static void show(AnswerNode *in, const char *heading, int digits, Value v)
{
    const Column column = {.heading = heading, .digits = digits};
    answer_show(in, &column, v);
}

static void quality_pairs(const ReportFit *rf, AnswerNode *in)
{
    const FitResult *f = &rf->fit;
    const bool is_loss = rf->form->response == FORM_LOSS;
    char starts[TEXT_BYTES];
    Buf loss = BUF_INIT;
    buf_puts(&loss, "the sum of the loss ");
    fit_loss_text(f, &loss);
    (void)snprintf(starts, sizeof starts, "%zu of %zu", f->at_minimum, f->starts);
    show(in, "points", 0, value_size(f->n));
    show(in, "runs", 0, f->n_runs ? value_size(f->n_runs) : value_none());
    show(in, "minimised", 0, value_text(buf_str(&loss)));
    show(in, "its least value", 10, value_real(f->objective));
    show(in, "starts that end there", 0, value_text(starts));
    show(in, "next minimum, as a multiple of it", 3,
         value_real(f->has_second ? f->second_objective / f->objective : (double)NAN));
    if (f->loss.kind == FIT_L1) {
        show(in, "certificate", 0, value_text("an optimal vertex"));
    } else {
        show(in, "promised further decrease, as a share", 1, value_real(f->certificate.decrement));
        show(in, "least over largest curvature", 2, value_real(f->certificate.eigen_ratio));
    }
    show(in, is_loss ? "root mean square error [nats/token]" : "root mean square error", 4,
         value_real(f->rmse));
    show(in, "root mean square error of logarithms", 3, value_real(f->rmse_log));
    show(in, "R2", 6, value_real(f->r2));
    show(in, "AIC", 6, value_real(f->aic));
    show(in, "BIC", 6, value_real(f->bic));
    show(in, "replicates without a minimum", 0,
         f->replicates_failed ? value_size(f->replicates_failed) : value_none());
    buf_release(&loss);
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
    fit_formula_say(rf, NULL, 9, in);
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
