/* err_report.h -- the last words of a command that failed, for a person or for a program.
 *
 * Problems of a file (NULL or none: there are none) are the failure where err is their
 * ERR_INVALID; otherwise they are left out.
 */
#ifndef COMMON_ERR_REPORT_H
#define COMMON_ERR_REPORT_H

#include "common/problems.h"
#include "common/text_style.h"

/* Appends problems_text(), then "slaw: message" and a line "hint: ..." where a cure is known. */
void err_report_text(const Err *err, const Problems *p, TextStyle style, Buf *out);

/* Appends one object:
 *   {"schema":1,"error":{"kind","message","hint","file","line","column"}}
 * kind is err_code_name(); hint, file, line and column are null where there is none.  Problems of
 * a file: the first of them is the error, and beside it "problems" is a list of all, each of the
 * same shape. */
void err_report_json(const Err *err, const Problems *p, Buf *out);

#endif
