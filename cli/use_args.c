#include "cli/use_args.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/exit_code.h"
#include "common/quantity.h"

FitOptions use_options(const FitRun *r, const Form *form)
{
    FitOptions o = report_options(&r->plan, form);
    o.has_all_intervals = false;
    o.n_at = 0;
    return o;
}

ErrCode use_fits_list(const FitArgs *a, const FitRun *r, bool (*is_for)(const Form *f),
                      const char *what, UseFits *ret, Err *err)
{
    const ReportPlan *plan = &r->plan;
    *ret = (UseFits){0};
    if (plan->n_share > 0) {
        (void)err_set(err, ERR_USAGE, "--share fits all groups together, which this verb does not");
        return err_hint(err, "slaw fit --share shows such fits");
    }
    ret->fit = calloc(plan->n_laws * r->obs.n_groups + 1, sizeof *ret->fit);
    if (!ret->fit) {
        return err_nomem(err, "fits");
    }
    for (size_t k = 0; k < plan->n_laws; k++) {
        if (!is_for(plan->law[k]) && a->law) {
            use_fits_release(ret);
            return err_set(err, ERR_USAGE, "%s is no law %s", plan->law[k]->name, what);
        }
        for (size_t g = 0; g < r->obs.n_groups && is_for(plan->law[k]); g++) {
            ret->fit[ret->n++] =
                (UseFit){.group = &r->obs.group[g], .form = plan->law[k], .refusal = ERR_INIT};
        }
    }
    if (ret->n == 0) {
        use_fits_release(ret);
        (void)err_set(err, ERR_USAGE, "none of the study's laws is one %s", what);
        return err_hint(err, "name one: --law chinchilla");
    }
    return ERR_OK;
}

ErrCode use_fits_open(const FitArgs *a, const FitRun *r, bool (*is_for)(const Form *f),
                      const char *what, UseFits *ret, Err *err)
{
    ErrCode rc = use_fits_list(a, r, is_for, what, ret, err);
    for (size_t i = 0; rc == ERR_OK && i < ret->n; i++) {
        UseFit *f = &ret->fit[i];
        FitOptions o = use_options(r, f->form);
        rc = law_fit(&o, &f->group->data, r->obs.convention == OBS_6ND, &f->law, &f->refusal);
        f->is_refused = rc != ERR_OK;
        f->form = f->is_refused ? f->form : f->law.fit.form;
        if (rc == ERR_NOMEM) {
            *err = f->refusal;
            use_fits_release(ret);
            return rc;
        }
        rc = ERR_OK;
    }
    return rc;
}

void use_fits_release(UseFits *f)
{
    for (size_t i = 0; i < f->n; i++) {
        law_release(&f->fit[i].law);
        law_rest_release(&f->fit[i].rest);
    }
    free(f->fit);
    *f = (UseFits){0};
}

json_t *use_head_json(const FitRun *r, Err *err)
{
    json_t *obj = json_object();
    (void)json_object_set_new(obj, "schema", json_integer(1));
    ErrCode rc = obj ? fit_run_provenance(r, obj, err) : err_nomem(err, "report");
    if (rc != ERR_OK) {
        json_decref(obj);
        return NULL;
    }
    (void)json_object_set_new(obj, "convention",
                              json_string(obs_convention_name(r->obs.convention)));
    return obj;
}

void use_say_refused(Session *s, const UseFit *f, const Err *refusal)
{
    (void)fprintf(stderr, "slaw: %s: %s\n", f->group->name, refusal->msg);
    if (refusal->hint[0]) {
        (void)fprintf(stderr, "hint: %s\n", refusal->hint);
    }
    s->exit_status = EXIT_SOME_FAILED;
}
