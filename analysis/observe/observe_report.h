/* observe_report.h -- an observational analysis as JSON, tables and pictures. */
#ifndef ANALYSIS_OBSERVE_OBSERVE_REPORT_H
#define ANALYSIS_OBSERVE_OBSERVE_REPORT_H

#include <jansson.h>

#include "analysis/observe/observe.h"
#include "analysis/report/table.h"
#include "draw/plot.h"

/* The results alone (docs/observational.md); the verb adds where they come from.  NULL when memory
 * is short. */
json_t *observe_json(const Observe *r);

/* What the numbers say, then a table of each kind.  ERR_NOMEM. */
ErrCode observe_text(const Observe *r, TableFormat format, Buf *out, Err *err);
/* One row a model: family, C, components, equivalent compute.  What --format csv prints. */
ErrCode observe_models_table(const Observe *r, TableFormat format, Buf *out, Err *err);

enum { OBSERVE_MAX_FIGURES = 1 + SCORES_MAX_TARGETS, OBSERVE_NAME_BYTES = 160 };

/* capability: the first component against C with each family's line.  observe_<target>: predicted
 * against measured, training and held-out models apart. */
typedef struct ObserveFigures {
    Arena arena;
    PlotFigure *figure;
    size_t n;
} ObserveFigures;

/* ERR_NOMEM. */
ErrCode observe_figures(const Observe *r, ObserveFigures *ret, Err *err);
void observe_figures_release(ObserveFigures *f);

#endif
