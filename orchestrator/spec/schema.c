#define PCRE2_CODE_UNIT_WIDTH 8
#include "orchestrator/spec/schema.h"

#include <ctype.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"

enum { MAX_PATTERNS = 32, WORD_BYTES = 200 };

typedef struct Pattern {
    const char *text; /* of the schema's own string */
    pcre2_code *code;
} Pattern;

struct Schema {
    json_t *root;
    Pattern pattern[MAX_PATTERNS];
    size_t n_patterns;
    pcre2_match_data *match;
};

/* ---- opening --------------------------------------------------------------------------- */

static ErrCode add_pattern(Schema *s, const char *text, Err *err)
{
    for (size_t i = 0; i < s->n_patterns; i++) {
        if (strcmp(s->pattern[i].text, text) == 0) {
            return ERR_OK;
        }
    }
    if (s->n_patterns == MAX_PATTERNS) {
        return err_set(err, ERR_FORMAT, "the schema has more than %d patterns", MAX_PATTERNS);
    }
    int code = 0;
    PCRE2_SIZE at = 0;
    pcre2_code *re = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
                                   PCRE2_UTF | PCRE2_DOLLAR_ENDONLY, &code, &at, NULL);
    if (!re) {
        return err_set(err, ERR_FORMAT, "the schema's pattern \"%s\" is wrong at %zu", text, at);
    }
    s->pattern[s->n_patterns++] = (Pattern){text, re};
    return ERR_OK;
}

bool schema_matches(const Schema *s, const char *pattern, const char *text)
{
    for (size_t i = 0; i < s->n_patterns; i++) {
        if (strcmp(s->pattern[i].text, pattern) == 0) {
            return pcre2_match(s->pattern[i].code, (PCRE2_SPTR)text, strlen(text), 0, 0, s->match,
                               NULL) >= 0;
        }
    }
    return false;
}

const json_t *schema_follow(const Schema *s, const json_t *rule)
{
    static const char prefix[] = "#/definitions/";
    for (int i = 0; rule && i < 8; i++) {
        const char *ref = json_string_value(json_object_get(rule, "$ref"));
        if (!ref) {
            return rule;
        }
        rule =
            strncmp(ref, prefix, sizeof prefix - 1) == 0
                ? json_object_get(json_object_get(s->root, "definitions"), ref + sizeof prefix - 1)
                : NULL;
    }
    return NULL;
}

/* Keywords, and what their value holds: further schemas or not. */
typedef enum Holds { HOLDS_PLAIN, HOLDS_SCHEMA, HOLDS_NAMED_SCHEMAS, HOLDS_SCHEMA_LIST } Holds;

static const struct {
    const char *name;
    Holds holds;
} keyword[] = {
    {"type", HOLDS_PLAIN},
    {"enum", HOLDS_PLAIN},
    {"const", HOLDS_PLAIN},
    {"minimum", HOLDS_PLAIN},
    {"maximum", HOLDS_PLAIN},
    {"exclusiveMinimum", HOLDS_PLAIN},
    {"exclusiveMaximum", HOLDS_PLAIN},
    {"pattern", HOLDS_PLAIN},
    {"items", HOLDS_SCHEMA},
    {"minItems", HOLDS_PLAIN},
    {"maxItems", HOLDS_PLAIN},
    {"properties", HOLDS_NAMED_SCHEMAS},
    {"patternProperties", HOLDS_NAMED_SCHEMAS},
    {"additionalProperties", HOLDS_SCHEMA},
    {"required", HOLDS_PLAIN},
    {"minProperties", HOLDS_PLAIN},
    {"maxProperties", HOLDS_PLAIN},
    {"oneOf", HOLDS_SCHEMA_LIST},
    {"default", HOLDS_PLAIN},
    {"slaw-quantity", HOLDS_PLAIN},
    {"slaw-aliases", HOLDS_PLAIN},
    {"slaw-words", HOLDS_PLAIN},
    {"$ref", HOLDS_PLAIN},
    {"$schema", HOLDS_PLAIN},
    {"$id", HOLDS_PLAIN},
    {"title", HOLDS_PLAIN},
    {"description", HOLDS_PLAIN},
    {"definitions", HOLDS_NAMED_SCHEMAS},
};

