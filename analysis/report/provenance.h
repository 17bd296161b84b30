/* provenance.h -- where a result comes from: which bytes, which rows, which options.
 *
 * Adds to a JSON object what is needed to repeat it:
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

typedef struct Provenance {
    const char *path;           /* what the user typed */
    const ObsSource *source;    /* opened from it */
    const ObsOptions *selected; /* how rows were chosen */
    const Obs *obs;
    const ReportPlan *plan;
} Provenance;

/* Sets the fields above.  Options of the verb itself may be added to "options" afterwards.
 * ERR_NOMEM. */
ErrCode provenance_add(json_t *obj, const Provenance *p, Err *err);

/* Appends a command line that repeats it, quoted for a shell: "slaw VERB 'my file.csv' --where 'D>1'". */
void provenance_command(const Provenance *p, const char *verb, Buf *out);

/* {"read":…,"used":…,"where":…,"other_tasks":…,"diverged":…,"early":…,"worse":…} */
json_t *provenance_rows(const Obs *obs);

#endif
