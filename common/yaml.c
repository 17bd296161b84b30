#include "common/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "common/grow.h"
#include "common/order.h"
#include "common/yaml_fault.h"
#include "common/yaml_scalar.h"

typedef struct Anchor {
    const char *name;
    YamlNode *node;
    bool is_open; /* its node is still being read */
} Anchor;

typedef struct Reader {
    yaml_parser_t parser;
    Arena *arena;
    Problems *problems;
    Err *err;
    size_t n_nodes; /* made so far, aliases counted with their whole subtree */
    Anchor *anchor; /* newest last */
    size_t n_anchors, cap_anchors;
} Reader;

static TextPos place(yaml_mark_t m)
{
    return (TextPos){(int)m.line + 1, (int)m.column + 1};
}

static ErrCode refuse(Reader *r, TextPos at, const char *hint, const char *message)
{
    problems_add(r->problems, at, hint, "%s", message);
    return err_set(r->err, ERR_INVALID, "%d:%d: %s", at.line, at.column, message);
}

/* ---- nodes ---------------------------------------------------------------------------- */

static ErrCode count_nodes(Reader *r, size_t n, TextPos at)
{
    r->n_nodes += n;
    if (r->n_nodes > YAML_MAX_NODES) {
        return refuse(r, at, NULL, "the file has more than 200000 values");
    }
    return ERR_OK;
}

static ErrCode new_node(Reader *r, const yaml_event_t *e, NodeKind kind, YamlNode **ret)
{
    ErrCode rc = count_nodes(r, 1, place(e->start_mark));
    if (rc != ERR_OK) {
        return rc;
    }
    YamlNode *n = arena_alloc(r->arena, sizeof *n);
    if (!n) {
        return err_nomem(r->err, "the file's values");
    }
    *n = (YamlNode){.kind = kind, .at = place(e->start_mark), .text = "", .n_nodes = 1};
    *ret = n;
    return ERR_OK;
}

/* Remembers the node under its anchor's name, if it has one. */
static ErrCode open_anchor(Reader *r, const yaml_char_t *name, YamlNode *node, bool is_open)
{
    if (!name) {
        return ERR_OK;
    }
    Anchor *anchor = grow_array(r->anchor, r->n_anchors, &r->cap_anchors, sizeof *anchor, 8);
    r->anchor = anchor ? anchor : r->anchor;
    const char *copy = arena_strdup(r->arena, (const char *)name);
    if (!anchor || !copy) {
        return err_nomem(r->err, "anchors");
    }
    r->anchor[r->n_anchors++] = (Anchor){copy, node, is_open};
    return ERR_OK;
}

static void close_anchor(Reader *r, const YamlNode *node)
{
    for (size_t i = r->n_anchors; i > 0; i--) {
        if (r->anchor[i - 1].node == node) {
            r->anchor[i - 1].is_open = false;
            return;
        }
    }
}

static ErrCode read_alias(Reader *r, const yaml_event_t *e, YamlNode **ret)
{
    TextPos at = place(e->start_mark);
    const char *name = (const char *)e->data.alias.anchor;
    for (size_t i = r->n_anchors; i > 0; i--) {
        Anchor *a = &r->anchor[i - 1];
        if (strcmp(a->name, name) == 0) {
            if (a->is_open) {
                return refuse(r, at, NULL, "this alias stands inside the node that it names");
            }
            *ret = a->node;
            return count_nodes(r, a->node->n_nodes, at);
        }
    }
    return refuse(r, at, "define it before with &name", "this alias names no anchor");
}

