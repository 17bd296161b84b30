/* html.h -- the report of a source as one self-contained page.
 *
 * Everything is in it: style, tables, pictures (gnuplot's SVG); no script, no reference to anything
 * outside.  Text of the user stands in the page as text only: & < > " ' are written as entities.
 */
#ifndef ANALYSIS_REPORT_HTML_H
#define ANALYSIS_REPORT_HTML_H

#include <jansson.h>

#include "analysis/report/figures.h"
#include "analysis/report/report.h"

typedef struct HtmlPage {
    const Report *report;
    const json_t *head;    /* the answer, with its provenance (provenance.h) */
    const Figures *figure; /* NULL: no pictures, for the reason below */
    const char *folder;    /* where <name>.svg of each figure lies */
    const char *no_figures;
} HtmlPage;

/* Appends the page.  A picture that cannot be read is named in its place.  ERR_NOMEM. */
ErrCode html_page(const HtmlPage *p, Buf *out, Err *err);

/* Appends the <svg> element of gnuplot's SVG with `prefix` before every id that is referred to, so that
 * several can stand in one page, and without the others.  False, and nothing appended: it has none. */
bool html_svg(Buf *out, const char *svg, const char *prefix);

#endif
