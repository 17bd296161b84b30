/* Whole models against numbers from an independent implementation (numpy, float64):
 * d=8 h=2 p=4 g=12 V=11 l=2 n=7, parameters and tokens by formula. */
#include <check.h>
#include <math.h>
#include <stdio.h>

#include "tests/support/suite.h"
#include "tests/trainer/models/model_support.h"

static const uint16_t tokens[7] = {1, 6, 6, 1, 2, 9, 0};

/* One tensor in the order of the reference: its values are
 * off + scale sin(1.7 T + 0.61 e + 0.3), T its number and e the element. */
typedef struct Slot {
    const char *name; /* with %d for the layer in layer slots */
    double scale, off;
} Slot;

typedef struct Golden {
    const char *arch;
    const char *option; /* switched on, or NULL */
    Slot before[4], layer[12], after[2];
    double params, sum, loss, first, last;
} Golden;

#define MIXER(a, second, third)                                  \
    {"model.layers.%d." a ".q_proj.weight", .4, 0},              \
        {"model.layers.%d." a "." second "_proj.weight", .4, 0}, \
        {"model.layers.%d." a "." third "_proj.weight", .4, 0},  \
    {                                                            \
        "model.layers.%d." a ".o_proj.weight", .4, 0             \
    }
#define GATE                                          \
    {"model.layers.%d.attn.gate_down.weight", .4, 0}, \
    {                                                 \
        "model.layers.%d.attn.gate_up.weight", .4, 0  \
    }
#define MLP                                              \
    {"model.layers.%d.mlp.up_proj.weight", .4, 0},       \
        {"model.layers.%d.mlp.gate_proj.weight", .4, 0}, \
    {                                                    \
        "model.layers.%d.mlp.down_proj.weight", .4, 0    \
    }
#define EMBED                              \
    {                                      \
        "model.embed_tokens.weight", .4, 0 \
    }

static const Golden goldens[] = {
    {"llama",
     NULL,
     {EMBED},
     {{"model.layers.%d.input_layernorm.weight", .1, 1},
      MIXER("self_attn", "k", "v"),
      {"model.layers.%d.post_attention_layernorm.weight", .1, 1},
      MLP},
     {{"model.norm.weight", .1, 1}},
     1216,
     41.095341058287,
     2.095358908729235,
     0.020069864602574,
     -0.095700381246338},
    {"tnl",
     NULL,
     {EMBED},
     {MIXER("attn", "k", "v"), GATE, MLP},
     {{NULL}},
     1304,
     0.987519896792,
     2.237999376648153,
     0.066320709189295,
     0.599961597526804},
    {"tnl",
     "lrpe_layer0",
     {EMBED},
     {MIXER("attn", "k", "v"), GATE, MLP},
     {{NULL}},
     1304,
     0.987519896792,
     2.218353804910913,
     (double)NAN,
     (double)NAN},
    {"hgrn2",
     NULL,
     {EMBED, {"model.lower_bounds", .4, 0}},
     {MIXER("attn", "f", "i"), MLP},
     {{NULL}},
     1192,
     0.932663746379,
     2.069770234916630,
     -0.554632984901361,
     0.686445581013203},
    {"cosformer2",
     "tpe_decay_learned",
     {EMBED, {"model.tpe.weight", .4, 0}, {"model.tpe.decay_raw", 1, 0}},
     {MIXER("attn", "k", "v"), GATE, MLP},
     {{NULL}},
     1356,
     1.230512391647,
     2.377466258987494,
     0.342682730458463,
     0.095987620969634},
};

static void fill_slot(Model *m, const Slot *slot, int layer, int *number)
{
    char name[ARCH_NAME_BYTES];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(name, sizeof name, slot->name, layer);
#pragma GCC diagnostic pop
    const ModelTensor *t = model_tensor_find(m, name);
    ck_assert_msg(t != NULL, "no tensor %s", name);
    for (size_t e = 0; t && e < t->n; e++) {
        t->data[e] = slot->off + slot->scale * sin(1.7 * *number + 0.61 * (double)e + 0.3);
    }
    *number += 1;
}

static Model *golden_model(const Golden *g)
{
    ModelShape s = test_shape(g->arch, 2, 8, 2, 12, 11);
    if (g->option) {
        test_option(&s, g->option, 1.0);
    }
    if (strcmp(g->arch, "cosformer2") == 0) {
        test_option(&s, "theta_learned", 1.0); /* for the gradient of theta */
    }
    Model *m = test_open(&s, MODEL_TRAIN, 1, 7);
    model_init(m, 1); /* cosFormer2's theta keeps the initial value */
    int number = 0;
    for (const Slot *x = g->before; x->name; x++) {
        fill_slot(m, x, 0, &number);
    }
    for (int layer = 0; layer < 2; layer++) {
        for (const Slot *x = g->layer; x->name; x++) {
            fill_slot(m, x, layer, &number);
        }
    }
    for (const Slot *x = g->after; x->name; x++) {
        fill_slot(m, x, 0, &number);
    }
    model_params_changed(m);
    return m;
}

/* The reference prints twelve to fifteen decimals; what we add to that is rounding. */
static void check_number(const char *what, double got, double want, double tolerance)
{
    ck_assert_msg(isnan(want) || fabs(got - want) <= tolerance, "%s: got %.15g, want %.15g", what,
                  got, want);
}

