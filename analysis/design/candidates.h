/* candidates.h -- runs that could be trained next.
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
#ifndef ANALYSIS_DESIGN_CANDIDATES_H
#define ANALYSIS_DESIGN_CANDIDATES_H

#include "analysis/design/suggest.h"
#include "analysis/obs/obs.h"
#include "common/arena.h"
#include "trainer/config/run_config.h"

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
} SuggestPool;

typedef struct PoolOptions {
    double budget, reach;
    double skip_fraction, min_tokens;
    bool final_only;
    ObsConvention convention; /* of a study's FLOP */
} PoolOptions;

enum { MODEL_MAX_SIZES = 192 };

typedef struct ModelSize {
    const char *name; /* lives as long as the pool */
    ModelShape shape;
} ModelSize;

/* What a study file says of the runs of one group. */
typedef struct ModelSizes {
    ModelSize size[MODEL_MAX_SIZES]; /* [n] by increasing width */
    size_t n;                        /* 0: the study file has no run of the group */
    RunConfig config;                /* of one run: everything else */
    int64_t least_tokens, most_tokens;
    double most_params;
    int64_t most_seed;      /* of all runs of the study */
    int64_t corpus_tokens;  /* one pass; 0: unknown or repeated */
    bool is_corpus_guessed; /* the corpus is not made yet */
} ModelSizes;

/* Candidates of one group, added to the pool.  `group` is its index for suggest_choose().  ERR_NOMEM. */
ErrCode pool_add_grid(SuggestPool *p, size_t group, const ObsGroup *data, const PoolOptions *o,
                      Err *err);
ErrCode pool_add_models(SuggestPool *p, size_t group, const char *name, const ModelSizes *sizes,
                        const PoolOptions *o, Err *err);
void pool_release(SuggestPool *p);

#endif
