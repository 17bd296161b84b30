/* names.h -- different texts numbered in the order they came. */
#ifndef ANALYSIS_OBS_NAMES_H
#define ANALYSIS_OBS_NAMES_H

#include <stdbool.h>
#include <stddef.h>

typedef struct Names {
    const char **name; /* [n], borrowed */
    size_t n, last;
    size_t *slot, mask; /* hash table of 1 + number; 0: free */
} Names;

/* Room for n texts; false when memory is short.  names_close() releases it either way. */
bool names_open(Names *t, size_t n);
void names_close(Names *t);

/* The number of a text, which must live as long as the table; a new one is put at the end. */
size_t names_number(Names *t, const char *name);

#endif
