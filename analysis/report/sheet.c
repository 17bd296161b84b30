#include "analysis/report/sheet.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/frontier.h"
#include "common/order.h"
#include "common/quantity.h"

enum { N_FRONTIER = 60, LONE_LOOK = 3 /* blue */ };

/* ---- observations as curves ---- */

double *sheet_array(Sheet *s, size_t n)
{
    double *a = arena_array(s->arena, n + 1, sizeof *a);
    s->is_short = s->is_short || !a;
    return a;
}

typedef struct Ordered {
    double key, n, d, c, y;
} Ordered;

static int by_curve(const void *a, const void *b)
{
    const Ordered *x = a, *y = b;
    int order = ORDER(x->n, y->n);
    order = order ? order : ORDER(x->key, y->key);
    return order ? order : ORDER(x->d, y->d);
}

static void split_curves(Sheet *s, SheetGroup *g)
{
    const FitData *data = &g->obs->data;
    Ordered *o = arena_array(s->arena, data->n, sizeof *o);
    g->curve = arena_array(s->arena, data->n, sizeof *g->curve);
    double *column = sheet_array(s, 3 * data->n);
    if (!o || !g->curve || !column) {
        s->is_short = true;
        return;
    }
    for (size_t i = 0; i < data->n; i++) {
        double key = data->n_runs ? (double)data->run[i] : 0.0;
        o[i] = (Ordered){key, data->params[i], data->tokens[i], data->flops[i], g->y[i]};
    }
    qsort(o, data->n, sizeof *o, by_curve);
    for (size_t i = 0; i < data->n; i++) {
        bool is_new = i == 0 || o[i].n != o[i - 1].n || o[i].key != o[i - 1].key;
        if (is_new) {
            g->curve[g->n_curves++] = (Curve){.n = o[i].n,
                                              .d = column + i,
                                              .c = column + data->n + i,
                                              .y = column + 2 * data->n + i};
        }
        Curve *c = &g->curve[g->n_curves - 1];
        c->d[c->count] = o[i].d;
        c->c[c->count] = o[i].c;
        c->y[c->count++] = o[i].y;
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

const char *sheet_size_label(Sheet *s, const char *prefix, double x)
{
    char text[QUANTITY_TEXT_BYTES];
    double two = pow(10.0, floor(log10(x)) - 1.0); /* two digits are enough here */
    (void)quantity_count_text(round(x / two) * two, text);
    const char *label = arena_printf(s->arena, "%s%s", prefix, trimmed(text));
    s->is_short = s->is_short || !label;
    return label;
}

const char *sheet_power_label(Sheet *s, double x)
{
    static const char *const raised[] = {
        "\342\201\260", "\302\271",     "\302\262",     "\302\263",     "\342\201\264",
        "\342\201\265", "\342\201\266", "\342\201\267", "\342\201\270", "\342\201\271"};
    char text[96], plain[32];
    (void)snprintf(plain, sizeof plain, "%.1e", x);
    int exponent = (int)strtol(strchr(plain, 'e') + 1, NULL, 10), n = 0;
    unsigned size = (unsigned)abs(exponent);
    n = snprintf(text, sizeof text, "%.3s\302\26710%s", plain, exponent < 0 ? "\342\201\273" : "");
    for (unsigned unit = size > 99 ? 100 : size > 9 ? 10 : 1; unit; unit /= 10) {
        n += snprintf(text + n, sizeof text - (size_t)n, "%s", raised[size / unit % 10]);
    }
    return sheet_printf(s, "%s", text);
}

PlotLook sheet_tone(const SheetGroup *g, size_t i, size_t n)
{
    PlotLook look = plot_tint(g->look, n < 2 ? 1.0 : 0.45 + 0.55 * (double)i / (double)(n - 1));
    look.code = 0; /* in a panel of its own group it needs none */
    return look;
}

void sheet_explain(PlotPanel *p, const char *label, PlotStyle style, int code)
{
    static const double none[] = {(double)NAN};
    PlotLook look = plot_grey();
    look.code = code;
    (void)plot_add_range(p, label, look, style, 1, none, none, none, none);
}

const char *sheet_printf(Sheet *s, const char *fmt, ...)
{
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    const char *copy = arena_strdup(s->arena, text);
    s->is_short = s->is_short || !copy;
    return copy;
}

void sheet_range(const double *x, size_t n, double *lo, double *hi)
{
    *lo = (double)INFINITY;
    *hi = 0.0;
    for (size_t i = 0; i < n; i++) {
        *lo = fmin(*lo, x[i]);
        *hi = fmax(*hi, x[i]);
    }
}

bool sheet_is_cloud(const SheetGroup *g)
{
    return g->n_curves > SHEET_MAX_CURVES;
}

bool sheet_has_law(const Sheet *s)
{
    for (size_t i = 0; i < s->n_groups; i++) {
        if (s->group[i].law) {
            return true;
        }
    }
    return false;
}

static bool has_compute(const SheetGroup *g)
{
    for (size_t i = 0; i < g->obs->data.n; i++) {
        if (!(g->obs->data.flops[i] > 0.0)) {
            return false;
        }
    }
    return true;
}

static void find_law(const Sheet *s, SheetGroup *g)
{
    const Report *r = s->report;
    g->no_law = "no law in N and D was asked for";
    for (size_t i = 0; i < r->n && !g->law; i++) {
        const Form *f = r->fit[i].form;
        bool is_it = f->response == s->response && f->n_inputs == 2 && f->input[0] == FORM_N &&
                     f->input[1] == FORM_D && r->fit[i].group == g->obs;
        if (is_it && r->fit[i].is_refused) {
            g->no_law = r->fit[i].refusal.msg;
        } else if (is_it) {
            g->law = &r->fit[i];
        }
    }
}

/* ---- the response ---- */

const char *sheet_y_label(const Sheet *s)
{
    switch (s->response) {
    case FORM_RATE:
        return "best learning rate";
    case FORM_BATCH:
        return "best batch [tokens]";
    case FORM_ACCURACY:
    case FORM_ERROR:
        return form_response_name(s->response);
    case FORM_LOSS:
    case FORM_N_RESPONSES:
        break;
    }
    return LOOK_LOSS;
}

const char *sheet_y_column(const Sheet *s)
{
    return form_response_name(s->response);
}

/* ---- lines and bands ---- */

bool sheet_line(Sheet *s, size_t n, SheetLine *ret)
{
    *ret = (SheetLine){sheet_array(s, n), sheet_array(s, n), sheet_array(s, n)};
    return ret->y && ret->lo && ret->hi;
}

void sheet_add_band(PlotPanel *p, PlotLook look, const double *x, const SheetLine *l, size_t first,
                    size_t end)
{
    if (end > first && isfinite(l->lo[first])) {
        (void)plot_add_range(p, NULL, look, PLOT_BAND, end - first, x + first, l->y + first,
                             l->lo + first, l->hi + first);
    }
}

/* The ends of the 95 % interval of a replicate's values; NaN where there is none. */
static void band_at(const FitDraws *d, const double *value, SheetLine *l, size_t i)
{
    FitInterval interval = {(double)NAN, (double)NAN, (double)NAN};
    Err ignored = ERR_INIT;
    (void)fit_draws_interval(value, d->n, d->tail, &interval, &ignored);
    l->lo[i] = interval.lo;
    l->hi[i] = interval.hi;
}

void sheet_law(const SheetGroup *g, Sheet *s, bool is_n, double held, const double *x, size_t n,
               SheetLine *ret)
{
    const FitDraws *d = &g->law->draws;
    double *value = sheet_array(s, d->n);
    for (size_t i = 0; value && i < n; i++) {
        const double inputs[] = {is_n ? x[i] : held, is_n ? held : x[i]};
        ret->y[i] = fit_predict(&g->law->fit, inputs);
        for (size_t r = 0; r < d->n; r++) {
            value[r] = form_loss(g->law->fit.form, fit_draw(d, r), inputs);
        }
        band_at(d, value, ret, i);
    }
}

static void frontier_point(const SheetGroup *g, const Frontier *f, SheetFrontier *ret, size_t i,
                           double *value)
{
    const FitDraws *d = &g->law->draws;
    const Form *form = g->law->fit.form;
    double params[FORM_MAX_PARAMS];
    for (size_t k = 0; k < g->law->fit.n_params; k++) {
        params[k] = g->law->fit.param[k].value;
    }
    FrontierPoint best = frontier_at(f, form, params, ret->c[i]);
    ret->params.y[i] = best.n;
    ret->tokens.y[i] = best.d;
    ret->loss.y[i] = best.loss;
    ret->is_inside[i] = frontier_is_inside(f, &best);
    ret->is_near[i] = frontier_is_near(f, &best);
    for (size_t r = 0; r < d->n; r++) {
        const double *own = fit_draw(d, r);
        best = isfinite(own[0]) ? frontier_at(f, form, own, ret->c[i])
                                : (FrontierPoint){(double)NAN, (double)NAN, (double)NAN};
        value[r] = best.n;
        value[d->n + r] = best.d;
        value[2 * d->n + r] = best.loss;
    }
    band_at(d, value, &ret->params, i);
    band_at(d, value + d->n, &ret->tokens, i);
    band_at(d, value + 2 * d->n, &ret->loss, i);
}

const SheetFrontier *sheet_frontier(Sheet *s, SheetGroup *g)
{
    Frontier f;
    double lo, hi;
    if (!g->law || g->frontier) {
        return g->frontier;
    }
    SheetFrontier *ret = arena_array(s->arena, 1, sizeof *ret);
    double *value = sheet_array(s, 3 * g->law->draws.n);
    bool *flag = arena_array(s->arena, 2 * (size_t)N_FRONTIER, sizeof *flag);
    s->is_short = s->is_short || !ret || !flag;
    if (s->is_short) {
        return NULL;
    }
    *ret = (SheetFrontier){.n = N_FRONTIER,
                           .c = sheet_array(s, N_FRONTIER),
                           .is_inside = flag,
                           .is_near = flag + N_FRONTIER};
    if (!ret->c || !sheet_line(s, N_FRONTIER, &ret->params) ||
        !sheet_line(s, N_FRONTIER, &ret->tokens) || !sheet_line(s, N_FRONTIER, &ret->loss)) {
        return NULL;
    }
    frontier_init(&f, &g->obs->data);
    sheet_range(g->obs->data.flops, g->obs->data.n, &lo, &hi);
    for (size_t i = 0; i < N_FRONTIER; i++) {
        ret->c[i] = lo * pow(hi / lo, (double)i / (N_FRONTIER - 1));
        frontier_point(g, &f, ret, i, value);
    }
    g->frontier = ret;
    return ret;
}

void sheet_add_frontier(PlotPanel *p, const char *label, PlotLook look, const SheetFrontier *f,
                        const double *x, const double *y, bool has_beyond)
{
    for (size_t first = 0, end; first < f->n; first = end) {
        bool is_inside = f->is_inside[first];
        for (end = first + 1;
             end < f->n && f->is_inside[end] == is_inside && f->is_near[end] == f->is_near[first];
             end++) {
        }
        if (is_inside || (has_beyond && f->is_near[first])) {
            /* a dotted part begins and ends where the whole one does */
            size_t from = first - (!is_inside && first > 0 && f->is_inside[first - 1] ? 1 : 0);
            size_t to = end + (!is_inside && end < f->n && f->is_inside[end] ? 1 : 0);
            (void)plot_add(p, is_inside ? label : NULL, look, is_inside ? PLOT_THICK : PLOT_BEYOND,
                           to - from, x + from, y + from);
        }
    }
}

/* Of the report's first law, or the loss. */
static FormResponse response_of(const Report *r)
{
    return r->n && fit_data_response(&r->fit[0].group->data, r->fit[0].form->response)
               ? r->fit[0].form->response
               : FORM_LOSS;
}

ErrCode sheet_open(Sheet *s, Err *err)
{
    const Report *r = s->report;
    size_t n = r->obs->n_groups < PLOT_MAX_PANELS ? r->obs->n_groups : PLOT_MAX_PANELS;
    s->group = arena_array(s->arena, n, sizeof *s->group);
    s->response = response_of(r);
    if (!s->group) {
        return err_nomem(err, "figures");
    }
    for (size_t i = 0; i < n; i++) {
        SheetGroup *g = &s->group[s->n_groups++];
        g->obs = &r->obs->group[i];
        g->y = fit_data_response(&g->obs->data, s->response);
        g->look = look_of(g->obs->name, n > 1 ? i : LONE_LOOK);
        g->look.code = n > 1 ? g->look.code : 0;
        g->title = n > 1 || r->obs->by ? g->look.title : NULL;
        g->power = find_fit(r, g->obs, "paper_power");
        find_law(s, g);
        split_curves(s, g);
        if (!s->is_short && !has_compute(g)) {
            return err_set(err, ERR_INVALID, "some observations of %s have no C", g->obs->name);
        }
    }
    return ERR_OK;
}
