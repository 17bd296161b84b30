/* tmpdir.h -- a folder for one test, removed at the end. */
#ifndef TESTS_SUPPORT_TMPDIR_H
#define TESTS_SUPPORT_TMPDIR_H

#include <stdint.h>

typedef struct TmpDir {
    char path[256];
} TmpDir;

/* Makes a new folder below $TMPDIR (or /tmp); fails the running test if it cannot. */
TmpDir tmpdir_open(void);
void tmpdir_close(TmpDir *t);

/* Writes text to path/name and returns the full path in a buffer that lives until the next call. */
const char *tmpdir_write(const TmpDir *t, const char *name, const char *text);

/* Bytes of all regular files below path; 0 when there is none. */
int64_t tree_bytes(const char *path);

#endif
