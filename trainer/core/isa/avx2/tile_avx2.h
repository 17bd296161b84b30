/* tile_avx2.h -- one register of a tile of products, of AVX2 as of AVX-512. */
#ifndef TRAINER_CORE_ISA_AVX2_TILE_AVX2_H
#define TRAINER_CORE_ISA_AVX2_TILE_AVX2_H

#include <immintrin.h>

#include "trainer/core/vec/vec_fn.h"

/* Tile and its functions, from a type of vectors and the prefix of its intrinsics. */
#define TILE_OF(V, mm)                           \
    typedef V Tile;                              \
    VEC_FN Tile tile_zero(void)                  \
    {                                            \
        return mm##_setzero_ps();                \
    }                                            \
    VEC_FN Tile tile_set1(float x)               \
    {                                            \
        return mm##_set1_ps(x);                  \
    }                                            \
    VEC_FN Tile tile_load(const float *p)        \
    {                                            \
        return mm##_loadu_ps(p);                 \
    }                                            \
    VEC_FN void tile_store(float *p, Tile x)     \
    {                                            \
        mm##_storeu_ps(p, x);                    \
    }                                            \
    VEC_FN Tile tile_fma(Tile a, Tile b, Tile c) \
    {                                            \
        return mm##_fmadd_ps(a, b, c);           \
    }

#endif
