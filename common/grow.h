/* grow.h -- arrays that grow by doubling. */
#ifndef COMMON_GROW_H
#define COMMON_GROW_H

#include <stddef.h>

/* Room for one more than n elements of `size` bytes: data as it is, or moved and *cap doubled (from
 * `first`).  NULL when memory is short; data then stays as it was. */
void *grow_array(void *data, size_t n, size_t *cap, size_t size, size_t first);

#endif
