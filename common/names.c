#include "common/names.h"

#include <string.h>

typedef enum Any { ANY } Any;
_Static_assert(sizeof(Any) == sizeof(unsigned), "an enumeration is stored as an unsigned");

bool name_parse(const char *text, const char *const *names, size_t n, void *ret)
{
    for (unsigned i = 0; text && i < n; i++) {
        if (strcmp(text, names[i]) == 0) {
            memcpy(ret, &i, sizeof i);
            return true;
        }
    }
    return false;
}
