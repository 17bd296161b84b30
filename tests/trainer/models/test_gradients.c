/* T is over one chunk of the linear models and four of TPE.
 * Every tensor of every architecture, under every option, against finite differences. */
#include <check.h>
#include <math.h>

#include "tests/support/suite.h"
#include "tests/trainer/models/cases.h"

enum { B = 2, T = 67, VOCAB = 13, ENTRIES = 3 };

static double loss_moved(Model *m, const ModelTensor *t, size_t e, double by,
                         const uint16_t *tokens)
{
    Real before = t->data[e];
    t->data[e] = before + by;
    model_params_changed(m);
    double loss = model_loss(m, tokens, B, T);
    t->data[e] = before;
    return loss;
}

/* Five points, h = 2e-5: the fifth derivative is large where a frequency is multiplied by t (T^5),
 * so h^4 f^(5)/30 asks for a small h; rounding 1e-16/h is then below 1e-10. */
static double slope(Model *m, const ModelTensor *t, size_t e, const uint16_t *tokens)
{
    double h = 2e-5;
    double near = loss_moved(m, t, e, h, tokens) - loss_moved(m, t, e, -h, tokens);
    double far = loss_moved(m, t, e, 2 * h, tokens) - loss_moved(m, t, e, -2 * h, tokens);
    return (8.0 * near - far) / (12.0 * h);
}

START_LOOP_TEST(every_tensor_has_the_gradient_of_the_loss, N_CASES)
{
    const Case *c = &cases[_i];
    ModelShape s = case_shape(c, 10, VOCAB);
    Model *m = test_open(&s, MODEL_TRAIN, B, T);
    uint16_t tokens[B * (T + 1)];
    test_tokens(tokens, B * (T + 1), VOCAB, 5);
    test_fill(m, 3, 0.15);
    (void)model_loss_grad(m, tokens, B, T);
    Real *grads = malloc(model_param_count(m) * sizeof *grads);
    ck_assert_ptr_nonnull(grads);
    memcpy(grads, model_grads(m), model_param_count(m) * sizeof *grads);
    for (size_t i = 0; i < model_tensor_count(m); i++) {
        const ModelTensor *t = model_tensor(m, i);
        for (size_t k = 0; t->spec.is_trained && k < ENTRIES; k++) {
            size_t e = rng_u64(9, i, k) % t->n;
            double got = grads[(size_t)(t->data - model_params(m)) + e];
            double want = slope(m, t, e, tokens);
            ck_assert_msg(fabs(got - want) <= 3e-10 + 1e-7 * fabs(want),
                          "%s %s[%zu]: gradient %.12g, differences %.12g", c->arch, t->spec.name, e,
                          got, want);
        }
    }
    free(grads);
    model_close(m);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "gradients"});
}
