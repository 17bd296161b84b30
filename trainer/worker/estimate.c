#include "trainer/worker/estimate.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/hash.h"
#include "common/json.h"
#include "common/machine.h"
#include "common/order.h"
#include "trainer/config/run_config.h"
#include "trainer/models/model.h"
#include "trainer/optim/optim.h"
#include "trainer/worker/measure.h"
#include "trainer/worker/safetensors.h"

/* A cell may take this share of the time, and its model this share of the memory to be had. */
static const double largest_share = 0.25;
/* Calls of a measurement, in calls of forward and backward: two of each kind. */
static const double calls_a_cell = 3.0;
/* FLOP/s that is expected before anything was measured: slow, so that nothing runs away. */
static const double cautious_rate = 5e9;
static const double stand_in_seconds = 0.1;

typedef struct Cell {
    RunConfig config;
    double flops_per_token; /* exact convention, logits included */
    double flops_call;      /* of a measured call */
    int64_t memory_bytes;
    Speed speed;
    bool is_measured;
} Cell;

typedef struct Estimate {
    Cell *cells;
    Cell **by_size; /* [n] cheapest call first */
    size_t n, threads, most_threads;
    double seconds;
    MonoNs start;
    double rate; /* of the newest measurement of any kind [FLOP/s] */
} Estimate;

/* ---- one cell ------------------------------------------------------------------------------ */

static Measure measure_of(const Estimate *e, const Cell *c)
{
    const RunConfig *k = &c->config; /* read without error: its numbers are positive */
    return (Measure){.shape = &c->config.shape,
                     .precision = c->config.precision,
                     .sequence = c->config.sequence,
                     .sequences = k->sequence > 0 ? k->batch_tokens / k->sequence : 1,
                     .threads = e->threads,
                     .seconds = e->seconds / fmax(1.0, (double)e->n)};
}

static double flops_of(const ModelShape *s, int64_t sequence)
{
    return arch_flops_exact(s, sequence) + arch_flops_head(s);
}

static bool count_one(void *ctx, const TensorSpec *t)
{
    (void)t;
    ++*(size_t *)ctx;
    return true;
}

static size_t count_tensors(const ModelShape *s)
{
    size_t n = 0;
    s->arch->tensors(s, count_one, &n);
    return n;
}

/* Resident memory of a worker that trains it [bytes]. */
static int64_t memory_of(const Estimate *e, const RunConfig *c)
{
    const size_t batch = (size_t)(c->batch_tokens / c->sequence), seq = (size_t)c->sequence;
    const ModelHow how = {.use = MODEL_TRAIN,
                          .batch = batch,
                          .seq = seq,
                          .kern = kern_get(),
                          .precision = c->precision,
                          .threads = e->most_threads};
    size_t model = model_bytes(&c->shape, &how);
    size_t optim = optim_bytes((size_t)arch_params_total(&c->shape));
    size_t loop = batch * (seq + 1) * sizeof(uint16_t) +
                  3 * count_tensors(&c->shape) * sizeof(TensorOut) +
                  (size_t)c->checkpoint_count * sizeof(int64_t);
    return model > 0 ? (int64_t)(model + optim + loop) : 0;
}

static ErrCode read_cell(const Estimate *e, const json_t *config, Cell *c, Err *err)
{
    ErrCode rc = run_config_from_json(config, &c->config, err);
    if (rc != ERR_OK) {
        return rc;
    }
    c->memory_bytes = memory_of(e, &c->config);
    Measure w = measure_of(e, c);
    c->flops_per_token = flops_of(&c->config.shape, c->config.sequence);
    c->flops_call = c->flops_per_token * (double)(measure_sequences(&w) * c->config.sequence);
    return ERR_OK;
}

/* ---- time ----------------------------------------------------------------------------------- */

static double passed_s(const Estimate *e)
{
    return (double)(clock_mono_ns() - e->start) / (double)NS_PER_S;
}

static bool is_kin(const Cell *a, const Cell *b)
{
    return a->config.shape.arch == b->config.shape.arch &&
           a->config.precision == b->config.precision;
}

