/* Gradients and steps as training takes them, in float: the way down, equal bits on every
 * ISA, agreement with the oracle, no allocation. */
#include <check.h>
#include <malloc.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"
#include "tests/trainer/models/cases.h"
#include "tests/trainer/models/oracle.h"

enum { G = 10, VOCAB = 13, T = 70 };

static Model *open_case(int i, size_t b, size_t t)
{
    ModelShape s = case_shape(&cases[i], G, VOCAB);
    Model *m = test_open(&s, MODEL_TRAIN, b, t);
    test_fill(m, 3, 0.15);
    return m;
}

/* Adam without decay: enough to show that the gradient leads all the way down. */
static void adam_step(Model *m, Real *mean, Real *square, int step)
{
    double lr = 3e-3 * (step < 200 ? 1.0 : 0.3);
    Real *p = model_params(m), *g = model_grads(m);
    for (size_t i = 0; i < model_param_count(m); i++) {
        mean[i] = (Real)(0.9 * (double)mean[i] + 0.1 * (double)g[i]);
        square[i] = (Real)(0.95 * (double)square[i] + 0.05 * (double)g[i] * (double)g[i]);
        double a = (double)mean[i] / (1.0 - pow(0.9, step));
        double b = (double)square[i] / (1.0 - pow(0.95, step));
        p[i] -= (Real)(lr * a / (sqrt(b) + 1e-10));
    }
    model_params_changed(m);
}

START_LOOP_TEST(one_batch_of_64_tokens_is_learned_by_heart, arch_count())
{
    uint16_t tokens[2 * 33];
    ModelShape s = arch_shape(arch_at((size_t)_i), 2, 32, 2, 48, 64);
    Model *m = test_open(&s, MODEL_TRAIN, 2, 32);
    size_t n = model_param_count(m);
    Real *mean = calloc(n, sizeof *mean), *square = calloc(n, sizeof *square);
    ck_assert(mean && square);
    model_init(m, 1);
    test_tokens(tokens, 2 * 33, 64, 11);
    double loss = model_loss(m, tokens, 2, 32);
    ck_assert_double_le(fabs(loss - log(64.0)), 0.6);
    for (int step = 1; step <= 400 && loss >= 0.01; step++) {
        loss = model_loss_grad(m, tokens, 2, 32);
        adam_step(m, mean, square, step);
    }
    ck_assert_msg(loss < 0.01, "%s: loss %.4f after 400 steps", s.arch->name, loss);
    free(mean);
    free(square);
    model_close(m);
}
END_TEST

/* One gradient, bit for bit, on every instruction set that this machine has. */
START_LOOP_TEST(every_isa_gives_the_same_bits, N_CASES)
{
    enum { B = 2 };
    uint16_t tokens[B * (T + 1)];
    ModelShape s = case_shape(&cases[_i], G, VOCAB);
    Model *first = NULL;
    double want = 0.0;
    test_tokens(tokens, B * (T + 1), VOCAB, 16);
    for (size_t i = 0; kern_isa_name(i); i++) {
        const Kern *kern = kern_for_isa(kern_isa_name(i));
        Err err = ERR_INIT;
        Model *m = NULL;
        if (!kern) {
            continue;
        }
        ck_assert_int_eq(test_try_open(&s, MODEL_TRAIN, B, T, kern, &m, &err), ERR_OK);
        test_fill(m, 3, 0.15);
        double loss = model_loss_grad(m, tokens, B, T);
        if (!first) {
            first = m, want = loss;
            continue;
        }
        ck_assert_int_eq(memcmp(&loss, &want, sizeof loss), 0);
        ck_assert_int_eq(
            memcmp(model_grads(m), model_grads(first), model_param_count(m) * sizeof(Real)), 0);
        model_close(m);
    }
    model_close(first);
}
END_TEST

/* Loss and gradient with 1 .. 4 threads, whole shares and torn ones, in both precisions; the
 * last time with a vocabulary of two tiles. */
