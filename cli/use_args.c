#include "cli/use_args.h"

#include <stdlib.h>

#include "analysis/report/fit_answer.h"
#include "common/exit_code.h"

FitOptions use_options(const FitRun *r, const Form *form)
{
    FitOptions o = report_options(&r->plan, form);
    o.has_all_intervals = false;
    o.n_at = 0;
    return o;
}

/* first: the law that is in already, or NULL. */
static ErrCode add_law(Use *u, const Form *first, const Form *form, bool is_for, const char *what,
                       Err *err)
{
    bool is_alike = !first || form->response == first->response;
    if (is_for && is_alike) {
        u->has_laws = u->has_laws || first;
        for (size_t g = 0; g < u->run.obs.n_groups; g++) {
            u->fit[u->n++] =
                (UseFit){.group = &u->run.obs.group[g], .form = form, .refusal = ERR_INIT};
        }
        return ERR_OK;
    }
    if (!u->s->fit.law) {
        return ERR_OK;
    }
    return is_for && first
               ? err_set(err, ERR_USAGE, "%s predicts %s, and %s %s: ask them one by one",
                         first->name, form_response_name(first->response), form->name,
                         form_response_name(form->response))
               : err_set(err, ERR_USAGE, "%s is no law %s", form->name, what);
}

ErrCode use_open(Session *s, const char *path, bool (*is_for)(const Form *f), const char *what,
                 Use *ret, Err *err)
{
    Use *u = ret;
    ErrCode rc = ERR_OK;
    *u = (Use){.s = s};
    TRY(fit_args_open(s, &s->fit, path, &u->run, err));
    u->fit = calloc(u->run.plan.n_laws * u->run.obs.n_groups + 1, sizeof *u->fit);
    if (!u->fit) {
        return err_nomem(err, "fits");
    }
    for (size_t i = 0; i < u->run.plan.n_laws; i++) {
        const Form *form = u->run.plan.law[i];
        TRY(add_law(u, u->n ? u->fit[0].form : NULL, form, is_for(form), what, err));
    }
    if (u->n == 0) {
        (void)err_set(err, ERR_USAGE, "none of the study's laws is one %s", what);
        return err_hint(err, "name one: --law chinchilla");
    }
    TRY(fit_run_answer(s, &u->run, &u->top, err));
    answer_set(u->top, "convention", value_text(obs_convention_name(u->run.obs.convention)));
    u->lead = answer_object(u->top, NULL);
done:
    return rc;
}

void use_release(Use *u)
{
    for (size_t i = 0; i < u->n; i++) {
        law_release(&u->fit[i].law);
        law_rest_release(&u->fit[i].rest);
    }
    free(u->fit);
    fit_run_release(&u->run);
    *u = (Use){0};
}

ErrCode use_fit(Use *u, Err *err)
{
    for (size_t i = 0; i < u->n; i++) {
        UseFit *f = &u->fit[i];
        FitOptions o = use_options(&u->run, f->form);
        ErrCode rc =
            law_fit(&o, &f->group->data, u->run.obs.convention == OBS_6ND, &f->law, &f->refusal);
        f->is_refused = rc != ERR_OK;
        f->form = f->is_refused ? f->form : f->law.fit.form;
        u->has_laws = u->has_laws || f->form != u->fit[0].form;
        if (rc == ERR_NOMEM) {
            *err = f->refusal;
            return rc;
        }
    }
    return ERR_OK;
}

static void refuse(Use *u, const UseFit *f, const Err *why)
{
    (void)refusal_answer(u->refused, f->group->name, "law", f->form->name, why);
    u->s->exit_status = EXIT_SOME_FAILED;
}

static ErrCode ask_one(Use *u, UseFit *f, size_t n,
                       ErrCode (*ask)(void *work, UseFit *f, size_t k, Err *why), void *work,
                       Err *err)
{
    for (size_t k = 0; k < n; k++) {
        Err why = ERR_INIT;
        ErrCode rc = ask(work, f, k, &why);
        if (rc == ERR_NOMEM) {
            *err = why;
            return rc;
        }
        if (rc != ERR_OK) {
            refuse(u, f, &why);
        }
    }
    return ERR_OK;
}

/* Each law once. */
static void say_law(Use *u, const UseFit *f)
{
    const UseFit *same = u->fit;
    while (same < f && (same->is_refused || same->form != f->form)) {
        same++;
    }
    if (same == f) {
        answer_say(u->laws, NULL, SAY_FORMULA, "%s: %s", f->form->name, f->form->equation);
    }
}

ErrCode use_ask(Use *u, size_t n, ErrCode (*ask)(void *work, UseFit *f, size_t k, Err *why),
                void *work, Err *err)
{
    u->laws = answer_object(u->top, NULL);
    u->fits = answer_list(u->top, "fits");
    u->refused = answer_list(u->top, "refused");
    for (size_t i = 0; i < u->n; i++) {
        UseFit *f = &u->fit[i];
        if (f->is_refused) {
            refuse(u, f, &f->refusal);
            continue;
        }
        ErrCode rc = ask_one(u, f, n, ask, work, err);
        if (rc != ERR_OK) {
            return rc;
        }
        if (f->law.data) {
            say_law(u, f);
            use_fit_answer(u->fits, f);
        }
    }
    if (u->is_far) {
        answer_say(u->laws, NULL, SAY_WARNING,
                   "More than ten times beyond the data no interval covers a law that changes "
                   "there.");
    }
    return ERR_OK;
}
