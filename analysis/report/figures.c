#include "analysis/report/figures.h"

#include <string.h>

#include "analysis/report/sheet.h"

/* In the order of the files' list. */
static const struct {
    const char *name;
    bool (*draw)(Sheet *s, PlotFigure *f);
} picture[] = {
    {"loss_compute", figure_loss_compute},
    {"loss_params", figure_loss_params},
    {"loss_tokens", figure_loss_tokens},
    {"law_surface", figure_surface},
    {"isoflop", figure_isoflop},
    {"optimal_params", figure_optimal_params},
    {"optimal_tokens", figure_optimal_tokens},
    {"residuals", figure_residuals},
    {"profile", figure_profile},
    {"loss_axis", NULL},
};

enum { N_PICTURES = sizeof picture / sizeof picture[0] };
_Static_assert((int)N_PICTURES == (int)FIGURES_MAX, "as many as there are names");

ErrCode figures_choose(const char *text, unsigned *ret, Err *err)
{
    const char *name[N_PICTURES];
    for (size_t i = 0; i < N_PICTURES; i++) {
        name[i] = picture[i].name;
    }
    return plot_parse_words(text, name, N_PICTURES, "picture", ret, err);
}

/* "lr_tokens" where the law's response is no loss. */
static const char *name_of(Sheet *s, const char *name)
{
    bool is_loss = strncmp(name, "loss_", 5) == 0;
    return is_loss ? sheet_printf(s, "%s_%s", sheet_y_column(s), name + 5) : name;
}

static ErrCode draw(Sheet *s, const FigureAxis *axis, unsigned only, Figures *ret, Err *err)
{
    for (size_t i = 0; i < N_PICTURES && !s->is_short; i++) {
        PlotFigure *p = &ret->figure[ret->n];
        if (only && !(only >> i & 1u)) {
            continue;
        }
        *p = (PlotFigure){.name = name_of(s, picture[i].name),
                          .n_panels = s->n_groups,
                          .y_label = sheet_y_label(s),
                          .y_column = sheet_y_column(s)};
        if (picture[i].draw) {
            ret->n += picture[i].draw(s, p) ? 1 : 0;
        } else if (axis) {
            ErrCode rc = figure_loss_axis(s, axis, p, err);
            if (rc != ERR_OK) {
                return rc;
            }
            ret->n++;
        }
    }
    return ERR_OK;
}

ErrCode figures_make(const Report *r, const FigureAxis *axis, unsigned only, Figures *ret, Err *err)
{
    Figures f = {.arena = ARENA_INIT};
    Sheet s = {.arena = &f.arena, .report = r};
    ErrCode rc = sheet_open(&s, err);
    if (rc == ERR_OK) {
        f.figure = arena_array(&f.arena, FIGURES_MAX, sizeof *f.figure);
        rc = f.figure ? draw(&s, axis, only, &f, err) : err_nomem(err, "figures");
    }
    if (rc == ERR_OK && s.is_short) {
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
