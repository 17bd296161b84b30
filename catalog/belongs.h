/* belongs.h -- is a catalog that opens well the one of this study?
 *
 * A file can be whole and wrong: empty (truncated, or made by something that died), or another
 * study's.  To go on with it would train again what is done, so whoever is about to write asks
 * first and rebuilds it (reindex.h) if not.
 */
#ifndef CATALOG_BELONGS_H
#define CATALOG_BELONGS_H

#include <stdbool.h>

#include "catalog/catalog.h"

enum { BELONGS_WHY_BYTES = 512 };

/* *ret false: the study's folder holds a run with an attempt of which the catalog knows nothing;
 * `why` says which.  Looks at no more than 256 folders.  ERR_IO, ERR_DB. */
ErrCode catalog_belongs(Catalog *c, const char *study_dir, bool *ret, char why[BELONGS_WHY_BYTES],
                        Err *err);

#endif
