/* bench_kern.c -- how fast every kernel is on every ISA of this CPU.
 *
 *     bench_kern [--json] [--isa NAME] [--kernel NAME]
 *
 * Matrix products in GFLOP/s, beside the peak of fused multiply-adds measured in
 * the same process; the others in GB/s of operands read and written, from cache
 * (32 KiB arrays) and from memory, beside memcpy.  Each figure is the best of a
 * tenth of a second of runs on one thread: what the code can do, not what a
 * busy machine gives.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/fma_peak.h"
#include "common/clock.h"
#include "common/rng.h"
#include "trainer/core/kern.h"

enum { BUFFER_FLOATS = 1 << 22, N_BUFFERS = 6, ROW = 256, MIN_MS = 100, BATCH_US = 50 };

/* Operands of any kernel; m, n, k are a product's shape, n the length of the others. */
typedef struct Work {
    size_t m, n, k;
    float *buf[N_BUFFERS]; /* [2 BUFFER_FLOATS] each */
    uint16_t *target;
    size_t *valid;
} Work;

typedef void (*RunFn)(const Kern *k, const Work *w);

static void run_nn(const Kern *k, const Work *w)
{
    k->gemm_nn(w->m, w->n, w->k, w->buf[0], w->k, w->buf[1], w->n, w->buf[2], w->n, KERN_SET);
}

static void run_nt(const Kern *k, const Work *w)
{
    k->gemm_nt(w->m, w->n, w->k, w->buf[0], w->k, w->buf[1], w->k, w->buf[2], w->n, KERN_SET);
}

static void run_tn(const Kern *k, const Work *w)
{
    k->gemm_tn(w->m, w->n, w->k, w->buf[0], w->m, w->buf[1], w->n, w->buf[2], w->n, KERN_SET);
}

/* The right operand packed beforehand: buf[3] holds it (bench_products packs). */
static void run_packed(const Kern *k, const Work *w)
{
    k->gemm_packed(w->m, w->n, w->k, w->buf[0], w->k, w->buf[3], w->buf[2], w->n, KERN_SET);
}

static volatile double sink;

static void run_memcpy(const Kern *k, const Work *w)
{
    (void)k;
    memcpy(w->buf[2], w->buf[0], w->n * sizeof(float));
}

static void run_dot(const Kern *k, const Work *w)
{
    sink = (double)k->dot(w->n, w->buf[0], w->buf[1]);
}

static void run_sum(const Kern *k, const Work *w)
{
    sink = (double)k->sum(w->n, w->buf[0]);
}

static void run_sum_squares(const Kern *k, const Work *w)
{
    sink = k->sum_squares(w->n, w->buf[0]);
}

static void run_scale(const Kern *k, const Work *w)
{
    k->scale(w->n, 0.5f, w->buf[0], w->buf[2]);
}

static void run_axpy(const Kern *k, const Work *w)
{
    k->axpy(w->n, 1e-3f, w->buf[0], w->buf[2]);
}

/* y = f(x) and y = f(a, b), by name of the member */
#define RUN_UNARY(op)                                  \
    static void run_##op(const Kern *k, const Work *w) \
    {                                                  \
        k->op(w->n, w->buf[0], w->buf[2]);             \
    }
#define RUN_BINARY(op)                                 \
    static void run_##op(const Kern *k, const Work *w) \
    {                                                  \
        k->op(w->n, w->buf[0], w->buf[1], w->buf[2]);  \
    }
#define RUN_GATE(op)                                   \
    static void run_##op(const Kern *k, const Work *w) \
    {                                                  \
        k->op(w->n / ROW, ROW, w->buf[0], w->buf[2]);  \
    }
#define RUN_GATE_GRAD(op)                                                   \
    static void run_##op(const Kern *k, const Work *w)                      \
    {                                                                       \
        k->op(w->n / ROW, ROW, w->buf[0], w->buf[2], w->buf[3], w->buf[4]); \
    }
RUN_UNARY(exp)
RUN_UNARY(sigmoid)
RUN_UNARY(log_sigmoid)
RUN_UNARY(silu)
RUN_BINARY(add)
RUN_BINARY(mul)
RUN_BINARY(mul_add)
RUN_BINARY(silu_grad)
RUN_GATE(glu)
RUN_GATE(swiglu)
RUN_GATE_GRAD(glu_grad)
RUN_GATE_GRAD(swiglu_grad)

static void run_rmsnorm(const Kern *k, const Work *w)
{
    k->rmsnorm(w->n / ROW, ROW, 1e-6f, w->buf[0], w->buf[1], w->buf[2], w->buf[5]);
}

