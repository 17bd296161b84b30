/* Every architecture under every option: forward against the oracle, causality, decoding,
 * batches, learning, counts, errors.
 *
 * Built with Real = double; test_model_f32.c builds it again for float. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"
#include "tests/trainer/models/cases.h"
#include "tests/trainer/models/oracle.h"

/* Under AddressSanitizer too, memory that cannot be had is NULL and not the end. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

enum { G = 10, VOCAB = 13, T = 70 };

/* Relative difference of sums of a few hundred terms of size one: n eps, with room. */
static const double close_enough = REAL_IS_DOUBLE ? 1e-12 : 2e-5;

static void check_logits(const char *what, size_t n, const Real *got, const double *want)
{
    for (size_t i = 0; i < n; i++) {
        ck_assert_msg(fabs((double)got[i] - want[i]) <= close_enough * (10.0 + fabs(want[i])),
                      "%s[%zu]: got %.12g, want %.12g", what, i, (double)got[i], want[i]);
    }
}

static Model *open_case(int i, ModelUse use, size_t b, size_t t)
{
    ModelShape s = case_shape(&cases[i], G, VOCAB);
    Model *m = test_open(&s, use, b, t);
    test_fill(m, 3, 0.15);
    return m;
}

START_LOOP_TEST(forward_equals_the_oracle, N_CASES)
{
    static double want[T * VOCAB];
    static Real got[2 * T * VOCAB];
    uint16_t tokens[2 * (T + 1)];
    Model *m = open_case(_i, MODEL_INFER, 2, T);
    test_tokens(tokens, 2 * (T + 1), VOCAB, 5);
    static const size_t lengths[] = {T, 17, 1};
    for (size_t k = 0; k < 3; k++) {
        size_t t = lengths[k];
        model_logits(m, tokens, 2, t, got);
        for (size_t b = 0; b < 2; b++) {
            oracle_logits(m, tokens + b * t, t, want);
            check_logits("logits", t * VOCAB, got + b * t * VOCAB, want);
        }
        double loss = model_loss(m, tokens, 2, t), exact = oracle_loss(m, tokens, 2, t);
        ck_assert_double_le(fabs(loss - exact), close_enough * 10.0);
    }
    model_close(m);
}
END_TEST

/* A case, and its logits of T tokens. */
static Model *open_full(int i, uint16_t *tokens, Real *full)
{
    Model *m = open_case(i, MODEL_TRAIN, 1, T);
    test_tokens(tokens, T, VOCAB, 6);
    model_logits(m, tokens, 1, T, full);
    return m;
}

/* No later token may change an earlier logit by a single bit; neither may its absence. */
START_LOOP_TEST(no_logit_depends_on_a_later_token, N_CASES)
{
    static Real full[T * VOCAB], changed[T * VOCAB];
    uint16_t tokens[T];
    Model *m = open_full(_i, tokens, full);
    static const size_t at[] = {1, 15, 16, 63, 64, 65, T - 1};
    for (size_t k = 0; k < sizeof at / sizeof *at; k++) {
        uint16_t was = tokens[at[k]];
        tokens[at[k]] = (uint16_t)((was + 5) % VOCAB);
        model_logits(m, tokens, 1, T, changed);
        ck_assert_int_eq(memcmp(full, changed, at[k] * VOCAB * sizeof *full), 0);
        ck_assert_int_ne(
            memcmp(full + at[k] * VOCAB, changed + at[k] * VOCAB, VOCAB * sizeof *full), 0);
        tokens[at[k]] = was;
    }
    model_close(m);
}
END_TEST

START_LOOP_TEST(a_prefix_alone_has_the_same_logits, N_CASES)
{
    static Real full[T * VOCAB], prefix[T * VOCAB];
    uint16_t tokens[T];
    Model *m = open_full(_i, tokens, full);
    for (size_t t = 1; t <= T; t += 23) {
        double want[T * VOCAB];
        for (size_t i = 0; i < t * VOCAB; i++) {
            want[i] = (double)full[i];
        }
        model_logits(m, tokens, 1, t, prefix);
        check_logits("prefix", t * VOCAB, prefix, want);
    }
    model_close(m);
}
END_TEST

