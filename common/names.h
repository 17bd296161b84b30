/* names.h -- values of enumerations and their text. */
#ifndef COMMON_NAMES_H
#define COMMON_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* Sets *ret, a variable of an enumeration, to the value with names[value] = text; false when
 * there is none (NULL is never one). */
bool name_parse(const char *text, const char *const *names, size_t n, void *ret);

#endif