static void run_add_rmsnorm(const Kern *k, const Work *w)
{
    k->add_rmsnorm(w->n / ROW, ROW, 1e-6f, w->buf[0], w->buf[3], w->buf[1], w->buf[2], w->buf[5]);
}

static void run_rmsnorm_dx(const Kern *k, const Work *w)
{
    k->rmsnorm_dx(w->n / ROW, ROW, w->buf[0], w->buf[1], w->buf[5], w->buf[3], w->buf[2], KERN_ADD);
}

static void run_rmsnorm_dw(const Kern *k, const Work *w)
{
    k->rmsnorm_dw(w->n / ROW, ROW, ROW, w->buf[0], w->buf[5], w->buf[3], w->buf[4]);
}

static void run_normgate(const Kern *k, const Work *w)
{
    k->normgate(w->n / ROW, ROW, 1e-6f, w->buf[0], w->buf[1], w->buf[2], w->buf[5]);
}

static void run_normgate_grad(const Kern *k, const Work *w)
{
    k->normgate_grad(w->n / ROW, ROW, w->buf[0], w->buf[1], w->buf[5], w->buf[2], w->buf[2],
                     w->buf[3], w->buf[4]);
}

static void run_softmax(const Kern *k, const Work *w)
{
    k->softmax(w->n / ROW, ROW, w->buf[0], w->valid, w->buf[5]);
}

/* Heads of 32 on rows of 256; the sines of 16 positions. */
static KernTurn turn_of(const Work *w, size_t width)
{
    return (KernTurn){.rows = w->n / width,
                      .h = width / 32,
                      .p = 32,
                      .period = 16,
                      .cosine = w->buf[3],
                      .sine = w->buf[4]};
}

static void run_rope(const Kern *k, const Work *w)
{
    KernTurn t = turn_of(w, ROW);
    k->rope(&t, 1.0f, 1.0f, w->buf[0], ROW);
}

static void run_silu_lrpe(const Kern *k, const Work *w)
{
    KernTurn t = turn_of(w, ROW);
    k->silu_lrpe(&t, w->buf[0], ROW, w->buf[2], (size_t)2 * ROW);
}

static void run_silu_lrpe_grad(const Kern *k, const Work *w)
{
    KernTurn t = turn_of(w, ROW);
    k->silu_lrpe_grad(&t, w->buf[0], ROW, w->buf[1], (size_t)2 * ROW, w->buf[2], ROW);
}

static void run_lrpe_theta_grad(const Kern *k, const Work *w)
{
    static double dtheta[ROW];
    KernTurn t = turn_of(w, ROW);
    k->lrpe_theta_grad(&t, w->buf[0], w->buf[1], (size_t)2 * ROW, dtheta);
}

/* Tiles of 64 columns. */
static void run_softmax_tile(const Kern *k, const Work *w)
{
    k->softmax_tile(w->n / 64, 64, 64, 64, w->buf[0], w->buf[1], w->buf[2], w->buf[3]);
}

static void run_softmax_tile_grad(const Kern *k, const Work *w)
{
    k->softmax_tile_grad(w->n / 64, 64, 64, 64, w->buf[1], w->buf[2], w->buf[0], w->buf[4]);
}

static void run_softmax_end(const Kern *k, const Work *w)
{
    k->softmax_end(w->n / KERN_LANES, w->buf[0], w->buf[1], w->buf[2], w->buf[3]);
}

static void run_dot_rows(const Kern *k, const Work *w)
{
    k->dot_rows(w->n / ROW, ROW, w->buf[0], w->buf[1], ROW, w->buf[2]);
}

static void run_cross_entropy(const Kern *k, const Work *w)
{
    k->cross_entropy(w->n / ROW, ROW, w->buf[0], w->target, 1e-3f, w->buf[5]);
}

static void run_adamw(const Kern *k, const Work *w)
{
    const KernAdamw how = {1e-3f, 0.9f, 0.95f, 1e-8f, 0.1f, 1.0f, 1.0f, 1.0f};
    k->adamw(w->n, &how, w->buf[0], w->buf[1], w->buf[2], w->buf[3]);
}

/* Linear attention with decays by channel: rows of ROW channels in sub-chunks of SUB. */
enum { SUB = 16 };

static void run_scale_rows(const Kern *k, const Work *w)
{
    k->scale_rows(w->n / ROW, ROW, w->buf[1], w->buf[0], ROW, w->buf[2], ROW);
}

static void run_mul_rows(const Kern *k, const Work *w)
{
    k->mul_rows(w->n / ROW, ROW, w->buf[1], w->buf[0], ROW, w->buf[2], ROW);
}

