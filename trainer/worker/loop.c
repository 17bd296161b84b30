#include "trainer/worker/loop.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "common/exit_code.h"
#include "trainer/worker/attempt.h"
#include "trainer/worker/loop_parts.h"
#include "trainer/worker/run_lock.h"
#include "trainer/worker/stop.h"
#include "trainer/worker/validate.h"

/* Nothing is written where this very state lies already: an attempt that goes back to make a
 * lost checkpoint again passes states which it may need once more when it is killed. */
static ErrCode save_state(Loop *l, Err *err)
{
    ErrCode rc = ERR_OK;
    size_t n = 0;
    if (l->saved_step == l->state.step) {
        return ERR_OK;
    }
    TRY(attempt_check(l->run_dir, l->attempt, err));
    TRY(event_log_sync(l->events, err)); /* events are never behind a state */
    if (!state_is_there(l->run_dir, &l->state)) {
        n = tensors_of_state(l->model, &l->optim, l->tensor);
        TRY(state_write(l->run_dir, l->attempt, &l->state, resume_front(l), l->tensor, n, err));
    }
    l->saved_step = l->state.step;
done:
    return rc;
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
                .tokens = loop_tokens_at(l, s->step),
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
    TRY(ckpt_write(l->run_dir, l->attempt, c, l->ckpt_json, l->tensor,
                   tensors_of_model(l->model, l->tensor), receipt, err));
done:
    return rc;
}

/* The planned checkpoint of the step where we are: found whole, or made. */
static ErrCode checkpoint(Loop *l, int64_t index, Err *err)
{
    ErrCode rc = ERR_OK;
    Ckpt c;
    CkptReceipt receipt;
    TRY(resume_look(l, index, CKPT_BYTES, err));
    if (l->found[index] == CKPT_ABSENT) {
        TRY(make_checkpoint(l, &c, &receipt, err));
    } else {
        TRY(resume_find(l, index, l->found[index] == CKPT_GONE ? CKPT_MANIFEST : CKPT_SIZES, &c,
                        &receipt, err));
        TRY(loop_check_isa(l, c.isa, "a checkpoint", err));
        TRY(save_state(l, err));
    }
    if (l->found[index] != CKPT_GONE) {
        TRY(loop_say_checkpoint(l, &c, &receipt, err));
        l->found[index] = CKPT_THERE;
    }
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
    if (!is_good || step % LOOP_LOG_EVERY == 0 || loop_planned(l, step) >= 0) {
        rc = loop_say_step(l, loss, norm, lr, err);
    }
    if (rc == ERR_OK && !is_good) {
        bool is_loss = !(loss <= c->diverged_above);
        rc = diverged(l, is_loss ? "loss" : "gradient norm", is_loss ? loss : norm, step, err);
    }
    return rc;
}

/* is_loaded: we are at a state from the disk, not at a step just made. */
static ErrCode train_to(Loop *l, int64_t front, bool is_loaded, Err *err)
{
    ErrCode rc = ERR_OK;
    int64_t index = loop_planned(l, l->state.step);
    if (is_loaded && index >= 0) { /* it was saved there, before its checkpoint */
        TRY(checkpoint(l, index, err));
    }
    while (l->state.step < front) {
        TRY(loop_follow_share(l, err));
        if (!stop_requested()) {
            TRY(train_step(l, err));
            l->steps_left--;
        }
        if (stop_requested() || l->steps_left == 0) { /* the state only, also at a planned step */
            rc = interrupted(l, err);
            goto done;
        }
        index = loop_planned(l, l->state.step);
        if (index >= 0) {
            TRY(checkpoint(l, index, err));
        } else if (stop_take_save()) {
            TRY(save_state(l, err));
        }
    }
done:
    return rc;
}

/* From hole to hole: usually there is one, from the newest checkpoint to the end.  Where an old
 * checkpoint was lost, it is made again first, and then training goes on from the newest state. */
static ErrCode fill_holes(Loop *l, Err *err)
{
    ErrCode rc = ERR_OK;
    int64_t front = resume_front(l);
    bool is_loaded = false;
    TRY(resume_take_up(l, front, &is_loaded, err));
    TRY(resume_check_isas(l, err));
    TRY(loop_say_hello(l, err));
    while (front >= 0) {
        TRY(train_to(l, front, is_loaded, err));
        front = resume_front(l);
        is_loaded = false;
        if (front >= 0) {
            TRY(resume_take_up(l, front, &is_loaded, err));
        }
    }
done:
    return rc;
}

/* Nothing seems to be missing.  Whoever started this attempt may not know it: events may have
 * been lost with the attempt before, or a checkpoint was put back from a copy; or may know better.
 * So every byte is read, and every checkpoint that is whole is told of. */
static ErrCode say_all(Loop *l, Err *err)
{
    ErrCode rc = ERR_OK;
    Ckpt c;
    CkptReceipt receipt;
    l->state.step = l->config.steps;
    TRY(loop_say_hello(l, err));
    for (int64_t i = 0; i < l->config.checkpoint_count; i++) {
        if (stop_requested()) {
            rc = err_set(err, ERR_INTERRUPTED, "stopped by %s while it read checkpoints",
                         stop_name());
            goto done;
        }
        TRY(resume_look(l, i, CKPT_BYTES, err));
        if (l->found[i] == CKPT_THERE) {
            TRY(resume_find(l, i, CKPT_SIZES, &c, &receipt, err));
            TRY(loop_say_checkpoint(l, &c, &receipt, err));
        }
    }
    l->state.step = resume_front(l) >= 0 ? 0 : l->config.steps;
done:
    return rc;
}

static ErrCode run_events(Loop *l, const char *corpus_dir, Err *err)
{
    ErrCode rc = ERR_OK;
    TRY(attempt_check(l->run_dir, l->attempt, err));
    TRY(loop_open_training(l, corpus_dir, err));
    TRY(resume_review(l, err));
    if (resume_front(l) < 0) {
        TRY(say_all(l, err));
    }
    if (resume_front(l) >= 0) {
        TRY(fill_holes(l, err));
    }
done:
    return rc;
}

ErrCode loop_run(const LoopOptions *options, Err *err)
{
    Loop l = {.run_dir = options->run_dir,
              .control = CONTROL_INIT,
              .lock_fd = -1,
              .attempt = -1,
              .saved_step = -1,
              .steps_left = options->max_steps > 0 ? options->max_steps : INT64_MAX};
    ErrCode rc = run_lock(options->run_dir, RUN_LOCK_WAIT_MS, stop_requested, &l.lock_fd, err);
    if (rc == ERR_OK) {
        rc = loop_open_config(&l, err);
    }
    if (rc == ERR_OK) {
        loop_set_threads(&l, options);
        rc = loop_open_events(&l, options, err);
    }
    if (rc == ERR_OK) {
        rc = run_events(&l, options->corpus_dir, err);
        Err late = ERR_INIT;
        ErrCode said = loop_say_bye(&l, rc, err->msg, &late);
        if (rc == ERR_OK && said != ERR_OK) {
            *err = late;
            rc = said;
        }
    }
    loop_close(&l);
    return rc;
}

int loop_exit_status(const Err *err)
{
    if (err_is_no_space(err)) {
        return EXIT_NO_SPACE;
    }
    switch (err->code) {
    case ERR_INVALID:
    case ERR_FORMAT:
    case ERR_NOTFOUND:
        return EXIT_BAD_CONFIG;
    case ERR_NUMERIC:
        return EXIT_DIVERGED;
    default:
        return err_exit_status(err->code);
    }
}
