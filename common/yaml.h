/* yaml.h -- a YAML 1.2 document as a tree in which every node knows its place.
 *
 * libyaml parses; this keeps what a study file needs and refuses the rest with the
 * place of it: more than one document, tags, keys that are not scalars, duplicate keys,
 * text that is not UTF-8, nesting deeper than YAML_MAX_DEPTH, more than YAML_MAX_NODES
 * nodes (aliases expanded), files above YAML_MAX_BYTES, an alias inside the node that it
 * names.  Plain scalars follow the core schema of YAML 1.2: null, true, false, decimal,
 * 0o7, 0xf, 1e3, .5, .inf, .nan; so yes, on, 010 (= 10) and 1:30 have no second meaning.
 *
 * Nodes live in the caller's arena.  An alias is the same node as its anchor, place
 * included.
 */
#ifndef COMMON_YAML_H
#define COMMON_YAML_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/problems.h"

enum { YAML_MAX_BYTES = 4 << 20, YAML_MAX_DEPTH = 64, YAML_MAX_NODES = 200000 };

typedef enum NodeKind {
    NODE_NULL,
    NODE_BOOL,
    NODE_INTEGER, /* fits int64_t */
    NODE_REAL,
    NODE_TEXT,
    NODE_LIST,
    NODE_MAP,
} NodeKind;

typedef struct YamlNode YamlNode;

struct YamlNode {
    NodeKind kind;
    TextPos at;
    const char *text; /* a scalar as written, quotes undone; "" for lists and maps */
    union {
        bool boolean;
        int64_t integer;
        double real;
    } as;
    size_t n;        /* items of a list, pairs of a map */
    YamlNode **item; /* list items, map values */
    YamlNode **key;  /* map keys: scalars, compared by text */
    size_t n_nodes;  /* in this subtree, itself included */
};

/* Parses n bytes.  What is wrong with the text is added to `problems` and the result is
 * ERR_INVALID; a duplicate key is added and parsing goes on (*ret is then still written,
 * holding the first).  ERR_NOMEM.  An empty text is one null node. */
ErrCode yaml_parse(const char *bytes, size_t n, Arena *arena, Problems *problems, YamlNode **ret,
                   Err *err);

/* Value of a key of a map; NULL when there is none or `map` is not a map. */
YamlNode *yaml_get(const YamlNode *map, const char *key);
/* The key's own node, likewise. */
YamlNode *yaml_get_key(const YamlNode *map, const char *key);

/* "text", "a number", "a list", ... for messages. */
const char *yaml_kind_name(const YamlNode *node);

/* Appends v as block YAML that yaml_parse() reads back to the same value. */
void yaml_write(const json_t *v, Buf *out);

#endif
