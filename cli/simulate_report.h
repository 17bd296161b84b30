/* simulate_report.h -- what `slaw simulate` prints. */
#ifndef CLI_SIMULATE_REPORT_H
#define CLI_SIMULATE_REPORT_H

#include <jansson.h>

#include "analysis/design/simulate.h"
#include "analysis/report/table.h"
#include "cli/design_args.h"

typedef struct SimGroup {
    const DesignGroup *design;
    Truth truth;
    SimNoise noise;
    Simulation result;
} SimGroup;

typedef struct SimReport {
    const char *source, *truth_text; /* as given */
    const DesignSource *design;
    SimOptions options;
    SimGroup *group; /* [n] */
    size_t n;
} SimReport;

json_t *simulate_json(const SimReport *r); /* NULL when memory is short */
ErrCode simulate_text(const SimReport *r, TableFormat format, Buf *out, Err *err);

/* One simulated data set of all groups, as `slaw fit` reads it: study 0 of the seed. */
ErrCode simulate_csv(const SimReport *r, Buf *out, Err *err);

#endif
