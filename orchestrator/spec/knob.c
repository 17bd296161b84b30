#include "orchestrator/spec/knob.h"

#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/quantity.h"
#include "common/words.h"
#include "orchestrator/spec/schema.h"

enum { MAX_KNOBS = 256, MAX_PATH = 160 };

typedef struct Builder {
    const Schema *schema;
    Arena *arena;
    Knob item[MAX_KNOBS];
    size_t n;
    bool is_short;
} Builder;

static void add(Builder *b, const char *path, Knob k)
{
    k.path = arena_strdup(b->arena, path);
    if (!k.path || b->n == MAX_KNOBS) {
        b->is_short = true;
        return;
    }
    const char *dot = strrchr(k.path, '.');
    k.leaf = dot ? dot + 1 : k.path;
    b->item[b->n++] = k;
}

/* The value's path and those of its members. */
static void add_tree(Builder *b, const char *path, json_t *value)
{
    bool is_group = json_is_object(value);
    const json_t *rule = schema_at(b->schema, path);
    if (!rule) { /* inside one of several forms: the whole is the setting */
        return;
    }
    add(b, path, (Knob){.rule = rule, .is_group = is_group});
    const char *key;
    json_t *child;
    json_object_foreach(value, key, child)
    {
        char inner[MAX_PATH];
        if ((size_t)snprintf(inner, sizeof inner, "%s.%s", path, key) < sizeof inner) {
            add_tree(b, inner, child);
        }
    }
}

static void add_sizes(Builder *b)
{
    const char *key;
    json_t *rule;
    json_object_foreach(json_object_get(schema_definition(b->schema, "size"), "properties"), key,
                        rule)
    {
        char path[MAX_PATH];
        (void)snprintf(path, sizeof path, "sizes.%s", key);
        add(b, path, (Knob){.rule = rule});
    }
}

static void add_options(Builder *b)
{
    for (size_t i = 0; i < arch_count(); i++) {
        const Arch *a = arch_at(i);
        for (int j = 0; j < ARCH_MAX_OPTIONS && a->options[j].name; j++) {
            char path[MAX_PATH];
            (void)snprintf(path, sizeof path, "options.%s.%s", a->name, a->options[j].name);
            add(b, path, (Knob){.option = &a->options[j]});
        }
    }
}

ErrCode knobs_read(const Schema *schema, const json_t *doc, Arena *arena, Knobs *ret, Err *err)
{
    Builder b = {.schema = schema, .arena = arena};
    add(&b, "architecture", (Knob){.rule = schema_definition(schema, "architecture")});
    add(&b, "size", (Knob){.rule = schema_definition(schema, "size_name")});
    add(&b, "seed", (Knob){.rule = schema_definition(schema, "seed")});
    static const char *const section[] = {"training", "checkpoints"};
    for (size_t i = 0; i < sizeof section / sizeof section[0]; i++) {
        const char *key;
        json_t *child;
        json_object_foreach(json_object_get(doc, section[i]), key, child)
        {
            char path[MAX_PATH];
            (void)snprintf(path, sizeof path, "%s.%.100s", section[i], key);
            add_tree(&b, path, child);
        }
    }
    add_sizes(&b);
    add_options(&b);
    Knob *all = arena_array(arena, b.n, sizeof *all);
    if (!all || b.is_short) {
        return err_nomem(err, "the settings");
    }
    memcpy(all, b.item, b.n * sizeof *all);
    *ret = (Knobs){schema, all, b.n};
    return ERR_OK;
}

const Knob *knobs_at(const Knobs *k, const char *path)
{
    for (size_t i = 0; i < k->n; i++) {
        if (strcmp(k->item[i].path, path) == 0) {
            return &k->item[i];
        }
    }
    return NULL;
}