static void run_mul_toeplitz(const Kern *k, const Work *w)
{
    k->mul_toeplitz(w->n / ROW, ROW, w->buf[1] + w->n / ROW, w->buf[2], ROW);
}

static void run_sum_rows(const Kern *k, const Work *w)
{
    static double sum[ROW];
    k->sum_rows(w->n / ROW, ROW, w->buf[0], ROW, sum);
}

/* In pieces of SUB rows, so that one buffer has room for three outputs. */
static void run_decay_factors(const Kern *k, const Work *w)
{
    for (size_t at = 0; at + SUB * ROW <= w->n; at += SUB * ROW) {
        float *to = w->buf[2];
        k->decay_factors(&(KernDecay){.rows = SUB,
                                      .sub = SUB,
                                      .n = ROW,
                                      .q = w->buf[0] + at,
                                      .k = w->buf[1] + at,
                                      .g = w->buf[0] + at,
                                      .ldq = ROW,
                                      .ldk = ROW,
                                      .ldg = ROW,
                                      .f = to,
                                      .near = to + SUB * ROW,
                                      .far = w->buf[3],
                                      .key = w->buf[4],
                                      .whole = w->buf[5],
                                      .before = w->buf[5] + ROW});
    }
}

static void run_decay_inside(const Kern *k, const Work *w)
{
    for (size_t at = 0; at + SUB * ROW <= w->n; at += SUB * ROW) {
        k->decay_inside(SUB, ROW, w->buf[0] + at, ROW, w->buf[1] + at, ROW, w->buf[5], w->buf[2],
                        SUB);
    }
}

static void run_decay_grad(const Kern *k, const Work *w)
{
    static double sum[ROW];
    for (size_t at = 0; at + SUB * ROW <= w->n; at += SUB * ROW) {
        float *to = w->buf[2];
        k->decay_grad(&(KernDecayGrad){.rows = SUB,
                                       .n = ROW,
                                       .q = w->buf[0] + at,
                                       .k = w->buf[1] + at,
                                       .f = w->buf[5],
                                       .p = w->buf[5],
                                       .dnear = w->buf[3],
                                       .dkey = w->buf[4],
                                       .ldq = ROW,
                                       .ldk = ROW,
                                       .ldp = SUB,
                                       .dq = to,
                                       .dk = to + SUB * ROW,
                                       .dg = to + 2 * SUB * ROW,
                                       .lddq = ROW,
                                       .lddk = ROW,
                                       .lddg = ROW,
                                       .sum = sum});
    }
}

/* SUB rows at a time, of their own filter */
static void run_filter(const Kern *k, const Work *w)
{
    for (size_t at = 0; at + SUB * ROW <= w->n; at += SUB * ROW) {
        k->filter(SUB, ROW, ROW, w->buf[5], w->buf[0] + at, w->buf[2] + at);
    }
}

static void run_filter_grad(const Kern *k, const Work *w)
{
    for (size_t at = 0; at + SUB * ROW <= w->n; at += SUB * ROW) {
        k->filter_grad(SUB, ROW, ROW, w->buf[5], w->buf[0] + at, w->buf[1] + at, w->buf[2] + at,
                       w->buf[3]);
    }
}

/* n = rows of 2 ROW numbers: z_q and z_f */
static void run_hgrn2_gates(const Kern *k, const Work *w)
{
    const KernBound b = {w->buf[1], w->buf[1], w->buf[1], w->buf[1]};
    k->hgrn2_gates(w->n / 2 / ROW, ROW, w->buf[0], 2 * ROW, &b, w->buf[2], w->buf[3], w->buf[4]);
}

static void run_hgrn2_gates_grad(const Kern *k, const Work *w)
{
    const KernBound b = {w->buf[1], w->buf[1], w->buf[1], w->buf[1]};
    k->hgrn2_gates_grad(w->n / 2 / ROW, ROW, w->buf[0], 2 * ROW, &b, w->buf[1], w->buf[3],
                        w->buf[4], w->buf[2]);
}

