#include "analysis/report/figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/report/frontier.h"
#include "common/quantity.h"

enum { N_CURVE = 80, N_FRONTIER = 60, N_BANDS = 4 };
#define INK            "#222222"
#define GREY           "#8A8A8A"
/* D this much beyond the longest run still counts as reached: the grid of N is not finer. */
#define FRONTIER_SLACK 1.05

/* One run, or all observations of one N. */
typedef struct Curve {
    double n; /* [parameters] */
    size_t count;
    double *d, *c, *loss; /* [count] by rising D */
} Curve;

typedef struct Group {
    const ObsGroup *obs;
    const char *color;
    Curve *curve; /* by rising N */
    size_t n_curves;
    const FitResult *chinchilla, *power; /* NULL when not fitted */
} Group;

typedef struct Sheet {
    Arena *arena;
    const Report *report;
    Group *group;
    size_t n_groups;
    bool is_short; /* an allocation failed */
} Sheet;

/* ---- observations as curves ---- */

static double *array(Sheet *s, size_t n)
{
    double *a = arena_array(s->arena, n + 1, sizeof *a);
    s->is_short = s->is_short || !a;
    return a;
}

typedef struct Ordered {
    double key, n, d, c, loss;
} Ordered;

static int by_curve(const void *a, const void *b)
{
    const Ordered *x = a, *y = b;
    if (x->n != y->n) {
        return x->n < y->n ? -1 : 1;
    }
    if (x->key != y->key) {
        return x->key < y->key ? -1 : 1;
    }
    return x->d < y->d ? -1 : x->d > y->d;
}

static void split_curves(Sheet *s, Group *g)
{
    const FitData *data = &g->obs->data;
    Ordered *o = arena_array(s->arena, data->n, sizeof *o);
    g->curve = arena_array(s->arena, data->n, sizeof *g->curve);
    double *column = array(s, 3 * data->n);
    if (!o || !g->curve || !column) {
        s->is_short = true;
        return;
    }
    for (size_t i = 0; i < data->n; i++) {
        double key = data->n_runs ? (double)data->run[i] : 0.0;
        o[i] = (Ordered){key, data->params[i], data->tokens[i], data->flops[i], data->loss[i]};
    }
    qsort(o, data->n, sizeof *o, by_curve);
    for (size_t i = 0; i < data->n; i++) {
        bool is_new = i == 0 || o[i].n != o[i - 1].n || o[i].key != o[i - 1].key;
        if (is_new) {
            g->curve[g->n_curves++] = (Curve){.n = o[i].n,
                                              .d = column + i,
                                              .c = column + data->n + i,
                                              .loss = column + 2 * data->n + i};
        }
        Curve *c = &g->curve[g->n_curves - 1];
        c->d[c->count] = o[i].d;
        c->c[c->count] = o[i].c;
        c->loss[c->count++] = o[i].loss;
    }
}

static const FitResult *find_fit(const Report *r, const ObsGroup *g, const char *law)
{
    for (size_t i = 0; i < r->n; i++) {
        if (r->fit[i].group == g && !r->fit[i].is_refused &&
            strcmp(r->fit[i].form->name, law) == 0) {
            return &r->fit[i].fit;
        }
    }
    return NULL;
}

static void place(PlotSeries *q, PlotLabel at)
{
    if (q) {
        q->label_at = at;
    }
}

/* "2.80M" without the zeros: "2.8M". */
static const char *trimmed(char *text)
{
    char *dot = strchr(text, '.');
    size_t digits = dot ? strspn(dot + 1, "0123456789") : 0;
    char *end = dot ? dot + 1 + digits : NULL;
    char *cut = end;
    while (cut && cut > dot && (cut[-1] == '0' || cut[-1] == '.')) {
        cut--;
        if (*cut == '.') {
            break;
        }
    }
    if (cut && cut < end) {
        memmove(cut, end, strlen(end) + 1);
    }
    return text;
}

/* "N = 334k"; a prefix of "" gives the bare number. */
static const char *size_label(Sheet *s, const char *prefix, double x)
{
    char text[QUANTITY_TEXT_BYTES];
    double two = pow(10.0, floor(log10(x)) - 1.0); /* two digits are enough here */
    (void)quantity_count_text(round(x / two) * two, text);
    const char *label = arena_printf(s->arena, "%s%s", prefix, trimmed(text));
    s->is_short = s->is_short || !label;
    return label;
}

