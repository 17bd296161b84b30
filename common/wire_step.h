/* wire_step.h -- the one line that workers write by the million, read without a parser.
 *
 * A `step` line in exactly the form of wire_format(), its members in the order in which
 * slaw-worker gives them, and with a sum that matches, is scanned in one pass.  Anything
 * else (another order, white space, more members, a damaged byte) is not judged here: the
 * caller gives it to wire_parse(), which says the same of every line that both accept.
 */
#ifndef COMMON_WIRE_STEP_H
#define COMMON_WIRE_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WIRE_RUN_DIGITS = 12 };

typedef struct WireStep {
    char run[WIRE_RUN_DIGITS + 1];
    int64_t seq, attempt, step, tokens;
    double loss, grad_norm, tokens_per_s; /* may be NaN or infinite */
    double lr;
} WireStep;

/* line has n bytes, without its newline.  False: not such a line; *ret is then undefined. */
bool wire_step_scan(const char *line, size_t n, WireStep *ret);

#endif
