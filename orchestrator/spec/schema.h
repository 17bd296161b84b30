/* schema.h -- the inside of a Schema, for validate.c. */
#ifndef ORCHESTRATOR_SPEC_SCHEMA_H
#define ORCHESTRATOR_SPEC_SCHEMA_H

#include "orchestrator/spec/validate.h"

/* `rule` with its $ref followed; NULL when that leads nowhere. */
const json_t *schema_follow(const Schema *s, const json_t *rule);

/* The rule for a member of an object: from properties, patternProperties or
 * additionalProperties; NULL when there is none. */
const json_t *schema_member(const Schema *s, const json_t *rule, const char *key);

/* Whether a pattern of the schema matches somewhere in the text. */
bool schema_matches(const Schema *s, const char *pattern, const char *text);

#endif