/* Strength of colour i of n: the smallest is pale, the largest full. */
static double strength(size_t i, size_t n)
{
    return n < 2 ? 1.0 : 0.45 + 0.55 * (double)i / (double)(n - 1);
}

/* Which distinct N curve i has, and how many there are. */
static size_t size_rank(const Group *g, size_t i, size_t *ret_n)
{
    size_t rank = 0, at = 0;
    for (size_t k = 1; k < g->n_curves; k++) {
        rank += g->curve[k].n != g->curve[k - 1].n ? 1 : 0;
        at = k == i ? rank : at;
    }
    *ret_n = rank + 1;
    return at;
}

/* ---- loss against C ---- */

static void compute_range(const Group *g, double *lo, double *hi)
{
    *lo = (double)INFINITY;
    *hi = 0.0;
    for (size_t i = 0; i < g->obs->data.n; i++) {
        *lo = fmin(*lo, g->obs->data.flops[i]);
        *hi = fmax(*hi, g->obs->data.flops[i]);
    }
}

static double longest_run(const FitData *data)
{
    double d = 0.0;
    for (size_t i = 0; i < data->n; i++) {
        d = fmax(d, data->tokens[i]);
    }
    return d;
}

static void add_frontier(Sheet *s, const Group *g, PlotPanel *panel)
{
    double lo, hi;
    double *x = array(s, N_FRONTIER), *y = array(s, N_FRONTIER);
    if (!x || !y || !g->chinchilla) {
        return;
    }
    Frontier f;
    size_t inside = 0; /* points up to which the best D is one that was reached */
    double longest = longest_run(&g->obs->data);
    frontier_init(&f, &g->obs->data);
    compute_range(g, &lo, &hi);
    for (size_t i = 0; i < N_FRONTIER; i++) {
        double d;
        x[i] = lo * pow(hi / lo, (double)i / (N_FRONTIER - 1));
        y[i] = frontier_loss(&f, g->chinchilla, x[i], &d);
        inside += inside == i && d <= longest * FRONTIER_SLACK ? 1 : 0;
    }
    size_t from = inside > 0 ? inside - 1 : 0;
    (void)plot_add(panel, "compute-optimal by L(N, D)", INK, PLOT_THICK, inside, x, y);
    if (inside < N_FRONTIER) {
        (void)plot_add(panel, "the same, at D beyond the longest run", INK, PLOT_DASHED,
                       N_FRONTIER - from, x + from, y + from);
    }
}

static void add_power_law(Sheet *s, const Group *g, PlotPanel *panel)
{
    double *x = array(s, 2), *y = array(s, 2);
    if (!x || !y || !g->power || !g->power->has_envelope) {
        return;
    }
    const Envelope *e = &g->power->envelope;
    for (size_t i = 0; i < 2; i++) {
        x[i] = e->point[i ? e->n_points - 1 : 0].c;
        y[i] = e->beta * pow(x[i] / FORM_PFLOP_S_DAY, e->alpha);
    }
    (void)plot_add(panel, "power law on the envelope", GREY, PLOT_DASHED, 2, x, y);
}

static bool has_compute(const Group *g)
{
    for (size_t i = 0; i < g->obs->data.n; i++) {
        if (!(g->obs->data.flops[i] > 0.0)) {
            return false;
        }
    }
    return true;
}

static void panel_compute(Sheet *s, const Group *g, PlotPanel *panel)
{
    char tint[8];
    if (g->n_curves > FIGURES_MAX_CURVES) {
        const FitData *d = &g->obs->data;
        (void)plot_add(panel, "runs", g->color, PLOT_POINTS, d->n, d->flops, d->loss);
    } else {
        for (size_t i = 0; i < g->n_curves; i++) {
            const Curve *c = &g->curve[i];
            size_t n_sizes, rank = size_rank(g, i, &n_sizes);
            bool is_first = i == 0 || c->n != g->curve[i - 1].n;
            plot_tint(g->color, strength(rank, n_sizes), tint);
            place(plot_add(panel, is_first ? size_label(s, "", c->n) : NULL, tint, PLOT_CURVE,
                           c->count, c->c, c->loss),
                  PLOT_AT_FIRST);
        }
    }
    add_power_law(s, g, panel);
    add_frontier(s, g, panel);
}

/* ---- loss against N or D, banded by the other ---- */

