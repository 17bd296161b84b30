/* suggest_report.h -- what `slaw suggest` prints. */
#ifndef CLI_SUGGEST_REPORT_H
#define CLI_SUGGEST_REPORT_H

#include "analysis/report/table.h"
#include "cli/suggest_candidates.h"

/* One group: its law now, or why it has none. */
typedef struct SuggestedGroup {
    const ObsGroup *obs;
    bool is_refused;
    Err refusal;
    FitResult *fit;      /* owned; NULL when refused */
    FitInterval current; /* of the target, by the bootstrap; NaN: none */
    SuggestGroup now;    /* of a refused one: a nominal law, of which the points tell */
    size_t index;        /* in suggest_choose(); NO_INDEX: takes no part */
    size_t points;       /* its own */
    double n_most, d_most;
    /* Simulated refits of the data as they are and with the suggested runs; 0 studies: not asked. */
    size_t verified;
    double sd_before, sd_after;
} SuggestedGroup;

enum { SUGGEST_NO_INDEX = 1 << 30 };

typedef struct SuggestReport {
    const char *source, *criterion, *target;
    const Form *law;
    bool is_study, is_nominal;  /* nominal: every group was refused */
    double budget, flops, n, d; /* the last three: of the target; 0: not given */
    uint64_t seed;
    const char *convention, *out; /* out: the study that was written, or NULL */
    SuggestedGroup *group;        /* [n_groups] */
    size_t n_groups;
    SuggestPool pool;
    Suggestion found;
    int64_t row_seed[SUGGEST_MAX_RUNS];
} SuggestReport;

json_t *suggest_json(const SuggestReport *r); /* NULL when memory is short */
ErrCode suggest_text(const SuggestReport *r, TableFormat format, Buf *out, Err *err);

/* The group of a candidate. */
const SuggestedGroup *suggest_group_of(const SuggestReport *r, const SuggestCandidate *c);

#endif