START_LOOP_TEST(threads_do_not_show, N_CASES + 1)
{
    enum { B = 9, LARGE_VOCAB = 4100 };
    uint16_t tokens[B * (T + 1)];
    size_t vocab = _i < N_CASES ? VOCAB : LARGE_VOCAB;
    ModelShape s = case_shape(&cases[_i % N_CASES], G, (int64_t)vocab);
    test_tokens(tokens, B * (T + 1), vocab, 18);
    for (int precision = PRECISION_F32; precision <= PRECISION_BF16; precision++) {
        for (size_t t = T; t >= T - 1; t--) { /* an even and an odd length */
            Model *first = NULL;
            double want = 0.0;
            for (size_t threads = 1; threads <= 4; threads++) {
                Err err = ERR_INIT;
                Model *m = NULL;
                ModelHow how = {.use = MODEL_TRAIN,
                                .batch = B,
                                .seq = t,
                                .kern = kern_get(),
                                .precision = (Precision)precision,
                                .threads = threads};
                ck_assert_int_eq(model_open(&s, &how, &m, &err), ERR_OK);
                test_fill(m, 3, 0.15);
                double loss = model_loss_grad(m, tokens, B, t);
                size_t bytes = model_param_count(m) * sizeof(Real);
                if (!first) {
                    first = m, want = loss;
                    continue;
                }
                ck_assert_int_eq(memcmp(&loss, &want, sizeof loss), 0);
                ck_assert_int_eq(memcmp(model_grads(m), model_grads(first), bytes), 0);
                model_set_threads(m, threads - 1); /* and fewer than it was opened for */
                loss = model_loss_grad(m, tokens, B, t);
                ck_assert_int_eq(memcmp(&loss, &want, sizeof loss), 0);
                ck_assert_int_eq(memcmp(model_grads(m), model_grads(first), bytes), 0);
                loss = model_loss(m, tokens, B, t);
                ck_assert_int_eq(memcmp(&loss, &want, sizeof loss), 0);
                model_close(m);
            }
            model_close(first);
        }
    }
}
END_TEST

/* Stacks larger than the address space: no second thread can be made. */
START_TEST(a_model_whose_threads_cannot_start_is_refused)
{
    Err err = ERR_INIT;
    Model *m = NULL;
    pthread_attr_t attr;
    ModelShape s = case_shape(&cases[0], G, VOCAB);
    ModelHow how = {.use = MODEL_TRAIN, .batch = 1, .seq = 8, .kern = kern_get(), .threads = 2};
    ck_assert_int_eq(pthread_attr_init(&attr), 0);
    ck_assert_int_eq(pthread_attr_setstacksize(&attr, (size_t)1 << 60), 0);
    ck_assert_int_eq(pthread_setattr_default_np(&attr), 0);
    ck_assert_int_eq(model_open(&s, &how, &m, &err), ERR_IO);
    ck_assert_ptr_null(m);
    ck_assert_ptr_nonnull(strstr(err.msg, "a thread of the model"));
}
END_TEST

/* Float gradients against differences of the oracle, in double. */
START_LOOP_TEST(gradients_agree_with_the_oracle, N_CASES)
{
    enum { N = 20 };
    uint16_t tokens[N + 1];
    Model *m = open_case(_i, 1, N);
    test_tokens(tokens, N + 1, VOCAB, 17);
    (void)model_loss_grad(m, tokens, 1, N);
    for (size_t i = 0; i < model_tensor_count(m); i++) {
        const ModelTensor *t = model_tensor(m, i);
        size_t e = rng_u64(2, 2, i) % t->n;
        if (!t->spec.is_trained || strcmp(t->spec.name, "model.tpe.decay_raw") == 0) {
            continue; /* the raw decay reaches the oracle only through a rounded constant */
        }
        Real was = t->data[e], up = was + (Real)1e-4, down = was - (Real)1e-4;
        t->data[e] = up;
        double above = oracle_loss(m, tokens, 1, N);
        t->data[e] = down;
        double below = oracle_loss(m, tokens, 1, N);
        t->data[e] = was;
        double slope = (above - below) / ((double)up - (double)down);
        /* Differences: h^2 f'''/6 of about 1e-6; float: a sum of some thousand terms. */
        ck_assert_msg(fabs((double)t->grad[e] - slope) <= 2e-5 + 1e-3 * fabs(slope),
                      "%s[%zu]: gradient %.6g, oracle %.6g", t->spec.name, e, (double)t->grad[e],
                      slope);
    }
    model_close(m);
}
END_TEST
/* malloc's own books: what is in use before and after a step, for lack of a hook that
 * sanitizers would leave in place (there the numbers are 0 and the test says nothing). */
START_LOOP_TEST(a_step_allocates_nothing, N_CASES)
{
    uint16_t tokens[2 * (T + 1)];
    Real logits[VOCAB];
    Err err = ERR_INIT;
    Model *m = open_case(_i, 2, T);
    test_tokens(tokens, 2 * (T + 1), VOCAB, 13);
    struct mallinfo2 before = mallinfo2();
    (void)model_loss_grad(m, tokens, 2, T);
    model_params_changed(m);
    model_decode_reset(m);
    (void)model_decode(m, 1, logits, &err);
    struct mallinfo2 after = mallinfo2();
    ck_assert_uint_eq(before.uordblks + before.hblkhd, after.uordblks + after.hblkhd);
    model_close(m);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "training"});
}
