#include "trainer/worker/loop.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/clock.h"
#include "common/exit_code.h"
#include "common/json.h"
#include "common/machine.h"
#include "trainer/config/run_config.h"
#include "trainer/data/sampler.h"
#include "trainer/models/model.h"
#include "trainer/optim/optim.h"
#include "trainer/worker/ckpt.h"
#include "trainer/worker/control.h"
#include "trainer/worker/event_body.h"
#include "trainer/worker/events.h"
#include "trainer/worker/hf_config.h"
#include "trainer/worker/run_lock.h"
#include "trainer/worker/stop.h"
#include "trainer/worker/tensors.h"
#include "trainer/worker/validate.h"

typedef struct Loop {
    const char *run_dir;
    int lock_fd;
    int64_t steps_left; /* of this attempt */
    size_t threads, most_threads;
    Control control;
    CoreSet cores; /* where we were told to run */
    bool is_pinned;
    RunConfig config;
    json_t *json;      /* config.json */
    json_t *ckpt_json; /* config.json of its checkpoints */
    EventLog *events;
    Corpus *corpus;
    Sampler sampler;
    const Kern *kern;
    Model *model;
    Optim optim;
    Arena arena;              /* all memory of the loop but the model's; sealed before it */
    uint16_t *tokens;         /* [B, n+1] */
    TensorOut *tensor;        /* [3 tensors] */
    int64_t *checkpoint_step; /* [config.checkpoint_count] */
    TrainState state;         /* where we are */
    int64_t saved_step;       /* of the newest state on disk; -1: none */
    int64_t timed_tokens;     /* trained since the step event before ... */
    MonoNs timed_ns;          /* ... in this time */
} Loop;

/* ---------------------------------------------------------------- events */

static int64_t tokens_at(const Loop *l, int64_t step)
{
    return step * l->config.batch_tokens;
}

enum { CORES_BYTES = 1024 };

/* NULL when the threads may run anywhere. */
static const char *cores_text(const Loop *l, char out[CORES_BYTES])
{
    return l->is_pinned ? core_set_text(&l->cores, out, CORES_BYTES) : NULL;
}

static ErrCode emit_hello(Loop *l, Err *err)
{
    char cores[CORES_BYTES];
    json_t *hello = event_hello(&l->config.shape, l->kern->isa, l->state.step, l->threads,
                                cores_text(l, cores));
    return event_log_emit(l->events, hello, err);
}

static ErrCode emit_step(Loop *l, double loss, double grad_norm, double lr, Err *err)
{
    double seconds = (double)l->timed_ns / (double)NS_PER_S;
    StepReport report = {.step = l->state.step,
                         .tokens = tokens_at(l, l->state.step),
                         .loss = loss,
                         .grad_norm = grad_norm,
                         .lr = lr,
                         .tokens_per_s = seconds > 0.0 ? (double)l->timed_tokens / seconds : 0.0};
    l->timed_tokens = 0;
    l->timed_ns = 0;
    return event_log_emit(l->events, event_step(&report), err);
}

static ErrCode emit_checkpoint(Loop *l, const Ckpt *c, const CkptReceipt *r, Err *err)
{
    ErrCode rc = ERR_OK;
    for (size_t i = 0; i < c->n_evaluations; i++) {
        TRY(event_log_emit(l->events, event_evaluation(c, &c->evaluation[i]), err));
    }
    TRY(event_log_emit(l->events, event_checkpoint(c, r), err));
done:
    return rc;
}

static ErrCode emit_bye(Loop *l, ErrCode result, const char *why, Err *err)
{
    const char *status = result == ERR_OK            ? "done"
                         : result == ERR_INTERRUPTED ? "interrupted"
                         : result == ERR_NUMERIC     ? "diverged"
                                                     : "failed";
    ErrCode rc = event_log_emit(l->events,
                                event_bye(status, l->state.step, result == ERR_OK ? "" : why), err);
    return rc == ERR_OK ? event_log_sync(l->events, err) : rc;
}

/* ---------------------------------------------------------------- threads */

static size_t between(int64_t x, size_t most)
{
    return x < 1 ? 1 : (size_t)x > most ? most : (size_t)x;
}

static void set_threads(Loop *l, const LoopOptions *o)
{
    int64_t n = o->threads > 0 ? o->threads : l->config.threads;
    n = n == THREADS_AUTO ? (int64_t)machine_concurrency() : n;
    l->most_threads = (size_t)(o->most > n ? o->most : n);
    l->threads = (size_t)n;
}

