#include "analysis/validate/holdout.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/validate/stats.h"
#include "common/grow.h"
#include "common/order.h"
#include "common/rng.h"
#include "common/words.h"

enum { MIN_SIZES = 4, MIN_PER_PARAMETER = 2 };

static const char *const by_name[] = {
    [HOLDOUT_AUTO] = "auto",     [HOLDOUT_N] = "N",     [HOLDOUT_D] = "D",
    [HOLDOUT_BUDGET] = "budget", [HOLDOUT_RUN] = "run", [HOLDOUT_GIVEN] = "given",
};

ErrCode holdout_by_parse(const char *text, HoldoutBy *ret, Err *err)
{
    size_t i = 0;
    ErrCode rc =
        words_enum("hold-out", text, by_name + HOLDOUT_N, HOLDOUT_RUN - HOLDOUT_N + 1, &i, err);
    if (rc != ERR_OK) {
        return err_hint(err, "N: the largest sizes are predicted from the smaller ones");
    }
    *ret = (HoldoutBy)(HOLDOUT_N + i);
    return ERR_OK;
}

const char *holdout_by_name(HoldoutBy by)
{
    return by_name[by];
}

/* ---- levels ---- */

static ErrCode check_column(const double *x, size_t n, const char *name, Err *err)
{
    for (size_t i = 0; x && i < n; i++) {
        if (!(x[i] > 0.0 && isfinite(x[i]))) {
            x = NULL;
        }
    }
    return x ? ERR_OK
             : err_set(err, ERR_INVALID, "some observations have no %s to hold out by", name);
}

static ErrCode make_levels(const FitData *data, Holdout *h, Err *err)
{
    bool is_run = h->by == HOLDOUT_RUN, is_c = is_run || h->by == HOLDOUT_BUDGET;
    const double *x = is_c ? data->flops : h->by == HOLDOUT_D ? data->tokens : data->params;
    ErrCode rc = check_column(x, data->n, is_c ? "C" : h->by == HOLDOUT_D ? "D" : "N", err);
    if (rc == ERR_OK && is_run && data->n_runs == 0) {
        (void)err_set(err, ERR_INVALID, "the runs are not known");
        return err_hint(err, "name their column: --map run=COLUMN");
    }
    if (rc != ERR_OK) {
        return rc;
    }
    return is_run ? levels_of_runs(x, data->run, data->n, data->n_runs, &h->levels, err)
                  : levels_make(x, data->n, &h->levels, err);
}

static ErrCode choose_levels(const FitData *data, Holdout *h, Err *err)
{
    if (h->by != HOLDOUT_AUTO) {
        return make_levels(data, h, err);
    }
    Holdout other = {.by = HOLDOUT_BUDGET};
    Err ignored = ERR_INIT;
    h->by = HOLDOUT_N;
    ErrCode rc = make_levels(data, h, &ignored);
    if (rc == ERR_INVALID) { /* a law in C alone needs no N */
        h->by = HOLDOUT_BUDGET;
        return make_levels(data, h, err);
    }
    if (rc != ERR_OK) {
        return err_nomem(err, "levels");
    }
    if (!h->levels.is_classes && h->levels.n >= MIN_SIZES) {
        return ERR_OK;
    }
    if (make_levels(data, &other, &ignored) == ERR_OK &&
        other.levels.n >= (h->levels.n < MIN_SIZES ? h->levels.n + 1 : MIN_SIZES)) {
        levels_release(&h->levels);
        h->levels = other.levels;
        h->by = HOLDOUT_BUDGET;
    } else {
        levels_release(&other.levels);
    }
    return ERR_OK;
}

/* ---- which observations ---- */

typedef struct Work {
    const FitData *data;
    const HoldoutOptions *o;
    Holdout *h;
    const double *response;
    bool *is_known, *is_target; /* [n] */
    size_t cap;
} Work;

static double compute(const FitData *data, size_t i)
{
    return data->flops && data->flops[i] > 0.0 ? data->flops[i]
                                               : 6.0 * data->params[i] * data->tokens[i];
}

/* Marks the last observation of each run in each level, or all. */
static ErrCode mark_targets(Work *w, Err *err)
{
    const FitData *data = w->data;
    bool is_all = w->o->is_all || data->n_runs == 0 || !data->tokens;
    size_t n_cells = data->n_runs * w->h->levels.n;
    size_t *last = calloc(n_cells + 1, sizeof *last);
    if (!last) {
        return err_nomem(err, "held-out observations");
    }
    for (size_t i = 0; i < data->n; i++) {
        w->is_target[i] = is_all;
        if (is_all) {
            continue;
        }
        size_t *cell = &last[data->run[i] * w->h->levels.n + w->h->levels.of[i]];
        if (*cell == 0 || data->tokens[i] > data->tokens[*cell - 1]) {
            *cell = i + 1;
        }
    }
    for (size_t k = 0; k < n_cells && !is_all; k++) {
        if (last[k]) {
            w->is_target[last[k] - 1] = true;
        }
    }
    free(last);
    return ERR_OK;
}

