#include "orchestrator/spec/validate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/quantity.h"
#include "orchestrator/spec/hint.h"

enum { PATH_BYTES = 200, LIST_BYTES = 320, NUMBER_BYTES = 32 };

/* ---- types and messages ------------------------------------------------------------------ */

static bool is_whole(double x)
{
    return x == floor(x) && fabs(x) < 0x1p53;
}

static bool node_is(const YamlNode *n, const char *type)
{
    switch (n->kind) {
    case NODE_NULL:
        return strcmp(type, "null") == 0;
    case NODE_BOOL:
        return strcmp(type, "boolean") == 0;
    case NODE_INTEGER:
        return strcmp(type, "integer") == 0 || strcmp(type, "number") == 0;
    case NODE_REAL:
        return (strcmp(type, "number") == 0 && isfinite(n->as.real)) ||
               (strcmp(type, "integer") == 0 && is_whole(n->as.real));
    case NODE_TEXT:
        return strcmp(type, "string") == 0;
    case NODE_LIST:
        return strcmp(type, "array") == 0;
    case NODE_MAP:
        return strcmp(type, "object") == 0;
    }
    return false;
}

static bool node_fits_type(const json_t *rule, const YamlNode *node)
{
    const json_t *t = json_object_get(rule, "type");
    if (!t) {
        return true;
    }
    const char *one = json_string_value(t);
    bool fits = one && node_is(node, one);
    for (size_t i = 0; i < json_array_size(t); i++) {
        fits = fits || node_is(node, json_string_value(json_array_get(t, i)));
    }
    return fits;
}

/* "a whole number, such as 10M or 1e9" */
static const char *expected(const json_t *rule)
{
    static const struct {
        const char *type, *text;
    } row[] = {{"integer", "a whole number"}, {"number", "a number"},  {"boolean", "true or false"},
               {"array", "a list"},           {"object", "a mapping"}, {"string", "text"}};
    const char *quantity = json_string_value(json_object_get(rule, "slaw-quantity"));
    if (quantity) {
        return strcmp(quantity, "bytes") == 0     ? "a size such as 500MB or 2GiB"
               : strcmp(quantity, "seconds") == 0 ? "a time such as 30s or 90min"
               : schema_has_type(rule, "integer") ? "a whole number such as 4096, 10M or 1e9"
                                                  : "a number such as 0.5, 10M or 1e9";
    }
    if (schema_has_type(rule, "string") && schema_has_type(rule, "number")) {
        return "one value";
    }
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        if (schema_has_type(rule, row[i].type)) {
            return row[i].text;
        }
    }
    return "something else";
}

static void describe(const YamlNode *n, char out[PATH_BYTES])
{
    if (n->kind == NODE_LIST || n->kind == NODE_MAP || n->kind == NODE_NULL) {
        (void)snprintf(out, PATH_BYTES, "%s", yaml_kind_name(n));
    } else if (n->kind == NODE_TEXT) {
        (void)snprintf(out, PATH_BYTES, "\"%.60s\"", n->text);
    } else {
        (void)snprintf(out, PATH_BYTES, "%.60s", n->text);
    }
}

static void add_type_problem(const Check *c)
{
    char got[PATH_BYTES], hint[HINT_BYTES];
    describe(c->node, got);
    problems_add(c->problems, c->node->at, hint_type(c, hint), "%s must be %s, not %s", c->path,
                 expected(c->rule), got);
}

/* ---- scalars ------------------------------------------------------------------------------ */

static json_t *or_short(const Check *c, json_t *v)
{
    c->problems->is_short = c->problems->is_short || !v;
    return v;
}

static json_t *number_value(const Check *c, double x)
{
    return or_short(c, schema_has_type(c->rule, "integer") ? json_integer((json_int_t)x)
                                                           : json_real(x));
}

