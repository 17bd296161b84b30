/* check_close.h -- comparison of arrays that names the worst element. */
#ifndef TESTS_SUPPORT_CHECK_CLOSE_H
#define TESTS_SUPPORT_CHECK_CLOSE_H

#include <stddef.h>

/* Fails the running test unless |got[i] - want[i]| <= abs_tol + rel_tol |want[i]| for all i. */
void check_close_f64(const char *what, size_t n, const double *got, const double *want,
                     double abs_tol, double rel_tol);
void check_close_f32(const char *what, size_t n, const float *got, const float *want,
                     double abs_tol, double rel_tol);

/* Fails unless the bytes are equal; names the first differing element. */
void check_same_bits_f32(const char *what, size_t n, const float *got, const float *want);
void check_same_bits_f64(const char *what, size_t n, const double *got, const double *want);

#endif
