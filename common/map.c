#include "common/map.h"

#include <stdlib.h>
#include <string.h>

#include "common/hash.h"

enum { FIRST_ROOM = 32 };
#define MOST_KEYS ((size_t)1 << 30)

/* Where the key is, or the free place where it belongs. */
static uint32_t *place_of(const Map *m, const void *key, size_t n_bytes, uint32_t hash)
{
    size_t at = hash & (m->n_slots - 1);
    for (; m->slot[at]; at = (at + 1) & (m->n_slots - 1)) {
        const MapEntry *e = &m->entry[m->slot[at] - 1];
        if (e->hash == hash && e->n_bytes == n_bytes && memcmp(e->key, key, n_bytes) == 0) {
            break;
        }
    }
    return &m->slot[at];
}

/* Keys are different, so that a free place is all that is looked for. */
static void place_again(Map *m)
{
    for (size_t i = 0; i < m->n; i++) {
        size_t at = m->entry[i].hash & (m->n_slots - 1);
        while (m->slot[at]) {
            at = (at + 1) & (m->n_slots - 1);
        }
        m->slot[at] = (uint32_t)(i + 1);
    }
}

void map_reserve(Map *m, size_t n)
{
    size_t n_slots = (size_t)2 * FIRST_ROOM;
    if (n <= m->room) {
        return;
    }
    while (n_slots < 2 * n && n_slots <= 2 * MOST_KEYS) {
        n_slots *= 2;
    }
    uint32_t *slot = n <= MOST_KEYS ? calloc(n_slots, sizeof *slot) : NULL;
    MapEntry *entry = slot ? reallocarray(m->entry, n_slots / 2, sizeof *entry) : NULL;
    if (!entry) {
        free(slot);
        m->is_short = true;
        return;
    }
    free(m->slot);
    m->entry = entry;
    m->slot = slot;
    m->n_slots = n_slots;
    m->room = n_slots / 2;
    place_again(m);
}

static const void *kept(Map *m, const void *key, size_t n_bytes)
{
    char *copy = m->keep ? arena_alloc(m->keep, n_bytes + 1) : NULL;
    if (copy && n_bytes) {
        memcpy(copy, key, n_bytes);
    }
    return m->keep ? copy : key;
}

size_t map_add(Map *m, const void *key, size_t n_bytes)
{
    uint32_t hash = (uint32_t)hash_u64(key, n_bytes);
    if (m->n == m->room) {
        map_reserve(m, m->room ? 2 * m->room : FIRST_ROOM);
    }
    if (m->n == m->room || n_bytes >= UINT32_MAX) {
        m->is_short = true;
        return MAP_NONE;
    }
    uint32_t *place = place_of(m, key, n_bytes, hash);
    if (*place) {
        return *place - 1;
    }
    const void *own = kept(m, key, n_bytes);
    if (!own) {
        m->is_short = true;
        return MAP_NONE;
    }
    m->entry[m->n++] = (MapEntry){.key = own, .n_bytes = (uint32_t)n_bytes, .hash = hash};
    *place = (uint32_t)m->n;
    return m->n - 1;
}

size_t map_add_text(Map *m, const char *key)
{
    return map_add(m, key, strlen(key));
}

size_t map_find(const Map *m, const void *key, size_t n_bytes)
{
    if (m->n == 0) {
        return MAP_NONE;
    }
    uint32_t at = *place_of(m, key, n_bytes, (uint32_t)hash_u64(key, n_bytes));
    return at ? at - 1 : MAP_NONE;
}

size_t map_find_text(const Map *m, const char *key)
{
    return map_find(m, key, strlen(key));
}

const char *map_text(const Map *m, size_t i)
{
    return m->entry[i].key;
}

void map_set(Map *m, size_t i, void *value)
{
    if (i != MAP_NONE) {
        m->entry[i].value = value;
    }
}

void *map_get(const Map *m, const void *key, size_t n_bytes)
{
    size_t i = map_find(m, key, n_bytes);
    return i == MAP_NONE ? NULL : m->entry[i].value;
}

void *map_get_text(const Map *m, const char *key)
{
    return map_get(m, key, strlen(key));
}

ErrCode map_ok(const Map *m, const char *what, Err *err)
{
    return m->is_short ? err_nomem(err, what) : ERR_OK;
}

void map_release(Map *m)
{
    free(m->entry);
    free(m->slot);
    *m = MAP_INIT(m->keep);
}
