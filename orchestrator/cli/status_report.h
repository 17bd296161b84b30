/* status_report.h -- what `slaw status` says, as text and as JSON. */
#ifndef ORCHESTRATOR_CLI_STATUS_REPORT_H
#define ORCHESTRATOR_CLI_STATUS_REPORT_H

#include <jansson.h>

#include "common/buf.h"
#include "orchestrator/cli/catalog_arg.h"

typedef struct StatusReport {
    const char *study;
    CatalogRunStatus *runs; /* [n], in the arena of the CatalogArg */
    size_t n;
    CatalogTotals totals;
    bool has_scheduler;  /* one is at work on this study */
    char scheduler[512]; /* "process 123 on host alba since ..."; "" without one */
} StatusReport;

ErrCode status_report_read(CatalogArg *a, StatusReport *ret, Err *err);

/* A line a run, the totals, every failure with its log. */
ErrCode status_report_text(const CatalogArg *a, const StatusReport *r, const char *study_arg,
                           Buf *out, Err *err);

/* {"schema":1,"study","runs":{"total","done","running","waiting","failed","diverged"},
 *  "checkpoints":{"planned","complete"},"progress","eta_s","flops":{"done","planned"},
 *  "scheduler":null or text,"failures":[{"run","hash","attempt","state","reason","log"}],
 *  "running":[{"run","hash","step","steps","tokens_per_s","threads","cores"}]}
 * failed counts the diverged ones, too; eta_s is null when unknown; cores is null when the run
 * may use any. */
ErrCode status_report_json(const CatalogArg *a, const StatusReport *r, json_t **ret, Err *err);

#endif
