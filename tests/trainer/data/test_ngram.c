#include "trainer/data/ngram.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "common/rng.h"
#include "tests/support/check_close.h"
#include "tests/support/suite.h"

static Ngram *model_of(const unsigned char *text, size_t n, int order)
{
    Ngram *m = NULL;
    Err err = ERR_INIT;
    ck_assert_msg(ngram_new(text, n, order, &m, &err) == ERR_OK, "%s", err.msg);
    return m;
}

/* The equation of ngram.h, by looking through the text for every count. */
static double slow_probability(const unsigned char *text, size_t n, const unsigned char *context,
                               size_t n_context, unsigned char c)
{
    double lower =
        n_context == 0 ? 1.0 / 256.0 : slow_probability(text, n, context + 1, n_context - 1, c);
    double followed = 0.0, times = 0.0, different = 0.0;
    bool is_seen[256] = {false};
    for (size_t i = 0; i + n_context < n; i++) {
        if (memcmp(text + i, context, n_context) == 0) {
            unsigned char next = text[i + n_context];
            followed += 1.0;
            times += next == c ? 1.0 : 0.0;
            different += is_seen[next] ? 0.0 : 1.0;
            is_seen[next] = true;
        }
    }
    return followed == 0.0 ? lower : (times + different * lower) / (followed + different);
}

START_TEST(a_text_of_four_letters_by_hand)
{
    const unsigned char text[] = "abab";
    double p[NGRAM_MAX_ORDER + 1];
    Ngram *m = model_of(text, 4, 2);
    ngram_probabilities(m, (const unsigned char *)"a", 1, 'b', p);
    double p1 = (2.0 + 2.0 / 256.0) / (4.0 + 2.0); /* N = 4, T = 2, N(b) = 2 */
    double p2 = (2.0 + 1.0 * p1) / (2.0 + 1.0);    /* after a: b twice */
    /* the same operations on the same numbers: equal but for the order of rounding */
    check_close_f64("p", 3, p, (double[]){1.0 / 256.0, p1, p2}, 0.0, 1e-15);
    ngram_probabilities(m, (const unsigned char *)"b", 1, 'z', p);
    double q1 = (2.0 / 256.0) / 6.0;
    double q2 = (0.0 + 1.0 * q1) / (1.0 + 1.0); /* after b: a, once */
    check_close_f64("q", 3, p, (double[]){1.0 / 256.0, q1, q2}, 0.0, 1e-15);
    ngram_free(m);
}
END_TEST

START_TEST(counting_by_brute_force_agrees)
{
    unsigned char text[400];
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (unsigned char)(rng_u64(1, 0, i) % 3 ? rng_u64(1, 1, i) % 4 : 253 + i % 3);
    }
    Ngram *m = model_of(text, sizeof text, NGRAM_MAX_ORDER);
    double p[NGRAM_MAX_ORDER + 1];
    for (size_t i = 0; i < sizeof text; i++) {
        ngram_probabilities(m, text, i, text[i], p);
        for (size_t k = 1; k <= NGRAM_MAX_ORDER; k++) {
            size_t n_context = k - 1 < i ? k - 1 : i;
            double want =
                slow_probability(text, sizeof text, text + i - n_context, n_context, text[i]);
            /* six rounded steps of a few operations each */
            check_close_f64("p", 1, &p[k], &want, 0.0, 1e-14);
        }
    }
    ngram_free(m);
}
END_TEST

START_TEST(probabilities_sum_to_one_in_every_context)
{
    const char *text = "it is a truth universally acknowledged that a single man";
    static const char *const contexts[] = {"", "a", "hat a", "q", "xyzzy", "sally", "a man", "an"};
    Ngram *m = model_of((const unsigned char *)text, strlen(text), NGRAM_MAX_ORDER);
    for (size_t i = 0; i < sizeof contexts / sizeof contexts[0]; i++) {
        double sum[NGRAM_MAX_ORDER + 1] = {0.0}, p[NGRAM_MAX_ORDER + 1];
        for (int c = 0; c < 256; c++) {
            ngram_probabilities(m, (const unsigned char *)contexts[i], strlen(contexts[i]),
                                (unsigned char)c, p);
            for (int k = 0; k <= NGRAM_MAX_ORDER; k++) {
                ck_assert(p[k] > 0.0);
                sum[k] += p[k];
            }
        }
        for (int k = 0; k <= NGRAM_MAX_ORDER; k++) {
            ck_assert_msg(fabs(sum[k] - 1.0) < 1e-13, "order %d after \"%s\": %.17g", k,
                          contexts[i], sum[k]); /* 256 terms of relative error 1e-15 */
        }
    }
    ngram_free(m);
}
END_TEST

START_TEST(bits_are_the_mean_surprise)
{
    const unsigned char text[] = "abab";
    double bits[NGRAM_MAX_ORDER + 1];
    Ngram *m = model_of(text, 4, 2);
    ngram_bits_per_byte(m, (const unsigned char *)"ab", 2, bits);
    double p1 = (2.0 + 2.0 / 256.0) / 6.0, p2 = (2.0 + p1) / 3.0;
    double want[] = {8.0, -log2(p1), -(log2(p1) + log2(p2)) / 2.0};
    check_close_f64("bits", 3, bits, want, 0.0, 1e-15); /* two rounded terms */
    ngram_free(m);
}
END_TEST

START_TEST(longer_contexts_help_on_text_that_repeats)
{
    unsigned char text[3000];
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (unsigned char)"to be or not to be, that is the question: "[i % 42];
    }
    double bits[NGRAM_MAX_ORDER + 1];
    Ngram *m = model_of(text, sizeof text, NGRAM_MAX_ORDER);
    ngram_bits_per_byte(m, text, sizeof text, bits);
    for (int k = 1; k <= NGRAM_MAX_ORDER; k++) {
        ck_assert(bits[k] < bits[k - 1]);
    }
    ck_assert(bits[NGRAM_MAX_ORDER] < 0.1);
    ngram_free(m);
}
END_TEST

START_TEST(empty_and_tiny_texts_fall_back)
{
    double p[NGRAM_MAX_ORDER + 1];
    Ngram *m = model_of((const unsigned char *)"", 0, NGRAM_MAX_ORDER);
    ngram_probabilities(m, (const unsigned char *)"abcdefg", 7, 'x', p);
    ck_assert_double_eq(p[NGRAM_MAX_ORDER], 1.0 / 256.0);
    ngram_free(m);
    m = model_of((const unsigned char *)"x", 1, NGRAM_MAX_ORDER);
    ngram_probabilities(m, (const unsigned char *)"abcdefg", 7, 'x', p);
    ck_assert_double_eq(p[NGRAM_MAX_ORDER], (1.0 + 1.0 / 256.0) / 2.0);
    ngram_free(m);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "ngram"});
}
