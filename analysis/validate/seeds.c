#include "analysis/validate/seeds.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/report/fit_answer.h"
#include "analysis/report/look.h"
#include "common/map.h"
#include "common/order.h"

/* Sizes within this factor are one. */
#define SAME_SIZE  1.001
/* What a user wants to see, and how surely. */
#define DIFFERENCE 0.01
#define POWER      0.8
#define LEVEL      0.05

enum { MAX_SETTINGS = 64 };

/* ---- sizes ---- */

typedef struct SeedPoint {
    double n, d, loss;
    size_t run, kind;
} SeedPoint;

enum { STRIDE = sizeof(SeedPoint) / sizeof(double) };
_Static_assert(sizeof(SeedPoint) % sizeof(double) == 0, "a stride of whole numbers");

double seeds_run_at(const double *x, const double *y, size_t stride, size_t n, double at)
{
    /* ends a hair within rounding of `at` count as it */
    if (at < x[0] * (1.0 - 1e-12)) {
        return (double)NAN;
    }
    for (size_t i = 0; i + 1 < n; i++, x += stride, y += stride) {
        if (at < x[stride]) {
            double t = fmax(0.0, log(at / x[0]) / log(x[stride] / x[0]));
            return (1.0 - t) * y[0] + t * y[stride];
        }
    }
    return y[0];
}

static int by_size(const void *a, const void *b)
{
    const SeedPoint *x = a, *y = b;
    int order = ORDER(x->kind, y->kind);
    return order ? order : ORDER(x->n, y->n);
}

static int by_run(const void *a, const void *b)
{
    const SeedPoint *x = a, *y = b;
    int order = ORDER(x->run, y->run);
    return order ? order : ORDER(x->d, y->d);
}

static size_t length_of_run(const SeedPoint *p, const SeedPoint *end)
{
    size_t n = 1;
    while (p + n < end && p[n].run == p->run) {
        n++;
    }
    return n;
}

/* Of the points from p to end, by run and D. */
static SeedSize measure_size(const SeedPoint *p, const SeedPoint *end)
{
    SeedSize s = {.n = p->n, .d = (double)INFINITY, .kind = p->kind};
    for (const SeedPoint *q = p; q < end;) {
        q += length_of_run(q, end);
        s.d = fmin(s.d, q[-1].d);
    }
    for (size_t n = 0; p < end; p += n) {
        n = length_of_run(p, end);
        double x = log(seeds_run_at(&p->d, &p->loss, STRIDE, n, s.d)), before = x - s.mean;
        if (!isfinite(x)) {
            s.n_late++;
            continue;
        }
        s.mean += before / (double)++s.runs;
        s.squares += before * (x - s.mean);
    }
    return s;
}

ErrCode seeds_sizes(const FitData *data, const size_t *kind, Arena *a, SeedSize **ret,
                    size_t *ret_n, Err *err)
{
    SeedPoint *p = arena_array(a, data->n + 1, sizeof *p);
    SeedSize *size = arena_array(a, data->n + 1, sizeof *size);
    size_t n_sizes = 0;
    if (!p || !size) {
        return err_nomem(err, "sizes");
    }
    for (size_t i = 0; i < data->n; i++) {
        p[i] = (SeedPoint){data->params[i], data->tokens[i], data->loss[i], data->run[i],
                           kind ? kind[i] : 0};
    }
    qsort(p, data->n, sizeof *p, by_size);
    for (size_t first = 0, end = 0; first < data->n; first = end) {
        while (end < data->n && p[end].kind == p[first].kind && p[end].n < SAME_SIZE * p[first].n) {
            end++;
        }
        qsort(p + first, end - first, sizeof *p, by_run);
        size[n_sizes++] = measure_size(p + first, p + end);
    }
    *ret = size;
    *ret_n = n_sizes;
    return ERR_OK;
}

