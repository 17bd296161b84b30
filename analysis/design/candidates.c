#include "analysis/design/candidates.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <stdlib.h>

enum { GRID_N = 24, GRID_D = 24, LENGTHS = 14, MAX_NEW = 64 };

/* Widths of new sizes are about so far apart. */
#define WIDTH_STEP 1.25

static ErrCode pool_push(SuggestPool *p, const SuggestCandidate *c, const SuggestRun *r, Err *err)
{
    if (p->n == p->cap) {
        size_t cap = p->cap ? 2 * p->cap : 1024;
        SuggestCandidate *more = realloc(p->candidate, cap * sizeof *more);
        if (!more) {
            return err_nomem(err, "the candidates");
        }
        p->candidate = more;
        SuggestRun *runs = realloc(p->run, cap * sizeof *runs);
        if (!runs) {
            return err_nomem(err, "the candidates");
        }
        p->run = runs;
        p->cap = cap;
    }
    p->run[p->n] = *r;
    p->candidate[p->n] = *c;
    p->candidate[p->n].tag = p->n;
    p->n++;
    return ERR_OK;
}

void pool_release(SuggestPool *p)
{
    free(p->candidate);
    free(p->run);
    arena_release(&p->arena);
    *p = (SuggestPool){.arena = ARENA_INIT};
}

/* ---- a grid ------------------------------------------------------------------------------------ */

/* How the runs of a source are measured: points a run and last D over first, medians. */
typedef struct Pattern {
    size_t points;
    double ratio;
    double n_lo, n_hi, d_lo, d_hi; /* d: of the last points */
} Pattern;

static ErrCode find_pattern(const FitData *d, Pattern *ret, Err *err)
{
    size_t n = d->n_runs && d->n_runs < d->n ? d->n_runs : d->n;
    double *first = calloc(4 * (n + 1), sizeof *first), *last = first ? first + n + 1 : NULL;
    if (!first) {
        return err_nomem(err, "the runs");
    }
    double *count = last + n + 1, *ratio = count + n + 1;
    *ret = (Pattern){1, 1.0, (double)INFINITY, 0.0, (double)INFINITY, 0.0};
    for (size_t i = 0; i < d->n; i++) {
        size_t r = n == d->n ? i : d->run[i];
        count[r] += 1.0;
        first[r] = first[r] > 0.0 ? fmin(first[r], d->tokens[i]) : d->tokens[i];
        last[r] = fmax(last[r], d->tokens[i]);
        ret->n_lo = fmin(ret->n_lo, d->params[i]);
        ret->n_hi = fmax(ret->n_hi, d->params[i]);
    }
    for (size_t r = 0; r < n; r++) {
        ratio[r] = last[r] / first[r];
        ret->d_lo = fmin(ret->d_lo, last[r]);
        ret->d_hi = fmax(ret->d_hi, last[r]);
    }
    gsl_sort(count, 1, n);
    gsl_sort(ratio, 1, n);
    ret->points = (size_t)gsl_stats_median_from_sorted_data(count, 1, n);
    ret->ratio = gsl_stats_median_from_sorted_data(ratio, 1, n);
    free(first);
    return ERR_OK;
}

/* Three significant digits: what people would choose. */
static double rounded(double x)
{
    double unit = pow(10.0, floor(log10(x)) - 2.0);
    return round(x / unit) * unit;
}

static ErrCode push_point(SuggestPool *p, size_t group, const ObsGroup *g, const Pattern *k,
                          double n, double d, Err *err)
{
    double *at = arena_array(&p->arena, k->points, sizeof *at);
    if (!at) {
        return err_nomem(err, "the candidates");
    }
    for (size_t j = 0; j < k->points; j++) {
        double share = k->points > 1 ? (double)j / (double)(k->points - 1) : 1.0;
        at[j] = d * pow(k->ratio, share - 1.0);
    }
    const SuggestCandidate c = {
        .group = group, .n = n, .d = d, .tokens = at, .points = k->points, .cost = 6.0 * n * d};
    return pool_push(p, &c, &(SuggestRun){.group = g->name, .tokens = (int64_t)d}, err);
}