/* Kernels over a length: floats moved for each element, read and written. */
static const struct {
    const char *name;
    RunFn run;
    int floats;
} stream[] = {
    {"memcpy", run_memcpy, 2},
    {"dot", run_dot, 2},
    {"sum", run_sum, 1},
    {"sum_squares", run_sum_squares, 1},
    {"add", run_add, 3},
    {"mul", run_mul, 3},
    {"mul_add", run_mul_add, 4},
    {"axpy", run_axpy, 3},
    {"scale", run_scale, 2},
    {"exp", run_exp, 2},
    {"sigmoid", run_sigmoid, 2},
    {"log_sigmoid", run_log_sigmoid, 2},
    {"silu", run_silu, 2},
    {"silu_grad", run_silu_grad, 3},
    {"glu", run_glu, 3},
    {"glu_grad", run_glu_grad, 6},
    {"swiglu", run_swiglu, 3},
    {"swiglu_grad", run_swiglu_grad, 6},
    {"rmsnorm", run_rmsnorm, 2},
    {"add_rmsnorm", run_add_rmsnorm, 4},
    {"rmsnorm_dx", run_rmsnorm_dx, 4},
    {"rmsnorm_dw", run_rmsnorm_dw, 2},
    {"normgate", run_normgate, 3},
    {"normgate_grad", run_normgate_grad, 6},
    {"rope", run_rope, 2},
    {"silu_lrpe", run_silu_lrpe, 3},
    {"silu_lrpe_grad", run_silu_lrpe_grad, 4},
    {"lrpe_theta_grad", run_lrpe_theta_grad, 4},
    {"softmax", run_softmax, 2},
    {"softmax_tile", run_softmax_tile, 2},
    {"softmax_end", run_softmax_end, 1},
    {"softmax_tile_grad", run_softmax_tile_grad, 4},
    {"dot_rows", run_dot_rows, 2},
    {"cross_entropy", run_cross_entropy, 2},
    {"scale_rows", run_scale_rows, 2},
    {"mul_rows", run_mul_rows, 2},
    {"sum_rows", run_sum_rows, 1},
    {"mul_toeplitz", run_mul_toeplitz, 2},
    {"decay_factors", run_decay_factors, 7},
    {"filter", run_filter, 3},
    {"filter_grad", run_filter_grad, 4},
    {"hgrn2_gates", run_hgrn2_gates, 2},
    {"hgrn2_gates_grad", run_hgrn2_gates_grad, 4},
    {"decay_inside", run_decay_inside, 3},
    {"decay_grad", run_decay_grad, 8},
    {"adamw", run_adamw, 7},
};

static const size_t stream_length[] = {8192, BUFFER_FLOATS};

static const struct {
    const char *name;
    RunFn run;
} product[] = {
    {"gemm_nn", run_nn}, {"gemm_nt", run_nt}, {"gemm_tn", run_tn}, {"gemm_packed", run_packed}};

/* m, n, k: linear layers of d = 32..256 on 4096 rows, a weight gradient, chunks of a head. */
static const size_t product_shape[][3] = {
    {4096, 32, 32},   {4096, 128, 128}, {4096, 256, 256}, {4096, 700, 256}, {4096, 256, 700},
    {2048, 256, 256}, {512, 64, 64},    {256, 256, 4096}, {64, 64, 4096},   {64, 64, 32},
    {64, 32, 64},     {32, 32, 64},     {33, 47, 61},     {1, 256, 256},
};

static bool is_slow(const Kern *k)
{
    return strcmp(k->isa, "scalar") == 0;
}

/* Best seconds for one run: batches of at least BATCH_US, for MIN_MS in all (a tenth of
 * that for the twins). */
static double best_seconds(const Kern *k, RunFn run, const Work *w)
{
    double best = 1e30;
    int64_t budget = INT64_C(1000000) * MIN_MS / (is_slow(k) ? 10 : 1);
    size_t batch = 1;
    MonoNs begin = clock_mono_ns();
    do {
        MonoNs t0 = clock_mono_ns();
        for (size_t i = 0; i < batch; i++) {
            run(k, w);
        }
        int64_t took = clock_mono_ns() - t0;
        double each = 1e-9 * (double)took / (double)batch;
        best = each < best ? each : best;
        batch = took < INT64_C(1000) * BATCH_US ? batch * 2 : batch;
    } while (clock_mono_ns() - begin < budget);
    return best;
}

typedef struct Output {
    json_t *rows; /* NULL: print a table */
    const char *kernel;
} Output;

static bool is_wanted(const Output *out, const char *name)
{
    return !out->kernel || strcmp(out->kernel, name) == 0;
}

static void report(const Output *out, const char *name, const Kern *k, const char *shape,
                   const char *unit, double value, double ceiling)
{
    if (out->rows) {
        (void)json_array_append_new(
            out->rows, json_pack("{s:s, s:s, s:s, s:s, s:f, s:f}", "kernel", name, "isa", k->isa,
                                 "shape", shape, "unit", unit, "value", value, "ceiling", ceiling));
        return;
    }
    printf("%-18s %-10s %-15s %9.2f %-8s", name, k->isa, shape, value, unit);
    if (ceiling > 0.0) {
        printf(" %3.0f %% of %.1f", 100.0 * value / ceiling, ceiling);
    }
    printf("\n");
}

