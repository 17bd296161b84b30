/* use_args.h -- what `predict` and `allocate` share: lists of numbers, every law fitted to every group
 * with its replicates, and what is printed of refusals. */
#ifndef CLI_USE_ARGS_H
#define CLI_USE_ARGS_H

#include "analysis/use/use_report.h"
#include "cli/fit_args.h"
#include "common/words.h"

enum { USE_MAX_NUMBERS = 64 };

typedef struct UseNumbers {
    double x[USE_MAX_NUMBERS];
    size_t n;
} UseNumbers;

/* "7e9,70G" (words_numbers()). */
static inline ErrCode use_numbers(const char *option, const char *text, UseNumbers *ret, Err *err)
{
    return words_numbers(option, text, USE_MAX_NUMBERS, ret->x, &ret->n, err);
}

/* Every law of the plan for which `is_for` holds, fitted to every group. */
typedef struct UseFits {
    UseFit *fit;
    size_t n;
} UseFits;

/* The laws that the user named must all be such; of a study's own only those that are, are taken.
 * ERR_USAGE else, or for an option that fits groups together; ERR_NOMEM.  A refused fit is in the list. */
ErrCode use_fits_open(const FitArgs *a, const FitRun *r, bool (*is_for)(const Form *f),
                      const char *what, UseFits *ret, Err *err);
/* The same laws and groups, not fitted. */
ErrCode use_fits_list(const FitArgs *a, const FitRun *r, bool (*is_for)(const Form *f),
                      const char *what, UseFits *ret, Err *err);
void use_fits_release(UseFits *f);

/* How the plan fits this law with intervals for what is computed from it. */
FitOptions use_options(const FitRun *r, const Form *form);

/* schema, where the result comes from (report/provenance.h) and the convention of C.  NULL, with *err set,
 * when memory is short. */
json_t *use_head_json(const FitRun *r, Err *err);

/* One refusal to standard error, with its hint; sets the exit status. */
void use_say_refused(Session *s, const UseFit *f, const Err *refusal);

#endif