ErrCode pool_add_grid(SuggestPool *p, size_t group, const ObsGroup *data, const PoolOptions *o,
                      Err *err)
{
    Pattern k = {0};
    ErrCode rc = find_pattern(&data->data, &k, err);
    double n_hi = k.n_hi * o->reach, d_hi = k.d_hi * o->reach;
    for (size_t i = 0; rc == ERR_OK && i < GRID_N; i++) {
        double n = rounded(k.n_lo * pow(n_hi / k.n_lo, (double)i / (GRID_N - 1)));
        double most = fmin(d_hi, o->budget / (6.0 * n));
        for (size_t j = 0; rc == ERR_OK && j < GRID_D && most >= k.d_lo; j++) {
            double d = k.d_lo * pow(most / k.d_lo, (double)j / (GRID_D - 1));
            d = rounded(d) <= most ? rounded(d) : d;
            rc = push_point(p, group, data, &k, n, d, err);
        }
    }
    return rc;
}

/* ---- models of a study ---------------------------------------------------------------------------- */

/* A size that a study's architecture has, or could have. */
typedef struct Shape {
    const char *name;
    ModelShape model;
    bool is_new, is_default_mlp;
} Shape;

typedef struct Sizes {
    const ModelSizes *own;
    Shape shape[MODEL_MAX_SIZES + MAX_NEW]; /* the own ones first */
    size_t n;
} Sizes;

/* ln y at ln x by the line through the two own sizes nearest to x. */
static double along(const Sizes *s, double width, int64_t (*of)(const ModelShape *))
{
    size_t hi = 1;
    while (hi + 1 < s->own->n && (double)s->shape[hi].model.width < width) {
        hi++;
    }
    const ModelShape *a = &s->shape[hi - 1].model, *b = &s->shape[hi].model;
    double x = log((double)b->width / (double)a->width);
    double slope = x > 0.0 ? log((double)of(b) / (double)of(a)) / x : 0.0;
    return (double)of(a) * pow(width / (double)a->width, slope);
}

static int64_t layers_of(const ModelShape *m)
{
    return m->layers;
}

static int64_t mlp_of(const ModelShape *m)
{
    return m->mlp_width;
}

static bool has_default_mlp(const Sizes *s)
{
    bool is_default = true;
    for (size_t i = 0; i < s->own->n; i++) {
        const ModelShape *m = &s->shape[i].model;
        is_default = is_default && m->mlp_width == arch_default_mlp_width(m->width);
    }
    return is_default;
}

static bool make_shape(const Sizes *s, int64_t width, int64_t head, SuggestPool *p, Shape *ret)
{
    Err err = ERR_INIT;
    ModelShape m = s->shape[s->own->n - 1].model;
    m.width = width;
    m.heads = width / head;
    m.layers = (int64_t)llround(fmax(along(s, (double)width, layers_of), 1.0));
    bool is_default = has_default_mlp(s);
    m.mlp_width = is_default ? arch_default_mlp_width(width)
                             : 16 * (int64_t)llround(along(s, (double)width, mlp_of) / 16.0);
    if (arch_check(&m, &err) != ERR_OK) {
        return false;
    }
    *ret = (Shape){.model = m, .is_new = true, .is_default_mlp = is_default};
    ret->name = arena_printf(&p->arena, "w%lld-l%lld", (long long)width, (long long)m.layers);
    return ret->name != NULL;
}

/* New widths between and beyond the study's. */
static void add_sizes(Sizes *s, double reach, SuggestPool *p)
{
    if (s->own->n < 2) {
        return; /* one size shows no rule */
    }
    double width = (double)s->shape[0].model.width;
    for (size_t made = 0; made < MAX_NEW;) {
        size_t near = 0;
        width *= WIDTH_STEP;
        while (near + 1 < s->own->n && (double)s->shape[near].model.width < width) {
            near++;
        }
        const ModelShape *m = &s->shape[near].model;
        int64_t head = m->width / m->heads;
        int64_t w = head * (int64_t)llround(fmax(width / (double)head, 1.0));
        bool is_there = false;
        for (size_t i = 0; i < s->n; i++) {
            is_there = is_there || s->shape[i].model.width == w;
        }
        Shape shape;
        if (!is_there && make_shape(s, w, head, p, &shape)) {
            if ((double)arch_params(&shape.model) > reach * s->own->most_params) {
                return;
            }
            s->shape[s->n++] = shape;
        }
        made++;
    }
}

