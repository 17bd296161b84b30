/* kernel_job.h -- what the compiled copies of the kernel share. */
#ifndef ANALYSIS_FIT_KERNEL_JOB_H
#define ANALYSIS_FIT_KERNEL_JOB_H

#include "analysis/fit/kernel.h"

enum { KERNEL_MAX_P = 6 };

typedef struct KernelJob {
    size_t n, p, n_terms; /* n is a multiple of 4 */
    size_t n_factors[FORM_MAX_TERMS];
    size_t param[FORM_MAX_TERMS][FORM_MAX_FACTORS]; /* rising within a term */
    double sign[FORM_MAX_TERMS][FORM_MAX_FACTORS];
    double slope[FORM_MAX_TERMS][FORM_MAX_FACTORS]; /* sign * theta */
    const double *column[FORM_MAX_TERMS][FORM_MAX_FACTORS];
    double start[FORM_MAX_TERMS], constant[FORM_MAX_TERMS]; /* theta, exp(theta) */
    const double *target, *weight;                          /* ln y or y */
    KernelWork work;
    bool is_log, is_mse;
    double delta, over;
} KernelJob;

double kernel_base(const KernelJob *j, double *grad, double *hess);
#ifdef __x86_64__
double kernel_avx2(const KernelJob *j, double *grad, double *hess);
#endif

#endif
