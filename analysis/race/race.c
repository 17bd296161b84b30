#include "analysis/race/race.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/fit.h"
#include "analysis/race/race_times.h"
#include "analysis/validate/seeds.h"
#include "common/order.h"

/* Sizes within this factor are one. */
#define SAME_SIZE 1.001

enum { MAX_SIZES = 256, POINT_STRIDE = sizeof(RacePoint) / sizeof(double) };
_Static_assert(sizeof(RacePoint) % sizeof(double) == 0, "a stride of whole numbers");

const char *race_axis_name(RaceAxis a)
{
    static const char *const name[] = {"time", "compute", "tokens"};
    return name[a];
}

/* ---- points ---- */

static int by_curve(const void *a, const void *b)
{
    const RacePoint *x = a, *y = b;
    int order = ORDER(x->curve, y->curve);
    return order ? order : ORDER(x->x[RACE_TOKENS], y->x[RACE_TOKENS]);
}

static int by_n(const void *a, const void *b)
{
    double x = ((const RacePoint *)a)->n, y = ((const RacePoint *)b)->n;
    return ORDER(x, y);
}

/* Runs are not known: observations of one N are a curve. */
static size_t number_curves(RacePoint *p, size_t n)
{
    size_t count = 0;
    qsort(p, n, sizeof *p, by_n);
    for (size_t i = 0; i < n; i++) {
        count += i == 0 || p[i].n > p[i - 1].n ? 1 : 0;
        p[i].curve = count - 1;
    }
    return count;
}

static ErrCode fill_group(Race *r, const ObsGroup *from, const double *time, const double *response,
                          Err *err)
{
    RaceGroup *g = &r->group[r->n_groups];
    const FitData *data = &from->data;
    *g = (RaceGroup){.name = arena_strdup(&r->arena, from->name),
                     .point = arena_array(&r->arena, data->n, sizeof *g->point)};
    if (!g->name || !g->point) {
        return err_nomem(err, "observations");
    }
    for (size_t i = 0; i < data->n; i++) {
        if (!(time[i] > 0.0 && isfinite(time[i]))) {
            g->n_untimed++;
            continue;
        }
        g->point[g->n++] = (RacePoint){.x = {time[i], data->flops[i], data->tokens[i]},
                                       .response = response[i],
                                       .n = data->params[i],
                                       .curve = data->n_runs ? data->run[i] : 0};
    }
    g->n_curves = data->n_runs ? data->n_runs : number_curves(g->point, g->n);
    qsort(g->point, g->n, sizeof *g->point, by_curve);
    r->n_groups++;
    return ERR_OK;
}

/* ---- a group at X ---- */

typedef struct SizeMean {
    double n, sum;
    size_t runs;
} SizeMean;

static SizeMean *size_of(SizeMean *size, size_t *n_sizes, double n)
{
    for (size_t k = 0; k < *n_sizes; k++) {
        if (n < SAME_SIZE * size[k].n && size[k].n < SAME_SIZE * n) {
            return &size[k];
        }
    }
    if (*n_sizes == MAX_SIZES) {
        return NULL;
    }
    size[*n_sizes] = (SizeMean){.n = n};
    return &size[(*n_sizes)++];
}

/* Mean ln response of every size at X. */
static size_t sizes_at(const RaceGroup *g, RaceAxis axis, double x, SizeMean *size)
{
    size_t n_sizes = 0;
    for (size_t first = 0, last = 0; first < g->n; first = last + 1) {
        for (last = first; last + 1 < g->n && g->point[last + 1].curve == g->point[first].curve;) {
            last++;
        }
        const RacePoint *p = &g->point[first];
        double value =
            log(seeds_run_at(&p->x[axis], &p->response, POINT_STRIDE, last - first + 1, x));
        SizeMean *s = isfinite(value) ? size_of(size, &n_sizes, g->point[last].n) : NULL;
        if (s) {
            s->sum += value;
            s->runs++;
        }
    }
    return n_sizes;
}

RaceEntry race_at(const RaceGroup *g, RaceAxis axis, double x)
{
    SizeMean size[MAX_SIZES];
    size_t n = sizes_at(g, axis, x, size);
    RaceEntry e = {.value = (double)NAN, .n = (double)NAN, .se = (double)NAN};
    for (size_t k = 0; k < n; k++) {
        double value = exp(size[k].sum / (double)size[k].runs);
        if (!(e.value <= value)) {
            e = (RaceEntry){.value = value,
                            .n = size[k].n,
                            .runs = size[k].runs,
                            .se = g->noise == RACE_NO_NOISE
                                      ? (double)NAN
                                      : g->sigma / sqrt((double)size[k].runs)};
        }
    }
    return e;
}

