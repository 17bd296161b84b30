/* study_group.h -- the group of a run of a study file: what `--by` makes of the catalog's observations
 * (analysis/obs/obs.h), before there are any. */
#ifndef CLI_STUDY_GROUP_H
#define CLI_STUDY_GROUP_H

#include "common/buf.h"
#include "orchestrator/spec/study.h"

/* The axis that a name means: its path, or any end of it behind a dot that only one axis has.  NULL:
 * there is none, or there are several, of which *ret_two names two (else NULL). */
const char *study_group_axis(json_t *axes, const char *name, const char **ret_two);

/* The name of run i's group by the axes `by`, as "architecture,lr", in place of what is in out.
 * ERR_USAGE: the run has no such axis, or an end of two; ERR_NOMEM. */
ErrCode study_group_name(const Study *study, size_t i, const char *by, Buf *out, Err *err);

#endif
