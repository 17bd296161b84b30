/* span.h -- a borrowed run of bytes, for contents that lie in pieces. */
#ifndef COMMON_SPAN_H
#define COMMON_SPAN_H

#include <stddef.h>

typedef struct Span {
    const void *bytes; /* [n]; may be NULL when n is 0 */
    size_t n;
} Span;

#endif
