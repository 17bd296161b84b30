#include "analysis/obs/names.h"

#include <stdlib.h>
#include <string.h>

#include "common/hash.h"

size_t names_number(Names *t, const char *name)
{
    if (t->last < t->n && strcmp(t->name[t->last], name) == 0) {
        return t->last; /* rows of a run come together */
    }
    size_t at = (size_t)hash_u64(name, strlen(name)) & t->mask;
    for (; t->slot[at]; at = (at + 1) & t->mask) {
        t->last = t->slot[at] - 1;
        if (strcmp(t->name[t->last], name) == 0) {
            return t->last;
        }
    }
    t->name[t->n] = name;
    t->last = t->n++;
    t->slot[at] = t->n;
    return t->last;
}

bool names_open(Names *t, size_t n)
{
    size_t slots = 16;
    while (slots < 2 * n) {
        slots *= 2;
    }
    *t = (Names){.mask = slots - 1};
    t->name = calloc(n + 1, sizeof *t->name);
    t->slot = calloc(slots, sizeof *t->slot);
    return t->name && t->slot;
}

void names_close(Names *t)
{
    free(t->name);
    free(t->slot);
}