static bool check_range(const Check *c, double x)
{
    static const struct {
        const char *key, *words;
    } row[] = {{"minimum", "at least"},
               {"maximum", "at most"},
               {"exclusiveMinimum", "more than"},
               {"exclusiveMaximum", "less than"}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        const json_t *bound = json_object_get(c->rule, row[i].key);
        double b = json_number_value(bound);
        bool is_good[] = {x >= b, x <= b, x > b, x < b};
        if (bound && !is_good[i]) {
            char text[NUMBER_BYTES];
            json_number_text(b, text);
            problems_add(c->problems, c->node->at, NULL, "%s must be %s %s, not %.60s", c->path,
                         row[i].words, text, c->node->text);
            return false;
        }
    }
    return true;
}

static json_t *check_quantity(const Check *c, const char *name)
{
    static const struct {
        const char *name;
        QuantityUnit unit;
    } row[] = {{"count", QUANTITY_COUNT}, {"bytes", QUANTITY_BYTES}, {"seconds", QUANTITY_SECONDS}};
    size_t i = 0;
    while (i + 1 < sizeof row / sizeof row[0] && strcmp(row[i].name, name) != 0) {
        i++;
    }
    double x = 0.0;
    int64_t whole = 0;
    bool is_good = quantity_parse(c->node->text, row[i].unit, &x);
    if (is_good && schema_has_type(c->rule, "integer")) {
        is_good = quantity_parse_i64(c->node->text, row[i].unit, &whole);
        x = (double)whole;
    }
    if (!is_good) {
        char hint[HINT_BYTES];
        hint_quantity(c, row[i].unit, hint);
        problems_add(c->problems, c->node->at, hint, "%s must be %s, not \"%.60s\"", c->path,
                     expected(c->rule), c->node->text);
        return json_null();
    }
    return check_range(c, x) ? number_value(c, x) : json_null();
}

static json_t *check_number(const Check *c)
{
    double x = c->node->kind == NODE_INTEGER ? (double)c->node->as.integer : c->node->as.real;
    if (!check_range(c, x)) {
        return json_null();
    }
    if (c->node->kind == NODE_INTEGER && schema_has_type(c->rule, "integer")) {
        return or_short(c, json_integer(c->node->as.integer));
    }
    return number_value(c, x);
}

static void add_enum_problem(const Check *c, const json_t *list)
{
    const char *word[64];
    size_t n = 0;
    char all[LIST_BYTES] = "", hint[HINT_BYTES];
    for (size_t i = 0; i < json_array_size(list) && n < 64; i++) {
        word[n] = json_string_value(json_array_get(list, i));
        size_t used = strlen(all);
        (void)snprintf(all + used, sizeof all - used, "%s%s", n ? ", " : "", word[n]);
        n++;
    }
    problems_add(c->problems, c->node->at, hint_word(c, word, n, hint),
                 "%s must be %s%s, not \"%.60s\"", c->path, n > 1 ? "one of " : "", all,
                 c->node->text);
}

static json_t *check_text(const Check *c)
{
    const json_t *list = json_object_get(c->rule, "enum");
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (strcmp(json_string_value(json_array_get(list, i)), c->node->text) == 0) {
            list = NULL;
        }
    }
    if (list) {
        add_enum_problem(c, list);
        return json_null();
    }
    const char *pattern = json_string_value(json_object_get(c->rule, "pattern"));
    if (pattern && !schema_matches(c->schema, pattern, c->node->text)) {
        problems_add(c->problems, c->node->at,
                     strcmp(pattern, ".") == 0
                         ? NULL
                         : "letters, digits, dots, dashes and underscores; a letter or digit first",
                     c->node->text[0] ? "%s may not be \"%.60s\"" : "%s may not be empty%s",
                     c->path, c->node->text);
        return json_null();
    }
    return or_short(c, json_string(c->node->text));
}

/* ---- lists and mappings -------------------------------------------------------------------- */

