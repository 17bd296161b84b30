/* provenance.h -- where a result comes from: which bytes, which rows, which options.
 *
 * What is needed to repeat an answer stands in it:
 *   "source", "version", "seed"
 *   "input":   {"sha256":…,"of":"file"|"observations","rows":…}
 *              file: of the CSV file's bytes, as `sha256sum` gives it
 *              observations: of a catalog (study_frame.h), the same for every order of its rows
 *   "rows":    how many were read and used, and how many left out for which reason
 *   "options": every option of `slaw fit` as it was understood; null where the default stands
 */
#ifndef ANALYSIS_REPORT_PROVENANCE_H
#define ANALYSIS_REPORT_PROVENANCE_H

#include <jansson.h>

#include "analysis/obs/obs.h"
#include "analysis/report/report.h"
#include "answer/answer.h"

typedef struct Provenance {
    const char *path;           /* what the user typed */
    const ObsSource *source;    /* opened from it */
    const ObsOptions *selected; /* how rows were chosen */
    const Obs *obs;
    const ReportPlan *plan;
} Provenance;

/* "options" of all verbs; NULL when memory is short.  The caller owns it. */
json_t *provenance_options(const Provenance *p);
/* JSON: the fields above; takes options over, from which a verb may have taken what it does not honour,
 * and to which it may have added its own. */
void provenance_answer(const Provenance *p, json_t *options, AnswerNode *top);

/* Appends a command line that repeats the answer `head` (an object with the fields above), quoted for a
 * shell: "slaw VERB 'my file.csv' --where 'D>1'". */
void provenance_command(const json_t *head, const char *verb, Buf *out);

#endif
