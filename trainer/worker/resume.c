#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "trainer/worker/attempt.h"
#include "trainer/worker/loop_parts.h"

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

ErrCode loop_check_isa(const Loop *l, const char *isa, const char *what, Err *err)
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

int64_t loop_planned(const Loop *l, int64_t step)
{
    for (int64_t i = 0; i < l->config.checkpoint_count; i++) {
        if (l->checkpoint_step[i] == step) {
            return i;
        }
    }
    return -1;
}

/* ---------------------------------------------------------------- checkpoints */

ErrCode resume_find(const Loop *l, int64_t index, CkptLook how, Ckpt *ret, CkptReceipt *receipt,
                    Err *err)
{
    ErrCode rc = ERR_OK;
    char dir[FSX_PATH_BYTES];
    Err why = ERR_INIT;
    bool is_unreadable = false;
    TRY(ckpt_dir(l->run_dir, l->checkpoint_step[index], dir, err));
    rc = ckpt_look(dir, how, ret, receipt, &why);
    is_unreadable = rc == ERR_IO && why.sys_errno == EIO; /* a new copy may lie better */
    if (rc != ERR_OK && rc != ERR_NOTFOUND && rc != ERR_FORMAT && !is_unreadable) {
        *err = why; /* short of memory or of descriptors: that says nothing of the checkpoint */
        goto done;
    }
    if (rc == ERR_OK && ret->step != l->checkpoint_step[index]) {
        rc = err_set(&why, ERR_FORMAT, "%s: is of step %" PRId64, dir, ret->step);
    }
    if (rc != ERR_OK) {
        if (rc != ERR_NOTFOUND) {
            log_line(LOG_WARN, "ckpt", "msg=\"checkpoint is not whole, to be made again: %s\"",
                     why.msg);
        }
        rc = err_set(err, ERR_NOTFOUND, "%s is not whole", dir);
        goto done;
    }
    TRY(check_same(l, ret->run, ret->corpus, "a checkpoint", err));
done:
    return rc;
}

ErrCode resume_look(Loop *l, int64_t index, CkptLook how, Err *err)
{
    ErrCode rc = ERR_OK;
    char dir[FSX_PATH_BYTES];
    Ckpt c;
    CkptFound found = CKPT_ABSENT;
    TRY(ckpt_dir(l->run_dir, l->checkpoint_step[index], dir, err));
    if (ckpt_is_removed(dir)) {
        rc = resume_find(l, index, CKPT_MANIFEST, &c, NULL, err);
        found = rc == ERR_OK ? CKPT_GONE : CKPT_ABSENT;
    } else if (!ckpt_is_marked(dir)) {
        rc = resume_find(l, index, how, &c, NULL, err);
        found = rc == ERR_OK ? CKPT_THERE : CKPT_ABSENT;
    }
    if (rc == ERR_NOTFOUND) {
        *err = ERR_INIT;
        rc = ERR_OK;
    }
    if (rc == ERR_OK) {
        l->found[index] = found;
    }
done:
    return rc;
}

int64_t resume_front(const Loop *l)
{
    for (int64_t i = 0; i < l->config.checkpoint_count; i++) {
        if (l->found[i] == CKPT_ABSENT) {
            return l->checkpoint_step[i];
        }
    }
    return -1;
}

ErrCode resume_check_isas(const Loop *l, Err *err)
{
    ErrCode rc = ERR_OK;
    if (l->config.precision == PRECISION_F32) {
        return ERR_OK;
    }
    for (int64_t i = 0; i < l->config.checkpoint_count; i++) {
        Ckpt c;
        if (l->found[i] != CKPT_ABSENT) {
            TRY(resume_find(l, i, CKPT_MANIFEST, &c, NULL, err));
            TRY(loop_check_isa(l, c.isa, "a checkpoint", err));
        }
    }
done:
    return rc;
}

/* Reading every byte at every start would cost a large run minutes for each kill, and bytes that
 * were synced do not change by a kill.  So of most checkpoints the manifest and the sizes are
 * looked at: that finds what is missing, unfinished or cut.  Every byte is read
 *   - of a checkpoint whose step is passed, before an event says that it is whole;
 *   - of the last one, since no later step passes it;
 *   - of all, when nothing seems to be missing (say_all() of loop.c): then somebody who knows
 *     more, the catalog, had a reason to start this attempt.
 * A flipped byte elsewhere is slaw verify's to find; its mark in the folder is seen here. */
ErrCode resume_review(Loop *l, Err *err)
{
    ErrCode rc = ERR_OK;
    const int64_t n = l->config.checkpoint_count;
    TRY(states_clean(l->run_dir, err));
    TRY(ckpts_clean(l->run_dir, err));
    for (int64_t i = 0; i < n; i++) {
        TRY(resume_look(l, i, i + 1 < n ? CKPT_SIZES : CKPT_BYTES, err));
    }
done:
    return rc;
}

/* ---------------------------------------------------------------- states */

ErrCode resume_take_up(Loop *l, int64_t front, bool *ret_taken, Err *err)
{
    ErrCode rc = ERR_OK;
    TrainState found = {0};
    char file[FSX_PATH_BYTES];
    Safetensors *s = NULL;
    TRY(attempt_check(l->run_dir, l->attempt, err)); /* damaged ones are removed */
    rc = state_newest(l->run_dir, l->state.step, front, &found, file, err);
    if (rc == ERR_NOTFOUND) {
        *err = ERR_INIT;
        return ERR_OK;
    }
    if (rc != ERR_OK) {
        return rc;
    }
    TRY(check_same(l, found.run, found.corpus, "the state", err));
    TRY(loop_check_isa(l, found.isa, "the state", err));
    TRY(safetensors_open(file, &s, err));
    TRY(tensors_load_state(l->model, &l->optim, s, err));
    (void)snprintf(found.isa, sizeof found.isa, "%s", l->kern->isa);
    l->state = found;
    l->saved_step = found.step;
    l->timed_tokens = 0;
    l->timed_ns = 0;
    *ret_taken = true;
done:
    safetensors_close(s);
    return rc;
}