/* Does what the scheduler wished last; true when anything changed.  Between two steps only. */
static bool take_share(Loop *l)
{
    ControlShare wish;
    if (!control_poll(&l->control, event_log_socket(l->events), &wish)) {
        return false;
    }
    size_t threads = between((int64_t)wish.threads, l->most_threads);
    bool is_new = threads != l->threads;
    l->threads = threads;
    if (l->model) {
        model_set_threads(l->model, threads);
    }
    if (wish.has_cores) {
        bool is_pinned = machine_pin(&wish.cores); /* a core that is gone: where we are */
        is_new = is_new || is_pinned != l->is_pinned || wish.cores.n != l->cores.n ||
                 memcmp(wish.cores.core, l->cores.core, wish.cores.n * sizeof(int)) != 0;
        l->cores = wish.cores;
        l->is_pinned = is_pinned;
    }
    return is_new;
}

static ErrCode follow_share(Loop *l, Err *err)
{
    char cores[CORES_BYTES];
    return take_share(l)
               ? event_log_emit(l->events, event_share(l->threads, cores_text(l, cores)), err)
               : ERR_OK;
}

/* ---------------------------------------------------------------- opening */

static ErrCode open_config(Loop *l, Err *err)
{
    ErrCode rc = ERR_OK;
    char path[FSX_PATH_BYTES];
    TRY(fsx_join(path, l->run_dir, "config.json", err));
    TRY(json_read_file(path, &l->json, err));
    rc = run_config_from_json(l->json, &l->config, err);
    if (rc != ERR_OK) {
        (void)err_wrap(err, "%s", path);
        goto done;
    }
    (void)snprintf(l->state.run, sizeof l->state.run, "%s", l->config.hash);
done:
    return rc;
}

/* The folder of the attempt; without a number, the first that has no events. */
static ErrCode attempt_dir(const Loop *l, int64_t *attempt, char out[FSX_PATH_BYTES], Err *err)
{
    ErrCode rc = ERR_OK;
    char events[FSX_PATH_BYTES];
    bool is_chosen = *attempt >= 0;
    for (int64_t i = is_chosen ? *attempt : 0;; i++) {
        TRY(fsx_path(out, err, "%s/attempt-%03" PRId64, l->run_dir, i));
        TRY(fsx_join(events, out, "events.jsonl", err));
        if (is_chosen || !fsx_exists(events)) {
            *attempt = i;
            break;
        }
    }
done:
    return rc;
}

static ErrCode open_events(Loop *l, const LoopOptions *o, Err *err)
{
    char dir[FSX_PATH_BYTES];
    int64_t attempt = o->attempt;
    ErrCode rc = attempt_dir(l, &attempt, dir, err);
    return rc == ERR_OK
               ? event_log_open(dir, l->config.hash, attempt, o->socket_fd, &l->events, err)
               : rc;
}

static ErrCode open_corpus(Loop *l, const char *dir, Err *err)
{
    const RunConfig *c = &l->config;
    ErrCode rc = ERR_OK;
    const CorpusInfo *info = NULL;
    TRY(corpus_open(dir, &l->corpus, err));
    info = corpus_info(l->corpus);
    (void)snprintf(l->state.corpus, sizeof l->state.corpus, "%s", info->digest);
    if (info->vocabulary > c->shape.vocabulary) {
        rc = err_set(err, ERR_INVALID,
                     "the corpus %s has a vocabulary of %" PRId64 ", the model of %" PRId64, dir,
                     info->vocabulary, c->shape.vocabulary);
        goto done;
    }
    TRY(corpus_check_size(info, c->tokens, c->sequence, c->repeat, err));
    TRY(sampler_init(l->corpus, (uint64_t)c->seed, c->sequence, c->batch_tokens / c->sequence,
                     &l->sampler, err));
    if (c->evaluates_validation) {
        TRY(validate_check(&l->sampler, err));
    }
done:
    return rc;
}

