/* keep.h -- checkpoints.keep, the retention rule: what stays on disk of a run that is done.
 *
 *   all       the weights of every checkpoint, and the newest two states
 *   weights   the weights of every checkpoint (the default)
 *   last: k   the weights of the newest k checkpoints; "last" alone is one
 *   none      no weights
 *
 * Losses always stay: in the catalog, in the events and in every manifest.json.  Of a run that is
 * not done everything stays.
 */
#ifndef CATALOG_KEEP_H
#define CATALOG_KEEP_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

enum { KEEP_TEXT_BYTES = 32 };

typedef struct Keep {
    int64_t weights; /* of so many of the newest checkpoints; INT64_MAX: of all */
    bool states;     /* the newest two */
} Keep;

/* "all", "weights", "last", "last: 3" (also last:3, last=3) or "none".  ERR_USAGE. */
ErrCode keep_parse(const char *text, Keep *ret, Err *err);

/* As it stands in a configuration: one of these words, {"last": 3}, or NULL (the default).
 * ERR_FORMAT. */
ErrCode keep_from_json(const json_t *v, Keep *ret, Err *err);

/* The rule in words, "last: 3", into out; returns out. */
const char *keep_text(Keep k, char out[KEEP_TEXT_BYTES]);

#endif