static ErrCode prepare(Schema *s, const json_t *rule, Err *err);

static ErrCode prepare_keyword(Schema *s, const char *name, const json_t *value, Err *err)
{
    size_t k = 0;
    while (k < sizeof keyword / sizeof keyword[0] && strcmp(keyword[k].name, name) != 0) {
        k++;
    }
    if (k == sizeof keyword / sizeof keyword[0]) {
        return err_set(err, ERR_FORMAT, "the schema uses \"%s\", which is not understood", name);
    }
    ErrCode rc = ERR_OK;
    if (strcmp(name, "pattern") == 0) {
        rc = add_pattern(s, json_string_value(value), err);
    } else if (keyword[k].holds == HOLDS_SCHEMA && json_is_object(value)) {
        rc = prepare(s, value, err);
    } else if (keyword[k].holds == HOLDS_SCHEMA_LIST) {
        for (size_t i = 0; rc == ERR_OK && i < json_array_size(value); i++) {
            rc = prepare(s, json_array_get(value, i), err);
        }
    } else if (keyword[k].holds == HOLDS_NAMED_SCHEMAS) {
        const char *key;
        json_t *child;
        json_object_foreach(json_for_iteration(value), key, child)
        {
            if (rc == ERR_OK && strcmp(name, "patternProperties") == 0) {
                rc = add_pattern(s, key, err);
            }
            rc = rc == ERR_OK ? prepare(s, child, err) : rc;
        }
    }
    return rc;
}

