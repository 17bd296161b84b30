/* sample.h -- a small study for tests of the catalog: its rows, and its files. */
#ifndef TESTS_CATALOG_SAMPLE_H
#define TESTS_CATALOG_SAMPLE_H

#include <jansson.h>

#include "catalog/attempt.h"
#include "catalog/catalog.h"
#include "catalog/run.h"
#include "common/buf.h"
#include "common/fsx.h"
#include "tests/support/tmpdir.h"

/* Fails the running test with err's message unless `call` succeeds. */
#define OK(call)                                                    \
    do {                                                            \
        err = ERR_INIT;                                             \
        ck_assert_msg((call) == ERR_OK, "%s | %s", #call, err.msg); \
    } while (0)

/* Fails unless `call` fails with `code`. */
#define FAILS(code, call)                                                        \
    do {                                                                         \
        err = ERR_INIT;                                                          \
        ErrCode failed_with = (call);                                            \
        ck_assert_msg(failed_with == (code), "%s | %s, not %s: %s", #call,       \
                      err_code_name(failed_with), err_code_name(code), err.msg); \
    } while (0)

/* Fails unless text holds part. */
#define HAS(text, part) \
    ck_assert_msg(strstr((text), (part)) != NULL, "\"%s\" not in: %s", part, text)

typedef struct Sample {
    TmpDir tmp;
    char db[FSX_PATH_BYTES];
    Catalog *c;
} Sample;

/* A temporary folder with an open, empty catalog. */
Sample sample_open(void);
void sample_close(Sample *s);

/* Run number i (0..9) of the sample study: hash "iiii...", 40 steps of 100 tokens, 4 planned
 * checkpoints; strings are static until the next call with the same i. */
CatalogRun sample_run(int i);

/* Upserts run i and begins its attempt; gives the run's id. */
int64_t sample_begin(Catalog *c, int i, int64_t attempt);

/* Appends one event line; steals body. */
void sample_line(Buf *out, const char *hash, int64_t attempt, int64_t seq, json_t *body);

/* Appends hello, steps 10, 20, ... from `from` to `to`, an evaluation and a checkpoint at every
 * multiple of 10, and a bye with `status` unless NULL.  Losses depend on run and step;
 * tokens_per_s on the attempt as well. */
void sample_events(Buf *out, const CatalogRun *r, int64_t attempt, int64_t from, int64_t to,
                   const char *status);

/* The digest that sample_events() gives the checkpoint, and its folder made on disk below
 * run_dir with model.safetensors, config.json and manifest.json. */
void sample_checkpoint(const char *run_dir, const CatalogRun *r, int64_t step);

/* Every row of every table but fit, columns that are times left out, as text. */
char *sample_dump(Catalog *c);

/* Makes the file hold the n bytes and its folder exist; not durable, and without a truncation to
 * nothing, for which some file systems wait on the disk: tests do it thousands of times. */
void sample_write(const char *path, const char *text, size_t n);

#endif