START_LOOP_TEST(parameters_loss_and_logits, sizeof goldens / sizeof *goldens)
{
    const Golden *g = &goldens[_i];
    Model *m = golden_model(g);
    double sum = 0.0;
    for (size_t i = 0; i < model_param_count(m); i++) {
        sum += model_params(m)[i];
    }
    Real logits[7 * 11];
    model_logits(m, tokens, 1, 7, logits);
    check_number("parameters", (double)model_param_count(m), g->params, 0);
    check_number("sum of parameters", sum, g->sum, 1e-11);
    check_number("loss", model_loss(m, tokens, 1, 6), g->loss, 1e-13);
    check_number("logits[0][0]", logits[0], g->first, 1e-13);
    check_number("logits[6][10]", logits[6 * 11 + 10], g->last, 1e-13);
    model_close(m);
}
END_TEST

typedef struct GoldenGrad {
    const char *arch, *tensor;
    size_t row, col;
    double value;
} GoldenGrad;

#define L0 "model.layers.0."
#define L1 "model.layers.1."
static const GoldenGrad grads[] = {
    {"llama", "model.embed_tokens.weight", 1, 1, .3723778514},
    {"llama", L0 "self_attn.q_proj.weight", 1, 1, .0662619684},
    {"llama", L0 "self_attn.k_proj.weight", 1, 1, .0133014460},
    {"llama", L1 "self_attn.v_proj.weight", 1, 1, .0272423938},
    {"llama", L0 "self_attn.o_proj.weight", 1, 1, .2513256248},
    {"llama", L1 "mlp.down_proj.weight", 1, 1, .0223036756},
    {"llama", L0 "input_layernorm.weight", 1, 0, .0122177244},
    {"llama", "model.norm.weight", 1, 0, -.0527614698},
    {"tnl", "model.embed_tokens.weight", 1, 1, .2059414355},
    {"tnl", L0 "attn.q_proj.weight", 1, 1, .0013664000},
    {"tnl", L0 "attn.k_proj.weight", 1, 1, .0011695076},
    {"tnl", L1 "attn.v_proj.weight", 1, 1, -.0367840534},
    {"tnl", L0 "attn.o_proj.weight", 1, 1, .0573665920},
    {"tnl", L1 "mlp.down_proj.weight", 1, 1, .1188910535},
    {"tnl", L0 "attn.gate_down.weight", 1, 1, .0103472901},
    {"tnl", L1 "attn.gate_up.weight", 1, 1, -.0177525264},
    {"hgrn2", "model.embed_tokens.weight", 1, 1, .3978949113},
    {"hgrn2", L0 "attn.q_proj.weight", 1, 1, -.0052718389},
    {"hgrn2", L0 "attn.f_proj.weight", 1, 1, .0075979845},
    {"hgrn2", L1 "attn.i_proj.weight", 1, 1, .0582468924},
    {"hgrn2", L0 "attn.o_proj.weight", 1, 1, .2030678864},
    {"hgrn2", L1 "mlp.down_proj.weight", 1, 1, -.0739117700},
    {"hgrn2", "model.lower_bounds", 1, 1, .0123138894},
    {"cosformer2", "model.embed_tokens.weight", 1, 1, .0709430605},
    {"cosformer2", L0 "attn.q_proj.weight", 1, 1, -.0034113006},
    {"cosformer2", L0 "attn.k_proj.weight", 1, 1, -.0117967488},
    {"cosformer2", L1 "attn.v_proj.weight", 1, 1, -.0380898697},
    {"cosformer2", L0 "attn.o_proj.weight", 1, 1, .0549705850},
    {"cosformer2", L1 "mlp.down_proj.weight", 1, 1, .2479213831},
    {"cosformer2", "model.tpe.weight", 1, 1, .0830338245},
    {"cosformer2", "model.tpe.decay_raw", 1, 0, -.0250415041},
    {"cosformer2", L1 "attn.theta", 0, 0, -.0239421126},
    {"cosformer2", L1 "attn.theta", 0, 1, -.0021243848},
    {"cosformer2", L0 "attn.gate_down.weight", 1, 1, .0007265805},
    {"cosformer2", L1 "attn.gate_up.weight", 1, 1, .0188706823},
};

START_LOOP_TEST(gradients, sizeof goldens / sizeof *goldens)
{
    const Golden *g = &goldens[_i];
    Model *m = golden_model(g);
    check_number("loss", model_loss_grad(m, tokens, 1, 6), g->loss, 1e-13);
    for (size_t i = 0; i < sizeof grads / sizeof *grads && !isnan(g->first); i++) {
        const GoldenGrad *x = &grads[i];
        if (strcmp(x->arch, g->arch) != 0) {
            continue;
        }
        const ModelTensor *t = model_tensor_find(m, x->tensor);
        ck_assert_msg(t != NULL, "no tensor %s", x->tensor);
        size_t at = x->row * (size_t)t->spec.dim[1] + x->col;
        check_number(x->tensor, t->grad[at], x->value, 1e-9); /* theirs: finite differences */
    }
    model_close(m);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "golden"});
}
