/* estimate.h -- what runs would take of this machine: memory, and time by measuring a little.
 *
 * The question is {"schema":1,"seconds","threads","most_threads","cells":[config.json, ...]};
 * "seconds" is the time for all measurements together (0: none), "threads" how many a run works
 * with, 1 if absent, "most_threads" for how many it is opened, as many if absent.  The answer is {"schema":1,"isa","cells":[{"memory_bytes","tokens_per_second",
 * "scored_tokens_per_second","update_seconds","measured"}]}, in the same order.
 *
 * memory_bytes    resident memory of a worker at its peak without the corpus: the model,
 *                 the optimizer, the loop's arena, and the program as it is now; null when
 *                 no worker can open such a model
 * the speeds      of one worker: training without the update, the update (once a step),
 *                 scoring; null when "seconds" is 0
 * measured        true: this model was measured here.  Cells are measured by size, cheapest
 *                 first, as long as the time lasts; one that would take more than a quarter
 *                 of it is taken from the nearest measured one of its architecture and
 *                 precision, or from a small model of them, at the same FLOP/s
 */
#ifndef TRAINER_WORKER_ESTIMATE_H
#define TRAINER_WORKER_ESTIMATE_H

#include <jansson.h>

#include "common/err.h"

enum { ESTIMATE_MAX_THREADS = 1024 };

/* ERR_FORMAT or ERR_INVALID when the question cannot be read; ERR_NOMEM. */
ErrCode estimate_json(const json_t *question, json_t **ret, Err *err);

#endif
