/* vec_fn.h -- two words to the compiler that vector code needs. */
#ifndef TRAINER_CORE_VEC_VEC_FN_H
#define TRAINER_CORE_VEC_VEC_FN_H

/* Inlined even where the optimiser would not: its arguments are constants. */
#define VEC_FN static inline __attribute__((always_inline))

/* Before a loop of constant length whose arrays shall be registers. */
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

#endif
