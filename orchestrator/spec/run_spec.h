/* run_spec.h -- what is known of a run while its study is open, in about a hundred bytes.
 *
 * A study may have a million runs, so a RunSpec holds only what everybody asks of every run;
 * runs of one model share a RunModel.  The rest (config.json, learning rates, the values of
 * the axes) is made when somebody asks: study_run_json() and its neighbours in study.h.
 */
#ifndef ORCHESTRATOR_SPEC_RUN_SPEC_H
#define ORCHESTRATOR_SPEC_RUN_SPEC_H

#include "common/arena.h"
#include "common/buf.h"
#include "common/hash.h"
#include "common/map.h"
#include "trainer/config/run_config.h"

enum { RUN_HASH_SHOWN = 12, RUN_DIR_BYTES = RUN_NAME_BYTES + RUN_HASH_SHOWN + 8 };

/* What runs of one model, sequence and precision have in common. */
typedef struct RunModel {
    ModelShape shape;
    const char *size; /* name of the size */
    int64_t sequence; /* [tokens] */
    Precision precision;
    int64_t params, params_total;                           /* N, N_total */
    int64_t stored_elements;                                /* of model.safetensors */
    double flops_6nd, flops_exact, flops_paper, flops_head; /* per token [FLOP/token] */
} RunModel;

/* One run.  Everything that it points to lives as long as its study. */
typedef struct RunSpec {
    const char *name; /* <architecture>-<size>[-axis...] */
    const RunModel *model;
    unsigned char sha256[SHA256_BYTES]; /* its identity */
    int64_t seed;
    int64_t tokens;       /* asked for [tokens] */
    int64_t steps;        /* ceil(tokens / batch_tokens) */
    int64_t batch_tokens; /* a step [tokens] */
    int32_t checkpoints;  /* planned */
    int32_t weights_kept; /* of these, how many keep their weights when the run is done */
    size_t cell;          /* which cell of its matrix: for the functions of study.h */
} RunSpec;

/* The identity as 64 hexadecimal digits. */
void run_spec_hash(const RunSpec *r, char out[SHA256_HEX_BYTES]);

/* Its folder below the study's: runs/<name>-<hash12>. */
void run_spec_dir(const RunSpec *r, char out[RUN_DIR_BYTES]);

/* D, the tokens that it sees. */
static inline int64_t run_spec_tokens(const RunSpec *r)
{
    return r->steps * r->batch_tokens;
}

/* A table of models that hands out one RunModel for equal ones. */
typedef struct RunModels {
    Map by_shape; /* values: the models */
    Buf key;      /* scratch */
} RunModels;

/* The model of a configuration, made in the arena when it is new.  ERR_NOMEM. */
ErrCode run_models_get(RunModels *t, const ModelShape *shape, const char *size, int64_t sequence,
                       Precision precision, Arena *arena, const RunModel **ret, Err *err);
void run_models_release(RunModels *t); /* the table; the models are the arena's */

/* The RunSpec of a configuration: `json` is its config.json, `model` its model; the name is
 * copied into the arena.  ERR_NOMEM. */
ErrCode run_spec_fill(const RunConfig *c, const json_t *json, const RunModel *model, Arena *arena,
                      RunSpec *ret, Err *err);

/* How many of `count` checkpoints keep their weights under checkpoints.keep. */
int64_t run_weights_kept(const json_t *keep, int64_t count);

#endif