/* ---- noise ---- */

/* The scatter about the group's own law. */
static ErrCode noise_of_law(RaceGroup *g, const FitData *data, Err *err)
{
    FitResult *fit = calloc(1, sizeof *fit);
    Err refusal = ERR_INIT;
    if (!fit) {
        return err_nomem(err, "fit");
    }
    FitOptions o = fit_defaults(form_find("chinchilla"));
    o.loss = (FitLoss){FIT_MSE, 0.0, 1.0};
    o.bootstrap = 0;
    ErrCode rc = fit_run(&o, data, fit, &refusal);
    double dof = (double)g->n - 5.0;
    if (rc == ERR_OK && dof >= 1.0) {
        g->noise = RACE_LAW;
        g->sigma = sqrt(fit->objective / dof);
        g->dof = dof;
    }
    free(fit);
    return rc == ERR_NOMEM ? err_nomem(err, "fit") : ERR_OK;
}

/* Between runs of one size, else of the law. */
static ErrCode find_noise(RaceGroup *g, Err *err)
{
    Arena arena = ARENA_INIT;
    double *column = arena_array(&arena, 3 * g->n + 1, sizeof *column);
    size_t *run = arena_array(&arena, g->n + 1, sizeof *run), n_sizes = 0;
    SeedSize *size = NULL;
    SeedNoise noise = {0};
    FitData data = {.n = g->n, .params = column, .run = run};
    ErrCode rc = ERR_OK;
    if (!column || !run) {
        rc = err_nomem(err, "noise");
        goto done;
    }
    data.tokens = column + g->n;
    data.loss = column + 2 * g->n;
    for (size_t i = 0; i < g->n; i++) {
        column[i] = g->point[i].n;
        column[g->n + i] = g->point[i].x[RACE_TOKENS];
        column[2 * g->n + i] = g->point[i].response;
        run[i] = g->point[i].curve;
    }
    TRY(seeds_sizes(&data, NULL, &arena, &size, &n_sizes, err));
    noise = seeds_noise(size, n_sizes);
    if (noise.dof > 0.0) {
        g->noise = RACE_SEEDS;
        g->sigma = noise.sigma;
        g->dof = noise.dof;
    } else {
        data.run = NULL;
        rc = noise_of_law(g, &data, err);
    }
done:
    arena_release(&arena);
    return rc;
}

/* ---- classes ---- */

static void judge(const Race *r, RaceClass *c)
{
    c->best = c->second = RACE_MAX_GROUPS;
    c->difference = c->lo = c->hi = (double)NAN;
    for (size_t g = 0; g < r->n_groups; g++) {
        double value = c->entry[g].value;
        if (!isfinite(value)) {
            continue;
        }
        if (c->best == RACE_MAX_GROUPS || value < c->entry[c->best].value) {
            c->second = c->best;
            c->best = g;
        } else if (c->second == RACE_MAX_GROUPS || value < c->entry[c->second].value) {
            c->second = g;
        }
    }
    if (c->second == RACE_MAX_GROUPS) {
        return;
    }
    const RaceEntry *a = &c->entry[c->best], *b = &c->entry[c->second];
    double dof = r->group[c->best].dof + r->group[c->second].dof;
    double se = hypot(a->se * a->value, b->se * b->value);
    c->difference = b->value - a->value;
    if (isfinite(se)) {
        double t = gsl_cdf_tdist_Pinv(0.975, dof);
        c->lo = c->difference - t * se;
        c->hi = c->difference + t * se;
    }
}

static void add_class(Race *r, RaceAxis axis, double at)
{
    RaceClass *c = &r->class[axis][r->n_classes[axis]];
    size_t n = 0;
    *c = (RaceClass){.at = at};
    for (size_t g = 0; g < r->n_groups; g++) {
        c->entry[g] = race_at(&r->group[g], axis, at);
        n += isfinite(c->entry[g].value) ? 1 : 0;
    }
    if (n > 0) {
        judge(r, c);
        r->n_classes[axis]++;
    }
}

/* The least of the groups' largest X. */
static double common_end(const Race *r, RaceAxis axis)
{
    double least = (double)INFINITY;
    for (size_t g = 0; g < r->n_groups; g++) {
        double largest = 0.0;
        for (size_t i = 0; i < r->group[g].n; i++) {
            largest = fmax(largest, r->group[g].point[i].x[axis]);
        }
        least = fmin(least, largest);
    }
    return least;
}