SeedNoise seeds_noise(const SeedSize *size, size_t n)
{
    double squares = 0.0, dof = 0.0;
    for (size_t k = 0; k < n; k++) {
        squares += size[k].squares;
        dof += size[k].runs ? (double)size[k].runs - 1.0 : 0.0;
    }
    return (SeedNoise){sqrt(squares / dof), dof};
}

Interval seeds_interval(const SeedNoise *noise)
{
    Interval i = {(double)NAN, (double)NAN, (double)NAN, "chi-square"};
    if (noise->dof > 0.0) {
        i.lo = noise->sigma * sqrt(noise->dof / gsl_cdf_chisq_Pinv(0.975, noise->dof));
        i.hi = noise->sigma * sqrt(noise->dof / gsl_cdf_chisq_Pinv(0.025, noise->dof));
    }
    return i;
}

double seeds_needed(double sigma, double difference)
{
    double z = gsl_cdf_ugaussian_Pinv(1.0 - 0.5 * LEVEL) + gsl_cdf_ugaussian_Pinv(POWER);
    return fmax(1.0, ceil(2.0 * pow(z * sigma / log1p(difference), 2.0)));
}

/* ---- which runs are alike ---- */

/* What tells runs and configurations apart in one group, and the numbers given to them. */
typedef struct Labels {
    const Frame *frame;
    size_t seed; /* column; FRAME_NONE: there is none */
    size_t setting[MAX_SETTINGS], n_settings;
    Map runs, kinds, cells; /* cells: of N, configuration and seed; the value is a run's text */
    Buf text;
    size_t *run, *kind; /* [n] of the group's observations */
} Labels;

/* Columns that differ within the group: the others say nothing. */
static void add_setting(Labels *l, const ObsGroup *g, size_t column)
{
    const Frame *f = l->frame;
    for (size_t i = 1; column != FRAME_NONE && i < g->data.n; i++) {
        if (strcmp(frame_cell(f, g->row[i], column), frame_cell(f, g->row[0], column)) != 0) {
            if (l->n_settings < MAX_SETTINGS) {
                l->setting[l->n_settings++] = column;
            }
            return;
        }
    }
}

static void find_settings(Labels *l, const ObsGroup *g)
{
    static const char *const name[] = {"architecture", "size", "lr", "batch", "U", "experts"};
    l->seed = frame_find(l->frame, "seed");
    for (size_t i = 0; i < sizeof name / sizeof name[0]; i++) {
        add_setting(l, g, frame_find(l->frame, name[i]));
    }
    for (size_t i = 0; i < l->frame->n_axes; i++) {
        add_setting(l, g, l->frame->first_axis + i);
    }
}

/* Two runs that agree in N, configuration and seed must differ in something else. */
static ErrCode check_cell(Labels *l, const ObsGroup *g, size_t i, Err *err)
{
    const char *seed = l->seed == FRAME_NONE ? "" : frame_cell(l->frame, g->row[i], l->seed);
    buf_clear(&l->text);
    buf_printf(&l->text, "%.17g\t%zu\t%s", g->data.params[i], l->kind[i], seed);
    size_t cell = seed[0] ? map_add_text(&l->cells, buf_str(&l->text)) : MAP_NONE;
    if (cell == MAP_NONE) {
        return ERR_OK;
    }
    size_t *first = l->cells.entry[cell].value;
    if (!first) {
        map_set(&l->cells, cell, &l->run[i]);
    } else if (*first != l->run[i]) {
        (void)err_set(
            err, ERR_INVALID,
            "two runs of N = %g have the one seed %.40s, so they differ in something else",
            g->data.params[i], seed);
        return err_hint(err, "name the column that they differ in: --by COLUMN, or choose with "
                             "--where");
    }
    return ERR_OK;
}

