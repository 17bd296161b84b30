/* describe.h -- what this worker can do and how fast, as JSON for `slaw`. */
#ifndef TRAINER_WORKER_DESCRIBE_H
#define TRAINER_WORKER_DESCRIBE_H

#include <jansson.h>

#include "common/err.h"
#include "trainer/arch/arch.h"

/* {"schema":1,"program":"slaw-worker","version","isa","isas":[...],"isa_status":[{"isa",
 * "status"}],"isa_cap","isa_cap_is_known","architectures":[{"name","title","source",
 * "options":[{"name","kind","default","lo","hi","help"}]}]}.  isas are those that can be used
 * here, isa_status has every one of the build (kern_isa_status), isa_cap is $SLAW_ISA or null.
 * NULL when memory is short. */
json_t *describe_json(void);

/* Trains a small llama for about `seconds` on random tokens: {"schema":1,"isa","precision",
 * "flops_per_second","tokens_per_second","steps"}, FLOPs counted by the exact convention
 * plus the logits, the update included.  ERR_NOMEM. */
ErrCode probe_json(Precision precision, double seconds, json_t **ret, Err *err);

#endif
