/* gc_study.h -- a finished study of four small runs to collect garbage in, made once for all tests:
 * .open = gc_open, .close = gc_close. */
#ifndef TESTS_SYSTEM_GC_STUDY_H
#define TESTS_SYSTEM_GC_STUDY_H

#include <jansson.h>
#include <stdint.h>

#include "catalog/catalog.h"
#include "common/buf.h"
#include "tests/support/tmpdir.h"

enum { N_RUNS = 4, N_CHECKPOINTS = 5, LAST_STEP = 40 };

extern TmpDir gc_tmp;              /* where the studies are */
extern const char gc_study_text[]; /* the study file */

void gc_open(void);
void gc_close(void);

/* A fresh copy of the finished study; its path lives until the next but three. */
const char *copy_study(void);
void remove_study(const char *dir);

/* Exit status of `slaw args`; its output, and of the last one its standard error. */
int slaw(const char *args, Buf *out);
int slaw_status(const char *args);
void stderr_text(Buf *out);

/* Exit status of `slaw VERB 'DIR'`. */
int status_of(const char *verb, const char *dir);

/* What `slaw gc DIR --json options` says; fails unless it ends with this status. */
json_t *gc_json(const char *dir, const char *options, int status);

/* Runs a command made from fmt, which must succeed, and appends what it says (NULL: nowhere). */
void shell(Buf *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Names and contents of all files but the catalog's. */
Buf listing(const char *dir);

/* How many files below DIR/runs `find` finds by `what`. */
int count(const char *dir, const char *what);

/* A member that must be there. */
int64_t number(const json_t *v, const char *key);

Catalog *open_catalog(const char *dir);

/* Both dumps are equal from section `from` ("# 3": checkpoints, 4: metrics, 5: evaluations) to
 * before section `to` (NULL: the end). */
void check_rows(const char *got, const char *want, const char *from, const char *to);

#endif
