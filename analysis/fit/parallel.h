/* parallel.h -- the same function on items 0..n-1, split over threads in a fixed way.
 *
 * Item i runs on thread i mod threads.  Each item writes its own slot and reads nothing
 * that another writes, so the result cannot depend on the number of threads.
 */
#ifndef ANALYSIS_FIT_PARALLEL_H
#define ANALYSIS_FIT_PARALLEL_H

#include <stddef.h>

/* `worker` is 0 .. threads-1, for a workspace of its own. */
typedef void (*ParallelItem)(void *ctx, size_t worker, size_t item);

/* Returns when all items are done; runs on the calling thread what no thread could be had for. */
void parallel_for(size_t threads, size_t n, ParallelItem item, void *ctx);

#endif
