/* source.h -- a study file while it is being read. */
#ifndef ORCHESTRATOR_SPEC_SOURCE_H
#define ORCHESTRATOR_SPEC_SOURCE_H

#include <jansson.h>

#include "common/arena.h"
#include "common/problems.h"
#include "common/yaml.h"
#include "orchestrator/spec/knob.h"
#include "orchestrator/spec/validate.h"

typedef struct Source {
    Arena *arena;
    Schema *schema; /* NULL once everything has been checked, as are the nodes */
    const YamlNode *root;
    json_t *doc;  /* the file, checked, units expanded, defaults filled */
    json_t *kept; /* list: values that live as long as this */
    Knobs knobs;
    Problems *problems;
} Source;

/* Gives `v` (a new reference) to the source; returns it borrowed, NULL when memory is short. */
static inline json_t *source_keep(Source *src, json_t *v)
{
    if (!v || json_array_append_new(src->kept, v) != 0) {
        src->problems->is_short = true;
        return NULL;
    }
    return v;
}

#endif
