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

#include <stdbool.h>

#include "answer/answer.h"

/* Looks at everything; `dir` is where studies will lie, `seconds` the time of each of the two
 * speeds (0: not measured).  True: runs can be trained here. */
bool doctor_answer(const char *dir, double seconds, AnswerNode *top);

#endif
