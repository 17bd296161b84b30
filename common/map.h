/* map.h -- keys, each a string of bytes, numbered from 0 in the order they came, each with a value.
 *
 * A hash table with open addressing, at most half full.  What belongs to a key lies in the caller's
 * own array under the key's number, or is the pointer map_set() leaves with it.  Keys are never taken
 * out.  The first failed growth sticks (`is_short`), as in a Buf: map_ok() is the one check.
 */
#ifndef COMMON_MAP_H
#define COMMON_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"

#define MAP_NONE ((size_t)-1)

typedef struct MapEntry {
    const void *key;
    void *value; /* NULL until map_set() */
    uint32_t n_bytes, hash;
} MapEntry;

typedef struct Map {
    Arena *keep;     /* keeps copies of the keys; NULL: the caller's keys outlive the map */
    MapEntry *entry; /* [n] */
    size_t n, room;
    uint32_t *slot; /* [n_slots] 1 + a number; 0: free */
    size_t n_slots; /* 0, or a power of two */
    bool is_short;  /* memory was */
} Map;

/* An empty map.  Copies in an arena end with a NUL, so that map_text() is right for texts. */
#define MAP_INIT(arena_of_keys) ((Map){.keep = (arena_of_keys)})

/* Room for n keys at once, for who knows how many will come. */
void map_reserve(Map *m, size_t n);

/* The number of a key, which is put at the end when it is new (m->n has grown then).  MAP_NONE: memory
 * is short. */
size_t map_add(Map *m, const void *key, size_t n_bytes);
size_t map_add_text(Map *m, const char *key);

/* MAP_NONE when there is no such key. */
size_t map_find(const Map *m, const void *key, size_t n_bytes);
size_t map_find_text(const Map *m, const char *key);

/* Key number i, of a map of texts. */
const char *map_text(const Map *m, size_t i);

/* The pointer that belongs to a key; NULL too when there is no such key.  Nothing is set of a key that
 * was lost (MAP_NONE). */
void map_set(Map *m, size_t i, void *value);
void *map_get(const Map *m, const void *key, size_t n_bytes);
void *map_get_text(const Map *m, const char *key);

/* ERR_NOMEM, naming `what`, when a key was lost. */
ErrCode map_ok(const Map *m, const char *what, Err *err);

/* Frees the table; copies of keys live as long as their arena.  The map is empty then. */
void map_release(Map *m);

#endif
