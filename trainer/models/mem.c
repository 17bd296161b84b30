#include "trainer/models/mem.h"

#include <stdint.h>

enum { ALIGN = 64 }; /* what arena_alloc rounds to */

void *mem_take(Mem *mem, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX - ALIGN) {
        mem->bytes = SIZE_MAX;
        mem->is_short = true;
        return NULL;
    }
    bytes = (bytes == 0 ? ALIGN : (bytes + ALIGN - 1) / ALIGN * ALIGN);
    if (__builtin_add_overflow(mem->bytes, bytes, &mem->bytes)) {
        mem->bytes = SIZE_MAX;
    }
    if (!mem->arena) {
        return NULL;
    }
    void *p = arena_alloc(mem->arena, bytes);
    mem->is_short = mem->is_short || !p;
    return p;
}
