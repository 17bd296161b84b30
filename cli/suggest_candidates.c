#include "cli/suggest_candidates.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/study_group.h"
#include "common/fsx.h"
#include "common/json.h"
#include "orchestrator/plan/plan.h"
#include "trainer/data/corpus.h"

enum { GRID_N = 24, GRID_D = 24, LENGTHS = 14, MAX_SHAPES = 64, MAX_GROUP_SIZES = 256 };

/* Widths of new sizes are about so far apart. */
#define WIDTH_STEP 1.25
/* A study's shortest candidate, as a share of its own runs. */
#define SHORTEST   0.1

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
    int64_t tokens; /* that its run asks for, of an existing one */
} Shape;

typedef struct Sizes {
    Shape shape[MAX_GROUP_SIZES];
    size_t n, n_own;
    RunConfig config; /* of one run of the group */
    const RunSpec *spec;
    int64_t least_tokens, most_tokens, most_seed;
    double most_params, least_params;
} Sizes;

static bool is_of_group(const Study *study, size_t i, const char *by, const char *group, Err *err)
{
    Buf name = BUF_INIT;
    bool is_one = !by || (study_group_name(study, i, by, &name, err) == ERR_OK &&
                          strcmp(buf_str(&name), group) == 0);
    buf_release(&name);
    return is_one;
}

static int by_width(const void *a, const void *b)
{
    const Shape *x = a, *y = b;
    return (x->model.width > y->model.width) - (x->model.width < y->model.width);
}

/* The sizes of a group, and one run to take everything else from. */
static ErrCode own_sizes(const Study *study, const char *by, const char *group, Sizes *s, Err *err)
{
    for (size_t i = 0; i < study->n_runs; i++) {
        const RunSpec *r = &study->runs[i];
        s->most_seed = r->seed > s->most_seed ? r->seed : s->most_seed;
        if (!is_of_group(study, i, by, group, err)) {
            continue;
        }
        if (!s->spec) {
            s->spec = r;
            ErrCode rc = study_run_config(study, i, &s->config, err);
            if (rc != ERR_OK) {
                return rc;
            }
        }
        bool is_known = r->model->shape.arch != s->spec->model->shape.arch;
        for (size_t k = 0; k < s->n; k++) {
            is_known = is_known || strcmp(s->shape[k].name, r->model->size) == 0;
        }
        s->least_tokens = s->n && s->least_tokens < r->tokens ? s->least_tokens : r->tokens;
        s->most_tokens = r->tokens > s->most_tokens ? r->tokens : s->most_tokens;
        s->most_params = fmax(s->most_params, (double)r->model->params);
        s->least_params =
            s->n ? fmin(s->least_params, (double)r->model->params) : (double)r->model->params;
        if (!is_known && s->n < MAX_GROUP_SIZES - MAX_SHAPES) {
            s->shape[s->n++] = (Shape){.name = r->model->size, .model = r->model->shape};
        }
    }
    qsort(s->shape, s->n, sizeof s->shape[0], by_width);
    s->n_own = s->n;
    return ERR_OK;
}

