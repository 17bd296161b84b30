/* mem.h -- a model's memory, laid out by running the same code twice.
 *
 * The first time Mem only counts and hands out NULL; the second time it hands out
 * pieces of the arena that was reserved from the count.  Layout code may therefore
 * store the pointers but not follow them.
 */
#ifndef TRAINER_MODELS_MEM_H
#define TRAINER_MODELS_MEM_H

#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "trainer/core/real.h"

typedef struct Mem {
    Arena *arena;  /* NULL: count only */
    size_t bytes;  /* counted; SIZE_MAX once it overflowed */
    bool is_short; /* the arena had too little */
} Mem;

/* n elements of `size` bytes, zeroed, 64-byte aligned. */
void *mem_take(Mem *mem, size_t n, size_t size);

static inline Real *mem_reals(Mem *mem, size_t n)
{
    return mem_take(mem, n, sizeof(Real));
}

static inline double *mem_doubles(Mem *mem, size_t n)
{
    return mem_take(mem, n, sizeof(double));
}

#endif
