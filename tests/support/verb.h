/* verb.h -- a verb as a user runs it, in the folder of the running test (tests/support/tmp.h). */
#ifndef TESTS_SUPPORT_VERB_H
#define TESTS_SUPPORT_VERB_H

#include "common/buf.h"
#include "common/json.h"

/* The exit status of `slaw args`, in which @ stands for the source folder.  Standard output, or
 * both streams, replace what is in *out. */
int slaw(const char *args, bool has_stderr, Buf *out);

/* The answer on standard output, an object of schema 1, which the caller releases.  Fails the
 * running test when there is none, or another exit status. */
json_t *slaw_json(const char *args, int status);

/* Fails the running test unless `slaw args` ends with this status and says each of the words. */
#define CHECK_SLAW(args, status, ...) \
    slaw_says(args, status, (const char *const[]){__VA_ARGS__, NULL})
void slaw_says(const char *args, int status, const char *const *words);

/* CHECK_SLAW() of each line of tests/cli/mistakes/VERB.txt, which is "args => status words". */
void check_mistakes(const char *verb);

/* Fails the running test unless `slaw args` fits pages of 60, 80 and 100 characters, and LaTeX would
 * take it. */
void check_pages(const char *args);

/* The loss of Hoffmann et al. 2022: E 1.69, A 406.4, B 410.7, alpha 0.34, beta 0.28. */
double hoffmann_loss(double n, double d);

#endif