static void make_classes(const RaceOptions *o, Race *r)
{
    for (int axis = 0; axis < RACE_N_AXES; axis++) {
        double end = common_end(r, (RaceAxis)axis);
        if (axis == RACE_TIME && o->n_classes > 0) {
            for (size_t k = 0; k < o->n_classes; k++) {
                add_class(r, RACE_TIME, o->classes[k]);
            }
            continue;
        }
        for (int k = RACE_DEFAULT_CLASSES - 1; k >= 0; k--) {
            add_class(r, (RaceAxis)axis, end / pow(2.0, (double)k));
        }
    }
}

/* ---- speed ---- */

static ErrCode measure_speed(Race *r, Err *err)
{
    size_t most = 0;
    for (size_t g = 0; g < r->n_groups; g++) {
        most += r->group[g].n_curves;
    }
    r->speed = arena_array(&r->arena, most + 1, sizeof *r->speed);
    if (!r->speed) {
        return err_nomem(err, "speeds");
    }
    for (size_t g = 0; g < r->n_groups; g++) {
        const RaceGroup *group = &r->group[g];
        SizeMean size[MAX_SIZES];
        size_t n = 0;
        for (size_t i = 0; i < group->n; i++) {
            const RacePoint *p = &group->point[i];
            bool is_last = i + 1 == group->n || p[1].curve != p->curve;
            SizeMean *s = is_last ? size_of(size, &n, p->n) : NULL;
            if (s) {
                s->sum += log(p->x[RACE_TOKENS] / p->x[RACE_TIME]);
                s->runs++;
            }
        }
        for (size_t k = 0; k < n; k++) {
            r->speed[r->n_speeds++] =
                (RaceSpeed){g, size[k].n, exp(size[k].sum / (double)size[k].runs), size[k].runs};
        }
    }
    return ERR_OK;
}

/* ---- all ---- */

static ErrCode read_groups(const ObsSource *source, const Obs *obs, const RaceOptions *o, Race *r,
                           Err *err)
{
    RaceTimes times = {0};
    ErrCode rc = race_times_open(source, o, &times, err);
    r->time_unit = rc == ERR_OK ? arena_strdup(&r->arena, times.unit) : NULL;
    for (size_t g = 0; rc == ERR_OK && g < obs->n_groups; g++) {
        const ObsGroup *from = &obs->group[g];
        double *column = calloc(2 * from->data.n + 1, sizeof *column);
        if (!column) {
            rc = err_nomem(err, "times");
            break;
        }
        rc = race_times_read(&times, &source->frame, from, column, err);
        rc = rc == ERR_OK
                 ? race_response_read(o->response, &source->frame, from, column + from->data.n, err)
                 : rc;
        rc = rc == ERR_OK ? fill_group(r, from, column, column + from->data.n, err) : rc;
        free(column);
    }
    race_times_release(&times);
    return rc;
}

static ErrCode check_groups(const Obs *obs, const Race *r, Err *err)
{
    for (size_t g = 0; g < r->n_groups; g++) {
        if (r->group[g].n == 0) {
            (void)err_set(err, ERR_INVALID, "no observation of %s has a time", r->group[g].name);
            return obs->by && !strchr(obs->by, ',')
                       ? err_hint(err, "leave it out with --where '%s!=%s'", obs->by,
                                  r->group[g].name)
                       : err_hint(err, "name the column of times: --time COLUMN");
        }
    }
    return ERR_OK;
}

ErrCode race_run(const ObsSource *source, const Obs *obs, const RaceOptions *o, Race *ret, Err *err)
{
    Race r = {.arena = ARENA_INIT, .response = o->response ? o->response : "loss"};
    ErrCode rc = ERR_OK;
    if (obs->n_groups > RACE_MAX_GROUPS) {
        (void)err_set(err, ERR_INVALID, "%zu groups are more than %d", obs->n_groups,
                      RACE_MAX_GROUPS);
        return err_hint(err, "choose some with --where");
    }
    TRY(read_groups(source, obs, o, &r, err));
    TRY(check_groups(obs, &r, err));
    for (size_t g = 0; g < r.n_groups; g++) {
        TRY(find_noise(&r.group[g], err));
    }
    make_classes(o, &r);
    if (r.n_classes[RACE_TIME] == 0) {
        rc = err_set(err, ERR_NUMERIC,
                     "no run has observations on both sides of any of these times");
        goto done;
    }
    TRY(measure_speed(&r, err));
done:
    return ERR_GIVE(rc, r, ret, race_release);
}

void race_release(Race *r)
{
    arena_release(&r->arena);
    *r = (Race){.arena = ARENA_INIT};
}