/* The curve of the law along one input, the other held. */
static void add_law(Sheet *s, const Group *g, PlotPanel *panel, bool is_n, double held, double lo,
                    double hi, const char *color)
{
    double *x = array(s, N_CURVE), *y = array(s, N_CURVE);
    if (!x || !y || !g->chinchilla) {
        return;
    }
    for (size_t i = 0; i < N_CURVE; i++) {
        x[i] = lo * pow(hi / lo, (double)i / (N_CURVE - 1));
        const double inputs[] = {is_n ? x[i] : held, is_n ? held : x[i]};
        y[i] = fit_predict(g->chinchilla, inputs);
    }
    place(plot_add(panel, size_label(s, is_n ? "D = " : "N = ", held), color, PLOT_LINE, N_CURVE, x,
                   y),
          PLOT_AT_LAST);
}

/* Values of the held variable that the bands stand for, rising; returns how many. */
static size_t choose_bands(const Group *g, bool is_n, double *band)
{
    bool is_cloud = g->n_curves > FIGURES_MAX_CURVES;
    const FitData *data = &g->obs->data;
    size_t n = 0;
    if (!is_cloud && !is_n) {
        for (size_t i = 0; i < g->n_curves; i++) {
            if (i == 0 || g->curve[i].n != g->curve[i - 1].n) {
                band[n++] = g->curve[i].n;
            }
        }
        return n;
    }
    if (!is_cloud) { /* D of the largest run at its end and at 1/4, 1/16, 1/64 of it */
        const Curve *c = &g->curve[g->n_curves - 1];
        double last = c->d[c->count - 1];
        for (size_t i = 0; i < c->count; i++) {
            for (size_t k = N_BANDS; k-- > 0;) {
                double target = last * pow(0.25, (double)k);
                bool is_nearest =
                    (i == 0 ? false
                            : fabs(log(c->d[i] / target)) <= fabs(log(c->d[i - 1] / target))) &&
                    (i + 1 == c->count ||
                     fabs(log(c->d[i] / target)) < fabs(log(c->d[i + 1] / target)));
                if (is_nearest && (n == 0 || c->d[i] > band[n - 1])) {
                    band[n++] = c->d[i];
                }
            }
        }
        return n;
    }
    double lo = (double)INFINITY, hi = 0.0;
    const double *held = is_n ? data->tokens : data->params;
    for (size_t i = 0; i < data->n; i++) {
        lo = fmin(lo, held[i]);
        hi = fmax(hi, held[i]);
    }
    for (; n < N_BANDS; n++) {
        band[n] = lo * pow(hi / lo, ((double)n + 0.5) / N_BANDS);
    }
    return n;
}

/* Is value v of the held variable in band k?  Clouds: the nearest; else within 5 %. */
static bool is_in_band(const double *band, size_t n, size_t k, double v, bool is_cloud)
{
    double own = fabs(log(v / band[k]));
    for (size_t i = 0; i < n && is_cloud; i++) {
        if (fabs(log(v / band[i])) < own) {
            return false;
        }
    }
    return is_cloud || own < 0.05;
}

static void add_band_points(Sheet *s, const Group *g, PlotPanel *panel, bool is_n,
                            const double *band, size_t n, size_t k, const char *color)
{
    const FitData *data = &g->obs->data;
    double *x = array(s, data->n), *y = array(s, data->n);
    size_t count = 0;
    for (size_t i = 0; x && y && i < data->n; i++) {
        double held = is_n ? data->tokens[i] : data->params[i];
        if (is_in_band(band, n, k, held, g->n_curves > FIGURES_MAX_CURVES)) {
            x[count] = is_n ? data->params[i] : data->tokens[i];
            y[count++] = data->loss[i];
        }
    }
    const char *label = g->chinchilla ? NULL : size_label(s, is_n ? "D = " : "N = ", band[k]);
    place(plot_add(panel, label, color, PLOT_POINTS, count, x, y), PLOT_AT_LAST);
}

static void panel_banded(Sheet *s, const Group *g, bool is_n, PlotPanel *panel)
{
    const FitData *data = &g->obs->data;
    const double *axis = is_n ? data->params : data->tokens;
    double *band = array(s, data->n + N_BANDS);
    double lo = (double)INFINITY, hi = 0.0;
    if (!band) {
        return;
    }
    for (size_t i = 0; i < data->n; i++) {
        lo = fmin(lo, axis[i]);
        hi = fmax(hi, axis[i]);
    }
    size_t n = choose_bands(g, is_n, band);
    for (size_t k = 0; k < n; k++) {
        char tint[8];
        plot_tint(g->color, strength(k, n), tint);
        add_band_points(s, g, panel, is_n, band, n, k, tint);
        add_law(s, g, panel, is_n, band[k], lo, hi, tint);
    }
}