static int by_place(const void *a, const void *b, void *ctx)
{
    const HoldoutPoint *p = a, *q = b;
    const Work *w = ctx;
    int order = ORDER(p->level, q->level);
    const double *const key[] = {w->data->params, w->data->tokens, w->response};
    for (size_t k = 0; order == 0 && k < 3; k++) {
        double x = key[k] ? key[k][p->at] : 0.0, y = key[k] ? key[k][q->at] : 0.0;
        order = isfinite(x) && isfinite(y) ? ORDER(x, y) : 0;
    }
    return order ? order : ORDER(p->at, q->at);
}

/* The targets beyond what the split knows. */
static ErrCode add_points(Work *w, size_t split, Err *err)
{
    Holdout *h = w->h;
    const HoldoutSplit *s = &h->split[split];
    size_t first = h->n_points;
    for (size_t i = 0; i < w->data->n; i++) {
        bool is_in = h->by == HOLDOUT_GIVEN ? w->o->is_test[i]
                                            : w->is_target[i] && h->levels.of[i] >= s->levels;
        if (!is_in) {
            continue;
        }
        HoldoutPoint *p = grow_array(h->point, h->n_points, &w->cap, sizeof *p, 256);
        if (!p) {
            return err_nomem(err, "held-out observations");
        }
        h->point = p;
        size_t level = h->by == HOLDOUT_GIVEN ? 0 : h->levels.of[i];
        h->point[h->n_points++] = (HoldoutPoint){.split = split,
                                                 .at = i,
                                                 .level = level,
                                                 .ahead = level + 1 - s->levels,
                                                 .c_factor = compute(w->data, i) / s->hi_c};
    }
    qsort_r(h->point + first, h->n_points - first, sizeof *h->point, by_place, w);
    Prediction *p = realloc(h->prediction, (h->n_points * h->n_rivals + 1) * sizeof *p);
    if (!p) {
        return err_nomem(err, "predictions");
    }
    h->prediction = p;
    return ERR_OK;
}

static void describe_split(const Work *w, HoldoutSplit *s)
{
    const double *x = w->h->by == HOLDOUT_D ? w->data->tokens : w->data->params;
    for (size_t i = 0; i < w->data->n; i++) {
        if (w->is_known[i]) {
            double c = compute(w->data, i);
            s->n_train++;
            s->hi_c = fmax(s->hi_c, c);
            s->hi = fmax(s->hi, w->h->by >= HOLDOUT_BUDGET ? c : x[i]);
        }
    }
}

/* ---- training and predicting ---- */

static ErrCode use_rival(Work *w, size_t split, size_t rival, const RivalView *view,
                         const Subset *known, size_t first, Err *err)
{
    Holdout *h = w->h;
    HoldoutSplit *s = &h->split[split];
    Rival own = h->rival[rival];
    Trained t = {0};
    Err refusal = ERR_INIT;
    own.options.seed =
        rng_u64(w->o->seed, rng_stream(RNG_BOOTSTRAP, UINT32_MAX - 1), 64 * split + rival);
    ErrCode rc = trained_open(&own, view, known, &t, &refusal);
    if (rc == ERR_NOMEM) {
        return err_nomem(err, "fit");
    }
    s->is_refused[rival] = rc != ERR_OK;
    if (rc != ERR_OK) {
        (void)snprintf(s->why[rival], sizeof s->why[rival], "%.199s", refusal.msg);
    }
    bool is_fit = rc == ERR_OK;
    rc = ERR_OK;
    for (size_t k = first; k < h->n_points && rc == ERR_OK; k++) {
        Prediction *p = &h->prediction[k * h->n_rivals + rival];
        *p = PREDICTION_NONE;
        rc = is_fit ? trained_predict(&t, view, h->point[k].at, p, err) : ERR_OK;
    }
    trained_release(&t);
    return rc;
}

/* Parameters of the first rival that are free. */
static size_t first_params(const Holdout *h)
{
    const FitOptions *o = &h->rival[0].options;
    size_t n = 0;
    for (size_t k = 0; k < o->form->n_params; k++) {
        n += o->fix.is_fixed[k] ? 0 : 1;
    }
    return n;
}

