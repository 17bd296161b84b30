/* status_report.h -- what `slaw status` says, as an answer. */
#ifndef CLI_STATUS_REPORT_H
#define CLI_STATUS_REPORT_H

#include "answer/answer.h"
#include "cli/catalog_arg.h"

/* A study of more runs is shown by its totals and the runs that need a look. */
enum { STATUS_MOST_ROWS = 200 };

typedef struct StatusReport {
    const char *study;
    CatalogRunStatus *runs; /* [n], in the arena of the CatalogArg */
    size_t n;
    bool is_whole; /* runs holds all of them; else those that run, failed or diverged */
    CatalogTotals totals;
    bool has_scheduler;  /* one is at work on this study */
    char scheduler[512]; /* "process 123 on host alba since ..."; "" without one */
    char steps[48], marks[48], why[CATALOG_WHY_BYTES]; /* of the row that is shown */
} StatusReport;

/* What of a study with more than STATUS_MOST_ROWS runs is read. */
typedef enum StatusScope {
    STATUS_A_PAGE,   /* the first of those that run, failed or diverged */
    STATUS_TROUBLES, /* all of those */
    STATUS_ALL_RUNS,
} StatusScope;

ErrCode status_report_read(CatalogArg *a, StatusScope scope, StatusReport *ret, Err *err);

typedef struct StatusShow {
    const char *study_arg; /* what to type for the study */
    size_t most_rows;      /* of the table; SIZE_MAX: all that were read */
} StatusShow;

/* JSON: docs/json.md.  For people: a line a run (at most STATUS_MOST_ROWS unless the report is whole),
 * the totals, the failures with their logs.  The report must stay until the answer was shown.
 * ERR_IO: a path is too long. */
ErrCode status_answer(const CatalogArg *a, StatusReport *r, const StatusShow *how, AnswerNode *top,
                      Err *err);

#endif
