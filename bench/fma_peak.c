#include "bench/fma_peak.h"

#include <stdint.h>
#include <string.h>

#include "common/clock.h"

#if defined(__x86_64__)

#include <immintrin.h>

enum { ROUNDS = 2000000, CHAINS = 12, REPEATS = 5 };

static volatile float sink;

/* Twelve chains cover the latency of 4 or 5 cycles of two units. */
#define TWELVE(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)

__attribute__((target("avx512f"))) static void rounds_avx512(void)
{
    const __m512 a = _mm512_set1_ps(0.999f);
    const __m512 b = _mm512_set1_ps(0.001f);
#define BEGIN(i) __m512 c##i = _mm512_set1_ps((float)(i));
#define STEP(i)  c##i = _mm512_fmadd_ps(c##i, a, b);
#define END(i)   c0 = _mm512_add_ps(c0, c##i);
    TWELVE(BEGIN)
    for (int r = 0; r < ROUNDS; r++) {
        TWELVE(STEP)
    }
    TWELVE(END)
    sink = _mm512_cvtss_f32(c0);
#undef BEGIN
#undef STEP
#undef END
}

__attribute__((target("avx2,fma"))) static void rounds_avx2(void)
{
    const __m256 a = _mm256_set1_ps(0.999f);
    const __m256 b = _mm256_set1_ps(0.001f);
#define BEGIN(i) __m256 c##i = _mm256_set1_ps((float)(i));
#define STEP(i)  c##i = _mm256_fmadd_ps(c##i, a, b);
#define END(i)   c0 = _mm256_add_ps(c0, c##i);
    TWELVE(BEGIN)
    for (int r = 0; r < ROUNDS; r++) {
        TWELVE(STEP)
    }
    TWELVE(END)
    sink = _mm256_cvtss_f32(c0);
#undef BEGIN
#undef STEP
#undef END
}

/* Twenty-four cover a latency of 12 cycles of two units. */
__attribute__((target("avx512f,avx512bf16"))) static void rounds_bf16(void)
{
    const __m512bh a = _mm512_cvtne2ps_pbh(_mm512_set1_ps(0.5f), _mm512_set1_ps(0.25f));
    const __m512bh b = _mm512_cvtne2ps_pbh(_mm512_set1_ps(0.5f), _mm512_set1_ps(-0.25f));
#define BEGIN(i) \
    __m512 c##i = _mm512_set1_ps((float)(i)), d##i = _mm512_set1_ps(-1.0f - (float)(i));
#define STEP(i)                          \
    c##i = _mm512_dpbf16_ps(c##i, a, b); \
    d##i = _mm512_dpbf16_ps(d##i, a, b);
#define END(i) c0 = _mm512_add_ps(c0, _mm512_add_ps(c##i, d##i));
    TWELVE(BEGIN)
    for (int r = 0; r < ROUNDS / 2; r++) {
        TWELVE(STEP)
    }
    TWELVE(END)
    sink = _mm512_cvtss_f32(c0);
#undef BEGIN
#undef STEP
#undef END
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