static ErrCode read_scalar(Reader *r, const yaml_event_t *e, YamlNode **ret)
{
    YamlNode *n = NULL;
    ErrCode rc = new_node(r, e, NODE_TEXT, &n);
    if (rc != ERR_OK || !n) {
        return rc;
    }
    const char *value = (const char *)e->data.scalar.value;
    if (strlen(value) != e->data.scalar.length) {
        return refuse(r, n->at, NULL, "text may not hold a NUL character");
    }
    n->text = arena_strdup(r->arena, value);
    if (!n->text) {
        return err_nomem(r->err, "the file's text");
    }
    if (e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
        yaml_resolve_plain(n);
    }
    *ret = n;
    return open_anchor(r, e->data.scalar.anchor, n, false);
}

/* ---- events --------------------------------------------------------------------------- */

static ErrCode parser_failed(Reader *r)
{
    if (r->parser.error == YAML_MEMORY_ERROR) {
        return err_nomem(r->err, "the file's text");
    }
    YamlFault f = yaml_fault(&r->parser);
    return refuse(r, f.at, f.hint, f.message);
}

static ErrCode next(Reader *r, yaml_event_t *e)
{
    return yaml_parser_parse(&r->parser, e) ? ERR_OK : parser_failed(r);
}

/* Growing array of children, moved into the arena when it is complete. */
typedef struct Child {
    YamlNode *key, *value; /* key NULL in a list */
} Child;

typedef struct Children {
    Child *item;
    size_t n, cap;
} Children;

static ErrCode add_child(Reader *r, Children *c, YamlNode *key, YamlNode *value)
{
    Child *item = grow_array(c->item, c->n, &c->cap, sizeof *item, 8);
    if (!item) {
        return err_nomem(r->err, "the file's values");
    }
    c->item = item;
    c->item[c->n++] = (Child){key, value};
    return ERR_OK;
}

