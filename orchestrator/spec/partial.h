/* partial.h -- what can be checked of a study whose cells cannot be resolved. */
#ifndef ORCHESTRATOR_SPEC_PARTIAL_H
#define ORCHESTRATOR_SPEC_PARTIAL_H

#include "orchestrator/spec/matrix.h"

/* Adds problems of sizes and training that stand by themselves: heads that do not divide the
 * width, a batch that is no multiple of the sequence.  For a file that has other problems
 * already, so that a person sees these as well. */
void partial_check(const Source *src, const Matrix *m);

/* Adds problems of `options` (names and ranges by the registry) and of analysis.by. */
void names_check(const Source *src, const Matrix *m);

#endif
