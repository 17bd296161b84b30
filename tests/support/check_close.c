#include "tests/support/check_close.h"

#include <check.h>
#include <math.h>
#include <string.h>

typedef struct Worst {
    size_t i;
    double excess; /* distance over what is allowed; > 1 fails */
    double got, want;
} Worst;

static void note(Worst *w, size_t i, double got, double want, double abs_tol, double rel_tol)
{
    double allowed = abs_tol + rel_tol * fabs(want);
    double excess = fabs(got - want) / (allowed > 0.0 ? allowed : 1e-300);
    if (got == want) {
        excess = 0.0;
    }
    if (!(excess <= w->excess)) { /* NaN counts as worst */
        *w = (Worst){i, isnan(excess) ? (double)INFINITY : excess, got, want};
    }
}

static void judge(const char *what, const Worst *w)
{
    ck_assert_msg(w->excess <= 1.0, "%s[%zu]: got %.17g, want %.17g, %.3g times the tolerance",
                  what, w->i, w->got, w->want, w->excess);
}

void check_close_f64(const char *what, size_t n, const double *got, const double *want,
                     double abs_tol, double rel_tol)
{
    Worst w = {0};
    for (size_t i = 0; i < n; i++) {
        note(&w, i, got[i], want[i], abs_tol, rel_tol);
    }
    judge(what, &w);
}

void check_close_f32(const char *what, size_t n, const float *got, const float *want,
                     double abs_tol, double rel_tol)
{
    Worst w = {0};
    for (size_t i = 0; i < n; i++) {
        note(&w, i, (double)got[i], (double)want[i], abs_tol, rel_tol);
    }
    judge(what, &w);
}

void check_same_bits_f32(const char *what, size_t n, const float *got, const float *want)
{
    for (size_t i = 0; i < n; i++) {
        /* no ck_assert here: Check writes to a pipe for each one, held or not */
        if (memcmp(&got[i], &want[i], sizeof *got) != 0) {
            ck_abort_msg("%s[%zu]: got %a, want %a", what, i, (double)got[i], (double)want[i]);
        }
    }
}

void check_same_bits_f64(const char *what, size_t n, const double *got, const double *want)
{
    for (size_t i = 0; i < n; i++) {
        if (memcmp(&got[i], &want[i], sizeof *got) != 0) {
            ck_abort_msg("%s[%zu]: got %a, want %a", what, i, got[i], want[i]);
        }
    }
}
