/* names.h -- texts numbered in the order of their first appearance. */
#ifndef ANALYSIS_OBSERVE_NAMES_H
#define ANALYSIS_OBSERVE_NAMES_H

#include <stddef.h>

#include "common/arena.h"

typedef struct Names {
    Arena *arena; /* owns the copies */
    const char **name;
    size_t n, cap;
    size_t *slot; /* hash table of number + 1; 0: free */
    size_t n_slots;
} Names;

#define NAMES_NONE ((size_t)-1)

/* The number of `name`, new or known; NAMES_NONE when memory is short. */
size_t names_add(Names *s, const char *name);
/* NAMES_NONE when it is not known. */
size_t names_find(const Names *s, const char *name);
/* Frees the table; the texts live in the arena. */
void names_release(Names *s);

#endif