START_LOOP_TEST(decoding_equals_the_full_forward, N_CASES)
{
    static Real full[T * VOCAB];
    Real one[VOCAB];
    uint16_t tokens[T];
    Err err = ERR_INIT;
    Model *m = open_case(_i, _i % 2 ? MODEL_INFER : MODEL_TRAIN, 1, T);
    test_tokens(tokens, T, VOCAB, 7);
    model_logits(m, tokens, 1, T, full);
    for (int again = 0; again < 2; again++) {
        model_decode_reset(m);
        for (size_t t = 0; t < T; t++) {
            double want[VOCAB];
            for (size_t c = 0; c < VOCAB; c++) {
                want[c] = (double)full[t * VOCAB + c];
            }
            ck_assert_int_eq(model_decode(m, tokens[t], one, &err), ERR_OK);
            check_logits("decoded", VOCAB, one, want);
        }
    }
    ck_assert_int_eq(model_decode(m, VOCAB, one, &err), ERR_INVALID);
    ErrCode past_end = model_decode(m, 0, one, &err);
    bool is_bounded = strcmp(cases[_i].arch, "llama") == 0;
    ck_assert_int_eq(past_end, is_bounded ? ERR_INVALID : ERR_OK);
    model_close(m);
}
END_TEST

/* Inference shares its buffers between layers; the numbers must not notice. */
START_LOOP_TEST(inference_has_the_bits_of_training, N_CASES)
{
    uint16_t tokens[3 * (T + 1)];
    Model *train = open_case(_i, MODEL_TRAIN, 3, T), *infer = open_case(_i, MODEL_INFER, 3, T);
    test_tokens(tokens, 3 * (T + 1), VOCAB, 8);
    double a = model_loss(train, tokens, 3, T), b = model_loss(infer, tokens, 3, T);
    double c = model_loss_grad(train, tokens, 3, T);
    ck_assert(memcmp(&a, &b, sizeof a) == 0 && memcmp(&a, &c, sizeof a) == 0);
    ck_assert_ptr_null(model_grads(infer));
    ck_assert_uint_lt(test_bytes(model_shape(infer), MODEL_INFER, 3, T),
                      test_bytes(model_shape(train), MODEL_TRAIN, 3, T));
    model_close(train);
    model_close(infer);
}
END_TEST

/* Sequences are independent: a batch's gradient is the mean of its sequences', however
 * the batch is cut into parts (here parts of 7, 7 and 3). */
START_LOOP_TEST(a_batch_is_the_mean_of_its_sequences, N_CASES)
{
    enum { B = 17 };
    static uint16_t tokens[B * (T + 1)];
    Model *m = open_case(_i, MODEL_TRAIN, B, T), *one = open_case(_i, MODEL_TRAIN, 1, T);
    test_tokens(tokens, B * (T + 1), VOCAB, 9);
    size_t n = model_param_count(m);
    double *sum = calloc(n, sizeof *sum), loss = 0.0, largest = 0.0;
    ck_assert_ptr_nonnull(sum);
    for (size_t b = 0; b < B; b++) {
        loss += model_loss_grad(one, tokens + b * (T + 1), 1, T) / B;
        for (size_t i = 0; i < n; i++) {
            sum[i] += (double)model_grads(one)[i] / B;
        }
    }
    for (size_t i = 0; i < n; i++) {
        largest = fmax(largest, fabs(sum[i]));
    }
    ck_assert_double_le(fabs(model_loss_grad(m, tokens, B, T) - loss), close_enough);
    for (size_t i = 0; i < n; i++) {
        ck_assert_double_le(fabs((double)model_grads(m)[i] - sum[i]), close_enough * largest);
    }
    free(sum);
    model_close(m);
    model_close(one);
}
END_TEST

START_LOOP_TEST(without_output_matrix_the_loss_is_ln_v, N_CASES)
{
    uint16_t tokens[2 * (T + 1)];
    Model *m = open_case(_i, MODEL_TRAIN, 2, T);
    const ModelTensor *e = model_tensor_find(m, "model.embed_tokens.weight");
    ck_assert(e != NULL);
    memset(e->data, 0, e->n * sizeof *e->data);
    test_tokens(tokens, 2 * (T + 1), VOCAB, 10);
    ck_assert_double_le(fabs(model_loss(m, tokens, 2, T) - log(VOCAB)),
                        REAL_IS_DOUBLE ? 1e-14 : 3e-7);
    model_close(m);
}
END_TEST

