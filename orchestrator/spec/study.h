/* study.h -- a study file, checked and expanded to runs.
 *
 *   YAML text -> node tree with positions (common/yaml) -> checked against
 *   schemas/study.schema.json (spec/validate) -> cells of the matrix, overrides
 *   applied -> RunSpec[] in matrix order (last axis fastest).
 *
 * Ownership: everything lives in the Study; study_close() frees it.
 */
#ifndef ORCHESTRATOR_SPEC_STUDY_H
#define ORCHESTRATOR_SPEC_STUDY_H

#include <jansson.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/problems.h"
#include "trainer/config/run_config.h"

/* One cell of the matrix. */
typedef struct RunSpec {
    RunConfig config;             /* parsed from `json` */
    json_t *json;                 /* the run's config.json object */
    json_t *axes;                 /* {"architecture":..., "size":..., "seed":..., <axis>:...} */
    const char *size;             /* name of the size */
    const char *dir;              /* runs/<name>-<hash12> */
    int64_t params, params_total; /* N, N_total */
    double flops_6nd, flops_exact, flops_paper; /* per token [FLOP/token] */
} RunSpec;

typedef struct Study {
    Arena arena;
    const char *name;
    const char *file;              /* as given */
    const char *base_dir;          /* absolute; relative corpus paths start here */
    json_t *resolved;              /* the whole document, units expanded, defaults filled */
    char sha256[SHA256_HEX_BYTES]; /* of the file's bytes */
    RunSpec *runs;
    size_t n_runs;

    const char **corpus_text; /* [n_corpus_text] */
    size_t n_corpus_text;
    int64_t corpus_vocabulary, corpus_validation;
    bool corpus_repeat;

    const char *launcher; /* "local" */
    const char *trainer;  /* "native" */
    int64_t workers;      /* WORKERS_AUTO: study_workers() */
    int64_t threads;      /* of one run; THREADS_AUTO: study_threads() */
    int64_t retries;
    bool is_pinned;
    const char **laws; /* [n_laws] analysis.laws */
    size_t n_laws;
    const char *group_by; /* analysis.by */
} Study;

enum { WORKERS_AUTO = 0 };

/* How many attempts at a time; auto is as many as this process can have at work here. */
int64_t study_workers(const Study *s);

/* With how many threads a run begins, and the most that it may be given. */
size_t study_threads(const Study *s);
size_t study_most_threads(const Study *s);

/* Reads, checks and expands.  On ERR_INVALID every problem of the file is in
 * `problems`, one "file:line:column: message" a line, hints on lines of their own
 * ("  hint: ..."), at most 100 of them; err->msg then counts them.  ERR_NOTFOUND, ERR_IO
 * as usual.  *ret is written on success only. */
ErrCode study_open(const char *path, Study **ret, Buf *problems, Err *err);
void study_close(Study *s); /* NULL is fine */

/* The same, with the problems as a list (sorted; the caller releases it). */
ErrCode study_open_list(const char *path, Study **ret, Problems *problems, Err *err);

/* Writes the resolved study as YAML (by fsx_replace).  Opened again it expands to runs of the
 * same identities and folders; corpus.base holds base_dir, so the copy may lie elsewhere. */
ErrCode study_write_resolved(const Study *s, const char *path, Err *err);

#endif
