/* small_catalog.h -- a catalog with known observations, written through the catalog's API. */
#ifndef TESTS_ANALYSIS_OBS_SMALL_CATALOG_H
#define TESTS_ANALYSIS_OBS_SMALL_CATALOG_H

#include <stddef.h>

enum { SMALL_CHECKPOINTS = 8 };

/* <dir>/catalog.db: llama and tnl by `n_sizes` sizes, SMALL_CHECKPOINTS checkpoints each, losses
 * from a chinchilla law (E 1.2, A 9, B 60, alpha 0.2, beta 0.27; tnl 3 % above), no noise.
 * An axis training.optimizer.adamw.lr is 0.001.  Fails the running test on any error. */
void small_catalog(const char *dir, size_t n_sizes);

#endif
