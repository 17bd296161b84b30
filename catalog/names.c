#include "catalog/names.h"

#include <string.h>

bool name_parse(const char *text, const char *const *names, size_t n, size_t *ret_value)
{
    for (size_t i = 0; text && i < n; i++) {
        if (strcmp(text, names[i]) == 0) {
            *ret_value = i;
            return true;
        }
    }
    return false;
}
