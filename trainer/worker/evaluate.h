/* evaluate.h -- the validation loss of a checkpoint, from its files and the corpus alone. */
#ifndef TRAINER_WORKER_EVALUATE_H
#define TRAINER_WORKER_EVALUATE_H

#include <jansson.h>
#include <stdbool.h>

#include "trainer/worker/load.h"

typedef struct Evaluation {
    Found found;
    CkptEvaluation score;
    char corpus[SHA256_HEX_BYTES]; /* digest of the corpus it was scored on */
} Evaluation;

/* Scores the checkpoint at `path` (load_find) on the corpus in `corpus_dir`, in batches of
 * the run's own size: on the run's corpus the loss is that of the manifest, bit for bit.
 * Errors of load.h, corpus_open() and validate_check(). */
ErrCode evaluate(const char *path, const char *corpus_dir, Evaluation *ret, Err *err);

/* {"schema":1,"checkpoint","step","tokens","task","loss","bits_per_byte","items","corpus",
 * "is_own_corpus","recorded_loss"}; recorded_loss is the manifest's, or null.  NULL when
 * memory is short. */
json_t *evaluation_json(const Evaluation *e);

#endif
