#include "analysis/observe/names.h"

#include <stdlib.h>
#include <string.h>

#include "common/hash.h"

enum { FIRST_SLOTS = 256 };

static size_t place_of(const Names *s, const char *name)
{
    size_t at = (size_t)hash_u64(name, strlen(name)) & (s->n_slots - 1);
    while (s->slot[at] && strcmp(s->name[s->slot[at] - 1], name) != 0) {
        at = (at + 1) & (s->n_slots - 1);
    }
    return at;
}

size_t names_find(const Names *s, const char *name)
{
    size_t at = s->n_slots ? s->slot[place_of(s, name)] : 0;
    return at ? at - 1 : NAMES_NONE;
}

/* Twice the places, at most half of them taken. */
static int grow(Names *s)
{
    size_t n_slots = s->n_slots ? 2 * s->n_slots : FIRST_SLOTS;
    size_t *slot = calloc(n_slots, sizeof *slot);
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): pointers */
    const char **name = slot ? realloc(s->name, n_slots / 2 * sizeof *name) : NULL;
    if (!name) {
        free(slot);
        return 0;
    }
    free(s->slot);
    s->name = name;
    s->slot = slot;
    s->n_slots = n_slots;
    s->cap = n_slots / 2;
    for (size_t i = 0; i < s->n; i++) {
        s->slot[place_of(s, s->name[i])] = i + 1;
    }
    return 1;
}

size_t names_add(Names *s, const char *name)
{
    if (s->n == s->cap && !grow(s)) {
        return NAMES_NONE;
    }
    size_t at = place_of(s, name);
    if (s->slot[at]) {
        return s->slot[at] - 1;
    }
    const char *copy = arena_strdup(s->arena, name);
    if (!copy) {
        return NAMES_NONE;
    }
    s->name[s->n++] = copy;
    s->slot[at] = s->n;
    return s->n - 1;
}

void names_release(Names *s)
{
    free(s->name);
    free(s->slot);
    *s = (Names){0};
}
