#include "bench/fma_peak.h"

#include <stdint.h>
#include <string.h>

#include "common/clock.h"

#if defined(__x86_64__)

#include <immintrin.h>

enum { ROUNDS = 2000000, CHAINS = 12, REPEATS = 5 };

static volatile float sink;

/* X of the vector, the prefix of its intrinsics and each of twelve chains, which cover the latency of
 * 4 or 5 cycles of two units. */
#define FOUR(X, V, mm, i, j, k, l) X(V, mm, i) X(V, mm, j) X(V, mm, k) X(V, mm, l)
#define TWELVE(X, V, mm) \
    FOUR(X, V, mm, 0, 1, 2, 3) FOUR(X, V, mm, 4, 5, 6, 7) FOUR(X, V, mm, 8, 9, 10, 11)

#define BEGIN(V, mm, i) V c##i = mm##_set1_ps((float)(i));
#define STEP(V, mm, i)  c##i = mm##_fmadd_ps(c##i, a, b);
#define END(V, mm, i)   c0 = mm##_add_ps(c0, c##i);
#define FMA_ROUNDS(isa, features, V, mm)                             \
    __attribute__((target(features))) static void rounds_##isa(void) \
    {                                                                \
        const V a = mm##_set1_ps(0.999f), b = mm##_set1_ps(0.001f);  \
        TWELVE(BEGIN, V, mm)                                         \
        for (int r = 0; r < ROUNDS; r++) {                           \
            TWELVE(STEP, V, mm)                                      \
        }                                                            \
        TWELVE(END, V, mm)                                           \
        sink = mm##_cvtss_f32(c0);                                   \
    }

FMA_ROUNDS(avx512, "avx512f", __m512, _mm512)
FMA_ROUNDS(avx2, "avx2,fma", __m256, _mm256)

/* Twenty-four cover a latency of 12 cycles of two units. */
#define BEGIN_TWO(V, mm, i) \
    V c##i = mm##_set1_ps((float)(i)), d##i = mm##_set1_ps(-1.0f - (float)(i));
#define STEP_TWO(V, mm, i)             \
    c##i = mm##_dpbf16_ps(c##i, a, b); \
    d##i = mm##_dpbf16_ps(d##i, a, b);
#define END_TWO(V, mm, i) c0 = mm##_add_ps(c0, mm##_add_ps(c##i, d##i));
__attribute__((target("avx512f,avx512bf16"))) static void rounds_bf16(void)
{
    const __m512bh a = _mm512_cvtne2ps_pbh(_mm512_set1_ps(0.5f), _mm512_set1_ps(0.25f));
    const __m512bh b = _mm512_cvtne2ps_pbh(_mm512_set1_ps(0.5f), _mm512_set1_ps(-0.25f));
    TWELVE(BEGIN_TWO, __m512, _mm512)
    for (int r = 0; r < ROUNDS / 2; r++) {
        TWELVE(STEP_TWO, __m512, _mm512)
    }
    TWELVE(END_TWO, __m512, _mm512)
    sink = _mm512_cvtss_f32(c0);
}

static double best_rate(void (*rounds)(void), double flops)
{
    double best = 0.0;
    for (int i = 0; i < REPEATS; i++) {
        MonoNs begin = clock_mono_ns();
        rounds();
        double rate = flops / (1e-9 * (double)(clock_mono_ns() - begin));
        best = rate > best ? rate : best;
    }
    return best;
}

double fma_peak(const char *isa)
{
    if (strncmp(isa, "avx512", 6) == 0) { /* avx512bf16 multiplies floats as avx512 does */
        return best_rate(rounds_avx512, 2.0 * 16 * CHAINS * ROUNDS);
    }
    if (strcmp(isa, "avx2") == 0) {
        return best_rate(rounds_avx2, 2.0 * 8 * CHAINS * ROUNDS);
    }
    return 0.0;
}

double bf16_peak(const char *isa)
{
    if (strcmp(isa, "avx512bf16") == 0) {
        return best_rate(rounds_bf16, 2.0 * 32 * CHAINS * ROUNDS);
    }
    return 0.0;
}

#else

double fma_peak(const char *isa)
{
    (void)isa;
    return 0.0;
}

double bf16_peak(const char *isa)
{
    (void)isa;
    return 0.0;
}

#endif