START_LOOP_TEST(counts_and_memory_are_as_announced, N_CASES)
{
    ModelShape s = case_shape(&cases[_i], G, VOCAB);
    Model *m = test_open(&s, MODEL_TRAIN, 2, T);
    size_t trained = 0, stored = 0;
    for (size_t i = 0; i < model_tensor_count(m); i++) {
        const ModelTensor *t = model_tensor(m, i);
        ck_assert_ptr_eq(model_tensor_find(m, t->spec.name), t);
        stored += t->n;
        if (t->spec.is_trained) {
            ck_assert_ptr_eq(t->data, model_params(m) + trained);
            ck_assert_ptr_eq(t->grad, model_grads(m) + trained);
            trained += t->n;
        } else {
            ck_assert_ptr_null(t->grad);
        }
    }
    ck_assert_uint_eq(trained, model_param_count(m));
    ck_assert_int_eq((int64_t)trained, arch_params_total(&s));
    ck_assert_int_eq((int64_t)stored, arch_stored_elements(&s));
    ck_assert_ptr_null(model_tensor_find(m, "lm_head.weight"));
    ck_assert_uint_gt(test_bytes(&s, MODEL_TRAIN, 2, T), 2 * trained * sizeof(Real));
    model_close(m);
}
END_TEST

START_TEST(every_architecture_has_its_cases)
{
    for (size_t a = 0; a < arch_count(); a++) {
        bool is_there = false;
        for (size_t i = 0; i < N_CASES; i++) {
            is_there = is_there || strcmp(cases[i].arch, arch_at(a)->name) == 0;
        }
        ck_assert_msg(is_there, "%s has no row in cases.h", arch_at(a)->name);
    }
}
END_TEST

static double spread(const ModelTensor *t)
{
    double sum = 0.0;
    for (size_t i = 0; i < t->n; i++) {
        sum += (double)t->data[i] * (double)t->data[i];
    }
    return sqrt(sum / (double)t->n);
}

static void check_spread(const Model *m, const char *name, double want)
{
    const ModelTensor *t = model_tensor_find(m, name);
    ck_assert_msg(t != NULL, "no tensor %s", name);
    /* The deviation of n normal numbers is known to 1/sqrt(2n): four of those. */
    ck_assert_double_le(fabs(spread(t) / want - 1.0), 4.0 / sqrt(2.0 * (double)t->n));
}

START_LOOP_TEST(initial_values_follow_the_rule_and_the_seed, arch_count())
{
    ModelShape s = arch_shape(arch_at((size_t)_i), 3, 64, 4, 96, 100);
    Model *a = test_open(&s, MODEL_INFER, 1, 8), *b = test_open(&s, MODEL_TRAIN, 3, 16);
    size_t bytes = model_param_count(a) * sizeof(Real);
    model_init(a, 7);
    model_init(b, 7);
    ck_assert_int_eq(memcmp(model_params(a), model_params(b), bytes), 0);
    model_init(b, 8);
    ck_assert_int_ne(memcmp(model_params(a), model_params(b), bytes), 0);
    double std = sqrt(2.0 / (5.0 * 64.0)), out = std / sqrt(6.0);
    bool is_llama = strcmp(s.arch->name, "llama") == 0;
    check_spread(a, "model.embed_tokens.weight", std);
    check_spread(a,
                 is_llama ? "model.layers.1.self_attn.q_proj.weight"
                          : "model.layers.1.attn.q_proj.weight",
                 std);
    check_spread(a,
                 is_llama ? "model.layers.1.self_attn.o_proj.weight"
                          : "model.layers.1.attn.o_proj.weight",
                 out);
    check_spread(a, "model.layers.2.mlp.up_proj.weight", std);
    check_spread(a, "model.layers.2.mlp.down_proj.weight", out);
    if (is_llama) {
        check_spread(a, "model.norm.weight", 1.0);
    }
    if (strcmp(s.arch->name, "cosformer2") == 0) {
        check_spread(a, "model.tpe.weight", 0.02 / 4.0);
        const ModelTensor *lam = model_tensor_find(a, "model.tpe.decay");
        ck_assert(lam != NULL);
        ck_assert_double_le(fabs((double)lam->data[0] - 0.5), 1e-7);
        ck_assert_double_le(fabs(1.0 / (1.0 - (double)lam->data[15]) - 256.0), 0.01);
    }
    model_close(a);
    model_close(b);
}
END_TEST

/* A loss is no surprise at the start: see the note on tied embeddings in README.md. */
START_LOOP_TEST(loss_at_the_start_is_near_ln_v, arch_count())
{
    uint16_t tokens[4 * 65];
    ModelShape s = arch_shape(arch_at((size_t)_i), 3, 64, 2, 176, 256);
    Model *m = test_open(&s, MODEL_INFER, 4, 64);
    model_init(m, 2);
    test_tokens(tokens, 4 * 65, 256, 12);
    ck_assert_double_le(fabs(model_loss(m, tokens, 2, 64) - log(256.0)), 0.5);
    model_close(m);
}
END_TEST

