/* bench_step -- whole training steps: forward, backward, clipping and AdamW.
 *
 *   bench_step [--json] [--seconds S] [--architecture A] [--size 20k|85k|334k|906k|2.8m|6.5m]
 *              [--precision f32|bf16] [--threads T] [--sequence N] [--batch TOKENS] [--isa NAME]
 *
 * For each architecture, size and precision that is not ruled out: the best step of S seconds
 * as tokens a second, and as FLOP/s by the exact count (causal, logits included) beside the
 * peak that this core reached in the same process, measured before and after.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/fma_peak.h"
#include "common/arena.h"
#include "common/clock.h"
#include "common/order.h"
#include "common/quantity.h"
#include "common/rng.h"
#include "trainer/models/model.h"
#include "trainer/optim/optim.h"

enum { HEAD_WIDTH = 32, VOCAB = 256 };

/* The matrix of experiments/milli.yaml. */
typedef struct Size {
    const char *name;
    int64_t layers, width;
} Size;

static const Size sizes[] = {{"20k", 2, 32},   {"85k", 2, 64},   {"334k", 3, 96},
                             {"906k", 5, 128}, {"2.8m", 6, 192}, {"6.5m", 8, 256}};
enum { N_SIZES = sizeof sizes / sizeof *sizes };

static const char *const precisions[] = {"f32", "bf16"};

typedef struct Options {
    bool is_json;
    const char *architecture, *size, *precision, *isa;
    double seconds;
    int64_t threads, sequence, batch;
} Options;

typedef struct Result {
    const char *arch;
    const Size *size;
    Precision precision;
    int64_t params;
    double best_s, median_s, flops;
    size_t bytes;
} Result;

/* One model ready to be stepped. */
typedef struct Bench {
    Arena arena;
    Model *model;
    Optim optim;
    uint16_t *tokens;
    size_t b, t;
} Bench;

static double now_s(void)
{
    return (double)clock_mono_ns() * 1e-9;
}

static void bench_release(Bench *w)
{
    model_close(w->model);
    arena_release(&w->arena);
}

static ErrCode bench_open(const ModelShape *s, const ModelHow *how, Bench *w, Err *err)
{
    ErrCode rc = ERR_OK;
    const RunConfig c = {
        .beta1 = 0.9, .beta2 = 0.95, .adam_eps = 1e-8, .weight_decay = 0.1, .clip = 1.0};
    OptimRange *range = arena_alloc(&w->arena, sizeof *range);
    size_t n_tokens = how->batch * (how->seq + 1);
    TRY(model_open(s, how, &w->model, err));
    w->b = how->batch;
    w->t = how->seq;
    w->tokens = arena_array(&w->arena, n_tokens, sizeof *w->tokens);
    if (!range || !w->tokens) {
        rc = err_nomem(err, "the bench");
        goto done;
    }
    *range = (OptimRange){.n = model_param_count(w->model), .is_decayed = true};
    TRY(optim_init(&c, how->kern, range, 1, range->n, &w->arena, &w->optim, err));
    w->optim.team = model_team(w->model);
    for (size_t i = 0; i < n_tokens; i++) {
        w->tokens[i] = (uint16_t)(rng_u64(1, 1, i) % VOCAB);
    }
    model_init(w->model, 1);
done:
    return rc;
}

static void step(Bench *w, int64_t number)
{
    (void)model_loss_grad(w->model, w->tokens, w->b, w->t);
    double norm = optim_grad_norm(&w->optim, model_grads(w->model));
    optim_step(&w->optim, number, 1e-4, norm, model_grads(w->model), model_params(w->model));
    model_params_changed(w->model);
}

static void time_steps(Bench *w, double seconds, Result *ret)
{
    enum { MAX = 2000 };
    static double took[MAX];
    size_t n = 0;
    step(w, 1);
    double begin = now_s();
    while (n < MAX && (n < 3 || now_s() - begin < seconds)) {
        double t0 = now_s();
        step(w, (int64_t)n + 2);
        took[n++] = now_s() - t0;
    }
    qsort(took, n, sizeof *took, order_f64);
    ret->best_s = took[0];
    ret->median_s = took[n / 2];
}

