/* libraries.h -- the libraries that this program runs with, and their versions. */
#ifndef CLI_LIBRARIES_H
#define CLI_LIBRARIES_H

#include <jansson.h>

/* {"sqlite":"3.40.1","gsl","libyaml","pcre2","jansson"}: as loaded, not as compiled against.
 * NULL when memory is short. */
json_t *libraries_json(void);

#endif
