/* dump_step -- weights, tokens, loss and gradients of one batch, for another program to repeat.
 *
 *     dump_step --out DIR [--architecture A] [--layers L] [--width D] [--heads H] [--mlp G]
 *               [--vocabulary V] [--sequence N] [--batch B] [--seed S] [--precision f32|bf16]
 *
 * Writes weights.safetensors (every tensor, constants included), grads.safetensors (the
 * trained ones), tokens.u16 (little-endian, [B, N+1]) and step.json (the shape and the loss)
 * into DIR, which must exist.  Weights are those of a new model plus normal noise in every trained
 * tensor, so that nothing is zero, one or symmetric.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fsx.h"
#include "common/rng.h"
#include "trainer/models/model.h"
#include "trainer/worker/tensors.h"

/* Noise: matrices are of that order already, norms and bounds are 1 and 0 in a new model. */
#define NOISE_MATRIX 0.05
#define NOISE_VECTOR 0.3

typedef struct Options {
    const char *out, *architecture, *precision;
    int64_t layers, width, heads, mlp, vocabulary, sequence, batch, seed;
} Options;

static bool read_number(const char *text, int64_t *ret)
{
    char *end = NULL;
    errno = 0;
    long long x = strtoll(text, &end, 10);
    *ret = x;
    return errno == 0 && end != text && *end == '\0' && x > 0;
}

static bool read_options(int argc, char **argv, Options *o)
{
    const struct {
        const char *name;
        const char **text;
        int64_t *number;
    } option[] = {
        {"--out", &o->out, NULL},
        {"--architecture", &o->architecture, NULL},
        {"--precision", &o->precision, NULL},
        {"--layers", NULL, &o->layers},
        {"--width", NULL, &o->width},
        {"--heads", NULL, &o->heads},
        {"--mlp", NULL, &o->mlp},
        {"--vocabulary", NULL, &o->vocabulary},
        {"--sequence", NULL, &o->sequence},
        {"--batch", NULL, &o->batch},
        {"--seed", NULL, &o->seed},
    };
    enum { N = sizeof option / sizeof option[0] };
    for (int i = 1; i < argc; i += 2) {
        size_t k = 0;
        while (k < N && strcmp(option[k].name, argv[i]) != 0) {
            k++;
        }
        if (k == N || i + 1 == argc) {
            return false;
        }
        if (option[k].text) {
            *option[k].text = argv[i + 1];
        } else if (!read_number(argv[i + 1], option[k].number)) {
            return false;
        }
    }
    return o->out && arch_find(o->architecture) &&
           (strcmp(o->precision, "f32") == 0 || strcmp(o->precision, "bf16") == 0);
}

static void disturb(Model *m, uint64_t seed)
{
    for (size_t i = 0; i < model_tensor_count(m); i++) {
        const ModelTensor *t = model_tensor(m, i);
        double noise = t->spec.is_decayed ? NOISE_MATRIX : NOISE_VECTOR;
        for (size_t e = 0; t->spec.is_trained && e < t->n; e++) {
            t->data[e] += (Real)(noise * rng_normal(seed + 1, i, e));
        }
    }
    model_params_changed(m);
}

static size_t gradients(const Model *m, TensorOut *entry)
{
    size_t n = 0, count = tensors_of_model(m, entry);
    for (size_t i = 0; i < count; i++) {
        const ModelTensor *t = model_tensor(m, i);
        if (t->spec.is_trained) {
            entry[n] = entry[i];
            entry[n++].data = t->grad;
        }
    }
    return n;
}

static ErrCode write_tensors(const Model *m, const char *dir, Err *err)
{
    ErrCode rc = ERR_OK;
    char path[FSX_PATH_BYTES];
    FileSum sum;
    TensorOut *entry = calloc(model_tensor_count(m), sizeof *entry);
    if (!entry) {
        return err_nomem(err, "a list of tensors");
    }
    TRY(fsx_path(path, err, "%s/weights.safetensors", dir));
    TRY(safetensors_write(path, "pt", entry, tensors_of_model(m, entry), &sum, err));
    TRY(fsx_path(path, err, "%s/grads.safetensors", dir));
    TRY(safetensors_write(path, "pt", entry, gradients(m, entry), &sum, err));
done:
    free(entry);
    return rc;
}

