/* knob.h -- the settings of a study that an axis or an override may change.
 *
 * Each has one full path: "architecture", "size" and "seed"; every member of training and
 * checkpoints that the study has, defaults included ("training.optimizer.adamw.lr");
 * "sizes.layers", which is the cell's own size; "options.tnl.lrpe_layer0" for every option of
 * every architecture.  People may write any ending of a path that only one knob has: "lr".
 */
#ifndef ORCHESTRATOR_SPEC_KNOB_H
#define ORCHESTRATOR_SPEC_KNOB_H

#include "common/arena.h"
#include "orchestrator/spec/validate.h"
#include "trainer/arch/arch.h"

typedef struct Knob {
    const char *path;
    const char *leaf;         /* last word of the path */
    const json_t *rule;       /* its subschema; NULL for an option */
    const ArchOption *option; /* NULL for everything else */
    bool is_group;            /* a mapping: an override may replace it, an axis may not be one */
} Knob;

typedef struct Knobs {
    const Schema *schema; /* for hints, while the study is read */
    Knob *item;
    size_t n;
} Knobs;

/* Lists the knobs of a study whose checked and filled document is `doc`. */
ErrCode knobs_read(const Schema *schema, const json_t *doc, Arena *arena, Knobs *ret, Err *err);

/* The knob that `key` means; NULL after adding a problem at `at`. */
const Knob *knobs_find(const Knobs *k, const char *key, TextPos at, Problems *problems);

/* The knob with exactly this path, or NULL. */
const Knob *knobs_at(const Knobs *k, const char *path);

/* Checks a value and converts it (as schema_check, with defaults filled); `path` names it in
 * messages.  The caller owns the result; null after a problem. */
json_t *knob_value(const Knob *k, const Schema *schema, const YamlNode *node, const char *path,
                   Problems *problems);

#endif
