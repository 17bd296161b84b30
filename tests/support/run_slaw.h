/* run_slaw.h -- the slaw program, run as a user runs it. */
#ifndef TESTS_SUPPORT_RUN_SLAW_H
#define TESTS_SUPPORT_RUN_SLAW_H

#include "common/buf.h"

/* Runs `slaw args` by the shell in folder `dir`, with every @ in args standing for `at` (NULL: an
 * @ is an @) and `redirection` at its end ("2>&1").  Standard output replaces what is in *out.
 * Returns the exit status; fails the running test when a signal ends it. */
int run_slaw(const char *dir, const char *args, const char *at, const char *redirection, Buf *out);

#endif
