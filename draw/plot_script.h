/* plot_script.h -- the gnuplot script of a figure. */
#ifndef DRAW_PLOT_SCRIPT_H
#define DRAW_PLOT_SCRIPT_H

#include "draw/layout.h"
#include "draw/plot.h"

/* Appends the script that reads <name>.csv and draws the formats of `o`. */
void plot_script(const PlotFigure *f, const PlotOutput *o, const Layout *l, Buf *out);

#endif
