/* doctor.h -- what this machine offers, fact by fact, for `slaw doctor`.
 *
 *   {"schema":1,"usable","version",
 *    "worker":{"path","version","same_version"}  or {"path":null,"error"},
 *    "isa":{"used","all":[{"isa","status"}],"cap","cap_is_known"},
 *    "bf16":"hardware" or "emulated",
 *    "cores":{"allowed","numbers","quota","concurrency"},
 *    "memory":{"total_bytes","available_bytes"},
 *    "speed":{"f32","bf16"}                      [FLOP/s], null: not measured
 *    "disk":{"dir","type","network","memory","free_bytes","sync_s"},
 *    "libraries":{...},"gnuplot":"5.4" or null,
 *    "hints":[{"about","hint"}]}
 *
 * What is not known is null.  A hint is about the member that it names.
 */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include <jansson.h>
#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"

/* Looks at everything; `dir` is where studies will lie, `seconds` the time of each of the two
 * speeds (0: not measured).  *ret_usable: runs can be trained here.  ERR_NOMEM. */
ErrCode doctor_look(const char *dir, double seconds, json_t **ret, bool *ret_usable, Err *err);

/* The same as text: a line a fact, "  hint: ..." below it. */
void doctor_text(const json_t *facts, Buf *out);

#endif
