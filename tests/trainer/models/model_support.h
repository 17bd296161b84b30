/* model_support.h -- opening and filling small models in tests.  Compiled with the Real of
 * the library under test. */
#ifndef TESTS_TRAINER_MODELS_MODEL_SUPPORT_H
#define TESTS_TRAINER_MODELS_MODEL_SUPPORT_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/rng.h"
#include "trainer/models/model.h"

static inline ModelShape test_shape(const char *arch, int64_t l, int64_t d, int64_t h, int64_t g,
                                    int64_t v)
{
    return arch_shape(arch_find(arch), l, d, h, g, v);
}

static inline void test_option(ModelShape *s, const char *name, double value)
{
    int i = arch_option_index(s->arch, name);
    ck_assert_int_ge(i, 0);
    s->option[i] = value;
}

static inline ErrCode test_try_open(const ModelShape *s, ModelUse use, size_t b, size_t t,
                                    const Kern *kern, Model **ret, Err *err)
{
    return model_open(s, &(ModelHow){.use = use, .batch = b, .seq = t, .kern = kern}, ret, err);
}

static inline size_t test_bytes(const ModelShape *s, ModelUse use, size_t b, size_t t)
{
    return model_bytes(s, &(ModelHow){.use = use, .batch = b, .seq = t});
}

static inline Model *test_open(const ModelShape *s, ModelUse use, size_t b, size_t t)
{
    Err err = ERR_INIT;
    Model *m = NULL;
    ErrCode rc = test_try_open(s, use, b, t, kern_get(), &m, &err);
    ck_assert_msg(rc == ERR_OK && m, "%s", err.msg);
    return m;
}

/* Initial values as in training, then every trained tensor moved by N(0, scale^2), so that
 * no symmetry of the start hides an error. */
static inline void test_fill(Model *m, uint64_t seed, double scale)
{
    model_init(m, seed);
    Real *p = model_params(m);
    for (size_t i = 0; i < model_param_count(m); i++) {
        p[i] += (Real)(scale * rng_normal(seed, 77, i));
    }
    model_params_changed(m);
}

static inline void test_tokens(uint16_t *token, size_t n, size_t vocab, uint64_t seed)
{
    for (size_t i = 0; i < n; i++) {
        token[i] = (uint16_t)(rng_u64(seed, 78, i) % vocab);
    }
}

#endif
