/* past.h -- what is already there of a study's runs, before its scheduler is asked.
 *
 * One pass reads all of it: either the catalog (the caller fills the list in), or, where there
 * is none, the folders below runs/.  A run that the study file no longer has stays in the list.
 */
#ifndef ORCHESTRATOR_PLAN_PAST_H
#define ORCHESTRATOR_PLAN_PAST_H

#include <jansson.h>

#include "common/arena.h"
#include "common/err.h"
#include "common/map.h"
#include "orchestrator/spec/run_spec.h"

typedef struct PastRun {
    unsigned char sha256[SHA256_BYTES]; /* its identity */
    const char *name, *dir;             /* the folder below the study's */
    const char *state;                  /* "waiting", ... */
    const char *reason;                 /* NULL: none is recorded */
    int64_t step;                       /* newest complete checkpoint's */
    int64_t attempts;                   /* so far */
    int64_t newest_attempt;             /* its number; -1: unknown, or none */
    int64_t lost;       /* checkpoints of a run that is done which are missing or corrupt */
    const char *by;     /* "process 12 on alba": who works on it; NULL: nobody */
    bool is_of_study;   /* it is a run of the study file */
    json_t *config;     /* its config.json, when past_config() has read it */
    bool has_no_config; /* past_config() has tried */
} PastRun;

/* All but the map lives in the arena. */
typedef struct Past {
    Arena *arena;
    PastRun *run; /* [n] */
    size_t n, room;
    Map by_identity; /* values: the runs; made by past_index() */
} Past;

#define PAST_INIT(arena_of_it) ((Past){.arena = (arena_of_it)})

/* Adds a run whose texts are copied; `hash` has 64 digits (others are passed over).  ERR_NOMEM. */
ErrCode past_add(Past *p, const PastRun *r, const char *hash, Err *err);

/* Reads the folders below study_dir/runs; status.json of a run that cannot be read counts as
 * none.  A folder that is not there holds nothing.  ERR_IO, ERR_NOMEM. */
ErrCode past_read_files(const char *study_dir, Past *p, Err *err);

/* Makes past_find() know all that were added.  ERR_NOMEM. */
ErrCode past_index(Past *p, Err *err);

/* The run of an identity; NULL when there is none. */
PastRun *past_find(const Past *p, const unsigned char sha256[SHA256_BYTES]);

/* config.json of a run; NULL when it cannot be read.  It lives until past_forget_configs(). */
const json_t *past_config(PastRun *r, const char *study_dir);
void past_forget_configs(Past *p);

/* Frees what is not the arena's. */
void past_release(Past *p);

#endif