/* All memory of the loop, in one arena that is sealed. */
static ErrCode open_memory(Loop *l, Err *err)
{
    ErrCode rc = ERR_OK;
    const RunConfig *c = &l->config;
    const size_t n_tensors = model_tensor_count(l->model), n_params = model_param_count(l->model);
    const size_t n_tokens = (size_t)(l->sampler.sequences * (c->sequence + 1));
    const size_t n_steps = (size_t)c->checkpoint_count;
    OptimRange *range = arena_array(&l->arena, n_tensors, sizeof *range);
    l->tokens = arena_array(&l->arena, n_tokens, sizeof *l->tokens);
    l->tensor = arena_array(&l->arena, 3 * n_tensors, sizeof *l->tensor);
    l->checkpoint_step = arena_array(&l->arena, n_steps, sizeof *l->checkpoint_step);
    if (!range || !l->tokens || !l->tensor || !l->checkpoint_step) {
        rc = err_nomem(err, "the training loop");
        goto done;
    }
    TRY(run_config_checkpoint_steps(c, l->checkpoint_step, err));
    TRY(optim_init(c, l->kern, range, tensors_ranges(l->model, range), n_params, &l->arena,
                   &l->optim, err));
    l->optim.team = model_team(l->model);
    l->ckpt_json = hf_config(l->json, c);
    if (!l->ckpt_json) {
        rc = err_nomem(err, "config.json");
    }
    arena_seal(&l->arena);
done:
    return rc;
}

static ErrCode open_training(Loop *l, const char *corpus_dir, Err *err)
{
    ErrCode rc = ERR_OK;
    const RunConfig *c = &l->config;
    (void)take_share(l); /* threads that the model starts inherit the cores */
    l->kern = kern_get();
    (void)snprintf(l->state.isa, sizeof l->state.isa, "%s", l->kern->isa);
    TRY(open_corpus(l, corpus_dir, err));
    TRY(model_open(&c->shape,
                   &(ModelHow){.use = MODEL_TRAIN,
                               .batch = (size_t)l->sampler.sequences,
                               .seq = (size_t)c->sequence,
                               .kern = l->kern,
                               .precision = c->precision,
                               .threads = l->most_threads},
                   &l->model, err));
    model_set_threads(l->model, l->threads);
    TRY(open_memory(l, err));
    model_init(l->model, (uint64_t)c->seed);
done:
    return rc;
}

static void loop_close(Loop *l)
{
    model_close(l->model);
    corpus_close(l->corpus);
    event_log_close(l->events);
    control_release(&l->control);
    arena_release(&l->arena);
    json_decref(l->ckpt_json);
    json_decref(l->json);
    if (l->lock_fd >= 0) {
        (void)close(l->lock_fd);
    }
}

/* ---------------------------------------------------------------- resuming */

static ErrCode check_same(const Loop *l, const char *run, const char *corpus, const char *what,
                          Err *err)
{
    if (strcmp(run, l->state.run) != 0) {
        return err_set(err, ERR_INVALID, "%s in %s is of another configuration (%.12s)", what,
                       l->run_dir, run);
    }
    if (strcmp(corpus, l->state.corpus) != 0) {
        (void)err_set(err, ERR_INVALID,
                      "%s in %s was trained on another corpus (%.12s) than this one (%.12s)", what,
                      l->run_dir, corpus, l->state.corpus);
        return err_hint(err, "the text changed; give the study another directory (--dir)");
    }
    return ERR_OK;
}

/* Float32 has the same bits on every ISA; bf16 goes on where it began, or a curve would be of
 * two computations. */
static ErrCode check_isa(const Loop *l, const char *isa, const char *what, Err *err)
{
    if (l->config.precision == PRECISION_F32 || strcmp(isa, l->kern->isa) == 0) {
        return ERR_OK;
    }
    const char *made_with = isa[0] ? isa : "an unknown ISA";
    if (kern_for_isa(isa)) {
        (void)err_set(err, ERR_INVALID,
                      "bf16 has the same bits on the same ISA only: %s was made with %s, this is "
                      "%s; SLAW_ISA=%s goes on with it",
                      what, made_with, l->kern->isa, isa);
    } else {
        (void)err_set(err, ERR_INVALID,
                      "bf16 has the same bits on the same ISA only: %s was made with %s, which "
                      "this machine has not, and this is %s",
                      what, made_with, l->kern->isa);
    }
    return err_hint(err, "or remove state/ and checkpoints/ of the run, to begin again");
}

/* A whole checkpoint of `step`, if there is one.  ERR_NOTFOUND if not. */
static ErrCode find_checkpoint(const Loop *l, int64_t step, Ckpt *ret, CkptReceipt *receipt,
                               Err *err)
{
    ErrCode rc = ERR_OK;
    char dir[FSX_PATH_BYTES];
    Err why = ERR_INIT;
    TRY(ckpt_dir(l->run_dir, step, dir, err));
    rc = ckpt_verify(dir, ret, receipt, &why);
    if (rc != ERR_OK || ret->step != step) { /* absent, half-written or damaged: made again */
        rc = err_set(err, ERR_NOTFOUND, "%s is not whole", dir);
        goto done;
    }
    TRY(check_same(l, ret->run, ret->corpus, "a checkpoint", err));
done:
    return rc;
}

