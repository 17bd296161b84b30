/* failures.h -- runs that failed or diverged, as every verb tells of them, and states in colours. */
#ifndef CLI_FAILURES_H
#define CLI_FAILURES_H

#include "answer/answer.h"
#include "catalog/run_status.h"

/* The state's name: done good, running busy, failed and diverged bad, waiting dim. */
Value run_state_value(CatalogRunState state);

/* Did it fail or diverge? */
bool run_has_failed(const CatalogRunStatus *r);

/* Adds those of list [n] that failed or diverged: in JSON "failures":[{"run","hash","attempt","state",
 * "reason","log"}] (attempt and log null before the first attempt), for people two sentences each, of
 * the first `most`, and how many of `all` are not told.  dir: the study's; study_arg: what to type
 * for it.  ERR_IO: a path is too long. */
ErrCode failures_answer(AnswerNode *top, const char *dir, const char *study_arg,
                        const CatalogRunStatus *list, size_t n, int64_t most, int64_t all,
                        Err *err);

#endif
