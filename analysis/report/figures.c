#include "analysis/report/figures.h"

#include "analysis/report/sheet.h"

/* In the order of the files' list. */
static bool (*const picture[])(Sheet *s, PlotFigure *f) = {
    figure_loss_compute,   figure_loss_params, figure_loss_tokens,
    figure_surface,        figure_isoflop,     figure_optimal_params,
    figure_optimal_tokens, figure_residuals,   figure_profile,
};

enum { N_PICTURES = sizeof picture / sizeof picture[0] };
_Static_assert((int)N_PICTURES < (int)FIGURES_MAX, "and loss_axis");

ErrCode figures_make(const Report *r, const FigureAxis *axis, Figures *ret, Err *err)
{
    Figures f = {.arena = ARENA_INIT};
    Sheet s = {.arena = &f.arena, .report = r};
    ErrCode rc = sheet_open(&s, err);
    f.figure = rc == ERR_OK ? arena_array(&f.arena, FIGURES_MAX, sizeof *f.figure) : NULL;
    for (size_t i = 0; f.figure && !s.is_short && i < N_PICTURES; i++) {
        PlotFigure *p = &f.figure[f.n];
        *p = (PlotFigure){.n_panels = s.n_groups};
        f.n += picture[i](&s, p) ? 1 : 0;
    }
    if (f.figure && axis) {
        PlotFigure *p = &f.figure[f.n++];
        *p = (PlotFigure){.n_panels = s.n_groups};
        rc = figure_loss_axis(&s, axis, p, err);
    }
    if (rc == ERR_OK && (s.is_short || !f.figure)) {
        rc = err_nomem(err, "figures");
    }
    if (rc != ERR_OK) {
        figures_release(&f);
        return rc;
    }
    f.n_left_out = r->obs->n_groups - s.n_groups;
    *ret = f;
    return ERR_OK;
}

void figures_release(Figures *f)
{
    arena_release(&f->arena);
    *f = (Figures){.arena = ARENA_INIT};
}