static ErrCode label_group(Labels *l, const ObsGroup *g, Arena *a, Err *err)
{
    ErrCode rc = ERR_OK;
    l->run = arena_array(a, g->data.n + 1, sizeof *l->run);
    l->kind = arena_array(a, g->data.n + 1, sizeof *l->kind);
    if (!l->run || !l->kind) {
        return err_nomem(err, "runs");
    }
    find_settings(l, g);
    if (g->data.n_runs == 0 && l->seed == FRAME_NONE) {
        (void)err_set(err, ERR_INVALID, "%s has neither a column run nor a column seed",
                      l->frame->source);
        return err_hint(err, "name the one that tells runs apart: --map run=COLUMN");
    }
    for (size_t i = 0; i < g->data.n; i++) {
        buf_clear(&l->text);
        for (size_t k = 0; k < l->n_settings; k++) {
            buf_printf(&l->text, "%s%s", k ? "/" : "",
                       frame_cell(l->frame, g->row[i], l->setting[k]));
        }
        l->kind[i] = map_add_text(&l->kinds, buf_str(&l->text));
        buf_clear(&l->text);
        buf_printf(&l->text, "%zu\t%s", g->data.n_runs ? g->data.run[i] : 0,
                   l->seed == FRAME_NONE ? "" : frame_cell(l->frame, g->row[i], l->seed));
        l->run[i] = map_add_text(&l->runs, buf_str(&l->text));
        TRY(check_cell(l, g, i, err));
    }
    TRY(buf_ok(&l->text, err));
    TRY(map_ok(&l->kinds, "configurations", err));
    TRY(map_ok(&l->runs, "runs", err));
    TRY(map_ok(&l->cells, "runs", err));
done:
    return rc;
}

/* Keeps the sizes of two runs or more. */
static ErrCode measure_group(const Frame *frame, const ObsGroup *from, Arena *a, SeedGroup *g,
                             Err *err)
{
    Labels l = {.frame = frame, .runs = MAP_INIT(a), .kinds = MAP_INIT(a), .cells = MAP_INIT(a)};
    FitData data = from->data;
    size_t n_all = 0;
    ErrCode rc = ERR_OK;
    g->name = arena_strdup(a, from->name);
    TRY(label_group(&l, from, a, err));
    data.run = l.run;
    TRY(seeds_sizes(&data, l.kind, a, &g->size, &n_all, err));
    for (size_t k = 0; k < n_all; k++) {
        g->n_late += g->size[k].n_late;
        if (g->size[k].runs > 1) {
            g->size[g->n_sizes] = g->size[k];
            g->size[g->n_sizes++].configuration =
                l.n_settings ? map_text(&l.kinds, g->size[k].kind) : NULL;
        }
    }
    g->noise = seeds_noise(g->size, g->n_sizes);
    rc = g->name ? ERR_OK : err_nomem(err, "groups");
done:
    map_release(&l.runs);
    map_release(&l.kinds);
    map_release(&l.cells);
    buf_release(&l.text);
    return rc;
}

static ErrCode refuse(bool is_study, Err *err)
{
    (void)err_set(err, ERR_INVALID, "no size has two runs that differ in nothing but their seed");
    return is_study ? err_hint(err, "add seeds to the matrix of the study: seed: [1, 2, 3]")
                    : err_hint(err, "add rows of further runs: the same N, another seed");
}

ErrCode seeds_measure(const ObsSource *source, const Obs *obs, Seeds *ret, Err *err)
{
    Seeds s = {.arena = ARENA_INIT, .has_groups = obs->by != NULL, .n_groups = obs->n_groups};
    size_t n_refused = 0;
    ErrCode rc = ERR_OK;
    s.group = arena_array(&s.arena, obs->n_groups + 1, sizeof *s.group);
    if (!s.group) {
        return err_nomem(err, "groups");
    }
    for (size_t g = 0; g < obs->n_groups; g++) {
        TRY(measure_group(&source->frame, &obs->group[g], &s.arena, &s.group[g], err));
        if (s.group[g].n_sizes == 0) {
            (void)refuse(source->is_study, &s.group[g].refusal);
            n_refused++;
        }
    }
    rc = n_refused == s.n_groups ? refuse(source->is_study, err) : ERR_OK;
done:
    return ERR_GIVE(rc, s, ret, seeds_release);
}

void seeds_release(Seeds *s)
{
    arena_release(&s->arena);
    *s = (Seeds){.arena = ARENA_INIT};
}

