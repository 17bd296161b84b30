/* compare.h -- are the groups of a source one law?  Tests, differences and compute multipliers.
 *
 *   each group fitted by itself, with bootstrap replicates of its own
 *     -> the same law with parameters in common          fit/nested.h
 *     -> test of that null, for all groups and each pair, pairs adjusted by Holm 1979
 *     -> differences of exponents and E                  difference.h
 *     -> C_a(L)/C_b(L) on the compute-optimal frontiers  reach.h
 *     -> what may be said in words                       verdict.h
 *
 * Groups are independent: their replicates have seeds of their own, made from their names, so that
 * neither the order of groups nor of rows changes a number.
 */
#ifndef ANALYSIS_COMPARE_COMPARE_H
#define ANALYSIS_COMPARE_COMPARE_H

#include "analysis/fit/nested.h"
#include "analysis/report/report.h"
#include "answer/answer.h"

enum { COMPARE_MAX_AT = 64, COMPARE_DEFAULT_AT = 3 };

/* What the null has in common. */
typedef enum CompareNull {
    COMPARE_EXPONENTS,   /* "exponents": shapes without a unit */
    COMPARE_EXPONENTS_E, /* "exponents+E": and the irreducible level */
    COMPARE_ALL,         /* "all": every parameter, one law for all */
} CompareNull;

/* The words for CompareNull and NestedMethod, in their order; each ends with NULL. */
extern const char *const compare_null_names[];
extern const char *const compare_method_names[];

typedef struct CompareOptions {
    FitOptions fit; /* bootstrap: replicates of fits and tests */
    CompareNull null;
    NestedMethod method;
    double margin;             /* parameters that differ by less than this share count as alike */
    double at[COMPARE_MAX_AT]; /* losses of the multipliers; none: chosen within the data */
    size_t n_at;
    const char *const *only; /* [n_only] names of groups in their order; none: all */
    size_t n_only;
} CompareOptions;

typedef struct CompareGroup {
    const char *name;
    FitData data;         /* borrowed from obs */
    const FitResult *fit; /* of the report */
    FitDraws draws;
    FitResult null;              /* with what is shared; when the test was made */
    double amount_lo, amount_hi; /* range of the data's C = 6 N D, or of the law's input */
    double least_loss;
} CompareGroup;

/* One parameter of group a minus that of group b. */
typedef struct CompareDifference {
    size_t a, b;
    const char *name;
    bool is_tested;           /* the null has it in common */
    double value, se, lo, hi; /* 95 % */
    double lo90, hi90;        /* for equivalence: two one-sided tests at 5 % */
    double mean;              /* of |a| and |b|: what a margin is a share of */
    double p, p_holm;         /* of a difference of 0; Holm over the pairs */
    double detectable;        /* would have been seen in four of five studies */
} CompareDifference;

typedef enum CompareVerdict { COMPARE_DIFFER, COMPARE_ALIKE, COMPARE_UNDECIDED } CompareVerdict;

typedef struct ComparePair {
    size_t a, b;
    bool is_refused; /* the shared fit was */
    Err refusal;
    NestedTest test;
    double p_holm;
    CompareVerdict verdict;
    char sentence[512];
} ComparePair;

typedef struct CompareMultiplier {
    size_t a, b;
    double loss;               /* as the response */
    double value, lo, hi;      /* 95 %; hi infinite or lo 0: open on that side; NaN: none */
    double amount_a, amount_b; /* of the resource */
    bool is_outside;           /* beyond a group's data */
    char why[160];             /* there is no value because ... */
} CompareMultiplier;

typedef struct Compare {
    Arena arena;
    const CompareOptions *o;
    Form form;     /* the law, without its family */
    Report report; /* the separate fits, refused ones too */
    CompareGroup *group;
    size_t n_groups; /* that were fitted */
    bool is_shared[FORM_MAX_PARAMS];
    bool is_refused; /* the shared fit of all groups */
    Err refusal;
    NestedTest test;
    ShareFit whole;
    const char *resource; /* of the multipliers, or NULL */
    double at[COMPARE_MAX_AT];
    size_t n_at;
    ComparePair *pair;
    size_t n_pairs;
    CompareDifference *difference;
    size_t n_differences;
    CompareMultiplier *multiplier;
    size_t n_multipliers;
    char sentence[512]; /* the answer for all groups together */
} Compare;

/* ERR_USAGE: fewer than two groups, an unknown name in `only`, or the law has nothing that this null
 * shares; ERR_NUMERIC: fewer than two groups could be fitted (the reasons are in the report, and in
 * *err); ERR_NOMEM.  *ret borrows from obs and o, and must stay where it is. */
ErrCode compare_run(const char *source, const Obs *obs, const CompareOptions *o, Compare *ret,
                    Err *err);
void compare_release(Compare *c);

/* The answer of `slaw compare` (docs/json.md); for CSV one long table. */
void compare_answer(const Compare *c, AnswerNode *top);

#endif
