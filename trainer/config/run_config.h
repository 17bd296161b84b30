/* run_config.h -- config.json of a run: everything that decides its result.
 *
 * The orchestrator writes it from the study file; the worker reads it and
 * nothing else.  Text of the file (docs/files.md has every field):
 *
 *   {"schema":1, "run":"<64 hex>", "name":"...", "study":"...", "size":"20k",
 *    "model":  {"architecture":"tnl","layers":2,"width":32,"heads":1,"head_width":32,
 *               "mlp_width":96,"vocabulary":256,"norm_eps":1e-6, <options of the architecture>},
 *    "corpus": {"text":["default"],"tokenizer":"bytes","validation":65536,"repeat":false},
 *    "training":{"tokens":...,"sequence":512,"batch":8192,"optimizer":{"adamw":{"lr":...,
 *               "betas":[0.9,0.95],"eps":1e-8,"weight_decay":0.1}},
 *               "schedule":{"constant":{"warmup":50}},"clip":1.0,"precision":"f32",
 *               "diverged_above":20},
 *               "schedule" may also be {"cosine":{"warmup":..,"floor":..}}
 *                                   or {"wsd":{"warmup":..,"floor":..,"decay":..}}
 *    "checkpoints":{"count":57,"spacing":"log","first":100000,"keep":"weights"},
 *    "evaluation":["validation"], "seed":1, "threads":1 or "auto"}
 *
 * IDENTITY of a run = SHA-256 of the canonical JSON (common/json.h) of
 * {"model","corpus","training","checkpoints" without "keep","seed"}: what changes
 * the numbers, and nothing else.  Values are resolved: units expanded, defaults
 * filled.  A key added in a later version is left out while it has its default,
 * so old identities never change (tests/vectors/identity.jsonl).
 */
#ifndef TRAINER_CONFIG_RUN_CONFIG_H
#define TRAINER_CONFIG_RUN_CONFIG_H

#include <jansson.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/hash.h"
#include "trainer/arch/arch.h"

enum { RUN_NAME_BYTES = 128, THREADS_AUTO = 0 };

typedef enum ScheduleKind {
    SCHEDULE_CONSTANT, /* linear warm-up, then lr */
    SCHEDULE_COSINE,   /* warm-up, then half a cosine down to floor * lr at the end */
    SCHEDULE_WSD,      /* warm-up, stable, then a linear decay to floor * lr over the last part */
} ScheduleKind;

typedef struct Schedule {
    ScheduleKind kind;
    int64_t warmup_steps;
    double floor;          /* fraction of lr at the end; cosine default 0.1, wsd 0 */
    double decay_fraction; /* wsd: share of the steps that decay; default 0.2 */
} Schedule;

typedef enum Spacing { SPACING_LOG, SPACING_LINEAR } Spacing;

typedef struct RunConfig {
    char hash[SHA256_HEX_BYTES];
    char name[RUN_NAME_BYTES]; /* <architecture>-<size>[-axis...]; the folder adds -<hash12> */
    ModelShape shape;
    int64_t seed;
    int64_t sequence;     /* n [tokens] */
    int64_t batch_tokens; /* tokens a step; a multiple of sequence */
    int64_t tokens;       /* asked for [tokens] */
    int64_t steps;        /* ceil(tokens / batch_tokens) */
    double lr, beta1, beta2, adam_eps, weight_decay;
    double clip; /* gradient norm; 0: off */
    Schedule schedule;
    Precision precision;
    double diverged_above; /* loss [nats/token] above which a run ends `diverged` */
    int64_t checkpoint_count;
    Spacing checkpoint_spacing;
    int64_t checkpoint_first_tokens;
    int64_t threads; /* of one run; THREADS_AUTO: whoever starts it decides */
    bool repeat;     /* more than one epoch is allowed */
    bool evaluates_validation;
} RunConfig;

/* Reads config.json's object.  ERR_FORMAT or ERR_INVALID naming the key.  "run" may be absent;
 * where it stands it must be the identity.  Options of the architecture that are absent have
 * their defaults; a member of "model" that is no option is an error. */
ErrCode run_config_from_json(const json_t *config, RunConfig *ret, Err *err);

/* Appends the text whose SHA-256 is the identity of a config.json object.  ERR_FORMAT when a
 * part is missing. */
ErrCode run_config_identity_text(const json_t *config, Buf *out, Err *err);

/* SHA-256 of the identity of a config.json object. */
ErrCode run_config_identity(const json_t *config, char out[SHA256_HEX_BYTES], Err *err);

/* Steps at which checkpoints fall: strictly increasing, exactly c->checkpoint_count
 * of them, the first at ceil(first / batch), the last at c->steps; log or linear in
 * tokens between (rounded, then moved apart where that would repeat a step; count 1 is the
 * last step alone).  `steps` has room for checkpoint_count.  ERR_INVALID when there are
 * fewer steps than checkpoints. */
ErrCode run_config_checkpoint_steps(const RunConfig *c, int64_t *steps, Err *err);

/* Learning rate for the update that makes step (1-based) from step - 1.  Warm-up is
 * lr * step / warmup; cosine and wsd reach floor * lr at the last step. */
double run_config_lr(const RunConfig *c, int64_t step);

#endif
