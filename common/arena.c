#include "common/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGN = 64, SMALL_ALIGN = 16, MIN_BLOCK = 1 << 16 };

struct ArenaBlock {
    ArenaBlock *next;
    size_t size_bytes; /* of data */
    size_t used_bytes;
    unsigned char *data; /* ALIGN-aligned, inside the same allocation */
};

static size_t round_up(size_t n)
{
    return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

/* Fewer faults for what will be touched in a moment, where the kernel grants them. */
static void use_large_pages(unsigned char *raw, size_t bytes)
{
    enum { LARGE = 2 << 20 };
    uintptr_t from = ((uintptr_t)raw + LARGE - 1) & ~(uintptr_t)(LARGE - 1);
    uintptr_t to = ((uintptr_t)raw + bytes) & ~(uintptr_t)(LARGE - 1);
    if (to > from) {
        (void)madvise(raw + (from - (uintptr_t)raw), to - from, MADV_HUGEPAGE);
    }
}

static ArenaBlock *block_new(size_t bytes)
{
    size_t header = round_up(sizeof(ArenaBlock));
    if (bytes > SIZE_MAX - header - ALIGN) {
        return NULL;
    }
    unsigned char *raw = aligned_alloc(ALIGN, round_up(header + bytes));
    if (!raw) {
        return NULL;
    }
    use_large_pages(raw, header + bytes);
    ArenaBlock *b = (ArenaBlock *)(void *)raw;
    *b = (ArenaBlock){.size_bytes = bytes, .data = raw + header};
    memset(b->data, 0, bytes);
    return b;
}

bool arena_reserve(Arena *a, size_t bytes)
{
    if (a->is_sealed) {
        return false;
    }
    if (a->head && a->head->size_bytes - a->head->used_bytes >= bytes) {
        return true;
    }
    ArenaBlock *b = block_new(bytes < MIN_BLOCK ? MIN_BLOCK : round_up(bytes));
    if (!b) {
        return false;
    }
    b->next = a->head;
    a->head = b;
    return true;
}

/* align: a power of two up to ALIGN. */
static void *take(Arena *a, size_t bytes, size_t align)
{
    if (bytes > SIZE_MAX - (size_t)2 * ALIGN || a->is_sealed) {
        return NULL;
    }
    size_t need = ((bytes ? bytes : 1) + align - 1) & ~(align - 1);
    size_t gap = a->head ? -a->head->used_bytes & (align - 1) : 0;
    if (!arena_reserve(a, gap + need)) {
        return NULL;
    }
    gap = -a->head->used_bytes & (align - 1);
    void *p = a->head->data + a->head->used_bytes + gap;
    a->head->used_bytes += gap + need;
    a->used_bytes += gap + need;
    return p;
}

void *arena_alloc(Arena *a, size_t bytes)
{
    return take(a, bytes, ALIGN);
}

void *arena_small(Arena *a, size_t bytes)
{
    return take(a, bytes, SMALL_ALIGN);
}

void *arena_array(Arena *a, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes)) {
        return NULL;
    }
    return arena_alloc(a, bytes);
}

char *arena_strdup(Arena *a, const char *s)
{
    if (!s) {
        return NULL;
    }
    size_t n = strlen(s) + 1;
    char *p = arena_alloc(a, n);
    if (p) {
        memcpy(p, s, n);
    }
    return p;
}

char *arena_printf(Arena *a, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *p = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
    if (p) {
        (void)vsnprintf(p, (size_t)n + 1, fmt, again);
    }
    va_end(again);
    return p;
}

void arena_seal(Arena *a)
{
    a->is_sealed = true;
}

void arena_release(Arena *a)
{
    for (ArenaBlock *b = a->head; b;) {
        ArenaBlock *next = b->next;
        free(b);
        b = next;
    }
    *a = ARENA_INIT;
}