/* Refuses keywords that are not understood and compiles the patterns. */
static ErrCode prepare(Schema *s, const json_t *rule, Err *err)
{
    if (!json_is_object(rule)) {
        return err_set(err, ERR_FORMAT, "a schema must be an object");
    }
    if (!schema_follow(s, rule)) {
        return err_set(err, ERR_FORMAT, "the schema's $ref \"%s\" leads nowhere",
                       json_string_value(json_object_get(rule, "$ref")));
    }
    const char *name;
    json_t *value;
    json_object_foreach(json_for_iteration(rule), name, value)
    {
        ErrCode rc = prepare_keyword(s, name, value, err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return ERR_OK;
}

ErrCode schema_open(const char *text, size_t n, Schema **ret, Err *err)
{
    json_error_t why;
    Schema *s = calloc(1, sizeof *s);
    if (!s) {
        return err_nomem(err, "the schema");
    }
    ErrCode rc = ERR_OK;
    s->root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &why);
    s->match = pcre2_match_data_create(1, NULL);
    if (!s->root) {
        rc = err_set(err, ERR_FORMAT, "the schema: %d:%d: %s", why.line, why.column, why.text);
    } else if (!s->match) {
        rc = err_nomem(err, "the schema");
    } else {
        rc = prepare(s, s->root, err);
    }
    if (rc == ERR_OK) {
        *ret = s;
    } else {
        schema_close(s);
    }
    return rc;
}

void schema_close(Schema *s)
{
    if (!s) {
        return;
    }
    for (size_t i = 0; i < s->n_patterns; i++) {
        pcre2_code_free(s->pattern[i].code);
    }
    pcre2_match_data_free(s->match);
    json_decref(s->root);
    free(s);
}

/* ---- finding ---------------------------------------------------------------------------- */

const json_t *schema_member(const Schema *s, const json_t *rule, const char *key)
{
    const json_t *child = json_object_get(json_object_get(rule, "properties"), key);
    if (child) {
        return child;
    }
    const char *pattern;
    json_t *named;
    json_object_foreach(json_object_get(rule, "patternProperties"), pattern, named)
    {
        if (schema_matches(s, pattern, key)) {
            return named;
        }
    }
    child = json_object_get(rule, "additionalProperties");
    return json_is_object(child) ? child : NULL;
}

const json_t *schema_definition(const Schema *s, const char *name)
{
    return json_object_get(json_object_get(s->root, "definitions"), name);
}

const json_t *schema_at(const Schema *s, const char *path)
{
    const json_t *rule = schema_follow(s, s->root);
    while (rule && *path) {
        char word[WORD_BYTES];
        size_t n = strcspn(path, ".");
        if (n >= sizeof word) {
            return NULL;
        }
        memcpy(word, path, n);
        word[n] = '\0';
        path += n + (path[n] == '.');
        rule = schema_follow(s, schema_member(s, rule, word));
    }
    return rule;
}

bool schema_has_type(const json_t *rule, const char *type)
{
    const json_t *t = json_object_get(rule, "type");
    const char *one = json_string_value(t);
    bool has = one && strcmp(one, type) == 0;
    for (size_t i = 0; i < json_array_size(t); i++) {
        has = has || strcmp(json_string_value(json_array_get(t, i)), type) == 0;
    }
    return has;
}

/* ---- names ------------------------------------------------------------------------------ */

static const char *skip_dashes(const char *p)
{
    return p + strspn(p, "-_");
}

bool schema_is_same_word(const char *a, const char *b)
{
    a = skip_dashes(a);
    b = skip_dashes(b);
    while (*a && tolower((unsigned char)*a) == tolower((unsigned char)*b)) {
        a = skip_dashes(a + 1);
        b = skip_dashes(b + 1);
    }
    return *a == '\0' && *b == '\0';
}

bool schema_is_called(const json_t *rule, const char *name, const char *word)
{
    const json_t *aliases = json_object_get(rule, "slaw-aliases");
    bool is = schema_is_same_word(name, word);
    for (size_t i = 0; i < json_array_size(aliases); i++) {
        is = is || schema_is_same_word(json_string_value(json_array_get(aliases, i)), word);
    }
    return is;
}

typedef struct KeySearch {
    const Schema *schema;
    const char *word;
    SchemaKey *out;
    size_t n, max;
} KeySearch;

static void find_keys(KeySearch *k, const json_t *rule, const char *path);

static void find_keys_below(KeySearch *k, const json_t *rule, const char *path, const char *name)
{
    char child[SCHEMA_PATH_BYTES];
    int n = snprintf(child, sizeof child, "%s%s%s", path, path[0] ? "." : "", name);
    if (n > 0 && (size_t)n < sizeof child) {
        find_keys(k, rule, child);
    }
}

static void find_keys(KeySearch *k, const json_t *rule, const char *path)
{
    const char *name;
    json_t *child;
    const json_t *branches;
    rule = schema_follow(k->schema, rule);
    json_object_foreach(json_object_get(rule, "properties"), name, child)
    {
        if (k->n < k->max && schema_is_called(child, name, k->word)) {
            SchemaKey *found = &k->out[k->n++];
            *found = (SchemaKey){.name = name, .rule = child};
            (void)snprintf(found->parent, sizeof found->parent, "%s", path);
        }
        find_keys_below(k, child, path, name);
    }
    json_object_foreach(json_object_get(rule, "patternProperties"), name, child)
    {
        find_keys_below(k, child, path, "NAME");
    }
    branches = json_object_get(rule, "oneOf");
    for (size_t i = 0; i < json_array_size(branches); i++) {
        find_keys(k, json_array_get(branches, i), path);
    }
}

size_t schema_keys(const Schema *s, const char *word, SchemaKey *out, size_t max)
{
    KeySearch k = {.schema = s, .word = word, .out = out, .max = max};
    size_t n_same = 0;
    find_keys(&k, s->root, "");
    for (size_t i = 0; i < k.n; i++) {
        if (schema_is_same_word(out[i].name, word)) {
            out[n_same++] = out[i];
        }
    }
    return n_same ? n_same : k.n;
}

/* ---- defaults ------------------------------------------------------------------------------- */

void schema_fill(const Schema *s, const json_t *rule, json_t *value)
{
    rule = schema_follow(s, rule);
    if (json_is_array(value)) {
        const json_t *items = json_object_get(rule, "items");
        for (size_t i = 0; items && i < json_array_size(value); i++) {
            schema_fill(s, items, json_array_get(value, i));
        }
        return;
    }
    if (!json_is_object(value)) {
        return;
    }
    const char *key;
    json_t *child;
    json_object_foreach(json_object_get(rule, "properties"), key, child)
    {
        const json_t *preset = json_object_get(child, "default");
        if (preset && !json_object_get(value, key)) {
            (void)json_object_set_new(value, key, json_deep_copy(preset));
        }
    }
    json_object_foreach(value, key, child)
    {
        const json_t *inner = schema_member(s, rule, key);
        if (inner) {
            schema_fill(s, inner, child);
        }
    }
}
