#include "analysis/fit/kernel.h"

#include <math.h>

#include "analysis/fit/kernel_job.h"

static void describe(const FitProblem *p, const double *theta, KernelWork work, KernelJob *j)
{
    const Form *f = p->form;
    *j = (KernelJob){.n = p->padded,
                     .p = p->p,
                     .n_terms = f->n_terms,
                     .target = p->residual == FIT_LOG ? p->ln_y : p->y,
                     .weight = p->weight,
                     .work = work,
                     .is_log = p->residual == FIT_LOG,
                     .is_mse = p->loss.kind == FIT_MSE,
                     .delta = p->loss.delta,
                     .over = p->loss.kind == FIT_ASYMMETRIC ? p->loss.over : 1.0};
    for (size_t k = 0; k < f->n_terms; k++) {
        j->start[k] = theta[k];
        j->constant[k] = f->n_factors[k] ? 0.0 : exp(theta[k]);
        j->n_factors[k] = f->n_factors[k];
        for (size_t q = 0; q < f->n_factors[k]; q++) {
            const FormFactor *factor = &f->factor[k][q];
            j->param[k][q] = (size_t)factor->param;
            j->sign[k][q] = factor->sign;
            j->slope[k][q] = factor->sign * theta[factor->param];
            j->column[k][q] = p->x + (size_t)factor->input * p->padded;
        }
    }
}

double kernel_sum(const FitProblem *p, const double *theta, KernelWork work, double *grad,
                  double *hess)
{
    KernelJob j;
    describe(p, theta, work, &j);
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2")) {
        return kernel_avx2(&j, grad, hess);
    }
#endif
    return kernel_base(&j, grad, hess);
}
