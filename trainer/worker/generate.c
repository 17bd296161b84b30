#include "trainer/worker/generate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/order.h"
#include "common/rng.h"
#include "trainer/worker/load.h"
#include "trainer/worker/text_out.h"

enum { DOCUMENT_END = '\f', BYTES = 256, MAX_TOKENS = 1 << 20 };

static size_t likeliest(const Real *logits, size_t vocabulary)
{
    size_t best = 0;
    for (size_t i = 1; i < vocabulary; i++) {
        if (logits[i] > logits[best]) {
            best = i;
        }
    }
    return best;
}

static int descending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return ORDER(y, x);
}

/* The k-th largest of logits; work is room for [V]. */
static double kth_largest(const Real *logits, size_t vocabulary, size_t k, double *work)
{
    for (size_t i = 0; i < vocabulary; i++) {
        work[i] = (double)logits[i];
    }
    qsort(work, vocabulary, sizeof *work, descending);
    return work[k - 1];
}

uint16_t generate_choose(const Real *logits, size_t vocabulary, double temperature, int64_t top_k,
                         double u, double *weight)
{
    const size_t best = likeliest(logits, vocabulary);
    if (temperature <= 0.0) {
        return (uint16_t)best;
    }
    size_t k = top_k > 0 && (size_t)top_k < vocabulary ? (size_t)top_k : vocabulary;
    const double bound = kth_largest(logits, vocabulary, k, weight);
    double sum = 0.0;
    size_t last = best, n_kept = 0, n_above = 0;
    for (size_t i = 0; i < vocabulary; i++) {
        n_above += (double)logits[i] > bound ? 1 : 0;
    }
    size_t n_tied = k - n_above; /* of those equal to the bound, the first so many stay */
    for (size_t i = 0; i < vocabulary; i++) {
        double z = (double)logits[i];
        bool is_tied = z == bound && n_tied > 0;
        n_tied -= is_tied ? 1 : 0;
        bool is_kept = z > bound || is_tied;
        weight[i] = is_kept ? exp((z - (double)logits[best]) / temperature) : 0.0;
        sum += weight[i];
        n_kept += is_kept ? 1 : 0;
    }
    double at = u * sum, below = 0.0;
    for (size_t i = 0; i < vocabulary && n_kept > 0; i++) {
        if (weight[i] > 0.0) {
            last = i;
            below += weight[i];
            if (at < below) {
                break;
            }
        }
    }
    return (uint16_t)last;
}

static ErrCode check(const GenerateOptions *o, Err *err)
{
    if (o->tokens < 0 || o->tokens > MAX_TOKENS || strlen(o->prompt) > MAX_TOKENS) {
        return err_set(err, ERR_INVALID, "--tokens and the prompt are at most %d tokens",
                       MAX_TOKENS);
    }
    if (!(o->temperature >= 0.0) || o->temperature > 100.0) {
        return err_set(err, ERR_INVALID, "--temperature lies in [0, 100]");
    }
    if (o->top_k < 0 || o->seed < 0) {
        return err_set(err, ERR_INVALID, "--top-k and --seed are not negative");
    }
    return ERR_OK;
}

/* One decoder with all that it needs. */
typedef struct Decoder {
    Model *model;
    Real *logits;   /* [V] */
    double *weight; /* [V] */
    TextOut text;
    Buf shown;
    GenerateSink sink;
    void *ctx;
    bool is_stopped;
} Decoder;

static void show(Decoder *d, uint16_t token)
{
    buf_clear(&d->shown);
    text_out_byte(&d->text, (unsigned char)token, &d->shown);
    if (d->shown.len > 0) {
        d->is_stopped = !d->sink(d->ctx, buf_str(&d->shown), d->shown.len);
    }
}

static ErrCode feed_prompt(Decoder *d, const char *prompt, Err *err)
{
    if (!prompt[0]) {
        return model_decode(d->model, DOCUMENT_END, d->logits, err);
    }
    for (const char *p = prompt; *p && !d->is_stopped; p++) {
        uint16_t token = (unsigned char)*p;
        ErrCode rc = model_decode(d->model, token, d->logits, err);
        if (rc != ERR_OK) {
            return rc;
        }
        show(d, token);
    }
    return ERR_OK;
}

static ErrCode decode(Decoder *d, const GenerateOptions *o, size_t vocabulary, Err *err)
{
    model_decode_reset(d->model);
    ErrCode rc = feed_prompt(d, o->prompt, err);
    for (int64_t i = 0; i < o->tokens && rc == ERR_OK && !d->is_stopped; i++) {
        double u = rng_uniform((uint64_t)o->seed, rng_stream(RNG_GENERATE, 0), (uint64_t)i);
        uint16_t token =
            generate_choose(d->logits, vocabulary, o->temperature, o->top_k, u, d->weight);
        show(d, token);
        if (i + 1 < o->tokens) {
            rc = model_decode(d->model, token, d->logits, err);
        }
    }
    buf_clear(&d->shown);
    text_out_end(&d->text, &d->shown);
    if (rc == ERR_OK && d->shown.len > 0 && !d->is_stopped) {
        (void)d->sink(d->ctx, buf_str(&d->shown), d->shown.len);
    }
    return rc;
}

ErrCode generate(const GenerateOptions *o, GenerateSink sink, void *ctx, Err *err)
{
    ErrCode rc = ERR_OK;
    Decoder d = {.sink = sink, .ctx = ctx};
    Found *f = calloc(1, sizeof *f);
    size_t vocabulary = 0, length = strlen(o->prompt) + (size_t)o->tokens + 1;

    if (!f) {
        rc = err_nomem(err, "a checkpoint");
        goto done;
    }
    TRY(check(o, err));
    TRY(load_find(o->checkpoint, f, err));
    vocabulary = (size_t)f->config.shape.vocabulary;
    if (vocabulary != BYTES) {
        rc = err_set(err, ERR_INVALID, "%s has a vocabulary of %zu; text is made from bytes (256)",
                     f->dir, vocabulary);
        goto done;
    }
    TRY(load_model(f, 1, length, &d.model, err));
    d.logits = calloc(vocabulary, sizeof *d.logits);
    d.weight = calloc(vocabulary, sizeof *d.weight);
    if (!d.logits || !d.weight) {
        rc = err_nomem(err, "logits");
        goto done;
    }
    TRY(decode(&d, o, vocabulary, err));
    TRY(buf_ok(&d.shown, err));
done:
    buf_release(&d.shown);
    free(d.weight);
    free(d.logits);
    model_close(d.model);
    free(f);
    return rc;
}
