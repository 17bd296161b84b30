/* schema.h -- the inside of a Schema, for validate.c. */
#ifndef ORCHESTRATOR_SPEC_SCHEMA_H
#define ORCHESTRATOR_SPEC_SCHEMA_H

#include "orchestrator/spec/validate.h"

/* `rule` with its $ref followed; NULL when that leads nowhere. */
const json_t *schema_follow(const Schema *s, const json_t *rule);

/* The rule for a member of an object: from properties, patternProperties or
 * additionalProperties; NULL when there is none. */
const json_t *schema_member(const Schema *s, const json_t *rule, const char *key);

/* Whether the rule's "type" is or lists this one. */
bool schema_has_type(const json_t *rule, const char *type);

/* Equal but for case, dashes and underscores. */
bool schema_is_same_word(const char *a, const char *b);

/* Whether `word` is the key's name or one of its "slaw-aliases"; `rule` with its $ref. */
bool schema_is_called(const json_t *rule, const char *name, const char *word);

enum { SCHEMA_PATH_BYTES = 96 };

/* A key of the schema. */
typedef struct SchemaKey {
    char parent[SCHEMA_PATH_BYTES]; /* path of its mapping; NAME stands for a name of the user's */
    const char *name;
    const json_t *rule; /* with its $ref */
} SchemaKey;

/* All keys that are called `word`, at most `max`, those of this very name alone if there are any;
 * returns how many. */
size_t schema_keys(const Schema *s, const char *word, SchemaKey *out, size_t max);

/* Whether a pattern of the schema matches somewhere in the text. */
bool schema_matches(const Schema *s, const char *pattern, const char *text);

#endif
