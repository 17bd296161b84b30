/* names.h -- enum values and their text in the catalog. */
#ifndef CATALOG_NAMES_H
#define CATALOG_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* Sets *ret, a variable of an enumeration, to the value with names[value] = text; false when
 * there is none (NULL is never one). */
bool name_parse(const char *text, const char *const *names, size_t n, void *ret);

#endif
