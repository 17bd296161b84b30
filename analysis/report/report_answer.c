#include "analysis/report/report_answer.h"

#include <math.h>

static void joint_answer(const ReportJoint *j, AnswerNode *list)
{
    AnswerNode *o = answer_object(list, NULL);
    answer_set(o, "law", value_text(j->form->name));
    AnswerNode *shared = answer_list(o, "shared");
    for (size_t i = 0; i < j->n_shared; i++) {
        answer_set(shared, NULL, value_text(j->shared[i]));
    }
    answer_set(o, "groups", value_size(j->fit.n_groups));
    answer_set(o, "n", value_size(j->fit.n));
    answer_set(o, "parameters", value_size(j->fit.n_params));
    answer_set(o, "objective", value_real(j->fit.objective));
    answer_set(o, "aic", value_real(j->fit.aic));
    answer_set(o, "bic", value_real(j->fit.bic));
    AnswerNode *starts = answer_object(o, "starts");
    answer_set(starts, "total", value_size(j->fit.starts));
    answer_set(starts, "at_minimum", value_size(j->fit.at_minimum));
    answer_set(o, "decrement", value_real(j->fit.decrement));
}

static void budget_answer(const IsoflopBudget *b, AnswerNode *list)
{
    static const char *const state[] = {
        [ISOFLOP_USED] = "used", [ISOFLOP_FEW] = "few_points", [ISOFLOP_NO_VALE] = "no_minimum"};
    bool is_used = b->state == ISOFLOP_USED;
    AnswerNode *o = answer_object(list, NULL);
    answer_set(o, "C", value_real(b->c));
    answer_set(o, "n", value_size(b->n));
    answer_set(o, "state", value_text(b->is_outside ? "minimum_outside" : state[b->state]));
    answer_set(o, "N_opt", value_real(is_used ? b->n_opt : (double)NAN));
    answer_set(o, "D_opt", value_real(is_used ? b->d_opt : (double)NAN));
    answer_set(o, "loss", value_real(is_used ? b->loss : (double)NAN));
}

static void isoflop_answer(const ReportIsoflop *r, AnswerNode *list)
{
    AnswerNode *o = answer_object(list, NULL);
    answer_set(o, "group", value_text(r->group->name));
    if (r->is_refused) {
        answer_set(o, "reason", value_text(r->refusal.msg));
        return;
    }
    answer_set(o, "a", value_real(r->fit.a));
    answer_set(o, "b", value_real(r->fit.b));
    answer_set(o, "k_N", value_real(r->fit.k_n));
    answer_set(o, "k_D", value_real(r->fit.k_d));
    answer_set(o, "se_a", value_real(r->fit.se_a));
    answer_set(o, "se_b", value_real(r->fit.se_b));
    AnswerNode *budgets = answer_list(o, "budgets");
    for (size_t i = 0; i < r->fit.n_budgets; i++) {
        budget_answer(&r->fit.budget[i], budgets);
    }
}

void report_fits_answer(const Report *r, AnswerNode *top)
{
    answer_set(top, "convention", value_text(obs_convention_name(r->obs->convention)));
    AnswerNode *fits = answer_list(top, "fits");
    for (size_t i = 0; i < r->n; i++) {
        const ReportFit *f = &r->fit[i];
        if (!f->is_refused) {
            AnswerNode *o = answer_object(fits, NULL);
            fit_answer(o, f->group->name, &f->fit, &f->group->data, &f->draws);
            if (f->form->input[0] == FORM_C) {
                answer_set(o, "convention", value_text(obs_convention_name(r->obs->convention)));
            }
        }
    }
    AnswerNode *refused = answer_list(top, "refused");
    for (size_t i = 0; i < r->n; i++) {
        const ReportFit *f = &r->fit[i];
        if (f->is_refused) {
            AnswerNode *o =
                refusal_answer(refused, f->group->name, "law", f->form->name, &f->refusal);
            answer_set(o, "n", value_size(f->group->data.n));
        }
    }
}

void report_answer(const Report *r, AnswerNode *top)
{
    report_fits_answer(r, top);
    AnswerNode *joint = answer_list(top, "joint");
    for (size_t i = 0; i < r->n_joint; i++) {
        joint_answer(&r->joint[i], joint);
    }
    AnswerNode *isoflop = answer_list(top, "isoflop");
    for (size_t i = 0; i < r->n_isoflop; i++) {
        isoflop_answer(&r->isoflop[i], isoflop);
    }
}
