#include "orchestrator/spec/hint.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/yaml_scalar.h"

enum { MAX_FOUND = 8, MAX_WORDS = 64, LIST_BYTES = 160 };

static void add_text(char out[HINT_BYTES], const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void add_text(char out[HINT_BYTES], const char *fmt, ...)
{
    size_t used = strlen(out);
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(out + used, HINT_BYTES - used, fmt, ap);
    va_end(ap);
}

/* ": what the schema says of it" */
static void add_description(const Schema *s, const json_t *rule, char out[HINT_BYTES])
{
    const json_t *own = json_object_get(rule, "description");
    own = own ? own : json_object_get(schema_follow(s, rule), "description");
    if (own) {
        add_text(out, ": %s", json_string_value(own));
    }
}

/* ---- keys ---------------------------------------------------------------------------------- */

/* The key of this mapping that is meant by `word`; NULL: none. */
static const char *key_here(const Check *c, const char *word, const json_t **ret_rule)
{
    const char *name;
    json_t *rule;
    json_object_foreach(json_object_get(c->rule, "properties"), name, rule)
    {
        if (schema_is_called(rule, name, word)) {
            *ret_rule = rule;
            return name;
        }
    }
    return NULL;
}

static bool is_group(const YamlNode *map, size_t i)
{
    const char *key = map->key[i]->text;
    return strlen(key) == 3 && strspn(key, "0123456789") == 3 && map->item[i]->kind == NODE_NULL;
}

/* "10,000" inside braces is 10 and a key 000. */
static bool hint_thousands(const YamlNode *map, size_t i, char out[HINT_BYTES])
{
    if (!is_group(map, i) || i == 0 || map->item[i - 1]->kind != NODE_INTEGER) {
        return false;
    }
    add_text(out, "a number has no commas: write %.40s", map->item[i - 1]->text);
    for (; i < map->n && is_group(map, i); i++) {
        add_text(out, "%s", map->key[i]->text);
    }
    return true;
}

/* Keys of other places of the file. */
static bool hint_elsewhere(const Check *c, const char *key, char out[HINT_BYTES])
{
    SchemaKey found[MAX_FOUND];
    size_t n = schema_keys(c->schema, key, found, MAX_FOUND);
    bool is_name = n > 0 && schema_is_same_word(found[0].name, key);
    const char *parent = n > 0 ? found[0].parent : "";
    if (n == 1) {
        const char *under = parent[0] ? "under " : "at the top of the file";
        if (is_name) {
            add_text(out, "it belongs %s%s", under, parent);
        } else {
            add_text(out, "here that is %s, %s%s", found[0].name, under, parent);
        }
        add_description(c->schema, found[0].rule, out);
    }
    for (size_t i = 0; n > 1 && i < n; i++) {
        add_text(out, "%s%s%s%s", i ? ", " : "here that is one of ", found[i].parent,
                 found[i].parent[0] ? "." : "", found[i].name);
    }
    return n > 0;
}

/* The keys of the mapping whose names the schema has. */
static size_t keys_here(const Check *c, const char *word[MAX_WORDS])
{
    const char *name;
    size_t n = 0;
    json_t *rule;
    json_object_foreach(json_object_get(c->rule, "properties"), name, rule)
    {
        if (n < MAX_WORDS) {
            word[n++] = name;
        }
    }
    return n;
}

/* What can be said by the look of the key alone. */
static bool hint_spelling(const Check *c, size_t i, char out[HINT_BYTES])
{
    const char *key = c->node->key[i]->text;
    char head[HINT_BYTES / 4];
    size_t n = strcspn(key, ":");
    (void)snprintf(head, sizeof head, "%.*s", (int)n, key);
    if (hint_thousands(c->node, i, out)) {
        return true;
    }
    if (strcmp(key, "<<") == 0) {
        add_text(out, "write the keys out, or use an override");
    } else if (key[n] == ':' && schema_member(c->schema, c->rule, head)) {
        add_text(out, "put a space behind the colon: %s: %.60s", head, key + n + 1);
    } else if (!c->path[0] && strchr(key, '.') && schema_at(c->schema, key)) {
        add_text(out, "paths with dots are for matrix and overrides; here %.*s is a mapping",
                 (int)strcspn(key, "."), key);
    }
    return out[0] != '\0';
}

void hint_key(const Check *c, size_t i, char out[HINT_BYTES])
{
    const char *key = c->node->key[i]->text, *word[MAX_WORDS];
    const json_t *rule = NULL;
    size_t n = keys_here(c, word);
    const char *here = key_here(c, key, &rule);
    out[0] = '\0';
    if (hint_spelling(c, i, out)) {
        return;
    }
    if (here && schema_is_same_word(here, key)) {
        add_text(out, "did you mean \"%s\"?", here);
    } else if (here) {
        add_text(out, "here that is %s", here);
        add_description(c->schema, rule, out);
    } else if (!hint_elsewhere(c, key, out)) {
        const char *near = nearest_name(key, word, n);
        if (near) {
            add_text(out, "did you mean \"%s\"?", near);
        } else if (n == 0) {
            add_text(out, "letters, digits, dots, dashes and underscores; a letter or digit first");
        }
        for (size_t k = 0; !near && k < n; k++) {
            add_text(out, "%s%s", k ? ", " : "the keys here are ", word[k]);
        }
    }
}

bool hint_key_is_for(const Check *c, const char *key, const char *name)
{
    SchemaKey found[MAX_FOUND];
    const json_t *rule = NULL;
    const char *here = key_here(c, key, &rule);
    if (nearest_name(key, &name, 1) || (here && strcmp(here, name) == 0)) {
        return true;
    }
    size_t n = here ? 0 : schema_keys(c->schema, key, found, MAX_FOUND), n_path = strlen(c->path);
    for (size_t i = 0; i < n; i++) {
        const char *rest = found[i].parent + n_path + (n_path > 0);
        size_t n_rest = strlen(name);
        if (strncmp(found[i].parent, c->path, n_path) == 0 && strlen(found[i].parent) > n_path &&
            strncmp(rest, name, n_rest) == 0 && (rest[n_rest] == '.' || rest[n_rest] == '\0')) {
            return true;
        }
    }
    return false;
}

/* ---- values -------------------------------------------------------------------------------- */

/* "[1e-3, 3e-3]"; false when an item is no scalar. */
static bool list_text(const YamlNode *n, char out[LIST_BYTES])
{
    size_t used = (size_t)snprintf(out, LIST_BYTES, "[");
    for (size_t i = 0; i < n->n; i++) {
        const YamlNode *item = n->item[i];
        if (item->kind == NODE_LIST || item->kind == NODE_MAP || item->kind == NODE_NULL) {
            return false;
        }
        bool fits = used + strlen(item->text) + 8 < LIST_BYTES;
        used += (size_t)snprintf(out + used, LIST_BYTES - used, "%s%s", i ? ", " : "",
                                 fits ? item->text : "...");
        if (!fits) {
            break;
        }
    }
    (void)snprintf(out + used, LIST_BYTES - used, "]");
    return n->n > 0;
}

/* The shortest name by which a matrix knows the value at c->path; NULL: it is no axis. */
static const char *axis_name(const Check *c, char out[HINT_BYTES])
{
    static const char *const section[] = {"training.", "checkpoints.", "sizes.", "options."};
    const char *path = c->path, *leaf = strrchr(path, '.');
    bool may_be = false;
    SchemaKey found[MAX_FOUND];
    for (size_t i = 0; i < sizeof section / sizeof section[0]; i++) {
        may_be = may_be || strncmp(path, section[i], strlen(section[i])) == 0;
    }
    if (!may_be || !leaf) {
        return NULL;
    }
    size_t n = schema_keys(c->schema, leaf + 1, found, MAX_FOUND), n_same = 0;
    for (size_t i = 0; i < n; i++) {
        n_same += strcmp(found[i].name, leaf + 1) == 0;
    }
    bool is_size = strncmp(path, "sizes.", 6) == 0;
    (void)snprintf(out, HINT_BYTES, "%s%s",
                   n_same == 1 ? ""
                   : is_size   ? "sizes."
                               : path,
                   n_same == 1 || is_size ? leaf + 1 : "");
    return out;
}

static bool hint_sweep(const Check *c, char out[HINT_BYTES])
{
    char list[LIST_BYTES], name[HINT_BYTES];
    if (c->node->kind != NODE_LIST || schema_has_type(c->rule, "array") ||
        schema_has_type(c->rule, "object") || !list_text(c->node, list) || !axis_name(c, name)) {
        return false;
    }
    if (c->node->n == 1) {
        add_text(out, "remove the brackets");
        return true;
    }
    add_text(out, "to sweep it, put it under matrix: {%.100s: %s}, and keep one value here", name,
             list);
    return true;
}

/* The text would be a number or a truth value, had it no quotes. */
static bool is_quoted(const Check *c)
{
    YamlNode plain = *c->node;
    if (plain.kind == NODE_TEXT) {
        yaml_resolve_plain(&plain);
    }
    bool is_number = plain.kind == NODE_INTEGER || plain.kind == NODE_REAL;
    bool wants_number = schema_has_type(c->rule, "integer") || schema_has_type(c->rule, "number");
    return c->node->kind == NODE_TEXT &&
           ((is_number && wants_number) ||
            (plain.kind == NODE_BOOL && schema_has_type(c->rule, "boolean")));
}

/* "cosine" where {cosine: {...}} belongs. */
static bool hint_mapping(const Check *c, char out[HINT_BYTES])
{
    const json_t *inner = json_object_get(json_object_get(c->rule, "properties"), c->node->text);
    if (c->node->kind != NODE_TEXT || !schema_has_type(c->rule, "object") || !inner) {
        return false;
    }
    const json_t *needs = json_object_get(schema_follow(c->schema, inner), "required");
    add_text(out, "write {%s: {", c->node->text);
    for (size_t i = 0; i < json_array_size(needs); i++) {
        add_text(out, "%s%s: ...", i ? ", " : "", json_string_value(json_array_get(needs, i)));
    }
    add_text(out, "}}");
    return true;
}

/* A number for a field that takes no units. */
static bool hint_number(const Check *c, char out[HINT_BYTES])
{
    char text[QUANTITY_TEXT_BYTES];
    double x = 0.0;
    bool wants_number = schema_has_type(c->rule, "integer") || schema_has_type(c->rule, "number");
    if (c->node->kind != NODE_TEXT || !wants_number) {
        return false;
    }
    const char *good = quantity_suggest(c->node->text, QUANTITY_COUNT, text) ? text : c->node->text;
    if (!quantity_parse(good, QUANTITY_COUNT, &x)) {
        return false;
    }
    json_number_text(x, text);
    bool has_unit = isalpha((unsigned char)c->node->text[strlen(c->node->text) - 1]) != 0;
    add_text(out, "write %s%s", text, has_unit ? "; it takes no units" : "");
    return true;
}

/* What another program calls a value. */
static bool hint_other_word(const Check *c, char out[HINT_BYTES])
{
    const char *name;
    json_t *meant;
    json_object_foreach(json_for_iteration(json_object_get(c->rule, "slaw-words")), name, meant)
    {
        if (!out[0] && schema_is_same_word(name, c->node->text)) {
            add_text(out, "write %s", json_string_value(meant));
        }
    }
    return out[0] != '\0';
}

static bool hint_boolean(const Check *c, char out[HINT_BYTES])
{
    static const char *const yes[] = {"yes", "no", "on", "off", "y", "n"};
    bool is_one = false;
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        is_one = is_one || strcasecmp(c->node->text, yes[i]) == 0;
    }
    if (c->node->kind == NODE_TEXT && schema_has_type(c->rule, "boolean") && is_one) {
        add_text(out, "write true or false");
        return true;
    }
    return false;
}

