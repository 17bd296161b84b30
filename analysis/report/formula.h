/* formula.h -- a fitted law as the formula with its numbers, and one worked prediction. */
#ifndef ANALYSIS_REPORT_FORMULA_H
#define ANALYSIS_REPORT_FORMULA_H

#include "analysis/fit/result.h"
#include "common/buf.h"

/* "L(N, D) = 1.817 + 477.8 N^-0.3473 + 2143 D^-0.3672", with so many significant digits.  False, and
 * nothing appended, for laws whose equation holds more than parameters and inputs. */
bool formula_text(const FitResult *f, int digits, Buf *out);

/* Where the worked prediction is: the row of the largest product of inputs, each rounded to two
 * digits, in the units of the equation [form_columns]. */
void formula_point(const FitResult *f, const FitData *data, double *inputs);

/* "at N = 1.6e+10, D = 3.5e+11: L = 1.817 + 477.8 * 1.6e+10^-0.3473 + ... = 2.03" (without the middle
 * for laws that formula_text() refuses).  The result is computed from the parameters in full. */
void formula_worked(const FitResult *f, const double *inputs, int digits, Buf *out);

#endif
