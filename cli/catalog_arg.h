/* catalog_arg.h -- the STUDY of a command line as an open catalog. */
#ifndef CLI_CATALOG_ARG_H
#define CLI_CATALOG_ARG_H

#include "catalog/catalog.h"
#include "catalog/run_status.h"
#include "cli/command.h"
#include "common/arena.h"
#include "common/fsx.h"

typedef struct CatalogArg {
    char dir[FSX_PATH_BYTES];  /* of the study */
    char path[FSX_PATH_BYTES]; /* of its catalog */
    Catalog *c;
    Arena arena; /* for what is read from it */
} CatalogArg;

/* Finds the study (study_arg.h) and opens its catalog read-only.  *ret can be closed in
 * every case. */
ErrCode catalog_arg_open(const Session *s, const char *arg, const char *dir_option, CatalogArg *ret,
                         Err *err);

/* The same for writing. */
ErrCode catalog_arg_open_writer(const Session *s, const char *arg, const char *dir_option,
                                CatalogArg *ret, Err *err);

/* Opens the same catalog read-only once more, with an empty arena: a reader that stays
 * open would keep the log growing. */
ErrCode catalog_arg_reopen(CatalogArg *a, Err *err);

void catalog_arg_close(CatalogArg *a);

/* Name of the study in the catalog, or its folder's while none is recorded; in the arena. */
ErrCode catalog_arg_name(CatalogArg *a, const char **ret, Err *err);

/* Path of a file of an attempt of a run; "" for the attempt's folder. */
ErrCode catalog_arg_attempt_file(const CatalogArg *a, const char *run_dir, int64_t attempt,
                                 const char *file, char out[FSX_PATH_BYTES], Err *err);

#endif