static json_t *check_list(const Check *c)
{
    const YamlNode *node = c->node;
    json_int_t lo = json_integer_value(json_object_get(c->rule, "minItems"));
    const json_t *hi = json_object_get(c->rule, "maxItems");
    if ((json_int_t)node->n < lo || (hi && (json_int_t)node->n > json_integer_value(hi))) {
        bool is_few = (json_int_t)node->n < lo;
        json_int_t bound = is_few ? lo : json_integer_value(hi);
        problems_add(c->problems, node->at, NULL,
                     "%s must have %s %" JSON_INTEGER_FORMAT " item%s, not %zu", c->path,
                     is_few ? "at least" : "at most", bound, bound == 1 ? "" : "s", node->n);
        return json_null();
    }
    json_t *out = or_short(c, json_array());
    const json_t *items = json_object_get(c->rule, "items");
    for (size_t i = 0; out && i < node->n && !problems_full(c->problems); i++) {
        json_t *v = schema_check(c->schema, items, node->item[i], c->path, c->problems);
        if (json_array_append_new(out, v) != 0) {
            c->problems->is_short = true;
        }
    }
    return out;
}

static bool is_merge(const YamlNode *key)
{
    return strcmp(key->text, "<<") == 0;
}

static void add_key_problem(const Check *c, size_t i)
{
    const YamlNode *key = c->node->key[i];
    char hint[HINT_BYTES];
    bool has_names = json_object_get(c->rule, "properties") != NULL;
    const char *colon = c->path[0] ? ": " : "";
    hint_key(c, i, hint);
    if (is_merge(key)) {
        problems_add(c->problems, key->at, hint, "%s%smerge keys (<<) are not read", c->path,
                     colon);
        return;
    }
    problems_add(c->problems, key->at, hint,
                 has_names ? "%s%sthere is no key \"%.60s\" here"
                           : "%s%sthe name \"%.60s\" is not allowed",
                 c->path, colon, key->text);
}

/* An unknown key of the mapping is there in its stead: that problem says it all. */
static bool is_said(const Check *c, const char *name)
{
    for (size_t i = 0; i < c->node->n; i++) {
        const YamlNode *key = c->node->key[i];
        if (is_merge(key) || (!json_object_get(json_object_get(c->rule, "properties"), key->text) &&
                              hint_key_is_for(c, key->text, name))) {
            return true;
        }
    }
    return false;
}

static void check_required(const Check *c)
{
    const json_t *list = json_object_get(c->rule, "required");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        if (yaml_get(c->node, name) || is_said(c, name)) {
            continue;
        }
        const json_t *rule =
            schema_follow(c->schema, json_object_get(json_object_get(c->rule, "properties"), name));
        const char *about = json_string_value(json_object_get(rule, "description"));
        char hint[LIST_BYTES];
        (void)snprintf(hint, sizeof hint, "%s: %s", name, about ? about : "");
        problems_add(c->problems, c->node->at, about ? hint : NULL, "%s has no \"%s\"",
                     c->path[0] ? c->path : "the study", name);
    }
}

static void check_n_properties(const Check *c)
{
    const json_t *lo = json_object_get(c->rule, "minProperties");
    const json_t *hi = json_object_get(c->rule, "maxProperties");
    if (lo && (json_int_t)c->node->n < json_integer_value(lo)) {
        problems_add(c->problems, c->node->at, NULL, "%s may not be empty", c->path);
    }
    if (hi && (json_int_t)c->node->n > json_integer_value(hi)) {
        problems_add(c->problems, c->node->at, NULL,
                     "%s must have %" JSON_INTEGER_FORMAT " key, not %zu", c->path,
                     json_integer_value(hi), c->node->n);
    }
}