/* Too few observations for the first rival; says so in the split. */
static bool is_too_few(const Holdout *h, HoldoutSplit *s)
{
    size_t need = MIN_PER_PARAMETER * first_params(h);
    if (h->by == HOLDOUT_GIVEN || s->n_train >= need) {
        return false;
    }
    s->is_refused[0] = true;
    (void)snprintf(s->why[0], sizeof s->why[0], "%zu observations for %zu parameters", s->n_train,
                   need / MIN_PER_PARAMETER);
    return true;
}

/* *ret_is_kept is false when the split does not determine the first rival. */
static ErrCode run_split(Work *w, size_t levels, bool *ret_is_kept, Err *err)
{
    Holdout *h = w->h;
    size_t split = h->n_splits, first = h->n_points;
    HoldoutSplit *s = &h->split[split];
    Subset known = {0};
    ErrCode rc = ERR_OK;
    *s = (HoldoutSplit){.levels = levels};
    for (size_t i = 0; i < w->data->n; i++) {
        w->is_known[i] = h->by == HOLDOUT_GIVEN ? w->o->is_train[i] : h->levels.of[i] < levels;
    }
    bool is_d = h->by == HOLDOUT_D;
    RivalView view = {.whole = w->data,
                      .response = w->response,
                      .x = is_d                     ? w->data->tokens
                           : h->by == HOLDOUT_N     ? w->data->params
                           : h->by == HOLDOUT_GIVEN ? w->data->params
                                                    : w->data->flops,
                      .y = is_d                                                ? w->data->params
                           : h->by >= HOLDOUT_BUDGET && h->by != HOLDOUT_GIVEN ? w->data->params
                                                                               : w->data->tokens,
                      .levels = &h->levels,
                      .is_known = w->is_known};
    describe_split(w, s);
    *ret_is_kept = false;
    if (is_too_few(h, s)) {
        return ERR_OK;
    }
    TRY(subset_open(w->data, w->is_known, &known, err));
    TRY(add_points(w, split, err));
    for (size_t r = 0; r < h->n_rivals; r++) {
        TRY(use_rival(w, split, r, &view, &known, first, err));
        if (r == 0 && s->is_refused[0]) {
            break;
        }
    }
    *ret_is_kept = !s->is_refused[0];
    h->n_splits += *ret_is_kept ? 1 : 0;
    h->n_points = *ret_is_kept ? h->n_points : first;
done:
    subset_release(&known);
    return rc;
}

static ErrCode run_splits(Work *w, Err *err)
{
    Holdout *h = w->h;
    bool is_given = h->by == HOLDOUT_GIVEN, is_kept = false;
    size_t n = is_given ? 2 : h->levels.n;
    char why[200] = "there is only one level";
    h->split = calloc(n + 1, sizeof *h->split);
    if (!h->split) {
        return err_nomem(err, "splits");
    }
    for (size_t levels = 1; levels < n; levels++) {
        ErrCode rc = run_split(w, levels, &is_kept, err);
        if (rc != ERR_OK) {
            return rc;
        }
        if (!is_kept) {
            h->n_undetermined++;
            (void)snprintf(why, sizeof why, "%s", h->split[h->n_splits].why[0]);
        }
    }
    if (h->n_splits == 0) {
        (void)err_set(err, ERR_NUMERIC, "nothing can be held out: %s", why);
        return err_hint(err, "hold out by another input: --hold-out budget, N, D or run");
    }
    return ERR_OK;
}

/* ---- scores ---- */

double holdout_error(const Holdout *h, const FitData *data, size_t point, size_t rival)
{
    const Form *form = h->rival[0].options.form;
    double measured = fit_data_response(data, form->response)[h->point[point].at];
    return h->prediction[point * h->n_rivals + rival].value / measured - 1.0;
}

static void add_score(HoldoutScore *s, double error, double c_factor, const Prediction *p,
                      double measured)
{
    if (!isfinite(error)) {
        return;
    }
    s->n++;
    s->mae += fabs(error);
    s->bias += error;
    s->rmse += error * error;
    s->c_factor += log(c_factor);
    if (isfinite(p->meas_lo)) {
        s->n_intervals++;
        s->covered += measured >= p->meas_lo && measured <= p->meas_hi ? 1 : 0;
        s->law_covered += measured >= p->law_lo && measured <= p->law_hi ? 1 : 0;
    }
}

static void finish_score(HoldoutScore *s)
{
    double n = (double)s->n;
    s->mae /= n;
    s->bias /= n;
    s->rmse = sqrt(s->rmse / n);
    s->c_factor = exp(s->c_factor / n);
}

