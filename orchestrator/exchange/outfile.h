/* outfile.h -- a file written piece by piece that is whole or absent; or standard output.
 *
 * What fsx_replace() does for bytes in memory: a temporary file beside the target, fsync, rename.
 * The first failed write sticks, and outfile_commit() reports it.
 */
#ifndef ORCHESTRATOR_EXCHANGE_OUTFILE_H
#define ORCHESTRATOR_EXCHANGE_OUTFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/fsx.h"

typedef struct OutFile {
    FILE *f; /* NULL: not open */
    bool is_stdout;
    char path[FSX_PATH_BYTES], tmp[FSX_PATH_BYTES];
} OutFile;

/* path NULL: standard output.  ERR_IO. */
ErrCode outfile_open(OutFile *o, const char *path, Err *err);
void outfile_write(OutFile *o, const void *bytes, size_t n);
/* Makes the file appear.  ERR_IO, and then it has not. */
ErrCode outfile_commit(OutFile *o, Err *err);
/* Forgets it, unless it was committed; closing twice is fine. */
void outfile_abandon(OutFile *o);

#endif