/* ln y at ln x by the line through the two own sizes nearest to x. */
static double along(const Sizes *s, double width, int64_t (*of)(const ModelShape *))
{
    size_t hi = 1;
    while (hi + 1 < s->n_own && (double)s->shape[hi].model.width < width) {
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
    for (size_t i = 0; i < s->n_own; i++) {
        const ModelShape *m = &s->shape[i].model;
        is_default = is_default && m->mlp_width == arch_default_mlp_width(m->width);
    }
    return is_default;
}

static bool make_shape(const Sizes *s, int64_t width, int64_t head, SuggestPool *p, Shape *ret)
{
    Err err = ERR_INIT;
    ModelShape m = s->shape[s->n_own - 1].model;
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
    if (s->n_own < 2) {
        return; /* one size shows no rule */
    }
    double width = (double)s->shape[0].model.width;
    for (size_t made = 0; made < MAX_SHAPES && s->n < MAX_GROUP_SIZES;) {
        size_t near = 0;
        width *= WIDTH_STEP;
        while (near + 1 < s->n_own && (double)s->shape[near].model.width < width) {
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
            if ((double)arch_params(&shape.model) > reach * s->most_params) {
                return;
            }
            s->shape[s->n++] = shape;
        }
        made++;
    }
}

static int64_t corpus_limit(const Study *study, const char *dir, bool *is_guessed)
{
    char path[FSX_PATH_BYTES];
    Corpus *c = NULL;
    Err err = ERR_INIT;
    int64_t tokens = 0;
    *is_guessed = false;
    if (study->corpus_repeat) {
        return 0;
    }
    if (fsx_join(path, dir, "corpus", &err) == ERR_OK && corpus_open(path, &c, &err) == ERR_OK) {
        tokens = corpus_info(c)->train_tokens - 1; /* the last is only predicted */
        corpus_close(c);
    } else if (study->corpus_vocabulary == 256) {
        *is_guessed = true;
        tokens = plan_corpus_bytes(study, NULL) - study->corpus_validation;
    }
    return tokens > 0 ? tokens : 0;
}

static double flops_of(const ModelShape *m, int64_t sequence, ObsConvention c)
{
    return c == OBS_EXACT ? arch_flops_exact(m, sequence)
           : c == OBS_6ND ? arch_flops_6nd(m)
                          : arch_flops_paper(m, sequence);
}

/* One model trained for so many tokens. */
static ErrCode push_run(SuggestPool *p, size_t group, const Sizes *s, const Shape *shape,
                        const char *name, int64_t tokens, ObsConvention convention,
                        const PoolOptions *o, Err *err)
{
    RunConfig k = s->config;
    double per_token = flops_of(&shape->model, k.sequence, convention);
    k.tokens = tokens;
    k.steps = (tokens + k.batch_tokens - 1) / k.batch_tokens;
    double end = (double)(k.steps * k.batch_tokens);
    size_t n = 0, count = (size_t)k.checkpoint_count;
    int64_t *step = calloc(count + 1, sizeof *step);
    double *d = arena_array(&p->arena, count, sizeof *d);
    double *c = arena_array(&p->arena, count, sizeof *c);
    Err ignored = ERR_INIT;
    if (!step || !d || !c) {
        free(step);
        return err_nomem(err, "the candidates");
    }
    bool is_possible = run_config_checkpoint_steps(&k, step, &ignored) == ERR_OK;
    for (size_t j = 0; is_possible && j < count; j++) {
        double at = (double)(step[j] * k.batch_tokens);
        if ((o->final_only && j + 1 < count) || at < o->min_tokens || at < o->skip_fraction * end) {
            continue;
        }
        d[n] = at;
        c[n++] = per_token * at;
    }
    free(step);
    if (n == 0 || per_token * end > o->budget) {
        return ERR_OK;
    }
    const SuggestCandidate candidate = {.group = group,
                                        .n = (double)arch_params(&shape->model),
                                        .d = end,
                                        .tokens = d,
                                        .flops = c,
                                        .points = n,
                                        .cost = per_token * end};
    const ModelShape *m = &shape->model;
    const SuggestRun run = {.group = name,
                            .architecture = m->arch->name,
                            .size = shape->name,
                            .layers = m->layers,
                            .width = m->width,
                            .heads = m->heads,
                            .mlp = shape->is_default_mlp ? 0 : m->mlp_width,
                            .tokens = tokens,
                            .is_new = shape->is_new};
    return pool_push(p, &candidate, &run, err);
}

ErrCode pool_add_models(SuggestPool *p, size_t group, const ObsGroup *data, const Study *study,
                        const char *dir, const char *by, ObsConvention convention,
                        const PoolOptions *o, Err *err)
{
    Sizes *s = calloc(1, sizeof *s);
    size_t first = p->n;
    ErrCode rc = ERR_OK;
    if (!s) {
        return err_nomem(err, "the sizes");
    }
    TRY(own_sizes(study, by, data->name, s, err));
    if (!s->spec) {
        goto done;
    }
    add_sizes(s, o->reach, p);
    p->corpus_tokens = corpus_limit(study, dir, &p->is_corpus_guessed);
    for (size_t i = 0; i < s->n; i++) {
        const ModelShape *m = &s->shape[i].model;
        double batch = (double)s->config.batch_tokens;
        double per_token = flops_of(m, s->config.sequence, convention);
        double lo = (double)s->least_tokens;
        double hi = fmin(o->reach * (double)s->most_tokens, o->budget / per_token);
        hi = p->corpus_tokens ? fmin(hi, (double)p->corpus_tokens) : hi;
        for (size_t j = 0; j < LENGTHS && hi >= lo; j++) {
            double tokens = lo * pow(hi / lo, (double)j / (LENGTHS - 1));
            double whole = batch * floor(tokens / batch + 1e-9);
            if (whole >= lo - batch && whole > 0.0) {
                TRY(push_run(p, group, s, &s->shape[i], data->name, (int64_t)whole, convention, o,
                             err));
            }
        }
    }
    for (size_t k = first; k < p->n; k++) { /* a size of the study again is another seed */
        SuggestRun *r = &p->run[k];
        r->seed = r->is_new ? s->config.seed : s->most_seed + 1;
    }
done:
    free(s);
    return rc;
}
