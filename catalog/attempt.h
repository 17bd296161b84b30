/* attempt.h -- tries at runs: one row a process, numbered from 0 within its run. */
#ifndef CATALOG_ATTEMPT_H
#define CATALOG_ATTEMPT_H

#include <stddef.h>
#include <stdint.h>

#include "catalog/catalog.h"
#include "common/arena.h"
#include "common/clock.h"

typedef enum CatalogAttemptState {
    CATALOG_ATTEMPT_RUNNING,
    CATALOG_ATTEMPT_DONE,
    CATALOG_ATTEMPT_INTERRUPTED, /* finished its step, wrote its state, wants to go on */
    CATALOG_ATTEMPT_DIVERGED,
    CATALOG_ATTEMPT_FAILED,
    CATALOG_ATTEMPT_LOST, /* the scheduler died or lost sight of it; no exit status is known */
    CATALOG_N_ATTEMPT_STATES,
} CatalogAttemptState;

const char *catalog_attempt_state_name(CatalogAttemptState s); /* "running", ... */
bool catalog_attempt_state_parse(const char *name, CatalogAttemptState *ret);

enum { CATALOG_NONE = -1 }; /* an integer column that is NULL */

typedef struct CatalogAttempt {
    int64_t run_id, number;
    CatalogAttemptState state;
    int64_t pid;      /* CATALOG_NONE until known; the worker's hello sets it, too */
    const char *host; /* NULL until hello */
    const char *isa;  /* NULL until hello */
    int64_t
        resumed_step; /* the checkpoint it started from, 0 from scratch, CATALOG_NONE until hello */
    UnixMs started_ms;
    UnixMs ended_ms;        /* CATALOG_NONE while it runs */
    int64_t exit_code;      /* CATALOG_NONE when it did not exit */
    int64_t exit_signal;    /* CATALOG_NONE when no signal killed it */
    const char *reason;     /* NULL when there is none */
    int64_t ingested_bytes; /* of events.jsonl: whole lines up to here are in the catalog */
    int64_t ingested_seq;   /* newest seq ingested; -1 before the first */
    int64_t damaged_lines;
    int64_t threads;        /* at work now, or at its end; CATALOG_NONE until hello */
    const char *cores;      /* "0,2-3": the only ones it may use; NULL: not pinned */
    int64_t peak_rss_bytes; /* CATALOG_NONE until its end, or when nobody can say */
} CatalogAttempt;

/* Adds the attempt as `running`.  pid may be CATALOG_NONE.  ERR_CONFLICT when the run
 * has that attempt already or does not exist. */
ErrCode catalog_attempt_begin(Catalog *c, int64_t run_id, int64_t number, int64_t pid, UnixMs now,
                              Err *err);

/* How an attempt ended; ingest its last lines first.  ERR_NOTFOUND. */
typedef struct CatalogAttemptEnd {
    CatalogAttemptState state;
    int64_t exit_code;   /* CATALOG_NONE when it did not exit */
    int64_t exit_signal; /* CATALOG_NONE when no signal killed it */
    const char *reason;  /* NULL keeps what bye said */
    UnixMs ended_ms;
    int64_t peak_rss_bytes; /* 0 or less: unknown; what bye said counts more */
} CatalogAttemptEnd;

ErrCode catalog_attempt_end(Catalog *c, int64_t run_id, int64_t number, const CatalogAttemptEnd *e,
                            Err *err);

/* ERR_NOTFOUND when the run has no such attempt. */
ErrCode catalog_attempt_get(Catalog *c, int64_t run_id, int64_t number, Arena *a,
                            CatalogAttempt *ret, Err *err);

/* The attempts of one run, by number. */
ErrCode catalog_attempt_list(Catalog *c, int64_t run_id, Arena *a, CatalogAttempt **ret,
                             size_t *ret_n, Err *err);

/* An attempt at work of a run that the study no longer names. */
typedef struct CatalogStray {
    int64_t run_id, number;
    const char *name, *dir; /* of the run */
    UnixMs started_ms;
} CatalogStray;

/* Attempts that are `running` though their run is retired: their scheduler was killed, and the
 * study file changed since. */
ErrCode catalog_attempt_strays(Catalog *c, Arena *a, CatalogStray **ret, size_t *ret_n, Err *err);

/* The number for the run's next attempt (0 for the first). */
ErrCode catalog_attempt_next_number(Catalog *c, int64_t run_id, int64_t *ret, Err *err);

#endif
