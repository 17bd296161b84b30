/* names.h -- enum values and their text in the catalog. */
#ifndef CATALOG_NAMES_H
#define CATALOG_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* names[value]; false when none equals text (NULL never does). */
bool name_parse(const char *text, const char *const *names, size_t n, size_t *ret_value);

#endif
