/* Losses, logits and gradients of 26 small models against tests/vectors/models.txt, which
 * tests/golden/make_models.py computes in numpy: odd lengths and lengths around the chunk's
 * 64, one head and numbers of heads that are no power of two, one layer, every option, head
 * widths 2 to 16, several sequences.
 *
 * A gradient is compared as its product with a fixed vector that has no zeros, so that every
 * element of every tensor counts.  Compiled twice, with models_f64 and with models. */
#include <check.h>
#include <math.h>
#include <stdio.h>

#include "tests/support/suite.h"
#include "tests/trainer/models/model_support.h"

#define VECTORS SLAW_SOURCE_DIR "/tests/vectors/models.txt"

enum { MAX_TENSORS = 64, LINE_BYTES = 256, N_CASES = 26 };

/* Double: sums of up to 2e4 products of size 1, each rounded to 1.1e-16.
 * Float: the same sums with 6e-8. */
static const double tolerance = sizeof(Real) == sizeof(double) ? 1e-12 : 2e-4;

typedef struct VectorTensor {
    char name[ARCH_NAME_BYTES];
    double off, scale, slope;
} VectorTensor;

typedef struct Vectors {
    ModelShape shape;
    size_t batch, length;
    double loss, first, last, weighted;
    VectorTensor tensor[MAX_TENSORS];
    size_t n_tensors;
} Vectors;

static void read_head(Vectors *v, char *line)
{
    char arch[ARCH_NAME_BYTES];
    long long l, d, h, g, vocabulary;
    int n = 0;
    ck_assert_int_eq(sscanf(line, "case %63s %lld %lld %lld %lld %lld %zu %zu%n", arch, &l, &d, &h,
                            &g, &vocabulary, &v->batch, &v->length, &n),
                     8);
    v->shape = test_shape(arch, l, d, h, g, vocabulary);
    char *save = NULL;
    for (char *o = strtok_r(line + n, " \n", &save); o; o = strtok_r(NULL, " \n", &save)) {
        char *equals = strchr(o, '=');
        ck_assert_ptr_nonnull(equals);
        *equals = '\0';
        test_option(&v->shape, o, strtod(equals + 1, NULL));
    }
}

static void read_line(Vectors *v, char *line)
{
    VectorTensor *t = &v->tensor[v->n_tensors];
    if (strncmp(line, "case ", 5) == 0) {
        read_head(v, line);
    } else if (strncmp(line, "loss ", 5) == 0) {
        ck_assert_int_eq(sscanf(line, "loss %lf", &v->loss), 1);
    } else if (strncmp(line, "logits ", 7) == 0) {
        ck_assert_int_eq(sscanf(line, "logits %lf %lf %lf", &v->first, &v->last, &v->weighted), 3);
    } else {
        ck_assert_uint_lt(v->n_tensors, MAX_TENSORS);
        ck_assert_int_eq(
            sscanf(line, "tensor %63s %lf %lf %lf", t->name, &t->off, &t->scale, &t->slope), 4);
        v->n_tensors++;
    }
}

/* Case `index`; *ret_count is how many the file has. */
static Vectors read_case(int index, int *ret_count)
{
    Vectors v = {0};
    char line[LINE_BYTES];
    int at = -1;
    FILE *f = fopen(VECTORS, "r");
    ck_assert_msg(f != NULL, "%s cannot be read", VECTORS);
    while (fgets(line, sizeof line, f)) {
        at += strncmp(line, "case ", 5) == 0 ? 1 : 0;
        if (at == index && line[0] != '#') {
            read_line(&v, line);
        }
    }
    (void)fclose(f);
    *ret_count = at + 1;
    return v;
}

static Model *vectors_model(const Vectors *v)
{
    Model *m = test_open(&v->shape, MODEL_TRAIN, v->batch, v->length);
    size_t n = 0;
    model_init(m, 1); /* constants keep what they are made with */
    for (size_t i = 0; i < v->n_tensors; i++) {
        const VectorTensor *x = &v->tensor[i];
        const ModelTensor *t = model_tensor_find(m, x->name);
        ck_assert_msg(t && t->spec.is_trained, "no trained tensor %s", x->name);
        for (size_t e = 0; t && e < t->n; e++) {
            double square = (double)e * (double)e;
            t->data[e] = (Real)(x->off + x->scale * sin(1.7 * (double)i + 0.61 * square + 0.3));
        }
        n += t ? t->n : 0;
    }
    ck_assert_uint_eq(n, model_param_count(m));
    model_params_changed(m);
    return m;
}

/* The first `length` tokens of every sequence: [b, length]. */
static uint16_t *vectors_tokens(const Vectors *v, size_t length)
{
    size_t row = v->length + 1, vocabulary = (size_t)v->shape.vocabulary;
    uint16_t *token = calloc(v->batch * length, sizeof *token);
    ck_assert_ptr_nonnull(token);
    for (size_t b = 0; token && b < v->batch; b++) {
        for (size_t t = 0; t < length; t++) {
            size_t i = b * row + t;
            token[b * length + t] = (uint16_t)((7 * i * i + 3 * i + i / 5 + 1) % vocabulary);
        }
    }
    return token;
}

static void near(const Vectors *v, const char *what, double got, double want)
{
    ck_assert_msg(fabs(got - want) <= tolerance * (1.0 + fabs(want)),
                  "%s B=%zu T=%zu, %s: got %.17g, want %.17g", v->shape.arch->name, v->batch,
                  v->length, what, got, want);
}

START_LOOP_TEST(loss_and_logits, N_CASES)
{
    int count = 0;
    Vectors v = read_case(_i, &count);
    ck_assert_int_eq(count, N_CASES);
    Model *m = vectors_model(&v);
    size_t n = v.batch * v.length * (size_t)v.shape.vocabulary;
    uint16_t *text = vectors_tokens(&v, v.length + 1), *input = vectors_tokens(&v, v.length);
    Real *logits = calloc(n, sizeof *logits);
    ck_assert_ptr_nonnull(logits);
    model_logits(m, input, v.batch, v.length, logits);
    double weighted = 0.0;
    for (size_t i = 0; i < n; i++) {
        weighted += (double)logits[i] * cos(0.37 * (double)i + 0.1);
    }
    near(&v, "loss", model_loss(m, text, v.batch, v.length), v.loss);
    near(&v, "first logit", (double)logits[0], v.first);
    near(&v, "last logit", (double)logits[n - 1], v.last);
    near(&v, "weighted logits", weighted, v.weighted);
    free(logits);
    free(input);
    free(text);
    model_close(m);
}
END_TEST

START_LOOP_TEST(gradients, N_CASES)
{
    int count = 0;
    Vectors v = read_case(_i, &count);
    Model *m = vectors_model(&v);
    uint16_t *text = vectors_tokens(&v, v.length + 1);
    near(&v, "loss", model_loss_grad(m, text, v.batch, v.length), v.loss);
    for (size_t i = 0; i < v.n_tensors; i++) {
        const ModelTensor *t = model_tensor_find(m, v.tensor[i].name);
        double slope = 0.0;
        for (size_t e = 0; e < t->n; e++) {
            slope += (double)t->grad[e] * cos(0.83 * (double)e + 0.2);
        }
        near(&v, v.tensor[i].name, slope, v.tensor[i].slope);
    }
    free(text);
    model_close(m);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "vectors"});
}
