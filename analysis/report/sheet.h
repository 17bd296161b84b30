/* sheet.h -- what the pictures of a report share: its groups as curves, colours, memory. */
#ifndef ANALYSIS_REPORT_SHEET_H
#define ANALYSIS_REPORT_SHEET_H

#include "analysis/report/figures.h"
#include "analysis/report/report.h"
#include "common/arena.h"
#include "draw/plot.h"

/* Colours that belong to no group. */
#define SHEET_INK  "#222222"
#define SHEET_GREY "#8A8A8A"

/* A group with more curves (a CSV of single runs) is drawn as points. */
enum { SHEET_MAX_CURVES = 16 };

/* One run, or all observations of one N. */
typedef struct Curve {
    double n; /* [parameters] */
    size_t count;
    double *d, *c, *loss; /* [count] by rising D */
} Curve;

typedef struct SheetGroup {
    const ObsGroup *obs;
    const char *title; /* NULL when it is the only one */
    const char *color;
    Curve *curve; /* by rising N */
    size_t n_curves;
    const FitResult *chinchilla, *power; /* NULL when not fitted */
    const ReportFit *law;                /* the first law of the loss in N and D, or NULL */
} SheetGroup;

typedef struct Sheet {
    Arena *arena;
    const Report *report;
    SheetGroup *group;
    size_t n_groups;
    bool is_short; /* an allocation failed */
} Sheet;

/* Fills s->group from s->report.  ERR_NOMEM; ERR_INVALID when an observation has no C. */
ErrCode sheet_open(Sheet *s, Err *err);

/* Room for n numbers; NULL, and is_short set, when memory is short. */
double *sheet_array(Sheet *s, size_t n);
/* "N = 334k"; a prefix of "" gives the bare number. */
const char *sheet_size_label(Sheet *s, const char *prefix, double x);
const char *sheet_printf(Sheet *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Strength of colour i of n: the smallest is pale, the largest full. */
double sheet_strength(size_t i, size_t n);
/* A label's place; q may be NULL. */
void sheet_place(PlotSeries *q, PlotLabel at);
/* Least and largest positive value. */
void sheet_range(const double *x, size_t n, double *lo, double *hi);
bool sheet_is_cloud(const SheetGroup *g);
bool sheet_has_law(const Sheet *s);

/* The pictures.  Each fills *f (zeroed, but for the panels' number) and is false when the groups
 * have nothing to show in it. */
bool figure_loss_compute(Sheet *s, PlotFigure *f);
bool figure_loss_params(Sheet *s, PlotFigure *f);
bool figure_loss_tokens(Sheet *s, PlotFigure *f);
bool figure_surface(Sheet *s, PlotFigure *f);
bool figure_isoflop(Sheet *s, PlotFigure *f);
bool figure_optimal_params(Sheet *s, PlotFigure *f);
bool figure_optimal_tokens(Sheet *s, PlotFigure *f);
bool figure_residuals(Sheet *s, PlotFigure *f);
bool figure_profile(Sheet *s, PlotFigure *f);
/* Only when it was asked for.  ERR_INVALID as figures_make(). */
ErrCode figure_loss_axis(Sheet *s, const FigureAxis *axis, PlotFigure *f, Err *err);

#endif