/* ---- all ---- */

static ErrCode prepare(const Report *r, Sheet *s, Err *err)
{
    size_t n = r->obs->n_groups < PLOT_MAX_PANELS ? r->obs->n_groups : PLOT_MAX_PANELS;
    s->group = arena_array(s->arena, n, sizeof *s->group);
    if (!s->group) {
        return err_nomem(err, "figures");
    }
    for (size_t i = 0; i < n; i++) {
        Group *g = &s->group[s->n_groups++];
        g->obs = &r->obs->group[i];
        g->color = plot_group_color(g->obs->name, i);
        g->chinchilla = find_fit(r, g->obs, "chinchilla");
        g->power = find_fit(r, g->obs, "paper_power");
        split_curves(s, g);
        if (!s->is_short && !has_compute(g)) {
            return err_set(err, ERR_INVALID, "some observations of %s have no C", g->obs->name);
        }
    }
    return ERR_OK;
}

static const char *convention_text(ObsConvention c)
{
    switch (c) {
    case OBS_PAPER:
        return "training compute C [FLOP, as arXiv:2406.16690 counts]";
    case OBS_EXACT:
        return "training compute C [FLOP, counted from the shapes]";
    case OBS_6ND:
        return "training compute C = 6 N D [FLOP]";
    case OBS_GIVEN:
    case OBS_DEFAULT:
        break;
    }
    return "training compute C [FLOP, as given]";
}

static bool has_cloud(const Sheet *s)
{
    for (size_t i = 0; i < s->n_groups; i++) {
        if (s->group[i].n_curves > FIGURES_MAX_CURVES) {
            return true;
        }
    }
    return false;
}

static bool has_law(const Sheet *s)
{
    for (size_t i = 0; i < s->n_groups; i++) {
        if (s->group[i].chinchilla) {
            return true;
        }
    }
    return false;
}

static void draw(Sheet *s, PlotFigure *f)
{
    for (size_t i = 0; i < s->n_groups; i++) {
        const Group *g = &s->group[i];
        const char *title = s->n_groups > 1 || s->report->obs->by ? g->obs->name : NULL;
        f[0].panel[i].title = f[1].panel[i].title = f[2].panel[i].title = title;
        panel_compute(s, g, &f[0].panel[i]);
        panel_banded(s, g, true, &f[1].panel[i]);
        panel_banded(s, g, false, &f[2].panel[i]);
    }
}

ErrCode figures_make(const Report *r, Figures *ret, Err *err)
{
    Figures f = {.arena = ARENA_INIT};
    Sheet s = {.arena = &f.arena, .report = r};
    ErrCode rc = prepare(r, &s, err);
    f.figure = rc == ERR_OK ? arena_array(&f.arena, FIGURES_COUNT, sizeof *f.figure) : NULL;
    if (rc == ERR_OK && f.figure && !s.is_short) {
        const PlotFigure blank[FIGURES_COUNT] = {
            {.name = "loss_compute",
             .title = "Loss against compute",
             .x_label = convention_text(r->obs->convention),
             .x_column = "C_flop",
             .is_key_left = true},
            {.name = "loss_params",
             .title = "Loss against size",
             .x_label = "N [parameters, without embeddings]",
             .x_column = "N"},
            {.name = "loss_tokens",
             .title = "Loss against data",
             .x_label = "D [training tokens]",
             .x_column = "D"},
        };
        for (size_t i = 0; i < FIGURES_COUNT; i++) {
            f.figure[i] = blank[i];
            f.figure[i].y_label = "loss [nats/token]";
            f.figure[i].y_column = "loss";
            f.figure[i].n_panels = s.n_groups;
        }
        if (!has_cloud(&s)) {
            f.figure[0].title = "Loss against compute, one curve a run, labelled with its N";
        }
        if (has_law(&s)) {
            f.figure[1].title = "Loss against size: points measured, curves by L(N, D)";
            f.figure[2].title = "Loss against data: points measured, curves by L(N, D)";
        }
        draw(&s, f.figure);
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
