#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "common/json.h"
#include "trainer/worker/attempt.h"
#include "trainer/worker/hf_config.h"
#include "trainer/worker/loop_parts.h"
#include "trainer/worker/validate.h"

ErrCode loop_open_config(Loop *l, Err *err)
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

/* Our number: the scheduler's, else the newest folder's if it has no events, else the next. */
static ErrCode find_number(Loop *l, int64_t given, Err *err)
{
    ErrCode rc = ERR_OK;
    char dir[FSX_PATH_BYTES], events[FSX_PATH_BYTES];
    int64_t n = given;
    if (n < 0) {
        TRY(attempt_newest(l->run_dir, &n, err));
        if (n >= 0) {
            TRY(attempt_dir(l->run_dir, n, dir, err));
            TRY(fsx_join(events, dir, "events.jsonl", err));
            n += fsx_exists(events) ? 1 : 0;
        }
        n = n < 0 ? 0 : n;
    }
    l->attempt = n;
done:
    return rc;
}

ErrCode loop_open_events(Loop *l, const LoopOptions *o, Err *err)
{
    ErrCode rc = ERR_OK;
    char dir[FSX_PATH_BYTES];
    TRY(find_number(l, o->attempt, err));
    TRY(attempt_dir(l->run_dir, l->attempt, dir, err));
    TRY(event_log_open(dir, l->config.hash, l->attempt, o->socket_fd, &l->events, err));
done:
    return rc;
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
    l->found = arena_array(&l->arena, n_steps, sizeof *l->found);
    if (!range || !l->tokens || !l->tensor || !l->checkpoint_step || !l->found) {
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

ErrCode loop_open_training(Loop *l, const char *corpus_dir, Err *err)
{
    ErrCode rc = ERR_OK;
    const RunConfig *c = &l->config;
    (void)loop_take_share(l); /* threads that the model starts inherit the cores */
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

void loop_close(Loop *l)
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
