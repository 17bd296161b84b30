#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/observe/observe_report.h"
#include "analysis/report/look.h"

/* Families with a look of their own; the others share grey, or the key would fill the picture. */
enum { MAX_COLOURED = 10 };

typedef struct Sheet {
    const Observe *r;
    Arena *arena;
    bool is_short;
} Sheet;

static double *array(Sheet *s, size_t n)
{
    double *a = arena_array(s->arena, n + 1, sizeof *a);
    s->is_short = s->is_short || !a;
    return a;
}

/* Models of known C of a family, or with family n_families of all that have no colour. */
static void add_family(Sheet *s, PlotPanel *p, const char *label, PlotLook look, const bool *is_in)
{
    const Observe *r = s->r;
    const Scores *t = r->scores;
    double *x = array(s, t->n), *y = array(s, t->n);
    size_t n = 0;
    for (size_t i = 0; !s->is_short && i < t->n; i++) {
        if (is_in[t->family[i]] && !isnan(t->flops[i])) {
            x[n] = t->flops[i];
            y[n++] = r->component[i * r->options.components];
        }
    }
    (void)plot_add(p, label, look, PLOT_POINTS, n, x, y);
}

static void add_line(Sheet *s, PlotPanel *p, const ObserveLine *l, PlotLook look)
{
    double *x = array(s, 2), *y = array(s, 2);
    if (s->is_short) {
        return;
    }
    x[0] = l->c_lo;
    x[1] = l->c_hi;
    y[0] = line_at(&l->line, log(x[0]));
    y[1] = line_at(&l->line, log(x[1]));
    (void)plot_add(p, NULL, look, PLOT_LINE, 2, x, y);
}

/* The next family with the most models on its line that has no colour yet; n_families: none. */
static size_t next_family(const Observe *r, const bool *is_done)
{
    size_t best = r->scores->n_families, most = 0;
    for (size_t f = 0; f < r->scores->n_families; f++) {
        size_t n = r->line[f].is_refused ? 0 : r->line[f].line.n;
        if (!is_done[f] && n > most) {
            most = n;
            best = f;
        }
    }
    return best;
}

static void draw_capability(Sheet *s, PlotFigure *f)
{
    const Observe *r = s->r;
    size_t n_families = r->scores->n_families;
    bool *is_done = arena_array(s->arena, n_families + 1, sizeof *is_done);
    bool *one = arena_array(s->arena, n_families + 1, sizeof *one);
    size_t chosen[MAX_COLOURED], n = 0;
    if (!is_done || !one) {
        s->is_short = true;
        return;
    }
    *f = (PlotFigure){.name = "capability",
                      .title = "Capability against training compute, by family",
                      .x_label = look_compute(r->scores->convention),
                      .y_label = "first component of the benchmarks",
                      .x_column = "C",
                      .y_column = "PC1",
                      .is_y_linear = true,
                      .n_panels = 1};
    for (; n < MAX_COLOURED; n++) {
        chosen[n] = next_family(r, is_done);
        if (chosen[n] == n_families) {
            break;
        }
        is_done[chosen[n]] = true;
    }
    for (size_t k = 0; k < n_families; k++) {
        one[k] = !is_done[k];
    }
    add_family(s, &f->panel[0], "other families", plot_tint(plot_grey(), 0.7), one);
    for (size_t k = 0; k < n; k++) {
        const char *name = r->scores->family_name[chosen[k]];
        memset(one, 0, n_families * sizeof *one);
        one[chosen[k]] = true;
        add_line(s, &f->panel[0], &r->line[chosen[k]], plot_look(NULL, k));
        add_family(s, &f->panel[0], name, plot_look(NULL, k), one);
    }
}

