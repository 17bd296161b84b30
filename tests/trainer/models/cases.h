/* cases.h -- every architecture under every option, for the tests over all of them. */
#ifndef TESTS_TRAINER_MODELS_CASES_H
#define TESTS_TRAINER_MODELS_CASES_H

#include "tests/trainer/models/model_support.h"

typedef struct Case {
    const char *arch;
    const char *options[4]; /* switched over from their default */
    int64_t l, d, h;
} Case;

static const Case cases[] = {
    {"llama", {NULL}, 2, 8, 2},
    {"tnl", {NULL}, 2, 8, 2},
    {"tnl", {"lrpe_layer0", "swish_glu"}, 2, 6, 3},
    {"tnl", {"printed_decay"}, 1, 6, 3},
    {"hgrn2", {NULL}, 3, 8, 2},
    {"hgrn2", {"swish_glu"}, 1, 6, 3},
    {"cosformer2", {NULL}, 2, 8, 2},
    {"cosformer2", {"theta_learned", "tpe_decay_learned"}, 2, 6, 3},
    {"cosformer2", {"tpe_residual", "tpe_decay_learned", "swish_glu"}, 1, 8, 2},
    {"cosformer2", {"tpe", "theta_learned"}, 2, 8, 2},
};

enum { N_CASES = sizeof cases / sizeof *cases };

static inline ModelShape case_shape(const Case *c, int64_t g, int64_t v)
{
    ModelShape s = test_shape(c->arch, c->l, c->d, c->h, g, v);
    for (const char *const *o = c->options; *o; o++) {
        test_option(&s, *o, 1.0 - arch_option(&s, *o));
    }
    return s;
}

#endif
