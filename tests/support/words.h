/* words.h -- text to make a corpus of, and the worker that trains nothing on it. */
#ifndef TESTS_SUPPORT_WORDS_H
#define TESTS_SUPPORT_WORDS_H

#include <stdint.h>

#include "common/buf.h"
#include "tests/support/tmpdir.h"

/* Appends n random words; a file's are its own. */
void words_random(Buf *out, uint64_t seed, uint32_t file, uint64_t n);

/* A study's folder of texts: tmp/name holds 9000 words that always are the same. */
void words_write(const TmpDir *tmp, const char *name);

/* Makes fake-worker, which is in the working folder, the worker of every `slaw` from now on. */
void words_use_fake_worker(void);

#endif