const char *hint_type(const Check *c, char out[HINT_BYTES])
{
    const YamlNode *n = c->node;
    bool is_plain = n->kind == NODE_INTEGER || n->kind == NODE_REAL || n->kind == NODE_BOOL;
    out[0] = '\0';
    if (hint_other_word(c, out)) {
        return out;
    }
    if (schema_has_type(c->rule, "string") && is_plain) {
        add_text(out, "quote it: \"%.60s\"", n->text);
    } else if (is_quoted(c)) {
        add_text(out, "remove the quotes");
    } else if (hint_sweep(c, out) || hint_boolean(c, out) || hint_number(c, out) ||
               hint_mapping(c, out)) {
        return out;
    } else if (schema_has_type(c->rule, "array") && n->kind != NODE_MAP && n->kind != NODE_NULL) {
        add_text(out, "write [%.60s]", n->text);
    }
    return out[0] ? out : NULL;
}

void hint_quantity(const Check *c, QuantityUnit unit, char out[HINT_BYTES])
{
    static const char *const units[] = {
        [QUANTITY_COUNT] = "the units are k, M, G and T",
        [QUANTITY_BYTES] = "the units are k, M, G, T, kB, MB, ... and KiB, MiB, ...",
        [QUANTITY_SECONDS] = "the units are s, min, h and d"};
    char text[QUANTITY_TEXT_BYTES];
    out[0] = '\0';
    if (quantity_suggest(c->node->text, unit, text)) {
        bool has_unit = isalpha((unsigned char)text[strlen(text) - 1]) != 0;
        add_text(out, "write %s%s%s", text, has_unit ? "; " : "", has_unit ? units[unit] : "");
    } else {
        add_text(out, "%s", units[unit]);
    }
}

const char *hint_word(const Check *c, const char *const *word, size_t n, char out[HINT_BYTES])
{
    const char *near = nearest_name(c->node->text, word, n);
    out[0] = '\0';
    if (!hint_other_word(c, out) && near) {
        add_text(out, "did you mean \"%s\"?", near);
    }
    return out[0] ? out : NULL;
}