/* Takes up the newest state, if there is one. */
static ErrCode resume(Loop *l, Err *err)
{
    ErrCode rc = ERR_OK;
    TrainState found = {0};
    char file[FSX_PATH_BYTES];
    Safetensors *s = NULL;
    rc = state_newest(l->run_dir, &found, file, err);
    if (rc == ERR_NOTFOUND) {
        *err = ERR_INIT;
        return ERR_OK;
    }
    if (rc != ERR_OK) {
        return rc;
    }
    TRY(check_same(l, found.run, found.corpus, "the state", err));
    TRY(check_isa(l, found.isa, "the state", err));
    TRY(safetensors_open(file, &s, err));
    TRY(tensors_load_state(l->model, &l->optim, s, err));
    (void)snprintf(found.isa, sizeof found.isa, "%s", l->kern->isa);
    l->state = found;
    l->saved_step = found.step;
done:
    safetensors_close(s);
    return rc;
}

/* ---------------------------------------------------------------- training */

static ErrCode save_state(Loop *l, Err *err)
{
    if (l->saved_step == l->state.step) {
        return ERR_OK;
    }
    ErrCode rc = event_log_sync(l->events, err); /* events are never behind a state */
    if (rc == ERR_OK) {
        size_t n = tensors_of_state(l->model, &l->optim, l->tensor);
        rc = state_write(l->run_dir, &l->state, l->tensor, n, err);
    }
    if (rc == ERR_OK) {
        l->saved_step = l->state.step;
    }
    return rc;
}

static bool is_planned(const Loop *l, int64_t step)
{
    for (int64_t i = 0; i < l->config.checkpoint_count; i++) {
        if (l->checkpoint_step[i] == step) {
            return true;
        }
    }
    return false;
}

static ErrCode diverged(const Loop *l, const char *what, double x, int64_t step, Err *err)
{
    return err_set(err, ERR_NUMERIC, "diverged at step %" PRId64 ": %s is %g (bound %g)", step,
                   what, x, l->config.diverged_above);
}

static ErrCode interrupted(Loop *l, Err *err)
{
    ErrCode rc = save_state(l, err);
    const char *by = stop_requested() ? stop_name() : "its limit of steps";
    return rc == ERR_OK ? err_set(err, ERR_INTERRUPTED, "stopped by %s after step %" PRId64, by,
                                  l->state.step)
                        : rc;
}

/* Evaluates and writes the checkpoint of the step where we are. */
static ErrCode make_checkpoint(Loop *l, Ckpt *c, CkptReceipt *receipt, Err *err)
{
    const TrainState *s = &l->state;
    ErrCode rc = ERR_OK;
    *c = (Ckpt){.step = s->step,
                .tokens = tokens_at(l, s->step),
                .train_loss = s->loss_sum / (double)s->loss_count};
    (void)snprintf(c->run, sizeof c->run, "%s", s->run);
    (void)snprintf(c->corpus, sizeof c->corpus, "%s", s->corpus);
    if (l->config.precision != PRECISION_F32) {
        (void)snprintf(c->isa, sizeof c->isa, "%s", s->isa);
    }
    if (l->config.evaluates_validation) {
        if (!validate(l->model, &l->sampler, l->tokens, stop_requested, &c->evaluation[0])) {
            return interrupted(l, err);
        }
        c->n_evaluations = 1;
        if (!isfinite(c->evaluation[0].loss)) {
            return diverged(l, "validation loss", c->evaluation[0].loss, s->step, err);
        }
    }
    TRY(save_state(l, err));
    TRY(ckpt_write(l->run_dir, c, l->ckpt_json, l->tensor, tensors_of_model(l->model, l->tensor),
                   receipt, err));
done:
    return rc;
}

/* The planned checkpoint of the step where we are: found whole, or made. */
static ErrCode checkpoint(Loop *l, Err *err)
{
    ErrCode rc = ERR_OK;
    Ckpt c;
    CkptReceipt receipt;
    rc = find_checkpoint(l, l->state.step, &c, &receipt, err);
    if (rc == ERR_OK) {
        TRY(check_isa(l, c.isa, "a checkpoint", err));
        TRY(save_state(l, err));
    } else if (rc == ERR_NOTFOUND) {
        TRY(make_checkpoint(l, &c, &receipt, err));
    } else {
        goto done;
    }
    TRY(emit_checkpoint(l, &c, &receipt, err));
    l->state.loss_sum = 0.0;
    l->state.loss_count = 0;
done:
    return rc;
}

