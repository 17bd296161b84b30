/* past_catalog.h -- what a study's catalog and lock say of its earlier runs. */
#ifndef CLI_PAST_CATALOG_H
#define CLI_PAST_CATALOG_H

#include "orchestrator/plan/past.h"

/* Fills an empty past, indexed, in one pass: from the catalog of the study in `dir`, or, where
 * there is none that can be read, from the folders.  ERR_IO, ERR_NOMEM. */
ErrCode past_of_study(const char *dir, Past *p, Err *err);

#endif