static ErrCode write_step(const Options *o, const uint16_t *tokens, size_t n, double loss, Err *err)
{
    ErrCode rc = ERR_OK;
    int len = 0;
    char path[FSX_PATH_BYTES], text[1024];
    TRY(fsx_path(path, err, "%s/tokens.u16", o->out));
    TRY(fsx_replace(path, tokens, n * sizeof *tokens, err));
    len = snprintf(text, sizeof text,
                   "{\"architecture\":\"%s\",\"precision\":\"%s\",\"layers\":%lld,"
                   "\"width\":%lld,\"heads\":%lld,\"mlp\":%lld,\"vocabulary\":%lld,"
                   "\"sequence\":%lld,\"batch\":%lld,\"isa\":\"%s\",\"loss\":%.17g}\n",
                   o->architecture, o->precision, (long long)o->layers, (long long)o->width,
                   (long long)o->heads, (long long)o->mlp, (long long)o->vocabulary,
                   (long long)o->sequence, (long long)o->batch, kern_get()->isa, loss);
    TRY(fsx_path(path, err, "%s/step.json", o->out));
    TRY(fsx_replace(path, text, (size_t)len, err));
done:
    return rc;
}

static ErrCode dump(const Options *o, Err *err)
{
    ErrCode rc = ERR_OK;
    Model *m = NULL;
    double loss = 0.0;
    size_t n = (size_t)o->batch * (size_t)(o->sequence + 1);
    uint16_t *tokens = malloc(n * sizeof *tokens);
    ModelShape s = arch_shape(arch_find(o->architecture), o->layers, o->width, o->heads, o->mlp,
                              o->vocabulary);
    ModelHow how = {.use = MODEL_TRAIN,
                    .batch = (size_t)o->batch,
                    .seq = (size_t)o->sequence,
                    .kern = kern_get(),
                    .precision = strcmp(o->precision, "bf16") == 0 ? PRECISION_BF16 : PRECISION_F32,
                    .threads = 1};
    if (!tokens) {
        rc = err_nomem(err, "the tokens");
        goto done;
    }
    TRY(model_open(&s, &how, &m, err));
    model_init(m, (uint64_t)o->seed);
    disturb(m, (uint64_t)o->seed);
    for (size_t i = 0; i < n; i++) {
        tokens[i] = (uint16_t)(rng_u64((uint64_t)o->seed, 1000, i) % (uint64_t)o->vocabulary);
    }
    loss = model_loss_grad(m, tokens, how.batch, how.seq);
    TRY(write_tensors(m, o->out, err));
    TRY(write_step(o, tokens, n, loss, err));
done:
    model_close(m);
    free(tokens);
    return rc;
}

int main(int argc, char **argv)
{
    Options o = {.architecture = "llama",
                 .precision = "f32",
                 .layers = 2,
                 .width = 64,
                 .heads = 2,
                 .mlp = 176,
                 .vocabulary = 256,
                 .sequence = 128,
                 .batch = 2,
                 .seed = 1};
    Err err = ERR_INIT;
    if (!read_options(argc, argv, &o)) {
        (void)fprintf(stderr,
                      "usage: dump_step --out DIR [--architecture A] [--layers L] [--width D] "
                      "[--heads H] [--mlp G]\n"
                      "                 [--vocabulary V] [--sequence N] [--batch B] [--seed S] "
                      "[--precision f32|bf16]\n");
        return 2;
    }
    if (dump(&o, &err) != ERR_OK) {
        (void)fprintf(stderr, "dump_step: %s\n", err.msg);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