static ErrCode measure(const Arch *arch, const Size *size, Precision precision, const Options *o,
                       Result *ret, Err *err)
{
    Bench w = {.arena = ARENA_INIT};
    ModelShape s = arch_shape(arch, size->layers, size->width, size->width / HEAD_WIDTH,
                              arch_default_mlp_width(size->width), VOCAB);
    ModelHow how = {.use = MODEL_TRAIN,
                    .batch = (size_t)(o->batch / o->sequence),
                    .seq = (size_t)o->sequence,
                    .kern = o->isa ? kern_for_isa(o->isa) : kern_get(),
                    .precision = precision,
                    .threads = (size_t)o->threads};
    ErrCode rc = bench_open(&s, &how, &w, err);
    if (rc == ERR_OK) {
        *ret = (Result){.arch = arch->name,
                        .size = size,
                        .precision = precision,
                        .params = arch_params(&s),
                        .flops = (arch_flops_exact(&s, o->sequence) + arch_flops_head(&s)) *
                                 (double)(how.batch * how.seq),
                        .bytes = model_bytes(&s, &how) + optim_bytes(model_param_count(w.model))};
        time_steps(&w, o->seconds, ret);
    }
    bench_release(&w);
    return rc;
}

/* ---- output ------------------------------------------------------------------------- */

typedef struct Peaks {
    double f32, bf16; /* [FLOP/s] of one thread */
} Peaks;

static void take_peaks(const char *isa, Peaks *p)
{
    double f32 = fma_peak(isa), bf16 = bf16_peak(isa);
    p->f32 = f32 > p->f32 ? f32 : p->f32;
    p->bf16 = bf16 > p->bf16 ? bf16 : p->bf16;
}

static double share_of_peak(const Result *r, const Options *o, const Peaks *p)
{
    double peak = r->precision == PRECISION_BF16 && p->bf16 > 0.0 ? p->bf16 : p->f32;
    return peak > 0.0 ? r->flops / r->best_s / (peak * (double)o->threads) : 0.0;
}

static json_t *result_json(const Result *r, const Options *o, const Peaks *p)
{
    double tokens = (double)(o->batch / o->sequence * o->sequence);
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:s, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:I}",
                     "architecture", r->arch, "size", r->size->name, "layers",
                     (json_int_t)r->size->layers, "width", (json_int_t)r->size->width, "N",
                     (json_int_t)r->params, "precision", precisions[r->precision], "threads",
                     (json_int_t)o->threads, "sequence", (json_int_t)o->sequence, "batch",
                     (json_int_t)o->batch, "tokens_per_s", tokens / r->best_s, "gflops",
                     1e-9 * r->flops / r->best_s, "share_of_peak", share_of_peak(r, o, p),
                     "seconds_per_step", r->best_s, "median_seconds_per_step", r->median_s,
                     "model_bytes", (json_int_t)r->bytes);
}

static void print_row(const Result *r, const Options *o, const Peaks *p)
{
    double tokens = (double)(o->batch / o->sequence * o->sequence);
    printf("%-11s %-5s %lldx%-4lld %8lld %-5s %10.0f %9.1f %7.1f %% %9.2f %9.2f %8.1f\n", r->arch,
           r->size->name, (long long)r->size->layers, (long long)r->size->width,
           (long long)r->params, precisions[r->precision], tokens / r->best_s,
           1e-9 * r->flops / r->best_s, 100.0 * share_of_peak(r, o, p), 1e3 * r->best_s,
           1e3 * r->median_s, 1e-6 * (double)r->bytes);
    (void)fflush(stdout);
}

/* ---- arguments ------------------------------------------------------------------------ */

static bool take_option(Options *o, const char *name, const char *value)
{
    const struct {
        const char *name;
        const char **text;
        int64_t *count;
        double *seconds;
    } known[] = {{"--architecture", &o->architecture, NULL, NULL},
                 {"--size", &o->size, NULL, NULL},
                 {"--precision", &o->precision, NULL, NULL},
                 {"--isa", &o->isa, NULL, NULL},
                 {"--threads", NULL, &o->threads, NULL},
                 {"--sequence", NULL, &o->sequence, NULL},
                 {"--batch", NULL, &o->batch, NULL},
                 {"--seconds", NULL, NULL, &o->seconds}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].name, name) != 0) {
            continue;
        }
        if (known[i].text) {
            *known[i].text = value;
            return true;
        }
        return known[i].count ? quantity_parse_i64(value, QUANTITY_COUNT, known[i].count) &&
                                    *known[i].count > 0
                              : quantity_parse(value, QUANTITY_COUNT, known[i].seconds);
    }
    return false;
}