static json_t *check_map(const Check *c)
{
    json_t *out = or_short(c, json_object());
    check_required(c);
    check_n_properties(c);
    const json_t *others = json_object_get(c->rule, "additionalProperties");
    for (size_t i = 0; out && i < c->node->n && !problems_full(c->problems); i++) {
        const YamlNode *key = c->node->key[i];
        const json_t *rule = is_merge(key) ? NULL : schema_member(c->schema, c->rule, key->text);
        if (!rule && (is_merge(key) || json_is_false(others))) {
            add_key_problem(c, i);
        }
        if (!rule) {
            continue;
        }
        char path[PATH_BYTES];
        (void)snprintf(path, sizeof path, "%.120s%s%.60s", c->path, c->path[0] ? "." : "",
                       key->text);
        json_t *v = schema_check(c->schema, rule, c->node->item[i], path, c->problems);
        if (json_object_set_new(out, key->text, v) != 0) {
            c->problems->is_short = true;
        }
    }
    return out;
}

/* ---- one node ------------------------------------------------------------------------------- */

/* The one branch whose type fits; our schemas tell branches apart by type alone. */
static json_t *check_one_of(const Check *c, const json_t *branches)
{
    char all[LIST_BYTES] = "", got[PATH_BYTES];
    bool takes_text = false;
    for (size_t i = 0; i < json_array_size(branches); i++) {
        const json_t *rule = schema_follow(c->schema, json_array_get(branches, i));
        if (node_fits_type(rule, c->node)) {
            return schema_check(c->schema, rule, c->node, c->path, c->problems);
        }
        takes_text =
            takes_text || (schema_has_type(rule, "string") && !json_object_get(rule, "enum"));
        const char *title = json_string_value(json_object_get(rule, "title"));
        size_t used = strlen(all);
        (void)snprintf(all + used, sizeof all - used, "%s%s", used ? " or " : "",
                       title ? title : expected(rule));
    }
    describe(c->node, got);
    char hint[HINT_BYTES];
    bool is_number = c->node->kind == NODE_INTEGER || c->node->kind == NODE_REAL;
    (void)snprintf(hint, sizeof hint, "quote it: \"%.60s\"", c->node->text);
    problems_add(c->problems, c->node->at,
                 is_number && takes_text      ? hint
                 : c->node->kind == NODE_LIST ? hint_type(c, hint)
                                              : NULL,
                 "%s must be %s, not %s", c->path, all, got);
    return json_null();
}

static json_t *check_const(const Check *c, const json_t *want)
{
    char text[NUMBER_BYTES];
    json_number_text(json_number_value(want), text);
    double got = c->node->kind == NODE_INTEGER ? (double)c->node->as.integer : c->node->as.real;
    if (json_is_number(want) && got == json_number_value(want)) {
        return or_short(c, json_integer(json_integer_value(want)));
    }
    problems_add(c->problems, c->node->at, NULL, "%s must be %s, not %.60s", c->path, text,
                 c->node->text);
    return json_null();
}

json_t *schema_check(const Schema *s, const json_t *rule, const YamlNode *node, const char *path,
                     Problems *problems)
{
    rule = schema_follow(s, rule);
    Check c = {s, rule, node, path, problems};
    const json_t *one_of = json_object_get(rule, "oneOf");
    if (one_of) {
        return check_one_of(&c, one_of);
    }
    const char *quantity = json_string_value(json_object_get(rule, "slaw-quantity"));
    bool is_scalar = node->kind == NODE_INTEGER || node->kind == NODE_REAL ||
                     (node->kind == NODE_TEXT && node->text[0]);
    if (quantity && is_scalar) {
        return check_quantity(&c, quantity);
    }
    if (!node_fits_type(rule, node)) {
        add_type_problem(&c);
        return json_null();
    }
    const json_t *want = json_object_get(rule, "const");
    if (want) {
        return check_const(&c, want);
    }
    switch (node->kind) {
    case NODE_BOOL:
        return json_boolean(node->as.boolean);
    case NODE_INTEGER:
    case NODE_REAL:
        return check_number(&c);
    case NODE_TEXT:
        return check_text(&c);
    case NODE_LIST:
        return check_list(&c);
    case NODE_MAP:
        return check_map(&c);
    case NODE_NULL:
        break;
    }
    return json_null();
}
