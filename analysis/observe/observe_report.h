/* observe_report.h -- an observational analysis as an answer and as pictures. */
#ifndef ANALYSIS_OBSERVE_OBSERVE_REPORT_H
#define ANALYSIS_OBSERVE_OBSERVE_REPORT_H

#include "analysis/observe/observe.h"
#include "answer/answer.h"
#include "draw/plot.h"

/* What it says (docs/json.md); has_models: people see the table of models, too.  Returns how much was
 * asked for by name and refused: targets, hold-outs, the equivalent compute of a reference. */
size_t observe_answer(const Observe *r, bool has_models, AnswerNode *top);

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