/* ---- the answer ---- */

static void verdict(const Seeds *s, AnswerNode *top)
{
    const SeedGroup *most = &s->group[0]; /* its sigma is NaN when it is refused */
    char sd[NUMBER_TEXT_BYTES], range[INTERVAL_TEXT_BYTES];
    for (size_t g = 0; g < s->n_groups; g++) {
        const SeedGroup *one = &s->group[g];
        most = one->n_sizes && !(one->noise.sigma <= most->noise.sigma) ? one : most;
    }
    Interval percent = seeds_interval(&most->noise);
    percent.lo *= 100.0;
    percent.hi *= 100.0;
    (void)number_to_place(100.0 * most->noise.sigma, interval_place(&percent), sd);
    double needed = seeds_needed(most->noise.sigma, DIFFERENCE);
    answer_say(
        top, NULL, SAY_VERDICT,
        "Between seeds the loss%s%s%s has a standard deviation of %s %% (95 %% interval %s): "
        "to see a difference of 1 %% between two such groups takes %.0f seed%s of each, at "
        "the upper end of the interval %.0f.",
        s->has_groups ? " of " : "", s->has_groups ? most->name : "",
        s->n_groups > 1 ? ", the noisiest group," : "", sd, interval_text(&percent, range), needed,
        needed > 1.0 ? "s" : "", seeds_needed(0.01 * percent.hi, DIFFERENCE));
}

static void groups_table(const Seeds *s, AnswerNode *top)
{
    static const Column column[] = {
        {"group", "group"},
        {"sizes", "sizes", .rank = 2},
        {"runs", "runs", .rank = 1},
        {"dof", "degrees", .rank = 3, .help = "of freedom: runs less one, summed over sizes"},
        {"sigma_log", "noise", "%", NUMBER_PERCENT, 3, .interval = "interval",
         .help = "standard deviation of ln loss between seeds, pooled over sizes"},
        {"seeds_needed", "seeds needed", .format = NUMBER_WHOLE,
         .help = "in each of two groups, to see a difference of 1 % with 80 % power at 5 %"},
        {"seeds_needed_hi", "at most", .format = NUMBER_WHOLE,
         .help = "the same at the upper end of the interval"},
    };
    AnswerNode *table = answer_table(top, "groups", "Noise of a run", COLUMNS(column));
    for (size_t g = 0; g < s->n_groups; g++) {
        const SeedGroup *one = &s->group[g];
        const Interval i = seeds_interval(&one->noise);
        if (one->n_sizes) {
            answer_row(table, value_text(one->name), value_size(one->n_sizes),
                       value_size(one->n_sizes + (size_t)one->noise.dof),
                       value_real(one->noise.dof), value_between(one->noise.sigma, &i),
                       value_real(seeds_needed(one->noise.sigma, DIFFERENCE)),
                       value_real(seeds_needed(i.hi, DIFFERENCE)));
        }
    }
}

static void sizes_table(const Seeds *s, AnswerNode *top)
{
    Column column[] = {
        {"group", "group"},
        {"configuration", .rank = 2},
        {"N", "N", NULL, NUMBER_QUANTITY, .is_symbol = true},
        {"D", "D", .rank = 3, .format = NUMBER_QUANTITY, .is_symbol = true},
        {"runs", "runs", .rank = 1},
        {"loss", "loss", .format = NUMBER_FIXED, .help = "geometric mean at D"},
        {"sigma_log", "noise", "%", NUMBER_PERCENT, 3, .interval = "interval"},
    };
    size_t n_late = 0;
    for (size_t g = 0; g < s->n_groups; g++) {
        bool has_kinds = s->group[g].n_sizes && s->group[g].size[0].configuration;
        column[1].heading = has_kinds ? "configuration" : column[1].heading;
        n_late += s->group[g].n_late;
    }
    AnswerNode *table = answer_table(top, "sizes", "Seeds of a size", COLUMNS(column));
    for (size_t g = 0; g < s->n_groups; g++) {
        for (size_t k = 0; k < s->group[g].n_sizes; k++) {
            const SeedSize *size = &s->group[g].size[k];
            const SeedNoise noise = seeds_noise(size, 1);
            const Interval i = seeds_interval(&noise);
            answer_row(table, value_text(s->group[g].name), value_text(size->configuration),
                       value_real(size->n), value_real(size->d), value_size(size->runs),
                       value_real(exp(size->mean)), value_between(noise.sigma, &i));
        }
    }
    answer_set(top, "late", value_size(n_late));
    if (n_late) {
        answer_say(
            top, NULL, SAY_WARNING,
            "Runs that begin beyond the D at which their size is compared are left out: %zu.",
            n_late);
    }
}

