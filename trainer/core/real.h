/* real.h -- the element type of tensors.
 *
 * The trainer is built twice from one source: with Real = float (the program)
 * and, for tests against finite differences and golden numbers, with
 * Real = double (libraries core_f64 and models_f64, scalar kernels only).
 */
#ifndef TRAINER_CORE_REAL_H
#define TRAINER_CORE_REAL_H

#ifdef SLAW_REAL_DOUBLE
typedef double Real;
#define REAL_IS_DOUBLE 1
#else
typedef float Real;
#define REAL_IS_DOUBLE 0
#endif

#endif
