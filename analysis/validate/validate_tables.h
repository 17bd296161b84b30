/* validate_tables.h -- the tables of a validation, each with what its columns mean. */
#ifndef ANALYSIS_VALIDATE_VALIDATE_TABLES_H
#define ANALYSIS_VALIDATE_VALIDATE_TABLES_H

#include "analysis/validate/validate.h"

/* More held-out observations than this are shown by level. */
enum { VALIDATE_MAX_POINTS = 40 };

/* "N = 1e+09, D = 2e+10", or by C where these are not known. */
void validate_point_name(const Validation *v, size_t i, char *ret, size_t n);

/* Each ERR_NOMEM.  Every held-out observation with all rivals, one row each: for CSV. */
ErrCode validate_points_table(const Validation *v, size_t n, TableFormat format, Buf *out,
                              Err *err);
ErrCode validate_holdout_table(const Validation *v, TableFormat format, Buf *out, Err *err);
ErrCode validate_horizon_table(const Validation *v, TableFormat format, Buf *out, Err *err);
ErrCode validate_laws_table(const Validation *v, TableFormat format, Buf *out, Err *err);
ErrCode validate_influence_table(const Validation *v, TableFormat format, Buf *out, Err *err);
ErrCode validate_sensitivity_table(const Validation *v, TableFormat format, Buf *out, Err *err);
ErrCode validate_bins_table(const Validation *v, TableFormat format, Buf *out, Err *err);
ErrCode validate_tests_table(const Validation *v, TableFormat format, Buf *out, Err *err);
ErrCode validate_chain_table(const Validation *v, TableFormat format, Buf *out, Err *err);

#endif
