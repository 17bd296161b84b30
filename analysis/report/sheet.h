/* sheet.h -- what the pictures of a report share: its groups as curves, looks, bands, memory. */
#ifndef ANALYSIS_REPORT_SHEET_H
#define ANALYSIS_REPORT_SHEET_H

#include "analysis/report/figures.h"
#include "analysis/report/look.h"
#include "analysis/report/report.h"
#include "common/arena.h"
#include "draw/plot.h"

/* A group with more curves (a CSV of single runs) is drawn as points. */
enum { SHEET_MAX_CURVES = 16 };

/* One run, or all observations of one N. */
typedef struct Curve {
    double n; /* [parameters] */
    size_t count;
    double *d, *c, *y; /* [count] by rising D */
} Curve;

/* One quantity with its 95 % band; lo and hi are NaN without replicates. */
typedef struct SheetLine {
    double *y, *lo, *hi;
} SheetLine;

/* The best N and D, and their response, at n values of C over the range of the data. */
typedef struct SheetFrontier {
    size_t n;
    double *c;
    SheetLine params, tokens, loss;
    bool *is_inside; /* N and D are observed ones; false: dotted */
    bool *is_near;   /* false: too far from the data to be drawn */
} SheetFrontier;

typedef struct SheetGroup {
    const ObsGroup *obs;
    const double *y;   /* [obs->data.n] the response */
    const char *title; /* NULL when it is the only one */
    PlotLook look;
    Curve *curve; /* by rising N */
    size_t n_curves;
    const FitResult *power;  /* paper_power, NULL when not fitted */
    const ReportFit *law;    /* the first law of the response in N and D, or NULL */
    const char *no_law;      /* why there is none */
    SheetFrontier *frontier; /* of sheet_frontier() */
} SheetGroup;

typedef struct Sheet {
    Arena *arena;
    const Report *report;
    FormResponse response; /* of the report's first law */
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
/* "5.1\302\26710\302\271\302\263" for people: 5.1 times ten to the 13th, raised. */
const char *sheet_power_label(Sheet *s, double x);
const char *sheet_printf(Sheet *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "loss [nats/token]", and the column of the data. */
const char *sheet_y_label(const Sheet *s);
const char *sheet_y_column(const Sheet *s);

/* Look of curve i of n of a group: the smallest is pale, the largest full. */
PlotLook sheet_tone(const SheetGroup *g, size_t i, size_t n);
/* Says in the legend what a style (of a code) means, in no group's colour. */
void sheet_explain(PlotPanel *p, const char *label, PlotStyle style, int code);
/* Least and largest positive value. */
void sheet_range(const double *x, size_t n, double *lo, double *hi);
bool sheet_is_cloud(const SheetGroup *g);
bool sheet_has_law(const Sheet *s);

/* Room for a line; false, and is_short set, when memory is short. */
bool sheet_line(Sheet *s, size_t n, SheetLine *ret);
/* Adds it with its band, if it has one: points [first, end) in a style; the band below all. */
void sheet_add_band(PlotPanel *p, PlotLook look, const double *x, const SheetLine *l, size_t first,
                    size_t end);
/* The law along one input over x [n], the other held at a value, into *ret. */
void sheet_law(const SheetGroup *g, Sheet *s, bool is_n, double held, const double *x, size_t n,
               SheetLine *ret);
/* Computed once; NULL without a law. */
const SheetFrontier *sheet_frontier(Sheet *s, SheetGroup *g);
/* One of its lines: thick within the data, which has the label, and dotted near them if it is asked for. */
void sheet_add_frontier(PlotPanel *p, const char *label, PlotLook look, const SheetFrontier *f,
                        const double *x, const double *y, bool has_beyond);

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
