#include "analysis/report/sheet.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/quantity.h"

/* ---- observations as curves ---- */

double *sheet_array(Sheet *s, size_t n)
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

void sheet_place(PlotSeries *q, PlotLabel at)
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

const char *sheet_size_label(Sheet *s, const char *prefix, double x)
{
    char text[QUANTITY_TEXT_BYTES];
    double two = pow(10.0, floor(log10(x)) - 1.0); /* two digits are enough here */
    (void)quantity_count_text(round(x / two) * two, text);
    const char *label = arena_printf(s->arena, "%s%s", prefix, trimmed(text));
    s->is_short = s->is_short || !label;
    return label;
}

double sheet_strength(size_t i, size_t n)
{
    return n < 2 ? 1.0 : 0.45 + 0.55 * (double)i / (double)(n - 1);
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

static const ReportFit *find_law(const Report *r, const ObsGroup *g)
{
    for (size_t i = 0; i < r->n; i++) {
        const Form *f = r->fit[i].form;
        bool is_it = f->response == FORM_LOSS && f->n_inputs == 2 && f->input[0] == FORM_N &&
                     f->input[1] == FORM_D;
        if (is_it && r->fit[i].group == g && !r->fit[i].is_refused) {
            return &r->fit[i];
        }
    }
    return NULL;
}

ErrCode sheet_open(Sheet *s, Err *err)
{
    const Report *r = s->report;
    size_t n = r->obs->n_groups < PLOT_MAX_PANELS ? r->obs->n_groups : PLOT_MAX_PANELS;
    s->group = arena_array(s->arena, n, sizeof *s->group);
    if (!s->group) {
        return err_nomem(err, "figures");
    }
    for (size_t i = 0; i < n; i++) {
        SheetGroup *g = &s->group[s->n_groups++];
        g->obs = &r->obs->group[i];
        g->title = n > 1 || r->obs->by ? g->obs->name : NULL;
        g->color = plot_group_color(g->obs->name, i);
        g->chinchilla = find_fit(r, g->obs, "chinchilla");
        g->power = find_fit(r, g->obs, "paper_power");
        g->law = find_law(r, g->obs);
        split_curves(s, g);
        if (!s->is_short && !has_compute(g)) {
            return err_set(err, ERR_INVALID, "some observations of %s have no C", g->obs->name);
        }
    }
    return ERR_OK;
}
