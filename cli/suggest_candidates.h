/* suggest_candidates.h -- runs that could be trained next.
 *
 * For a study: its own sizes and new ones, every one a model that its architecture allows, with N and
 * FLOP per token counted from the shapes.  New widths are multiples of the nearest size's head width
 * about a factor 1.25 apart, from the smallest to `reach` times the largest N; layers follow ln layers
 * against ln width of the study's sizes, mlp its ratio to the width (the default rule where all sizes
 * have it).  Lengths run from the study's shortest run to `reach` times its longest, at
 * most what the budget or one pass over the corpus allows.  Checkpoints fall where the study would put them.
 *
 * For any other source: a grid of N and D inside 6 N D <= budget, from the least N (and the
 * shortest run) to `reach` times the largest, checkpoints as its runs have them on the median.
 */
#ifndef CLI_SUGGEST_CANDIDATES_H
#define CLI_SUGGEST_CANDIDATES_H

#include "analysis/design/suggest.h"
#include "cli/fit_args.h"
#include "orchestrator/spec/study.h"

/* What a candidate of a study is. */
typedef struct SuggestRun {
    const char *group, *architecture, *size; /* size: a name, new or the study's; NULL: no study */
    int64_t layers, width, heads, mlp;       /* of a new size; mlp 0: the default */
    int64_t tokens, seed;
    bool is_new;
} SuggestRun;

typedef struct SuggestPool {
    Arena arena;
    SuggestCandidate *candidate; /* tag: its place in run */
    SuggestRun *run;
    size_t n, cap;
    int64_t corpus_tokens; /* one pass; 0: unknown or repeated */
    bool is_corpus_guessed;
} SuggestPool;

typedef struct PoolOptions {
    double budget, reach;
    double skip_fraction, min_tokens;
    bool final_only;
} PoolOptions;

/* Candidates of one group, added to the pool.  `group` is its index for suggest_choose().  ERR_NOMEM;
 * errors of study_run_config(). */
ErrCode pool_add_grid(SuggestPool *p, size_t group, const ObsGroup *data, const PoolOptions *o,
                      Err *err);
/* by: the column of the groups.  A group of which the study file has no run has no candidates. */
ErrCode pool_add_models(SuggestPool *p, size_t group, const ObsGroup *data, const Study *study,
                        const char *dir, const char *by, ObsConvention convention,
                        const PoolOptions *o, Err *err);
void pool_release(SuggestPool *p);

#endif