static void bench_products(const Kern *k, const char *precision, Work *w, double peak,
                           const Output *out)
{
    for (size_t p = 0; p < sizeof product / sizeof product[0]; p++) {
        for (size_t s = 0; s < sizeof product_shape / sizeof product_shape[0]; s++) {
            if (!is_wanted(out, product[p].name)) {
                continue;
            }
            w->m = product_shape[s][0];
            w->n = product_shape[s][1];
            w->k = product_shape[s][2];
            double flops = 2.0 * (double)w->m * (double)w->n * (double)w->k;
            if (is_slow(k) && flops > 1e7) {
                continue; /* the twins would take seconds */
            }
            char shape[64];
            (void)snprintf(shape, sizeof shape, "%zu,%zu,%zu", w->m, w->n, w->k);
            k->pack_nt(w->n, w->k, w->buf[1], w->k, w->buf[3]);
            double rate = flops / best_seconds(k, product[p].run, w);
            char name[32];
            (void)snprintf(name, sizeof name, "%s %s", product[p].name, precision);
            report(out, name, k, shape, "GFLOP/s", 1e-9 * rate, 1e-9 * peak);
        }
    }
}

static void bench_streams(const Kern *k, Work *w, const Output *out)
{
    for (size_t l = 0; l < sizeof stream_length / sizeof stream_length[0]; l++) {
        w->n = stream_length[l];
        double copy = 0.0;
        for (size_t i = 0; i < sizeof stream / sizeof stream[0]; i++) {
            if (!is_wanted(out, stream[i].name) || (l > 0 && is_slow(k))) {
                continue;
            }
            char shape[64];
            (void)snprintf(shape, sizeof shape, "%zu", w->n);
            double bytes = (double)stream[i].floats * (double)(w->n * sizeof(float));
            double rate = bytes / best_seconds(k, stream[i].run, w);
            copy = stream[i].run == run_memcpy ? rate : copy;
            report(out, stream[i].name, k, shape, "GB/s", 1e-9 * rate, 1e-9 * copy);
        }
    }
}

static bool work_init(Work *w)
{
    *w = (Work){0};
    w->target = calloc(BUFFER_FLOATS / ROW, sizeof *w->target);
    w->valid = calloc(BUFFER_FLOATS / ROW, sizeof *w->valid);
    bool ok = w->target && w->valid;
    for (size_t b = 0; b < N_BUFFERS && ok; b++) {
        w->buf[b] = aligned_alloc(64, (size_t)2 * BUFFER_FLOATS * sizeof(float));
        ok = w->buf[b] != NULL;
        for (size_t i = 0; ok && i < (size_t)2 * BUFFER_FLOATS; i++) {
            w->buf[b][i] = (float)(0.1 + rng_uniform(1, b, i));
        }
    }
    for (size_t i = 0; ok && i < BUFFER_FLOATS / ROW; i++) {
        w->target[i] = (uint16_t)(i % ROW);
        w->valid[i] = ROW;
    }
    return ok;
}

static void work_release(Work *w)
{
    for (size_t b = 0; b < N_BUFFERS; b++) {
        free(w->buf[b]);
    }
    free(w->target);
    free(w->valid);
}

int main(int argc, char **argv)
{
    Output out = {0};
    const char *isa = NULL;
    bool want_json = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            want_json = true;
        } else if (i + 1 < argc && strcmp(argv[i], "--isa") == 0) {
            isa = argv[++i];
        } else if (i + 1 < argc && strcmp(argv[i], "--kernel") == 0) {
            out.kernel = argv[++i];
        } else {
            (void)fprintf(stderr, "usage: bench_kern [--json] [--isa NAME] [--kernel NAME]\n");
            return 2;
        }
    }
    Work w;
    if (!work_init(&w)) {
        (void)fprintf(stderr, "bench_kern: out of memory\n");
        work_release(&w);
        return 1;
    }
    out.rows = want_json ? json_array() : NULL;
    for (size_t i = 0; kern_isa_name(i); i++) {
        const Kern *k = kern_for_isa(kern_isa_name(i));
        if (k && (!isa || strcmp(isa, k->isa) == 0)) {
            bench_products(k, "f32", &w, fma_peak(k->isa), &out);
            bench_products(kern_bf16(k), "bf16", &w, bf16_peak(k->isa), &out);
            bench_streams(k, &w, &out);
        }
    }
    if (out.rows) {
        (void)json_dumpf(out.rows, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
        (void)printf("\n");
        json_decref(out.rows);
    }
    work_release(&w);
    return 0;
}
