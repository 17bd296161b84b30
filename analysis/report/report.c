#include "analysis/report/report.h"

#include <stdlib.h>
#include <string.h>

FitOptions report_options(const ReportPlan *plan, const Form *form)
{
    FitOptions o = fit_defaults(form);
    o.loss = plan->has_loss ? plan->loss : o.loss;
    o.residual = plan->has_residual ? plan->residual : o.residual;
    o.starts = plan->starts;
    o.bootstrap = plan->bootstrap;
    o.resampling = plan->resampling;
    o.has_all_intervals = plan->has_all_intervals;
    memcpy(o.at, plan->at, sizeof o.at);
    o.n_at = plan->n_at;
    o.threads = plan->threads;
    o.seed = plan->seed;
    for (size_t i = 0; i < plan->n_fix; i++) {
        int k = form_param(form, plan->fix[i].name);
        if (k >= 0) {
            o.fix.is_fixed[k] = true;
            o.fix.value[k] = plan->fix[i].value;
        }
    }
    return o;
}

/* Does the law have any of the parameters to share? */
static bool shared_of(const ReportPlan *plan, const Form *form, ReportJoint *j)
{
    *j = (ReportJoint){.form = form};
    for (size_t i = 0; i < plan->n_share; i++) {
        int k = form_param(form, plan->share[i]);
        if (k >= 0) {
            j->shared[j->n_shared++] = form->param[k].name;
        }
    }
    return j->n_shared > 0;
}

/* All groups by one law.  A refusal is every group's; ERR_NOMEM and ERR_USAGE are errors. */
static ErrCode fit_together(Report *r, const FitOptions *o, ReportJoint *j, Err *err)
{
    size_t n = r->obs->n_groups;
    bool is_shared[FORM_MAX_PARAMS] = {false};
    FitResult *result = calloc(n, sizeof *result);
    const FitData **data = calloc(n, sizeof(FitData *)); /* NOLINT(bugprone-sizeof-expression) */
    Err refusal = ERR_INIT;
    ErrCode rc = result && data ? ERR_OK : err_nomem(&refusal, "joint fit");
    for (size_t i = 0; i < j->n_shared; i++) {
        is_shared[form_param(o->form, j->shared[i])] = true;
    }
    for (size_t g = 0; data && g < n; g++) {
        data[g] = &r->obs->group[g].data;
    }
    if (rc == ERR_OK) {
        rc = share_run(o, is_shared, data, n, result, &j->fit, &refusal);
    }
    if (rc == ERR_NOMEM || rc == ERR_USAGE) {
        *err = refusal;
    }
    for (size_t g = 0; g < n && rc != ERR_NOMEM && rc != ERR_USAGE; g++) {
        ReportFit *f = &r->fit[r->n++];
        *f = (ReportFit){.group = &r->obs->group[g], .form = o->form, .refusal = refusal};
        f->is_refused = rc != ERR_OK;
        f->fit = result[g];
        r->n_refused += f->is_refused ? 1 : 0;
    }
    if (rc == ERR_OK) {
        r->joint[r->n_joint++] = *j;
    }
    free(result);
    free(data);
    return rc == ERR_NOMEM || rc == ERR_USAGE ? rc : ERR_OK;
}

static ErrCode add_isoflop(Report *r, const ReportPlan *plan, Err *err)
{
    if (!plan->has_isoflop) {
        return ERR_OK;
    }
    r->isoflop = calloc(r->obs->n_groups + 1, sizeof *r->isoflop);
    if (!r->isoflop) {
        return err_nomem(err, "isoFLOP");
    }
    for (size_t g = 0; g < r->obs->n_groups; g++) {
        ReportIsoflop *f = &r->isoflop[r->n_isoflop++];
        *f = (ReportIsoflop){.group = &r->obs->group[g], .refusal = ERR_INIT};
        ErrCode rc = isoflop_fit(&f->group->data, plan->isoflop_window, &f->fit, &f->refusal);
        if (rc == ERR_NOMEM) {
            *err = f->refusal;
            return rc;
        }
        f->is_refused = rc != ERR_OK;
    }
    return ERR_OK;
}

ErrCode report_make(const char *source, const Obs *obs, const ReportPlan *plan, Report *ret,
                    Err *err)
{
    Report r = {.source = source, .obs = obs, .seed = plan->seed};
    r.fit = calloc(obs->n_groups * plan->n_laws + 1, sizeof *r.fit);
    if (!r.fit) {
        return err_nomem(err, "report");
    }
    for (size_t l = 0; l < plan->n_laws; l++) {
        FitOptions o = report_options(plan, plan->law[l]);
        ReportJoint joint;
        if (shared_of(plan, o.form, &joint) && obs->n_groups > 1) {
            ErrCode rc = fit_together(&r, &o, &joint, err);
            if (rc != ERR_OK) {
                report_release(&r);
                return rc;
            }
            continue;
        }
        for (size_t g = 0; g < obs->n_groups; g++) {
            ReportFit *f = &r.fit[r.n++];
            *f = (ReportFit){.group = &obs->group[g], .form = plan->law[l], .refusal = ERR_INIT};
            ErrCode rc = fit_draws(&o, &f->group->data, &f->fit, &f->draws, &f->refusal);
            if (rc == ERR_NOMEM) {
                *err = f->refusal;
                report_release(&r);
                return rc;
            }
            f->is_refused = rc != ERR_OK;
            f->form = f->is_refused ? f->form : f->fit.form;
            r.n_refused += f->is_refused ? 1 : 0;
        }
    }
    ErrCode rc = add_isoflop(&r, plan, err);
    if (rc != ERR_OK) {
        report_release(&r);
        return rc;
    }
    *ret = r;
    return ERR_OK;
}

void report_release(Report *r)
{
    for (size_t i = 0; i < r->n; i++) {
        fit_draws_release(&r->fit[i].draws);
    }
    free(r->fit);
    free(r->isoflop);
    *r = (Report){0};
}