/* The measured cell of the same kind that is nearest in FLOPs a token; NULL without one. */
static const Cell *nearest(const Estimate *e, const Cell *c)
{
    const Cell *best = NULL;
    double least = (double)INFINITY;
    for (size_t i = 0; i < e->n; i++) {
        const Cell *x = &e->cells[i];
        double distance = fabs(log(x->flops_per_token / c->flops_per_token));
        if (x->is_measured && is_kin(x, c) && distance < least) {
            best = x;
            least = distance;
        }
    }
    return best;
}

static bool is_affordable(const Estimate *e, const Cell *c)
{
    const Cell *near = nearest(e, c);
    double rate = near ? near->speed.tokens_per_s * near->flops_per_token : e->rate;
    double expected = calls_a_cell * c->flops_call / rate;
    double memory = largest_share * (double)machine_memory(NULL, NULL).available_bytes;
    return c->memory_bytes > 0 && expected <= largest_share * e->seconds &&
           expected <= e->seconds - passed_s(e) && (double)c->memory_bytes <= memory;
}

static ErrCode measure_cells(Estimate *e, Err *err)
{
    for (size_t i = 0; i < e->n; i++) {
        Cell *c = e->by_size[i];
        if (!c || !is_affordable(e, c)) {
            continue;
        }
        Measure w = measure_of(e, c);
        ErrCode rc = measure_speed(&w, &c->speed, err);
        if (rc != ERR_OK) {
            return rc;
        }
        c->is_measured = true;
        e->rate = c->speed.tokens_per_s * c->flops_per_token;
    }
    return ERR_OK;
}

/* The same FLOP/s, and the same bytes a second of the update. */
static void scale_speed(const Speed *from, double flops_ratio, double params_ratio, Speed *ret)
{
    *ret = (Speed){.tokens_per_s = from->tokens_per_s / flops_ratio,
                   .scored_per_s = from->scored_per_s / flops_ratio,
                   .update_s = from->update_s * params_ratio};
}

/* A small model of the cell's architecture and precision stands for it. */
static ErrCode stand_in(const Estimate *e, Cell *c, Err *err)
{
    enum { LAYERS = 3, WIDTH = 96, HEADS = 3, MAX_VOCABULARY = 1024 };
    int64_t vocabulary = c->config.shape.vocabulary;
    vocabulary = vocabulary < MAX_VOCABULARY ? vocabulary : MAX_VOCABULARY;
    const ModelShape small = arch_shape(c->config.shape.arch, LAYERS, WIDTH, HEADS,
                                        arch_default_mlp_width(WIDTH), vocabulary);
    Measure w = measure_of(e, c);
    Speed s = {.steps = 0};
    w.shape = &small;
    w.sequence = w.sequence < MEASURE_TOKENS ? w.sequence : MEASURE_TOKENS;
    w.seconds = stand_in_seconds;
    ErrCode rc = measure_speed(&w, &s, err);
    if (rc == ERR_OK) {
        scale_speed(&s, c->flops_per_token / flops_of(&small, w.sequence),
                    (double)arch_params_total(&c->config.shape) / (double)arch_params_total(&small),
                    &c->speed);
    }
    return rc;
}

/* Every cell that was not measured; a stand-in is measured once for all of its kind. */
static ErrCode extrapolate(Estimate *e, Err *err)
{
    for (size_t i = 0; i < e->n; i++) {
        Cell *c = &e->cells[i];
        const Cell *near = nearest(e, c);
        for (size_t k = 0; !near && k < i; k++) {
            near = is_kin(&e->cells[k], c) ? &e->cells[k] : NULL;
        }
        if (!c->is_measured && near) {
            scale_speed(&near->speed, c->flops_per_token / near->flops_per_token,
                        (double)arch_params_total(&c->config.shape) /
                            (double)arch_params_total(&near->config.shape),
                        &c->speed);
        } else if (!c->is_measured) {
            ErrCode rc = stand_in(e, c, err);
            if (rc != ERR_OK) {
                return rc;
            }
        }
    }
    return ERR_OK;
}

/* ---- question and answer --------------------------------------------------------------------- */

static int by_call(const void *a, const void *b)
{
    const Cell *x = *(Cell *const *)a, *y = *(Cell *const *)b;
    return ORDER(x->flops_call, y->flops_call);
}

