/* conditions.h -- a choice of observations: alternatives, each of conditions that all hold.
 *
 *   "M=20&N<5e8", "M=320&N<2e7"     rows with M = 20 and N below 5e8, and rows with M = 320 and ...
 */
#ifndef ANALYSIS_VALIDATE_CONDITIONS_H
#define ANALYSIS_VALIDATE_CONDITIONS_H

#include "analysis/obs/where.h"

/* ret[i]: does any alternative hold of row[i]?  Of none, nothing does.  ERR_USAGE and ERR_INVALID as
 * where_parse() and where_holds(); ERR_NOMEM. */
ErrCode conditions_mark(const Frame *f, const char *const *alternative, size_t n_alternatives,
                        const size_t *row, size_t n, bool *ret, Err *err);

#endif
