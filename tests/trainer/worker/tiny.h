/* tiny.h -- a corpus and runs so small that a test can train them many times. */
#ifndef TESTS_TRAINER_WORKER_TINY_H
#define TESTS_TRAINER_WORKER_TINY_H

#include <jansson.h>
#include <sys/types.h>

#include "common/fsx.h"
#include "tests/support/tmpdir.h"

enum { TINY_STEPS = 24, TINY_CHECKPOINTS = 4, TINY_BATCH = 128, TINY_SEQUENCE = 32 };
enum { TINY_LONG_STEPS = 800, TINY_LONG_CHECKPOINTS = 12 };

typedef struct Tiny {
    TmpDir dir;
    char corpus[FSX_PATH_BYTES];
} Tiny;

/* Text of a few words, and the corpus made of it. */
Tiny tiny_open(void);
void tiny_close(Tiny *t);

/* Another corpus beside it, of other text. */
void tiny_other_corpus(const Tiny *t, char out[FSX_PATH_BYTES]);

/* Writes the folder of a run: 2 layers of width 16, TINY_STEPS steps.  In config.json the
 * first `from` is replaced by `to` (both NULL: nothing is).  Returns its path, which lives
 * in `out`. */
const char *tiny_run(const Tiny *t, const char *name, const char *architecture, const char *from,
                     const char *to, char out[FSX_PATH_BYTES]);

/* The same for a run of some tenths of a second: TINY_LONG_STEPS steps, 12 checkpoints. */
const char *tiny_long_run(const Tiny *t, const char *name, const char *architecture,
                          char out[FSX_PATH_BYTES]);

/* All events of an attempt, in order; checks that every line parses and that seq has no gap.
 * The caller owns the array. */
json_t *tiny_events(const char *run_dir, int attempt);

/* Attempts that wrote events. */
int tiny_attempts(const char *run_dir);

/* The i-th event with this name, counted from 0; from the end if i is negative.  NULL if none. */
const json_t *tiny_event(const json_t *events, const char *name, int i);

/* Fails unless both runs have the same checkpoints, byte for byte; returns how many. */
int tiny_same_checkpoints(const char *run_a, const char *run_b);

/* Starts `slaw-worker run RUN --corpus CORPUS` with standard error to RUN/stderr.log. */
pid_t tiny_start(const char *run_dir, const char *corpus, int socket_fd);

/* The same as a scheduler does it, with the attempt's number. */
pid_t tiny_start_attempt(const char *run_dir, const char *corpus, int64_t attempt);

/* Waits until the log of an attempt holds `what`. */
void tiny_wait_for_text(const char *run_dir, int attempt, const char *what);

/* Waits for it: its exit status, or minus the signal that killed it. */
int tiny_wait(pid_t pid);

/* Starts the run and kills it after so many milliseconds; 1 when it was still at work, or 0. */
int tiny_kill_after(const Tiny *t, const char *run_dir, int ms);

#endif
