/* hint.h -- the cure for what people write in a study file.
 *
 * What is known of other programs' words stands in the schema: "slaw-aliases" beside a key are
 * other names of it, "slaw-words" beside an enum are words for its values.
 */
#ifndef ORCHESTRATOR_SPEC_HINT_H
#define ORCHESTRATOR_SPEC_HINT_H

#include "common/problems.h"
#include "common/quantity.h"
#include "common/yaml.h"
#include "orchestrator/spec/schema.h"

enum { HINT_BYTES = PROBLEM_TEXT_BYTES };

/* What a check carries: one place in the schema and one in the file. */
typedef struct Check {
    const Schema *schema;
    const json_t *rule;
    const YamlNode *node;
    const char *path; /* names the node in messages */
    Problems *problems;
} Check;

/* The cure for key i of the mapping c->node, which its rule does not know. */
void hint_key(const Check *c, size_t i, char out[HINT_BYTES]);

/* Whether the unknown key is there for the key `name` of the same mapping: misspelt, under another
 * name, or a part of it. */
bool hint_key_is_for(const Check *c, const char *key, const char *name);

/* The cure for a value of the wrong type; NULL: none is known. */
const char *hint_type(const Check *c, char out[HINT_BYTES]);

/* The cure for a text that is no such quantity. */
void hint_quantity(const Check *c, QuantityUnit unit, char out[HINT_BYTES]);

/* The cure for a word that is none of the `n` of an enum; NULL: none is known. */
const char *hint_word(const Check *c, const char *const *word, size_t n, char out[HINT_BYTES]);

#endif
