#include "orchestrator/spec/partial.h"

#include <stdio.h>
#include <string.h>

#include "common/quantity.h"

/* An axis or an override sets this knob in some cell. */
static bool is_varied(const Matrix *m, const char *path)
{
    for (size_t i = 0; i < m->n_axes; i++) {
        if (strcmp(m->axis[i].knob->path, path) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < m->n_overrides; i++) {
        for (size_t j = 0; j < m->override[i].n_set; j++) {
            if (strcmp(m->override[i].set[j].knob->path, path) == 0) {
                return true;
            }
        }
    }
    return false;
}

static int64_t whole(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key)); /* 0 when it has a problem */
}

static void check_sizes(const Source *src)
{
    const YamlNode *sizes = yaml_get(src->root, "sizes");
    const char *name;
    json_t *size;
    json_object_foreach(json_object_get(src->doc, "sizes"), name, size)
    {
        int64_t width = whole(size, "width"), heads = whole(size, "heads");
        const YamlNode *node = yaml_get(yaml_get(sizes, name), "heads");
        if (node && width > 0 && heads > 0 && width % heads != 0) {
            problems_add(src->problems, node->at, NULL, "%s: heads must divide width (%lld / %lld)",
                         name, (long long)width, (long long)heads);
        }
    }
}

static void check_batch(const Source *src)
{
    const json_t *training = json_object_get(src->doc, "training");
    int64_t batch = whole(training, "batch"), sequence = whole(training, "sequence");
    const YamlNode *node = yaml_get(yaml_get(src->root, "training"), "batch");
    if (node && batch > 0 && sequence > 0 && batch % sequence != 0) {
        problems_add(src->problems, node->at, NULL,
                     "training.batch must be a multiple of training.sequence (%lld / %lld)",
                     (long long)batch, (long long)sequence);
    }
}

void partial_check(const Source *src, const Matrix *m)
{
    if (!is_varied(m, "sizes.width") && !is_varied(m, "sizes.heads")) {
        check_sizes(src);
    }
    if (!is_varied(m, "training.batch") && !is_varied(m, "training.sequence")) {
        check_batch(src);
    }
}

/* ---- options ---------------------------------------------------------------------------- */

static void add_name_problem(const Source *src, const YamlNode *key, const char *what,
                             const char *const *word, size_t n)
{
    char hint[PROBLEM_TEXT_BYTES] = "there are ";
    const char *near = nearest_name(key->text, word, n);
    for (size_t i = 0; i < n && !near; i++) {
        size_t used = strlen(hint);
        (void)snprintf(hint + used, sizeof hint - used, "%s%s", i ? ", " : "", word[i]);
    }
    if (near) {
        (void)snprintf(hint, sizeof hint, "did you mean \"%s\"?", near);
    }
    problems_add(src->problems, key->at, n > 0 ? hint : NULL, "there is no %s \"%.60s\"", what,
                 key->text);
}

static void check_options_of(const Source *src, const Arch *arch, const YamlNode *map)
{
    const char *word[ARCH_MAX_OPTIONS];
    size_t n = 0;
    while (n < ARCH_MAX_OPTIONS && arch->options[n].name) {
        word[n] = arch->options[n].name;
        n++;
    }
    for (size_t i = 0; map->kind == NODE_MAP && i < map->n; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "options.%s.%.60s", arch->name, map->key[i]->text);
        const Knob *k = knobs_at(&src->knobs, path);
        if (k) {
            json_decref(knob_value(k, src->schema, map->item[i], path, src->problems));
        } else {
            char what[80];
            (void)snprintf(what, sizeof what, "option of %s", arch->name);
            add_name_problem(src, map->key[i], what, word, n);
        }
    }
}

static void check_options(const Source *src)
{
    const YamlNode *options = yaml_get(src->root, "options");
    const char *word[16];
    size_t n = 0;
    for (; n < arch_count() && n < 16; n++) {
        word[n] = arch_at(n)->name;
    }
    for (size_t i = 0; options && options->kind == NODE_MAP && i < options->n; i++) {
        const Arch *arch = arch_find(options->key[i]->text);
        if (arch) {
            check_options_of(src, arch, options->item[i]);
        } else {
            add_name_problem(src, options->key[i], "architecture", word, n);
        }
    }
}

/* ---- analysis.by -------------------------------------------------------------------------- */

static void check_by(const Source *src, const Matrix *m)
{
    const YamlNode *by = yaml_get(yaml_get(src->root, "analysis"), "by");
    if (!by || by->kind != NODE_TEXT || m->n_axes == 0) {
        return;
    }
    const char *word[CELL_MAX_AXES];
    for (size_t i = 0; i < m->n_axes; i++) {
        word[i] = m->axis[i].knob->path;
        if (strcmp(by->text, word[i]) == 0 || strcmp(by->text, m->axis[i].knob->leaf) == 0) {
            return;
        }
    }
    add_name_problem(src, by, "axis", word, m->n_axes);
}

void names_check(const Source *src, const Matrix *m)
{
    check_options(src);
    check_by(src, m);
}
