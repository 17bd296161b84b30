#include "common/grow.h"

#include <stdlib.h>

void *grow_array(void *data, size_t n, size_t *cap, size_t size, size_t first)
{
    if (n < *cap) {
        return data;
    }
    size_t more = *cap > 0 ? 2 * *cap : first;
    void *moved = reallocarray(data, more, size);
    if (moved) {
        *cap = more;
    }
    return moved;
}