static bool parse(int argc, char **argv, Options *o)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            o->is_json = true;
        } else if (i + 1 >= argc || !take_option(o, argv[i], argv[i + 1])) {
            return false;
        } else {
            i++;
        }
    }
    return o->batch >= o->sequence && (!o->isa || kern_for_isa(o->isa));
}

static bool is_wanted(const char *only, const char *name)
{
    return !only || strcmp(only, name) == 0;
}

/* Rows are printed as they come with the peak so far; JSON at the end with the best. */
static ErrCode run_all(const Options *o, Result *results, size_t *ret_n, Peaks *peaks, Err *err)
{
    const char *isa = o->isa ? o->isa : kern_get()->isa;
    for (size_t a = 0; a < arch_count(); a++) {
        for (size_t i = 0; i < N_SIZES; i++) {
            for (int p = PRECISION_F32; p <= PRECISION_BF16; p++) {
                Result *r = &results[*ret_n];
                if (!is_wanted(o->architecture, arch_at(a)->name) ||
                    !is_wanted(o->size, sizes[i].name) || !is_wanted(o->precision, precisions[p])) {
                    continue;
                }
                ErrCode rc = measure(arch_at(a), &sizes[i], (Precision)p, o, r, err);
                if (rc != ERR_OK) {
                    return rc;
                }
                take_peaks(isa, peaks);
                if (!o->is_json) {
                    print_row(r, o, peaks);
                }
                ++*ret_n;
            }
        }
    }
    return ERR_OK;
}

int main(int argc, char **argv)
{
    enum { MAX_RESULTS = 4 * N_SIZES * 2 };
    static Result results[MAX_RESULTS];
    Options o = {.seconds = 1.0, .threads = 1, .sequence = 512, .batch = 8192};
    size_t n = 0;
    Peaks peaks = {0};
    Err err = ERR_INIT;
    if (!parse(argc, argv, &o) || arch_count() > 4) {
        (void)fprintf(stderr, "usage: bench_step [--json] [--seconds S] [--architecture A] "
                              "[--size NAME] [--precision f32|bf16] [--threads T] [--sequence N] "
                              "[--batch TOKENS] [--isa NAME]\n");
        return 2;
    }
    const char *isa = o.isa ? o.isa : kern_get()->isa;
    take_peaks(isa, &peaks);
    if (!o.is_json) {
        printf("isa %s, %lld tokens a step, sequence %lld, %lld threads; peak of one thread "
               "%.1f GFLOP/s f32, %.1f bf16\n",
               isa, (long long)o.batch, (long long)o.sequence, (long long)o.threads,
               1e-9 * peaks.f32, 1e-9 * peaks.bf16);
        printf("%-11s %-5s %-6s %8s %-5s %10s %9s %9s %9s %9s %8s\n", "", "size", "", "N", "",
               "tokens/s", "GFLOP/s", "of peak", "best ms", "median", "MB");
    }
    if (run_all(&o, results, &n, &peaks, &err) != ERR_OK) {
        (void)fprintf(stderr, "bench_step: %s\n", err.msg);
        return EXIT_FAILURE;
    }
    if (o.is_json) {
        json_t *rows = json_array();
        for (size_t i = 0; i < n; i++) {
            (void)json_array_append_new(rows, result_json(&results[i], &o, &peaks));
        }
        json_t *all =
            json_pack("{s:i, s:s, s:{s:f, s:f}, s:o}", "schema", 1, "isa", isa, "peak_gflops",
                      "f32", 1e-9 * peaks.f32, "bf16", 1e-9 * peaks.bf16, "results", rows);
        (void)json_dumpf(all, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
        (void)printf("\n");
        json_decref(all);
    }
    return EXIT_SUCCESS;
}