static void mark_common(Holdout *h)
{
    for (size_t r = 0; r < h->n_rivals; r++) {
        h->is_eligible[r] = 2 * h->total[r].n >= h->n_points;
    }
    for (size_t k = 0; k < h->n_points; k++) {
        h->is_common[k] = true;
        for (size_t r = 0; r < h->n_rivals; r++) {
            bool has_one = isfinite(h->prediction[k * h->n_rivals + r].value);
            h->is_common[k] = h->is_common[k] && (has_one || !h->is_eligible[r]);
        }
    }
}

static void score_rival(Work *w, size_t r, HoldoutScore *total, HoldoutScore *ahead)
{
    Holdout *h = w->h;
    for (size_t k = 0; k < h->n_points; k++) {
        const HoldoutPoint *p = &h->point[k];
        const Prediction *q = &h->prediction[k * h->n_rivals + r];
        double error = holdout_error(h, w->data, k, r), measured = w->response[p->at];
        if (ahead) {
            add_score(&ahead[p->ahead - 1], error, p->c_factor, q, measured);
        }
        if (ahead || (h->is_common[k] && h->is_eligible[r])) {
            add_score(total, error, p->c_factor, q, measured);
        }
    }
    finish_score(total);
    for (size_t k = 0; ahead && k < LEVELS_MAX; k++) {
        finish_score(&ahead[k]);
    }
}

static void score(Work *w)
{
    Holdout *h = w->h;
    for (size_t r = 0; r < h->n_rivals; r++) {
        score_rival(w, r, &h->total[r], h->ahead[r]);
    }
    mark_common(h);
    for (size_t r = 0; r < h->n_rivals; r++) {
        score_rival(w, r, &h->common[r], NULL); /* NaN where it is of nothing */
    }
}

ErrCode holdout_run(const FitData *data, const HoldoutOptions *o, Holdout *ret, Err *err)
{
    Holdout h = {.by = o->by, .n_rivals = o->n_rivals};
    Work w = {.data = data,
              .o = o,
              .h = &h,
              .response = fit_data_response(data, o->rival[0].options.form->response)};
    ErrCode rc = ERR_OK;
    memcpy(h.rival, o->rival, sizeof h.rival);
    w.is_known = calloc(data->n + 1, sizeof *w.is_known);
    w.is_target = calloc(data->n + 1, sizeof *w.is_target);
    if (!w.is_known || !w.is_target) {
        rc = err_nomem(err, "held-out observations");
        goto done;
    }
    if (!w.response || !data->params || !data->tokens) {
        rc = err_set(err, ERR_INVALID, "holding out needs N, D and the law's response");
        goto done;
    }
    TRY(choose_levels(data, &h, err));
    TRY(mark_targets(&w, err));
    TRY(run_splits(&w, err));
    if (h.n_points == 0) {
        rc = err_set(err, ERR_NUMERIC, "no observation is held out");
        goto done;
    }
    h.is_common = calloc(h.n_points, sizeof *h.is_common);
    if (!h.is_common) {
        rc = err_nomem(err, "scores");
        goto done;
    }
    score(&w);
done:
    free(w.is_known);
    free(w.is_target);
    return ERR_GIVE(rc, h, ret, holdout_release);
}

void holdout_release(Holdout *h)
{
    levels_release(&h->levels);
    free(h->split);
    free(h->point);
    free(h->prediction);
    free(h->is_common);
    *h = (Holdout){0};
}

ErrCode holdout_pair(const Holdout *h, const FitData *data, size_t a, size_t b, HoldoutPair *ret,
                     Err *err)
{
    double *sum = calloc(2 * data->n + 1, sizeof *sum), *count = sum ? sum + data->n : NULL;
    size_t n = 0;
    if (!sum) {
        return err_nomem(err, "pairs");
    }
    for (size_t k = 0; k < h->n_points; k++) {
        double x = holdout_error(h, data, k, a), y = holdout_error(h, data, k, b);
        if (h->is_common[k] && isfinite(x) && isfinite(y)) {
            sum[h->point[k].at] += fabs(y) - fabs(x);
            count[h->point[k].at] += 1.0;
        }
    }
    for (size_t i = 0; i < data->n; i++) {
        if (count[i] > 0.0) {
            sum[n++] = sum[i] / count[i];
        }
    }
    *ret = (HoldoutPair){.n = n, .mean = (double)NAN, .se = (double)NAN, .p = (double)NAN};
    if (n > 0) {
        ret->mean = stats_mean(sum, n);
    }
    if (n > 1) {
        ret->se = stats_sd(sum, n) / sqrt((double)n);
        ret->p = stats_t_p(ret->mean / ret->se, (double)n - 1.0);
    }
    free(sum);
    return ERR_OK;
}