static ErrCode train_step(Loop *l, Err *err)
{
    const RunConfig *c = &l->config;
    const int64_t step = l->state.step + 1;
    MonoNs start = clock_mono_ns();
    sampler_batch(&l->sampler, step - 1, l->tokens);
    double loss =
        model_loss_grad(l->model, l->tokens, (size_t)l->sampler.sequences, (size_t)c->sequence);
    double norm = optim_grad_norm(&l->optim, model_grads(l->model));
    double lr = run_config_lr(c, step);
    bool is_good = loss <= c->diverged_above && isfinite(norm); /* NaN compares false */
    if (is_good) {
        optim_step(&l->optim, step, lr, norm, model_grads(l->model), model_params(l->model));
        model_params_changed(l->model);
        l->state.loss_sum += loss;
        l->state.loss_count++;
    }
    l->state.step = step;
    l->timed_tokens += c->batch_tokens;
    l->timed_ns += clock_mono_ns() - start;
    ErrCode rc = ERR_OK;
    if (!is_good || step % LOOP_LOG_EVERY == 0 || is_planned(l, step)) {
        rc = emit_step(l, loss, norm, lr, err);
    }
    if (rc == ERR_OK && !is_good) {
        bool is_loss = !(loss <= c->diverged_above);
        rc = diverged(l, is_loss ? "loss" : "gradient norm", is_loss ? loss : norm, step, err);
    }
    return rc;
}

static ErrCode train(Loop *l, Err *err)
{
    ErrCode rc = ERR_OK;
    if (is_planned(l, l->state.step)) { /* the attempt before stopped here */
        TRY(checkpoint(l, err));
    }
    while (l->state.step < l->config.steps) {
        TRY(follow_share(l, err));
        if (!stop_requested()) {
            TRY(train_step(l, err));
            l->steps_left--;
        }
        if (stop_requested() || l->steps_left == 0) { /* the state only, also at a planned step */
            rc = interrupted(l, err);
            goto done;
        }
        if (is_planned(l, l->state.step)) {
            TRY(checkpoint(l, err));
        } else if (stop_take_save()) {
            TRY(save_state(l, err));
        }
    }
done:
    return rc;
}

/* A run whose last checkpoint is whole is done, whatever became of its states. */
static ErrCode run_events(Loop *l, const char *corpus_dir, Err *err)
{
    ErrCode rc = ERR_OK;
    Ckpt last;
    CkptReceipt receipt;
    TRY(open_training(l, corpus_dir, err));
    rc = find_checkpoint(l, l->config.steps, &last, &receipt, err);
    if (rc == ERR_OK) {
        l->state.step = last.step;
        TRY(emit_hello(l, err));
        TRY(emit_checkpoint(l, &last, &receipt, err));
        goto done;
    }
    if (rc != ERR_NOTFOUND) {
        goto done;
    }
    TRY(resume(l, err));
    TRY(emit_hello(l, err));
    TRY(train(l, err));
done:
    return rc;
}

ErrCode loop_run(const LoopOptions *options, Err *err)
{
    Loop l = {.run_dir = options->run_dir,
              .control = CONTROL_INIT,
              .lock_fd = -1,
              .saved_step = -1,
              .steps_left = options->max_steps > 0 ? options->max_steps : INT64_MAX};
    ErrCode rc = run_lock(options->run_dir, RUN_LOCK_WAIT_MS, stop_requested, &l.lock_fd, err);
    if (rc == ERR_OK) {
        rc = open_config(&l, err);
    }
    if (rc == ERR_OK) {
        set_threads(&l, options);
        rc = open_events(&l, options, err);
    }
    if (rc == ERR_OK) {
        rc = run_events(&l, options->corpus_dir, err);
        Err late = ERR_INIT;
        ErrCode said = emit_bye(&l, rc, err->msg, &late);
        if (rc == ERR_OK && said != ERR_OK) {
            *err = late;
            rc = said;
        }
    }
    loop_close(&l);
    return rc;
}

int loop_exit_status(ErrCode rc)
{
    switch (rc) {
    case ERR_INVALID:
    case ERR_FORMAT:
    case ERR_NOTFOUND:
        return EXIT_BAD_CONFIG;
    case ERR_NUMERIC:
        return EXIT_DIVERGED;
    default:
        return err_exit_status(rc);
    }
}
