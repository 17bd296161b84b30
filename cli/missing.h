/* missing.h -- what was not there before a study's folder was made, so that a run that is refused
 * leaves none of it. */
#ifndef CLI_MISSING_H
#define CLI_MISSING_H

#include "common/err.h"
#include "common/fsx.h"

typedef struct Missing {
    int levels;                                        /* of the folder and those above it */
    char lock[FSX_PATH_BYTES], corpus[FSX_PATH_BYTES]; /* empty: it was there */
} Missing;

/* What a study's folder lacks now.  ERR_INVALID for a path that is too long. */
ErrCode missing_find(const char *dir, Missing *ret, Err *err);

/* Takes away what has come since.  has_lock: this process holds the study's lock; otherwise only
 * folders go that are empty, since another may have them in hand. */
void missing_restore(const char *dir, const Missing *m, bool has_lock);

#endif
