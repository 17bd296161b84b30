/* study.h -- a whole study on disk, with the catalog that a scheduler would have made:
 *   run 0  done in one attempt
 *   run 1  attempt 0 lost by SIGKILL, attempt 1 resumed at step 20 and finished
 *   run 2  failed before it said hello
 *   run 3  waiting; attempt 0 was interrupted after step 20
 *   run 4  retired, with one checkpoint
 */
#ifndef TESTS_CATALOG_STUDY_H
#define TESTS_CATALOG_STUDY_H

#include "tests/catalog/sample.h"

/* Fills the sample's folder and its open catalog. */
void sample_study(Sample *s);

/* Path of run i's folder, and of a file in it; static until the next call. */
const char *sample_path(const Sample *s, int i, const char *below);

#endif