static double flops_of(const ModelShape *m, int64_t sequence, ObsConvention c)
{
    return c == OBS_EXACT ? arch_flops_exact(m, sequence)
           : c == OBS_6ND ? arch_flops_6nd(m)
                          : arch_flops_paper(m, sequence);
}

/* Those of the planned checkpoints that would be observed: D and C of each.  Returns how many. */
static size_t observed(const RunConfig *k, double per_token, const PoolOptions *o, double *d,
                       double *c, int64_t *step)
{
    Err ignored = ERR_INIT;
    double end = (double)(k->steps * k->batch_tokens);
    size_t n = 0, count = (size_t)k->checkpoint_count;
    bool is_possible = run_config_checkpoint_steps(k, step, &ignored) == ERR_OK;
    for (size_t j = 0; is_possible && j < count; j++) {
        double at = (double)(step[j] * k->batch_tokens);
        if ((o->final_only && j + 1 < count) || at < o->min_tokens || at < o->skip_fraction * end) {
            continue;
        }
        d[n] = at;
        c[n++] = per_token * at;
    }
    return n;
}

/* One model trained for so many tokens. */
static ErrCode push_model(SuggestPool *p, size_t group, const char *name, const Sizes *s,
                          const Shape *shape, int64_t tokens, const PoolOptions *o, Err *err)
{
    const ModelShape *m = &shape->model;
    RunConfig k = s->own->config;
    double per_token = flops_of(m, k.sequence, o->convention);
    k.tokens = tokens;
    k.steps = (tokens + k.batch_tokens - 1) / k.batch_tokens;
    size_t count = (size_t)k.checkpoint_count;
    int64_t *step = calloc(count + 1, sizeof *step);
    double *d = arena_array(&p->arena, count, sizeof *d);
    double *c = arena_array(&p->arena, count, sizeof *c);
    if (!step || !d || !c) {
        free(step);
        return err_nomem(err, "the candidates");
    }
    const double end = (double)(k.steps * k.batch_tokens);
    const SuggestCandidate candidate = {.group = group,
                                        .n = (double)arch_params(m),
                                        .d = end,
                                        .tokens = d,
                                        .flops = c,
                                        .points = observed(&k, per_token, o, d, c, step),
                                        .cost = per_token * end};
    free(step);
    if (candidate.points == 0 || candidate.cost > o->budget) {
        return ERR_OK;
    }
    const SuggestRun run = {.group = name,
                            .architecture = m->arch->name,
                            .size = shape->name,
                            .layers = m->layers,
                            .width = m->width,
                            .heads = m->heads,
                            .mlp = shape->is_default_mlp ? 0 : m->mlp_width,
                            .tokens = tokens,
                            /* a size of the study again is another seed */
                            .seed = shape->is_new ? k.seed : s->own->most_seed + 1,
                            .is_new = shape->is_new};
    return pool_push(p, &candidate, &run, err);
}

ErrCode pool_add_models(SuggestPool *p, size_t group, const char *name, const ModelSizes *sizes,
                        const PoolOptions *o, Err *err)
{
    double batch = (double)sizes->config.batch_tokens, lo = (double)sizes->least_tokens;
    ErrCode rc = ERR_OK;
    if (sizes->n == 0) {
        return ERR_OK;
    }
    Sizes *s = calloc(1, sizeof *s);
    if (!s) {
        return err_nomem(err, "the sizes");
    }
    s->own = sizes;
    for (; s->n < sizes->n; s->n++) {
        s->shape[s->n] = (Shape){.name = sizes->size[s->n].name, .model = sizes->size[s->n].shape};
    }
    add_sizes(s, o->reach, p);
    for (size_t i = 0; i < s->n; i++) {
        double per_token = flops_of(&s->shape[i].model, sizes->config.sequence, o->convention);
        double hi = fmin(o->reach * (double)sizes->most_tokens, o->budget / per_token);
        hi = sizes->corpus_tokens ? fmin(hi, (double)sizes->corpus_tokens) : hi;
        for (size_t j = 0; j < LENGTHS && hi >= lo; j++) {
            double tokens = lo * pow(hi / lo, (double)j / (LENGTHS - 1));
            double whole = batch * floor(tokens / batch + 1e-9);
            if (whole >= lo - batch && whole > 0.0) {
                TRY(push_model(p, group, name, s, &s->shape[i], (int64_t)whole, o, err));
            }
        }
    }
done:
    free(s);
    return rc;
}