size_t seeds_answer(const Seeds *s, AnswerNode *top)
{
    size_t n = 0;
    answer_set_all(top, "difference power level", value_real(DIFFERENCE), value_real(POWER),
                   value_real(LEVEL));
    verdict(s, top);
    groups_table(s, top);
    answer_say(top, NULL, SAY_FORMULA, "n = 2 (z_0.975 + z_0.8)^2 s^2 / (ln 1.01)^2");
    answer_say(
        top, NULL, SAY_NOTE,
        "n is the seeds needed and s the noise, taken as known (Lachin 1981); with s from few "
        "seeds it takes one or two more.");
    sizes_table(s, top);
    AnswerNode *refused = answer_list(top, "refused");
    for (size_t g = 0; g < s->n_groups; g++) {
        if (s->group[g].refusal.code != ERR_OK) {
            (void)refusal_answer(refused, s->group[g].name, "part", "seeds", &s->group[g].refusal);
            n++;
        }
    }
    return n;
}

/* ---- the picture ---- */

static bool draw_group(Arena *a, const SeedGroup *g, size_t index, PlotPanel *panel)
{
    const PlotLook look = look_of(g->name, index);
    size_t n = g->n_sizes;
    double *x = arena_array(a, 4 * n + 4, sizeof *x), least = (double)INFINITY, largest = 0.0;
    if (!x) {
        return false;
    }
    double *y = x + n, *lo = y + n, *hi = lo + n, *line = hi + n;
    for (size_t k = 0; k < n; k++) {
        const SeedNoise noise = seeds_noise(&g->size[k], 1);
        const Interval i = seeds_interval(&noise);
        x[k] = g->size[k].n;
        y[k] = 100.0 * noise.sigma;
        lo[k] = 100.0 * i.lo;
        hi[k] = 100.0 * i.hi;
        least = fmin(least, x[k]);
        largest = fmax(largest, x[k]);
    }
    (void)plot_add_range(panel, look.title, look, PLOT_ERRORS, n, x, y, lo, hi);
    if (least < largest) {
        line[0] = least;
        line[1] = largest;
        line[2] = line[3] = 100.0 * g->noise.sigma;
        (void)plot_add(panel, NULL, look, PLOT_LINE, 2, line, line + 2);
    }
    return true;
}

ErrCode seeds_figure(Seeds *s, const PlotFigure **ret, Err *err)
{
    PlotFigure *f = arena_alloc(&s->arena, sizeof *f);
    if (!f) {
        return err_nomem(err, "figure");
    }
    *f = (PlotFigure){.name = "seeds",
                      .title = "Noise between seeds, 95 % bars; a line is a group's pooled noise",
                      .x_label = LOOK_PARAMS,
                      .y_label = "standard deviation of ln loss [%]",
                      .x_column = "N",
                      .y_column = "percent"};
    for (size_t g = 0; g < s->n_groups; g++) {
        if (s->group[g].n_sizes) {
            f->n_panels += s->n_groups <= PLOT_MAX_PANELS || f->n_panels == 0 ? 1 : 0;
            if (!draw_group(&s->arena, &s->group[g], g, &f->panel[f->n_panels - 1])) {
                return err_nomem(err, "figure");
            }
        }
    }
    *ret = f;
    return ERR_OK;
}
