/* bench_step -- forward and backward of one training batch, for every architecture and a
 * few sizes: tokens a second, and GFLOP/s by the exact count plus the head.
 *
 *   bench_step [--json] [--seconds S] [ARCHITECTURE]
 *
 * Beside it the speed of the kernel table's matrix product at the model's own width
 * (rows x g x d), the most that a step could reach. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/rng.h"
#include "trainer/models/model.h"

enum { BATCH_TOKENS = 4096, SEQUENCE = 256, HEAD_WIDTH = 32, VOCAB = 256 };

typedef struct Size {
    int64_t layers, width;
} Size;

static const Size sizes[] = {{2, 32}, {2, 64}, {3, 96}, {5, 128}};

typedef struct Result {
    const char *arch;
    Size size;
    int64_t params;
    double tokens_per_s, gflops, gemm_gflops;
} Result;

static double now_s(void)
{
    return (double)clock_mono_ns() * 1e-9;
}

/* C [1024,n] = A [1024,k] B [n,k]^T, repeated for about a tenth of the time. */
static double gemm_speed(const Kern *kern, size_t n, size_t k, double seconds)
{
    size_t m = 1024;
    Real *a = calloc(m * k, sizeof *a), *b = calloc(n * k, sizeof *b),
         *c = calloc(m * n, sizeof *c);
    double begin = now_s(), best = 1e30;
    while (a && b && c && now_s() - begin < seconds) {
        double t0 = now_s();
        kern->gemm_nt(m, n, k, a, k, b, k, c, n, KERN_SET);
        double dt = now_s() - t0;
        best = dt < best ? dt : best;
    }
    free(a);
    free(b);
    free(c);
    return 2e-9 * (double)(m * n * k) / best;
}

/* Median seconds of one step. */
static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double step_seconds(Model *m, const uint16_t *tokens, double seconds)
{
    enum { MAX = 1000 };
    static double took[MAX];
    size_t n = 0;
    (void)model_loss_grad(m, tokens, BATCH_TOKENS / SEQUENCE, SEQUENCE);
    double begin = now_s();
    while (n < MAX && (n < 3 || now_s() - begin < seconds)) {
        double t0 = now_s();
        model_params_changed(m);
        (void)model_loss_grad(m, tokens, BATCH_TOKENS / SEQUENCE, SEQUENCE);
        took[n++] = now_s() - t0;
    }
    qsort(took, n, sizeof *took, by_value);
    return took[n / 2];
}

static ErrCode measure(const Arch *arch, Size size, double seconds, Result *ret, Err *err)
{
    Model *m = NULL;
    static uint16_t tokens[BATCH_TOKENS / SEQUENCE * (SEQUENCE + 1)];
    ModelShape s = arch_shape(arch, size.layers, size.width, size.width / HEAD_WIDTH,
                              arch_default_mlp_width(size.width), VOCAB);
    const Kern *kern = kern_get();
    ErrCode rc = model_open(
        &s,
        &(ModelHow){
            .use = MODEL_TRAIN, .batch = BATCH_TOKENS / SEQUENCE, .seq = SEQUENCE, .kern = kern},
        &m, err);
    if (rc != ERR_OK) {
        return rc;
    }
    model_init(m, 1);
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        tokens[i] = (uint16_t)(rng_u64(1, 1, i) % VOCAB);
    }
    double took = step_seconds(m, tokens, seconds);
    double flops = (arch_flops_exact(&s, SEQUENCE) + arch_flops_head(&s)) * BATCH_TOKENS;
    *ret = (Result){.arch = arch->name,
                    .size = size,
                    .params = arch_params(&s),
                    .tokens_per_s = BATCH_TOKENS / took,
                    .gflops = flops / took * 1e-9,
                    .gemm_gflops =
                        gemm_speed(kern, (size_t)s.mlp_width, (size_t)size.width, seconds / 10)};
    model_close(m);
    return ERR_OK;
}

static void print(const Result *r, bool is_json, bool is_first)
{
    if (is_json) {
        printf("%s\n  {\"architecture\":\"%s\",\"layers\":%lld,\"width\":%lld,\"params\":%lld,"
               "\"tokens_per_s\":%.6g,\"gflops\":%.4g,\"gemm_gflops\":%.4g}",
               is_first ? "" : ",", r->arch, (long long)r->size.layers, (long long)r->size.width,
               (long long)r->params, r->tokens_per_s, r->gflops, r->gemm_gflops);
        return;
    }
    printf("%-11s %lldx%-4lld %9lld %10.0f %9.1f %9.1f %6.0f%%\n", r->arch,
           (long long)r->size.layers, (long long)r->size.width, (long long)r->params,
           r->tokens_per_s, r->gflops, r->gemm_gflops, 100.0 * r->gflops / r->gemm_gflops);
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    bool is_json = false, is_first = true;
    double seconds = 1.0;
    const char *only = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            is_json = true;
        } else if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc) {
            seconds = strtod(argv[++i], NULL);
        } else {
            only = argv[i];
        }
    }
    printf(is_json ? "{\"schema\":1,\"isa\":\"%s\",\"batch\":%d,\"sequence\":%d,\"results\":["
                   : "isa %s, batch %d tokens, sequence %d, one thread\n",
           kern_get()->isa, BATCH_TOKENS, SEQUENCE);
    if (!is_json) {
        printf("%-11s %-6s %9s %10s %9s %9s %7s\n", "", "size", "N", "tokens/s", "GFLOP/s", "gemm",
               "share");
    }
    for (size_t a = 0; a < arch_count(); a++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            Err err = ERR_INIT;
            Result r;
            if (only && strcmp(only, arch_at(a)->name) != 0) {
                continue;
            }
            if (measure(arch_at(a), sizes[i], seconds, &r, &err) != ERR_OK) {
                (void)fprintf(stderr, "bench_step: %s\n", err.msg);
                return EXIT_FAILURE;
            }
            print(&r, is_json, is_first);
            is_first = false;
        }
    }
    printf(is_json ? "\n]}\n" : "");
    return EXIT_SUCCESS;
}
