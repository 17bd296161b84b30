/* doctor.h -- what this machine offers, fact by fact, for `slaw doctor`.
 *
 * Field names are a contract: docs/json.md.  A hint is about the member that it names.
 */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include <stdbool.h>

#include "answer/answer.h"

/* Looks at everything; `dir` is where studies will lie, `seconds` the time of each of the two
 * speeds (0: not measured).  True: runs can be trained here. */
bool doctor_answer(const char *dir, double seconds, AnswerNode *top);

#endif
