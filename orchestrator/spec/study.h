/* study.h -- a study file, checked and expanded to runs.
 *
 *   YAML text -> node tree with positions (common/yaml) -> checked against
 *   schemas/study.schema.json (spec/validate) -> cells of the matrix, overrides
 *   applied -> RunSpec[] in matrix order (last axis fastest).
 *
 * Ownership: everything lives in the Study; study_close() frees it.  What study_run_json(),
 * study_run_axes() and study_run_texts() make is the caller's.
 */
#ifndef ORCHESTRATOR_SPEC_STUDY_H
#define ORCHESTRATOR_SPEC_STUDY_H

#include <jansson.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/problems.h"
#include "orchestrator/spec/run_spec.h"

/* Tells runs in full, on demand.  study_open() fills it in; a study made by hand may have its
 * own.  `describe` makes new references to run i's config.json and axes. */
typedef struct StudySource {
    void *ctx;
    /* NULL: by describe.  As study_run_texts() and study_run_axes_line(). */
    ErrCode (*texts)(void *ctx, const RunSpec *r, Buf *config, Buf *axes, bool is_sorted, Err *err);
    ErrCode (*describe)(const void *ctx, const RunSpec *r, json_t **ret_json, json_t **ret_axes,
                        Err *err);
    void (*close)(void *ctx); /* NULL: nothing to free */
} StudySource;

/* Where the file says it; its section where it does not, line 0 where that is not there either. */
typedef struct StudyPlaces {
    const TextPos *text; /* [n_corpus_text] */
    TextPos validation;
    TextPos tokens, sequence; /* the largest value of an axis */
} StudyPlaces;

typedef struct Study {
    Arena arena;
    const char *name;
    const char *file;              /* as given */
    const char *base_dir;          /* absolute; relative corpus paths start here */
    json_t *resolved;              /* the whole document, units expanded, defaults filled */
    char sha256[SHA256_HEX_BYTES]; /* of the file's bytes */
    RunSpec *runs;                 /* [n_runs]; malloc'ed by study_open() */
    size_t n_runs;
    StudySource source;

    const char **corpus_text; /* [n_corpus_text] */
    size_t n_corpus_text;
    int64_t corpus_vocabulary, corpus_validation;
    bool corpus_repeat;
    StudyPlaces at;
    bool evaluates_validation; /* at every checkpoint */

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
 * `problems` as problems_text() has it, at most 100 of them; err->msg then counts them.
 * ERR_NOTFOUND, ERR_IO as usual.  *ret is written on success only. */
ErrCode study_open(const char *path, Study **ret, Buf *problems, Err *err);
void study_close(Study *s); /* NULL is fine */

/* The same, with the problems as a list (sorted; the caller releases it).  It has the name and the
 * text of the file also on success, for problems that are found later. */
ErrCode study_open_list(const char *path, Study **ret, Problems *problems, Err *err);

/* Run i in full, made anew by every call (tens of microseconds): its config.json object; the
 * values of its axes, {"architecture":..., "size":..., "seed":..., <axis>:...}; its parsed
 * configuration.  The caller frees the JSON.  ERR_NOMEM. */
ErrCode study_run_json(const Study *s, size_t i, json_t **ret, Err *err);
ErrCode study_run_axes(const Study *s, size_t i, json_t **ret, Err *err);
ErrCode study_run_config(const Study *s, size_t i, RunConfig *ret, Err *err);

/* The canonical texts (common/json.h) of run i's config.json and axes, appended.  Either may be
 * NULL.  Fast (a microsecond), and not from two threads at once.  ERR_NOMEM. */
ErrCode study_run_texts(const Study *s, size_t i, Buf *config, Buf *axes, Err *err);

/* The axes of run i as one line of JSON, in the order of the matrix, appended.  ERR_NOMEM. */
ErrCode study_run_axes_line(const Study *s, size_t i, Buf *out, Err *err);

/* Writes the resolved study as YAML (by fsx_replace).  Opened again it expands to runs of the
 * same identities and folders; corpus.base holds base_dir, so the copy may lie elsewhere. */
ErrCode study_write_resolved(const Study *s, const char *path, Err *err);

#endif