static ErrCode read_question(const json_t *question, Estimate *e, Err *err)
{
    const json_t *list = json_object_get(question, "cells");
    const json_t *threads = json_object_get(question, "threads");
    const json_t *most = json_object_get(question, "most_threads");
    json_int_t n_threads = threads ? json_integer_value(threads) : 1;
    json_int_t n_most = most ? json_integer_value(most) : n_threads;
    ErrCode rc = json_get_f64(question, "seconds", &e->seconds, err);
    if (rc == ERR_OK && (!json_is_array(list) || !(e->seconds >= 0.0 && e->seconds <= 3600.0) ||
                         n_threads < 1 || n_threads > n_most || n_most > ESTIMATE_MAX_THREADS)) {
        rc = err_set(err, ERR_FORMAT,
                     "the question must hold \"cells\", \"seconds\" up to 3600 and \"threads\" up "
                     "to %d",
                     ESTIMATE_MAX_THREADS);
    }
    if (rc != ERR_OK) {
        return rc;
    }
    e->n = json_array_size(list);
    e->threads = (size_t)n_threads;
    e->most_threads = (size_t)n_most;
    e->cells = calloc(e->n + 1, sizeof *e->cells);
    /* pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
    e->by_size = calloc(e->n + 1, sizeof *e->by_size);
    if (!e->cells || !e->by_size) {
        return err_nomem(err, "the cells");
    }
    for (size_t i = 0; rc == ERR_OK && i < e->n; i++) {
        e->by_size[i] = &e->cells[i];
        rc = read_cell(e, json_array_get(list, i), &e->cells[i], err);
    }
    if (rc == ERR_OK && e->n > 0) {
        /* pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
        qsort(e->by_size, e->n, sizeof *e->by_size, by_call);
    }
    return rc;
}

static json_t *number_or_null(double x)
{
    return x > 0.0 && isfinite(x) ? json_real(x) : json_null();
}

static json_t *answer_json(const Estimate *e, int64_t program_bytes)
{
    json_t *list = json_array();
    for (size_t i = 0; i < e->n; i++) {
        const Cell *c = &e->cells[i];
        (void)json_array_append_new(
            list, json_pack("{s:o, s:o, s:o, s:o, s:b}", "memory_bytes",
                            c->memory_bytes > 0 ? json_integer((json_int_t)c->memory_bytes +
                                                               (json_int_t)program_bytes)
                                                : json_null(),
                            "tokens_per_second", number_or_null(c->speed.tokens_per_s),
                            "scored_tokens_per_second", number_or_null(c->speed.scored_per_s),
                            "update_seconds", number_or_null(c->speed.update_s), "measured",
                            c->is_measured));
    }
    if (json_array_size(list) != e->n) {
        json_decref(list);
        return NULL;
    }
    return json_pack("{s:i, s:s, s:o}", "schema", 1, "isa", kern_get()->isa, "cells", list);
}

/* Resident memory of the program as a worker has it, before it opens anything: pages of a
 * library are there once they were used, and every worker hashes. */
static int64_t program_memory(void)
{
    char sha256[SHA256_HEX_BYTES], xxh128[XXH128_HEX_BYTES];
    Err ignored = ERR_INIT;
    (void)hash_sha256("", 0, sha256, &ignored);
    hash_xxh128("", 0, xxh128);
    return machine_rss();
}

ErrCode estimate_json(const json_t *question, json_t **ret, Err *err)
{
    Estimate e = {.start = clock_mono_ns(), .rate = cautious_rate};
    int64_t program_bytes = program_memory();
    ErrCode rc = read_question(question, &e, err);
    if (rc == ERR_OK && e.seconds > 0.0) {
        rc = measure_cells(&e, err);
    }
    if (rc == ERR_OK && e.seconds > 0.0) {
        rc = extrapolate(&e, err);
    }
    if (rc == ERR_OK) {
        *ret = answer_json(&e, program_bytes);
        rc = *ret ? ERR_OK : err_nomem(err, "the answer");
    }
    free(e.cells);
    /* pointers. NOLINTNEXTLINE(bugprone-multi-level-implicit-pointer-conversion) */
    free(e.by_size);
    return rc;
}
