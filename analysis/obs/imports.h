/* imports.h -- observations imported beside a study's own, as further rows of its frame.
 *
 * <study>/imports/<name>.json says which CSV is the import's and what its SHA-256 is
 * (orchestrator/exchange/import.h).  Plain files: the catalog knows nothing of them, so it can be
 * rebuilt without them, and removing the two files removes the import.
 *
 * With an import the frame has a column `origin` (empty for the study's own rows, else the import's
 * name) and what columns the imports bring.  What an import calls by an end of an axis's path (lr) is
 * that axis.  An imported run is named <import>:<run>, so that it is
 * no run of the study's; without a run each row is one of its own.  C_6nd is 6 N D where the import
 * does not say otherwise; C_exact and C_paper stay empty, since nobody counted them.
 */
#ifndef ANALYSIS_OBS_IMPORTS_H
#define ANALYSIS_OBS_IMPORTS_H

#include "analysis/obs/frame.h"

/* Without imports f is left as it is.  ERR_FORMAT with a hint: a manifest that is none, or a CSV whose
 * bytes are not those that were imported; ERR_NOTFOUND: the CSV is gone; ERR_IO, ERR_NOMEM. */
ErrCode imports_append(const char *study_dir, Frame *f, Err *err);

#endif
