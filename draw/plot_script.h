/* plot_script.h -- the gnuplot script of a figure (plot.h). */
#ifndef DRAW_PLOT_SCRIPT_H
#define DRAW_PLOT_SCRIPT_H

#include "draw/plot.h"

/* Does a series of the figure have y_lo and y_hi?  Then the data have two columns more. */
bool plot_has_ranges(const PlotFigure *f);

/* Appends the script, which draws <name>.svg and <name>.png from <name>.csv. */
void plot_script(const PlotFigure *f, Buf *out);

#endif
