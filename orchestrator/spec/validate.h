/* validate.h -- checks a YAML tree against a JSON Schema (draft-07) and converts it.
 *
 * The part of draft-07 that is understood:
 *   type enum const  minimum maximum exclusiveMinimum exclusiveMaximum  pattern (PCRE2)
 *   items minItems maxItems  properties patternProperties additionalProperties required
 *   minProperties maxProperties  oneOf  $ref to #/definitions/...  default
 * and, for people only, $schema $id title description definitions.  Any other keyword is an
 * error when the schema is opened, so that no rule is passed over in silence.
 *
 * Three annotations of ours, which other validators ignore.  "slaw-aliases" (a list of names of a
 * key) and "slaw-words" (an object of words for the values of an enum) are what people know from
 * elsewhere, for the hints.  "slaw-quantity": "count", "bytes" or
 * "seconds" beside "type": ["number" or "integer", "string"] lets a value be written 10M, 2GiB
 * or 90min (common/quantity.h).  It becomes a number, and minimum and maximum apply to that.
 *
 * A $ref is followed whatever stands beside it; only "default" and "description" may.
 */
#ifndef ORCHESTRATOR_SPEC_VALIDATE_H
#define ORCHESTRATOR_SPEC_VALIDATE_H

#include <jansson.h>

#include "common/err.h"
#include "common/problems.h"
#include "common/yaml.h"

typedef struct Schema Schema;

/* Parses a schema.  ERR_FORMAT: not JSON, or a keyword, $ref or pattern that is not
 * understood.  *ret is the caller's. */
ErrCode schema_open(const char *text, size_t n, Schema **ret, Err *err);
void schema_close(Schema *s); /* NULL is fine */

/* The subschema of a dotted path ("training.tokens"; "" is the root) through properties,
 * patternProperties and $ref; NULL when there is none. */
const json_t *schema_at(const Schema *s, const char *path);

/* A subschema of "definitions"; NULL when there is none. */
const json_t *schema_definition(const Schema *s, const char *name);

/* Checks `node` against `rule` (a subschema of s); every problem is added, `path` names the
 * node in messages.  Returns the value with units expanded: integers where the schema says
 * integer, reals for other numbers.  A part that has a problem is null in it.  NULL only
 * when memory is short (then problems->is_short). */
json_t *schema_check(const Schema *s, const json_t *rule, const YamlNode *node, const char *path,
                     Problems *problems);

/* Adds every default that the schema declares and the value leaves out, inside and out. */
void schema_fill(const Schema *s, const json_t *rule, json_t *value);

/* The schema of study files, embedded from schemas/study.schema.json. */
extern const char study_schema_text[];
extern const size_t study_schema_text_bytes;

#endif