/* What a link says of models it was fitted to, against what was measured. */
static void add_fitted(Sheet *s, PlotPanel *p, size_t k, const char *label)
{
    const Observe *r = s->r;
    const Scores *t = r->scores;
    const ObserveHoldout *h = r->holdout && !r->holdout[k].is_refused ? &r->holdout[k] : NULL;
    double *x = array(s, t->n), *y = array(s, t->n);
    size_t n = 0, of = h ? h->n_train : t->n;
    for (size_t i = 0; !s->is_short && i < of; i++) {
        double measured = t->metric[k * t->n + (h ? h->train[i] : i)];
        if (!isnan(measured)) {
            x[n] = measured;
            y[n++] = h ? h->fitted[i]
                       : link_predict(&r->target[k].link, r->component + i * r->options.components);
        }
    }
    (void)plot_add(p, label, plot_look(NULL, 3), PLOT_POINTS, n, x, y);
}

static void add_held_out(Sheet *s, PlotPanel *p, size_t k)
{
    const Observe *r = s->r;
    const Scores *t = r->scores;
    const ObserveHoldout *h = &r->holdout[k];
    double *x = array(s, t->n), *y = array(s, t->n), *lo = array(s, t->n), *hi = array(s, t->n);
    size_t n = 0;
    for (size_t i = 0; !s->is_short && i < h->n_test; i++) {
        double measured = t->metric[k * t->n + h->test[i]];
        if (!isnan(measured)) {
            x[n] = measured;
            y[n] = h->predicted[i];
            lo[n] = h->interval[i].lo;
            hi[n++] = h->interval[i].hi;
        }
    }
    if (r->options.bootstrap) {
        (void)plot_add_range(p, "held out: larger C, 95 % interval", plot_look(NULL, 4),
                             PLOT_ERRORS, n, x, y, lo, hi);
    } else {
        (void)plot_add(p, "held out: larger C", plot_look(NULL, 4), PLOT_POINTS, n, x, y);
    }
}

/* Letters and digits of a column's name, for a file's. */
static char *file_name(Arena *a, const char *target)
{
    char *name = arena_printf(a, "observe_%.100s", target);
    for (char *p = name; p && *p; p++) {
        bool is_plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                        (*p >= '0' && *p <= '9') || *p == '-';
        if (!is_plain) {
            *p = '_';
        }
    }
    return name;
}

static void draw_target(Sheet *s, size_t k, PlotFigure *f)
{
    const Observe *r = s->r;
    bool is_held_out = r->holdout && !r->holdout[k].is_refused;
    *f = (PlotFigure){
        .name = file_name(s->arena, r->scores->target[k]),
        .title = arena_printf(s->arena, "%s: predicted from the benchmarks", r->scores->target[k]),
        .x_label = "measured",
        .y_label = "predicted",
        .x_column = "measured",
        .y_column = "predicted",
        .is_x_linear = true,
        .is_y_linear = true,
        .n_panels = 1};
    char *below = arena_printf(s->arena, "trained on: C <= %.3g FLOP", r->options.cutoff);
    s->is_short = s->is_short || !f->name || !f->title || !below;
    plot_add_line(&f->panel[0], PLOT_DIAGONAL, 0.0, NULL);
    if (is_held_out) {
        add_held_out(s, &f->panel[0], k);
    }
    add_fitted(s, &f->panel[0], k, is_held_out ? below : "models");
}

ErrCode observe_figures(const Observe *r, ObserveFigures *ret, Err *err)
{
    ObserveFigures f = {.arena = ARENA_INIT};
    Sheet s = {.r = r, .arena = &f.arena};
    f.figure = arena_array(&f.arena, OBSERVE_MAX_FIGURES, sizeof *f.figure);
    if (!f.figure) {
        return err_nomem(err, "pictures");
    }
    draw_capability(&s, &f.figure[f.n++]);
    for (size_t k = 0; k < r->scores->n_targets && !s.is_short; k++) {
        if (!r->target[k].is_refused) {
            draw_target(&s, k, &f.figure[f.n++]);
        }
    }
    if (s.is_short) {
        observe_figures_release(&f);
        return err_nomem(err, "pictures");
    }
    *ret = f;
    return ERR_OK;
}

void observe_figures_release(ObserveFigures *f)
{
    arena_release(&f->arena);
    *f = (ObserveFigures){.arena = ARENA_INIT};
}
