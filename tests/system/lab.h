/* lab.h -- what the tests that disturb whole studies share: a folder with a study and its text,
 * our programs run on it, and the comparison of two studies that must be the same.
 *
 * Nothing here fails a test: the programs that use it go on after a difference and report it.
 * $SLAW_LAB_BIN is where our programs are taken from instead of the build's bin/: a copy that
 * stays the same while the tree is built, for tests that take hours. */
#ifndef TESTS_SYSTEM_LAB_H
#define TESTS_SYSTEM_LAB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/buf.h"
#include "common/json.h"

enum {
    LAB_PATH_BYTES = 512,
    LAB_HANGS = -1000, /* what lab_wait() says of a process that did not end */
    LAB_MAX_ENV = 16,
};

typedef struct Lab {
    char root[LAB_PATH_BYTES / 2];
    char study[LAB_PATH_BYTES]; /* the study file */
    const char *worker;         /* $SLAW_WORKER; NULL: the real one */
    const char *output;         /* where programs write in its folder; NULL: "output" */
} Lab;

/* Four architectures, one run each, seconds at most; the same with the checkpoints and steps that
 * give a nemesis time to strike; 200 runs that take no time. */
extern const char lab_tiny_study[], lab_long_study[], lab_many_study[];

/* What a program that disturbs studies was called with: --seconds, --seed, --only WHICH, --points N and
 * one flag of its own. */
typedef struct LabOptions {
    double seconds;
    uint64_t seed, points;
    const char *only; /* NULL: not given */
    bool has_points, has_flag;
} LabOptions;

/* False, and a sentence on standard error that names the program's source, for any other word. */
bool lab_options(int argc, char **argv, const char *flag, const char *source, LabOptions *o);

/* The result of such a program, on standard output; releases it. */
void lab_print(json_t *result);

/* Makes the folder (in memory where there is such a place), its text and its study file. */
void lab_open(Lab *l, const char *study_text);
void lab_close(const Lab *l);

/* Path of something in the lab's folder; each lives until the eighth call after it. */
const char *lab_path(const Lab *l, const char *name);

/* What else a program to be started gets. */
typedef struct LabEnv {
    const char *text[LAB_MAX_ENV]; /* variables, "NAME=VALUE" */
    size_t n;
    const char *words[2]; /* of the command line, after the others; NULL: none */
} LabEnv;

/* Starts `slaw VERB WHAT [--dir DIR]`, without a terminal, in the lab's folder, its output into
 * lab_output().  what and dir may be NULL, and so may env. */
pid_t lab_start(const Lab *l, const LabEnv *env, const char *verb, const char *what,
                const char *dir);

/* Exit status, or minus the signal, or LAB_HANGS after limit_ms: then it and its workers are
 * killed. */
int lab_wait(pid_t pid, int64_t limit_ms);

/* lab_start() and lab_wait(). */
int lab_slaw(const Lab *l, const LabEnv *env, const char *verb, const char *what, const char *dir,
             int64_t limit_ms);

/* What the last program said, both streams; lives until the next call. */
const char *lab_output(const Lab *l);

/* Kills every worker that works below this folder and waits until they are gone. */
void lab_kill_workers(const char *dir);

/* Pids of the workers of a study folder: at most n of them.  Returns how many. */
int lab_find_workers(const char *dir, pid_t *pid, int n);

/* Which of catalog_dump.h's texts. */
typedef enum LabDump { LAB_EVERYTHING, LAB_RESULTS } LabDump;

/* One of them; aborts when the catalog cannot be read.  The caller frees it. */
char *lab_dump(const char *dir, LabDump d);

/* Is this text of the catalog of `dir` `want`, and does every byte below its checkpoints/ equal that
 * of `calm`, no file missing and none too many?  If not, `why` says what. */
bool lab_same(LabDump d, const char *want, const char *calm, const char *dir, Buf *why);

void lab_sleep_ms(int64_t ms);

/* cp -r, without following links. False when something cannot be copied. */
bool lab_copy(const char *from, const char *to);

/* Removes a study folder. */
void lab_remove(const char *dir);

#endif
