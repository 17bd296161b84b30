/* FLOP per token read off observations whose rule is known. */
#include <check.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <string.h>

#include "analysis/use/flops.h"
#include "tests/support/check_close.h"
#include "tests/support/suite.h"

enum { SIZES = 7, N = 2 * SIZES };

static double size[N], tokens[N], flops[N];
static FitData data = {.n = N, .params = size, .tokens = tokens, .flops = flops};

typedef double (*Rule)(double n);

/* Two observations a size, with different D. */
static FlopModel model_of(Rule f)
{
    FlopModel m;
    Err err = ERR_INIT;
    for (size_t i = 0; i < N; i++) {
        size[i] = 2e7 * pow(3.0, (double)(i % SIZES));
        tokens[i] = i < SIZES ? 1e9 : 7e9;
        flops[i] = f(size[i]) * tokens[i];
    }
    ck_assert_msg(flop_model_fit(&data, &m, &err) == ERR_OK, "%s", err.msg);
    ck_assert_uint_eq(m.sizes, SIZES);
    return m;
}

static double seven(double n)
{
    return 7.0 * n;
}

/* Width^2 layers to N^(1/3) of attention: the share of it falls as N^-g. */
static double with_attention(double n)
{
    return 6.0 * n + 2.5e4 * pow(n, 1.0 - 0.345);
}

static double with_embeddings(double n)
{
    return 6.5 * n * exp(-3e5 * pow(n, -0.7));
}

static double power(double n)
{
    return 2.0 * pow(n, 1.02);
}

static double nearly_six(double n)
{
    return n > 1e8 ? 6.0 * n : 6.0 * n * (1.0 + 4e-4);
}

START_TEST(each_shape_is_found_and_followed)
{
    const struct {
        Rule rule;
        FlopShape shape;
        double misfit;
    } c[] = {
        {seven, FLOPS_PROPORTIONAL, 1e-12},
        {nearly_six, FLOPS_PROPORTIONAL, 5e-4},
        {with_attention, FLOPS_SIX_PLUS, 1e-9},
        {with_embeddings, FLOPS_SATURATING, 1e-9},
        {power, FLOPS_POWER, 1e-9},
    };
    for (size_t k = 0; k < sizeof c / sizeof c[0]; k++) {
        FlopModel m = model_of(c[k].rule);
        ck_assert_msg(m.shape == c[k].shape, "%zu: %s", k, flop_shape_name(m.shape));
        ck_assert_msg(m.misfit <= c[k].misfit, "%zu: misfit %g", k, m.misfit);
        for (double n = 1e6; n < 1e13; n *= 10.0) {
            double f = flop_per_token(&m, n);
            ck_assert(f > 0.0 && isfinite(f));
            ck_assert_double_eq_tol(f / c[k].rule(n), 1.0, fmax(1e-6, 2.0 * c[k].misfit));
        }
    }
    FlopModel six = flop_model_6nd();
    ck_assert_double_eq(flop_per_token(&six, 7e9), 42e9);
}
END_TEST

/* The sizes of arXiv:2406.16690 with the FLOP a token of its LLaMA (table 1), as `slaw plan` prints
 * them: six_plus, within 2.5 % (width and depth grow in steps), and below 7.96 N beyond the largest. */
START_TEST(the_papers_own_sizes_are_followed)
{
    const double n[] = {20453888, 84953856, 334025728, 906069504, 2775631360, 6476271616};
    const double r[] = {20.304087711832587, 16.665069564352677, 13.713651566384728,
                        11.333169460695148, 9.124015085346203,  7.958626822362108};
    FlopModel m;
    Err err = ERR_INIT;
    FitData six = {.n = 6, .params = size, .tokens = tokens, .flops = flops};
    for (size_t i = 0; i < 6; i++) {
        size[i] = n[i];
        tokens[i] = 3e11;
        flops[i] = r[i] * n[i] * tokens[i];
    }
    ck_assert_int_eq(flop_model_fit(&six, &m, &err), ERR_OK);
    ck_assert_int_eq(m.shape, FLOPS_SIX_PLUS);
    ck_assert_double_lt(m.misfit, 0.025);
    double far = flop_per_token(&m, 7e11) / 7e11;
    ck_assert(far > 6.0 && far < 7.0);
}
END_TEST

START_TEST(what_cannot_be_read_off_is_refused)
{
    FlopModel m;
    Err err = ERR_INIT;
    (void)model_of(seven);
    flops[3] = (double)NAN;
    ck_assert_int_eq(flop_model_fit(&data, &m, &err), ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(err.msg, "observation 4"));
    FitData none = {.n = N, .params = size, .tokens = tokens};
    ck_assert_int_eq(flop_model_fit(&none, &m, &err), ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(err.msg, "needs N, D and C"));
}
END_TEST

START_TEST(formulas_are_printed)
{
    char text[FLOP_TEXT_BYTES];
    FlopModel m = flop_model_6nd();
    flop_model_text(&m, text);
    ck_assert_str_eq(text, "6 N");
    m = (FlopModel){.shape = FLOPS_SIX_PLUS, .k = 6.0, .m = 5.1, .g = 0.25, .centre = log(3e8)};
    flop_model_text(&m, text);
    ck_assert_str_eq(text, "N (6 + 5.1 x^-0.25), x = N/3e+08");
    m.bend = -0.05;
    flop_model_text(&m, text);
    ck_assert_str_eq(text, "N (6 + 5.1 x^-0.25 e^(-0.05 ln^2 x)), x = N/3e+08");
    m = (FlopModel){.shape = FLOPS_POWER, .m = 2.0, .g = -0.02};
    flop_model_text(&m, text);
    ck_assert_str_eq(text, "2 N^1.02");
    m = (FlopModel){.shape = FLOPS_SATURATING, .k = 6.5, .m = 300.0, .g = 0.5};
    flop_model_text(&m, text);
    ck_assert_str_eq(text, "6.5 N exp(-300 N^-0.5)");
}
END_TEST

int main(void)
{
    (void)gsl_set_error_handler_off();
    return test_main((TestPlan){.name = "analysis/use/flops"});
}