static void check_refused(const ModelShape *s, size_t b, size_t t, const char *words)
{
    Err err = ERR_INIT;
    Model *m = NULL;
    ck_assert_int_eq(test_try_open(s, MODEL_TRAIN, b, t, kern_get(), &m, &err), ERR_INVALID);
    ck_assert_msg(strstr(err.msg, words), "'%s' does not say '%s'", err.msg, words);
    ck_assert_ptr_null(m);
    ck_assert_uint_eq(test_bytes(s, MODEL_TRAIN, b, t), 0);
}

START_TEST(impossible_models_are_refused)
{
    ModelShape s = test_shape("tnl", 2, 8, 2, 12, 11), bad = s;
    bad.heads = 3;
    check_refused(&bad, 1, 8, "heads must divide width");
    bad = s, bad.vocabulary = 65537;
    check_refused(&bad, 1, 8, "tokens are 16 bits");
    check_refused(&s, 0, 8, "between 1 and 2^40 tokens");
    check_refused(&s, 1, 0, "between 1 and 2^40 tokens");
    check_refused(&s, SIZE_MAX / 2, SIZE_MAX / 2, "between 1 and 2^40 tokens");
    Err err = ERR_INIT;
    Model *m = NULL; /* a sequence of 2^40 tokens: honest arithmetic, no such memory */
    ck_assert_int_eq(test_try_open(&s, MODEL_TRAIN, 1, (size_t)1 << 40, kern_get(), &m, &err),
                     ERR_NOMEM);
    model_close(NULL);
}
END_TEST

#if REAL_IS_DOUBLE
/* The norm after attention removes any scale of the queries (its eps aside). */
START_LOOP_TEST(scaled_values_leave_linear_mixers_alone, N_CASES)
{
    uint16_t tokens[T + 1];
    if (strcmp(cases[_i].arch, "llama") == 0) {
        return;
    }
    ModelShape s = case_shape(&cases[_i], G, VOCAB);
    s.norm_eps = 1e-14;
    Model *m = test_open(&s, MODEL_TRAIN, 1, T);
    test_fill(m, 3, 0.15);
    test_tokens(tokens, T + 1, VOCAB, 14);
    double before = model_loss(m, tokens, 1, T);
    const char *value = strcmp(s.arch->name, "hgrn2") == 0 ? "model.layers.0.attn.i_proj.weight"
                                                           : "model.layers.0.attn.v_proj.weight";
    const ModelTensor *v = model_tensor_find(m, value);
    for (size_t i = 0; v && i < v->n; i++) {
        v->data[i] *= 3.7;
    }
    model_params_changed(m);
    ck_assert_double_le(fabs(model_loss(m, tokens, 1, T) - before), 1e-9);
    model_close(m);
}
END_TEST

/* Same weights, no decay, no positions: TNL's and cosFormer2's mixers are one. */
START_TEST(tnl_without_decay_is_cosformer2_without_positions)
{
    uint16_t tokens[T + 1];
    ModelShape a = test_shape("tnl", 1, 8, 2, G, VOCAB),
               b = test_shape("cosformer2", 1, 8, 2, G, VOCAB);
    test_option(&a, "printed_decay", 1.0); /* its head 0 has lambda = 1; a model of one head */
    test_option(&b, "tpe", 0.0);
    a.heads = b.heads = 1;
    Model *x = test_open(&a, MODEL_INFER, 1, T), *y = test_open(&b, MODEL_INFER, 1, T);
    test_fill(x, 3, 0.15);
    model_init(y, 3);
    ck_assert_uint_eq(model_param_count(x), model_param_count(y));
    memcpy(model_params(y), model_params(x), model_param_count(x) * sizeof(Real));
    const ModelTensor *theta = model_tensor_find(y, "model.layers.0.attn.theta");
    ck_assert(theta != NULL);
    memset(theta->data, 0, theta->n * sizeof *theta->data);
    model_params_changed(y);
    test_tokens(tokens, T + 1, VOCAB, 15);
    ck_assert_double_le(fabs(model_loss(x, tokens, 1, T) - model_loss(y, tokens, 1, T)), 1e-13);
    model_close(x);
    model_close(y);
}
END_TEST
#endif

int main(void)
{
    return test_main((TestPlan){.name = "model"});
}