/* Settings that other programs call so; returns how many, listed in `all`. */
static size_t by_other_names(const Knobs *k, const char *key, char all[PROBLEM_TEXT_BYTES])
{
    SchemaKey found[8];
    size_t n = schema_keys(k->schema, key, found, sizeof found / sizeof found[0]), n_knobs = 0;
    all[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        bool is_size = strcmp(found[i].parent, "sizes.NAME") == 0;
        bool is_axis = strcmp(found[i].parent, "matrix") == 0;
        char path[MAX_PATH];
        (void)snprintf(path, sizeof path, "%.95s%s%.40s",
                       is_size   ? "sizes"
                       : is_axis ? ""
                                 : found[i].parent,
                       is_axis ? "" : ".", found[i].name);
        if (knobs_at(k, path)) {
            size_t used = strlen(all);
            (void)snprintf(all + used, PROBLEM_TEXT_BYTES - used, "%s%s", n_knobs ? ", " : "",
                           path);
            n_knobs++;
        }
    }
    return n_knobs;
}

static void add_unknown(const Knobs *k, const char *key, TextPos at, Problems *problems)
{
    const char *word[2 * MAX_KNOBS];
    size_t n = 0;
    for (size_t i = 0; i < k->n; i++) {
        word[n++] = k->item[i].leaf;
        word[n++] = k->item[i].path;
    }
    char all[PROBLEM_TEXT_BYTES], hint[PROBLEM_TEXT_BYTES];
    size_t n_others = by_other_names(k, key, all);
    const char *near = n_others ? NULL : nearest_name(key, word, n);
    if (n_others) {
        (void)snprintf(hint, sizeof hint, "here that is %s%.300s", n_others > 1 ? "one of " : "",
                       all);
    } else {
        (void)snprintf(hint, sizeof hint,
                       near ? "did you mean \"%s\"?"
                            : "a path like training.tokens, checkpoints.count, sizes.layers or "
                              "options.tnl.lrpe_layer0%s",
                       near ? near : "");
    }
    problems_add(problems, at, hint, "there is no setting \"%.80s\"", key);
}

const Knob *knobs_find(const Knobs *k, const char *key, TextPos at, Problems *problems)
{
    const Knob *exact = knobs_at(k, key), *found = NULL;
    if (exact || strcmp(key, "<<") == 0) { /* the schema's check has refused a merge key */
        return exact;
    }
    char all[PROBLEM_TEXT_BYTES] = "write one of ";
    size_t n = 0;
    for (size_t i = 0; i < k->n; i++) {
        if (words_is_ending(k->item[i].path, key)) {
            size_t used = strlen(all);
            (void)snprintf(all + used, sizeof all - used, "%s%s", n ? ", " : "", k->item[i].path);
            found = &k->item[i];
            n++;
        }
    }
    if (n > 1) {
        problems_add(problems, at, all, "\"%.80s\" may mean %zu settings", key, n);
    } else if (n == 0) {
        add_unknown(k, key, at, problems);
    }
    return n == 1 ? found : NULL;
}

static json_t *option_value(const ArchOption *o, const YamlNode *node, const char *path,
                            Problems *problems)
{
    if (o->kind == ARCH_OPTION_BOOL) {
        if (node->kind == NODE_BOOL) {
            return json_boolean(node->as.boolean);
        }
        problems_add(problems, node->at, o->help, "%s must be true or false", path);
        return json_null();
    }
    double x = node->kind == NODE_INTEGER ? (double)node->as.integer : node->as.real;
    bool is_number = node->kind == NODE_INTEGER || node->kind == NODE_REAL;
    if (!is_number || !(x >= o->lo && x <= o->hi)) {
        char lo[32], hi[32];
        json_number_text(o->lo, lo);
        json_number_text(o->hi, hi);
        problems_add(problems, node->at, o->help, "%s must be a number from %s to %s", path, lo,
                     hi);
        return json_null();
    }
    return json_real(x);
}

json_t *knob_value(const Knob *k, const Schema *schema, const YamlNode *node, const char *path,
                   Problems *problems)
{
    if (k->option) {
        return option_value(k->option, node, path, problems);
    }
    json_t *v = schema_check(schema, k->rule, node, path, problems);
    schema_fill(schema, k->rule, v);
    return v;
}
