#include "trainer/worker/measure.h"

#include <time.h>

#include "common/arena.h"
#include "common/clock.h"
#include "common/rng.h"
#include "trainer/models/model.h"
#include "trainer/optim/optim.h"
#include "trainer/worker/tensors.h"

/* Shares of the time. */
static const double for_training = 0.65, for_scoring = 0.2, for_updates = 0.15;

typedef struct Bench {
    const Measure *what;
    size_t sequences, sequence;
    Model *model;
    Optim optim;
    Arena arena;
    uint16_t *tokens; /* [sequences, sequence + 1] */
    int64_t n_updates;
} Bench;

int64_t measure_sequences(const Measure *w)
{
    int64_t n = MEASURE_TOKENS / w->sequence;
    n = n < w->sequences ? n : w->sequences;
    return n > 1 ? n : 1;
}

/* Small numbers of both signs: products take the same time whatever they are, but a random
 * number each, as model_init() draws, would take longer than the measurement. */
static void fill_params(Model *m)
{
    Real *p = model_params(m);
    size_t n = model_param_count(m);
    uint32_t x = 1;
    for (size_t i = 0; i < n; i++) {
        x = x * 1664525U + 1013904223U;
        p[i] = (Real)((double)(x >> 8) * 0x1p-24 - 0.5) * (Real)0.1;
    }
    model_params_changed(m);
}

static ErrCode open_bench(Bench *b, Err *err)
{
    const Measure *w = b->what;
    const RunConfig config = {.beta1 = 0.9, .beta2 = 0.95, .adam_eps = 1e-8, .clip = 1.0};
    const size_t n_tokens = b->sequences * (b->sequence + 1);
    ErrCode rc = ERR_OK;
    OptimRange *range = NULL;
    TRY(model_open(w->shape,
                   &(ModelHow){.use = MODEL_TRAIN,
                               .batch = b->sequences,
                               .seq = b->sequence,
                               .kern = kern_get(),
                               .precision = w->precision,
                               .threads = w->threads},
                   &b->model, err));
    b->tokens = arena_array(&b->arena, n_tokens, sizeof *b->tokens);
    range = arena_array(&b->arena, model_tensor_count(b->model), sizeof *range);
    if (!b->tokens || !range) {
        rc = err_nomem(err, "a measurement");
        goto done;
    }
    for (size_t i = 0; i < n_tokens; i++) {
        uint64_t x = rng_u64(1, rng_stream(RNG_SAMPLER, 0), i);
        b->tokens[i] = (uint16_t)(x % (uint64_t)w->shape->vocabulary);
    }
    TRY(optim_init(&config, kern_get(), range, tensors_ranges(b->model, range),
                   model_param_count(b->model), &b->arena, &b->optim, err));
    model_set_threads(b->model, w->threads);
    fill_params(b->model);
done:
    return rc;
}

static void train_once(Bench *b)
{
    (void)model_loss_grad(b->model, b->tokens, b->sequences, b->sequence);
}

static void score_once(Bench *b)
{
    (void)model_loss(b->model, b->tokens, b->sequences, b->sequence);
}

static void update_once(Bench *b)
{
    double norm = optim_grad_norm(&b->optim, model_grads(b->model));
    optim_step(&b->optim, ++b->n_updates, 1e-5, norm, model_grads(b->model),
               model_params(b->model));
    model_params_changed(b->model);
}

/* Time of this thread when it works alone: what others take of its core does not count. */
static MonoNs own_ns(const Bench *b)
{
    struct timespec t;
    if (b->what->threads > 1 || clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) != 0) {
        return clock_mono_ns();
    }
    return (MonoNs)t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* Shortest time of a call [s] among those of about `seconds`, the first one not counted: what
 * disturbs a measurement only ever makes it longer. */
static double time_calls(Bench *b, void (*call)(Bench *b), double seconds, int64_t *ret_calls)
{
    MonoNs start = clock_mono_ns(), least = INT64_MAX;
    call(b);
    *ret_calls = 0;
    do {
        MonoNs before = own_ns(b);
        call(b);
        MonoNs took = own_ns(b) - before;
        least = took < least ? took : least;
        ++*ret_calls;
    } while ((double)(clock_mono_ns() - start) / (double)NS_PER_S < seconds);
    return (double)(least > 0 ? least : 1) / (double)NS_PER_S;
}

ErrCode measure_speed(const Measure *w, Speed *ret, Err *err)
{
    Bench b = {.what = w,
               .sequences = (size_t)measure_sequences(w),
               .sequence = (size_t)w->sequence,
               .arena = ARENA_INIT};
    ErrCode rc = open_bench(&b, err);
    if (rc == ERR_OK) {
        double tokens = (double)(b.sequences * b.sequence);
        int64_t ignored = 0;
        Speed s = {.steps = 0};
        s.tokens_per_s = tokens / time_calls(&b, train_once, for_training * w->seconds, &s.steps);
        s.update_s = time_calls(&b, update_once, for_updates * w->seconds, &ignored);
        s.scored_per_s = tokens / time_calls(&b, score_once, for_scoring * w->seconds, &ignored);
        *ret = s;
    }
    model_close(b.model);
    arena_release(&b.arena);
    return rc;
}
