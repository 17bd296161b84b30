/* record.h -- the small files beside the catalog from which it can be rebuilt.
 *
 *   <study>/study.json        {"schema":1,"name","source_path","source_sha256",
 *                              "slaw_version","resolved":{...}}
 *   <run>/run.json            what config.json does not say of a run:
 *                             {"schema":1,"run":"<64 hex>","id","axes":{...},"position","params",
 *                              "params_total","tokens","steps","batch_tokens",
 *                              "flops_per_token":{"6nd","exact","paper"},"checkpoints"}
 *   <run>/status.json         {"schema":1,"run","state","reason","attempts","step","steps",
 *                              "checkpoints"}
 *   <attempt>/exit.json       {"schema":1,"state","code","signal","reason","started_ms",
 *                              "ended_ms","peak_rss_bytes"}
 *
 * "code" and "signal" are null when there is none; "reason" and "peak_rss_bytes" may be null.  The
 * scheduler writes all four through these functions (atomically, fsx_note), each after
 * the change of the catalog that it records; reindex reads them.
 * Members that a reader does not know are skipped.
 *
 * Readers give ERR_NOTFOUND when the file does not exist, ERR_FORMAT naming file
 * and member when it is damaged or of another schema version.
 */
#ifndef CATALOG_RECORD_H
#define CATALOG_RECORD_H

#include <stdint.h>

#include "catalog/attempt.h"
#include "catalog/checkpoint.h"
#include "catalog/corpus.h"
#include "catalog/run.h"
#include "catalog/study.h"
#include "common/arena.h"
#include "common/err.h"

enum { RECORD_SCHEMA = 1 };

/* In a checkpoint's folder: the retention rule took its tensors away. */
#define RECORD_REMOVED "removed.json"

/* In a checkpoint's folder: slaw verify found it missing in part, or corrupt.
 * {"schema":1,"state":"missing" or "corrupt","why"} */
#define RECORD_DAMAGED "damaged.json"

/* study_dir/study.json; ERR_FORMAT when s->resolved is not JSON. */
ErrCode study_record_write(const char *study_dir, const CatalogStudy *s, Err *err);
ErrCode study_record_read(const char *study_dir, Arena *a, CatalogStudy *ret, Err *err);

/* run_dir/run.json.  Reading needs run_dir/config.json as well, for hash, name,
 * architecture, size and seed, and fills all of *ret but dir, state, reason and
 * updated_ms; id is the one in the catalog, 0 when the file does not say. */
ErrCode run_record_write(const char *run_dir, const CatalogRun *r, Err *err);
ErrCode run_record_read(const char *run_dir, Arena *a, CatalogRun *ret, Err *err);

typedef struct StatusRecord {
    const char *run; /* 64 hex digits */
    CatalogRunState state;
    const char *reason;  /* NULL when there is none */
    int64_t attempts;    /* so far */
    int64_t step, steps; /* newest complete checkpoint's step; planned */
    int64_t checkpoints; /* complete */
} StatusRecord;

ErrCode status_record_write(const char *run_dir, const StatusRecord *s, Err *err);
ErrCode status_record_read(const char *run_dir, Arena *a, StatusRecord *ret, Err *err);

typedef struct ExitRecord {
    CatalogAttemptState state;
    int64_t code, signal; /* CATALOG_NONE when there is none */
    const char *reason;   /* NULL when there is none */
    UnixMs started_ms, ended_ms;
    int64_t peak_rss_bytes; /* CATALOG_NONE when nobody can say */
} ExitRecord;

ErrCode exit_record_write(const char *attempt_dir, const ExitRecord *e, Err *err);
ErrCode exit_record_read(const char *attempt_dir, Arena *a, ExitRecord *ret, Err *err);

/* checkpoint_dir/damaged.json, durably; clear removes it (none is fine).  A mark that cannot be
 * read stands for `corrupt`: it was put there for a reason. */
ErrCode damage_record_write(const char *checkpoint_dir, CatalogCheckpointState state,
                            const char *why, Err *err);
ErrCode damage_record_clear(const char *checkpoint_dir, Err *err);
ErrCode damage_record_read(const char *checkpoint_dir, CatalogCheckpointState *ret, Err *err);

/* corpus_dir/manifest.json as a row of the catalog; its text with sorted keys.  The manifest
 * is written by trainer/data. */
ErrCode corpus_record_read(const char *corpus_dir, Arena *a, CatalogCorpus *ret, Err *err);

#endif
