/* resolved.h -- a study as a document in which nothing is implied. */
#ifndef ORCHESTRATOR_SPEC_RESOLVED_H
#define ORCHESTRATOR_SPEC_RESOLVED_H

#include "orchestrator/spec/matrix.h"

/* The whole study as a JSON value of the study file's own form: units expanded, defaults
 * filled, axes and overrides by full path, `base_dir` as corpus.base.  It expands to the same
 * runs.  NULL when memory is short; the caller owns it. */
json_t *resolved_document(const Source *src, const Matrix *m, const char *base_dir);

#endif