static ErrCode keep_children(Reader *r, const Children *c, YamlNode *n)
{
    n->n = c->n;
    if (c->n == 0) {
        return ERR_OK;
    }
    /* pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
    n->item = arena_array(r->arena, c->n, sizeof *n->item);
    /* pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
    n->key = n->kind == NODE_MAP ? arena_array(r->arena, c->n, sizeof *n->key) : NULL;
    if (!n->item || (n->kind == NODE_MAP && !n->key)) {
        return err_nomem(r->err, "the file's values");
    }
    for (size_t i = 0; i < c->n; i++) {
        n->item[i] = c->item[i].value;
        n->n_nodes += c->item[i].value->n_nodes;
        if (n->key) {
            n->key[i] = c->item[i].key;
            n->n_nodes++;
        }
    }
    return ERR_OK;
}

static ErrCode read_node(Reader *r, yaml_event_t *e, int depth, YamlNode **ret);

/* Reads the next event and the node that it starts; *ret NULL at `end`. */
static ErrCode read_next(Reader *r, yaml_event_type_t end, int depth, YamlNode **ret)
{
    yaml_event_t e;
    ErrCode rc = next(r, &e);
    if (rc != ERR_OK) {
        return rc;
    }
    *ret = NULL;
    if (e.type != end) {
        rc = read_node(r, &e, depth, ret);
    }
    yaml_event_delete(&e);
    return rc;
}

static ErrCode read_list(Reader *r, YamlNode *n, int depth)
{
    Children c = {0};
    YamlNode *item = NULL;
    ErrCode rc = read_next(r, YAML_SEQUENCE_END_EVENT, depth, &item);
    while (rc == ERR_OK && item) {
        rc = add_child(r, &c, NULL, item);
        if (rc == ERR_OK) {
            rc = read_next(r, YAML_SEQUENCE_END_EVENT, depth, &item);
        }
    }
    if (rc == ERR_OK) {
        rc = keep_children(r, &c, n);
    }
    free(c.item);
    return rc;
}

static ErrCode check_key(Reader *r, const YamlNode *key)
{
    if (key->kind == NODE_LIST || key->kind == NODE_MAP) {
        return refuse(r, key->at, NULL, "a key must be one word, not a list or a mapping");
    }
    if (key->text[0] == '\0') {
        return refuse(r, key->at, NULL, "a key is missing before the colon");
    }
    return ERR_OK;
}

/* Pairs sorted by key text, then by position: equal neighbours are duplicates. */
static int by_key(const void *a, const void *b)
{
    const YamlNode *x = *(YamlNode *const *)a, *y = *(YamlNode *const *)b;
    int order = strcmp(x->text, y->text);
    order = order ? order : ORDER(x->at.line, y->at.line);
    return order ? order : ORDER(x->at.column, y->at.column);
}

static ErrCode report_duplicates(Reader *r, const Children *c)
{
    if (c->n < 2) {
        return ERR_OK;
    }
    YamlNode **sorted = malloc(c->n * sizeof(YamlNode *));
    if (!sorted) {
        return err_nomem(r->err, "the file's keys");
    }
    for (size_t i = 0; i < c->n; i++) {
        sorted[i] = c->item[i].key;
    }
    qsort(sorted, c->n, sizeof(YamlNode *), by_key);
    for (size_t i = 1; i < c->n; i++) {
        if (strcmp(sorted[i]->text, sorted[i - 1]->text) == 0) {
            problems_add(r->problems, sorted[i]->at, "keep one of them",
                         "the key \"%.100s\" is here a second time; it is also on line %d",
                         sorted[i]->text, sorted[i - 1]->at.line);
        }
    }
    free(sorted);
    return ERR_OK;
}

static ErrCode read_pair(Reader *r, int depth, YamlNode **ret_key, YamlNode **ret_value)
{
    ErrCode rc = read_next(r, YAML_MAPPING_END_EVENT, depth, ret_key);
    if (rc == ERR_OK && *ret_key) {
        rc = check_key(r, *ret_key);
    }
    if (rc == ERR_OK && *ret_key) {
        rc = read_next(r, YAML_NO_EVENT, depth, ret_value);
    }
    return rc;
}

static ErrCode read_map(Reader *r, YamlNode *n, int depth)
{
    Children c = {0};
    YamlNode *key = NULL, *value = NULL;
    ErrCode rc = read_pair(r, depth, &key, &value);
    while (rc == ERR_OK && key && value) { /* libyaml gives every key a value */
        rc = add_child(r, &c, key, value);
        if (rc == ERR_OK) {
            rc = read_pair(r, depth, &key, &value);
        }
    }
    if (rc == ERR_OK) {
        rc = report_duplicates(r, &c);
    }
    if (rc == ERR_OK) {
        rc = keep_children(r, &c, n);
    }
    free(c.item);
    return rc;
}

static ErrCode read_collection(Reader *r, const yaml_event_t *e, int depth, YamlNode **ret)
{
    bool is_list = e->type == YAML_SEQUENCE_START_EVENT;
    YamlNode *n = NULL;
    if (depth >= YAML_MAX_DEPTH) {
        return refuse(r, place(e->start_mark), NULL, "values are nested more than 64 deep");
    }
    ErrCode rc = new_node(r, e, is_list ? NODE_LIST : NODE_MAP, &n);
    if (rc == ERR_OK) {
        rc = open_anchor(r, is_list ? e->data.sequence_start.anchor : e->data.mapping_start.anchor,
                         n, true);
    }
    if (rc == ERR_OK) {
        rc = is_list ? read_list(r, n, depth + 1) : read_map(r, n, depth + 1);
    }
    if (rc == ERR_OK) {
        close_anchor(r, n);
        *ret = n;
    }
    return rc;
}

static const yaml_char_t *tag_of(const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_SCALAR_EVENT:
        return e->data.scalar.tag;
    case YAML_SEQUENCE_START_EVENT:
        return e->data.sequence_start.tag;
    case YAML_MAPPING_START_EVENT:
        return e->data.mapping_start.tag;
    default:
        return NULL;
    }
}

