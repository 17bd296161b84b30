/* arena.h -- bump allocator: many allocations, one release.
 *
 * Memory comes zeroed and 64-byte aligned from a list of blocks.  The trainer
 * makes one block of the size it computed beforehand and seals the arena before
 * step 0: an allocation from a sealed arena returns NULL, so a test can assert
 * that no training step allocates.  The orchestrator uses one arena a command
 * for strings and small tables.  Not thread-safe.
 */
#ifndef COMMON_ARENA_H
#define COMMON_ARENA_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ArenaBlock ArenaBlock;

typedef struct Arena {
    ArenaBlock *head; /* newest block */
    size_t used_bytes;
    bool is_sealed;
} Arena;

#define ARENA_INIT ((Arena){0})

/* Makes sure the next allocations up to `bytes` in all come from one block.
 * False when memory is short. */
bool arena_reserve(Arena *a, size_t bytes);

/* Zeroed, 64-byte aligned; NULL when memory is short or the arena is sealed. */
void *arena_alloc(Arena *a, size_t bytes);

/* The same, 16-byte aligned: for millions of small pieces. */
void *arena_small(Arena *a, size_t bytes);

/* n * size bytes, or NULL also when the product overflows. */
void *arena_array(Arena *a, size_t n, size_t size);

/* Copies of strings; NULL as above.  `s` may be NULL in arena_strdup (gives NULL). */
char *arena_strdup(Arena *a, const char *s);
char *arena_printf(Arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void arena_seal(Arena *a);

/* Frees every block; the arena is empty and usable again. */
void arena_release(Arena *a);

#endif