static ErrCode read_node(Reader *r, yaml_event_t *e, int depth, YamlNode **ret)
{
    if (tag_of(e)) {
        return refuse(r, place(e->start_mark), "leave it out; quote a number to make it text",
                      "tags are not used here");
    }
    switch (e->type) {
    case YAML_ALIAS_EVENT:
        return read_alias(r, e, ret);
    case YAML_SCALAR_EVENT:
        return read_scalar(r, e, ret);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return read_collection(r, e, depth, ret);
    default:
        return refuse(r, place(e->start_mark), NULL, "a value is missing here");
    }
}

static ErrCode expect(Reader *r, yaml_event_type_t type, TextPos *ret_at)
{
    yaml_event_t e;
    ErrCode rc = next(r, &e);
    if (rc != ERR_OK) {
        return rc;
    }
    *ret_at = place(e.start_mark);
    bool is_right = e.type == type;
    yaml_event_delete(&e);
    return is_right ? ERR_OK : err_set(r->err, ERR_NOTFOUND, "another event");
}

static ErrCode read_document(Reader *r, YamlNode **ret)
{
    TextPos at;
    ErrCode rc = expect(r, YAML_STREAM_START_EVENT, &at);
    if (rc == ERR_OK) {
        rc = expect(r, YAML_DOCUMENT_START_EVENT, &at);
        if (rc == ERR_NOTFOUND) { /* nothing but comments */
            yaml_event_t none = {0};
            rc = new_node(r, &none, NODE_NULL, ret);
            return rc;
        }
    }
    if (rc == ERR_OK) {
        rc = read_next(r, YAML_NO_EVENT, 0, ret);
    }
    if (rc == ERR_OK) {
        rc = expect(r, YAML_DOCUMENT_END_EVENT, &at);
    }
    if (rc == ERR_OK) {
        rc = expect(r, YAML_STREAM_END_EVENT, &at);
        if (rc == ERR_NOTFOUND) {
            return refuse(r, at, "one file holds one study",
                          "a second document starts here (after ---)");
        }
    }
    return rc;
}

ErrCode yaml_parse(const char *bytes, size_t n, Arena *arena, Problems *problems, YamlNode **ret,
                   Err *err)
{
    Reader r = {.arena = arena, .problems = problems, .err = err};
    if (n > YAML_MAX_BYTES) {
        return refuse(&r, (TextPos){0, 0}, NULL, "the file is larger than 4 MiB");
    }
    if (!yaml_parser_initialize(&r.parser)) {
        return err_nomem(err, "the YAML parser");
    }
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    /* libyaml skips a byte order mark only where it guesses the encoding itself. */
    size_t mark = n >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)bytes + mark, n - mark);
    YamlNode *root = NULL;
    ErrCode rc = read_document(&r, &root);
    yaml_parser_delete(&r.parser);
    free(r.anchor);
    if (rc == ERR_OK) {
        *ret = root;
    }
    return rc;
}

/* ---- reading the tree ------------------------------------------------------------------ */

static size_t index_of(const YamlNode *map, const char *key)
{
    if (map && map->kind == NODE_MAP) {
        for (size_t i = 0; i < map->n; i++) {
            if (strcmp(map->key[i]->text, key) == 0) {
                return i;
            }
        }
    }
    return SIZE_MAX;
}

YamlNode *yaml_get(const YamlNode *map, const char *key)
{
    size_t i = index_of(map, key);
    return i == SIZE_MAX ? NULL : map->item[i];
}

YamlNode *yaml_get_key(const YamlNode *map, const char *key)
{
    size_t i = index_of(map, key);
    return i == SIZE_MAX ? NULL : map->key[i];
}

const char *yaml_kind_name(const YamlNode *node)
{
    static const char *const name[] = {
        [NODE_NULL] = "nothing",  [NODE_BOOL] = "true or false", [NODE_INTEGER] = "a number",
        [NODE_REAL] = "a number", [NODE_TEXT] = "text",          [NODE_LIST] = "a list",
        [NODE_MAP] = "a mapping",
    };
    return name[node->kind];
}
