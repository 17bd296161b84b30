#include "trainer/worker/state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/log.h"
#include "trainer/worker/attempt.h"
#include "trainer/worker/sealed.h"
#include "trainer/worker/step_dir.h"

static const char kind[] = "state", seal[] = "state.json", tensors_name[] = "state.safetensors";

/* Invariants 2 and 3. */
static ErrCode prune(const char *run_dir, int64_t front, Err *err)
{
    int64_t *step = NULL;
    size_t n = 0, n_before = 0;
    ErrCode rc = step_dirs_list(run_dir, kind, &step, &n, err);
    for (size_t i = 0; i < n && rc == ERR_OK; i++) { /* newest first */
        char dir[FSX_PATH_BYTES];
        bool is_kept = i < STATES_KEPT;
        if (step[i] <= front) {
            is_kept = is_kept || n_before < STATES_KEPT;
            n_before++;
        }
        if (is_kept) {
            continue;
        }
        rc = step_dir_path(run_dir, kind, step[i], dir, err);
        if (rc == ERR_OK) {
            rc = fsx_remove_tree(dir, err);
        }
    }
    free(step);
    return rc;
}

static json_t *state_object(const TrainState *s, const FileSum *tensors)
{
    return json_pack("{s:i, s:s, s:I, s:{s:o, s:I}, s:s, s:s, s:{s:o}}", "schema", SEALED_SCHEMA,
                     "run", s->run, "step", (json_int_t)s->step, "train_loss", "sum",
                     json_real_or_name(s->loss_sum), "count", (json_int_t)s->loss_count, "corpus",
                     s->corpus, "isa", s->isa, "files", tensors_name, step_dir_entry(tensors));
}

static ErrCode write_files(const char *run_dir, int64_t attempt, const char *dir,
                           const TrainState *s, const TensorOut *t, size_t n, Err *err)
{
    ErrCode rc = ERR_OK;
    char path[FSX_PATH_BYTES];
    FileSum tensors = {0}, ignored = {0};
    TRY(fsx_join(path, dir, tensors_name, err));
    TRY(safetensors_write(path, "slaw-state", t, n, &tensors, err));
    TRY(fsx_join(path, dir, seal, err));
    TRY(sealed_write(path, state_object(s, &tensors), run_dir, attempt, &ignored, err));
done:
    return rc;
}

ErrCode state_write(const char *run_dir, int64_t attempt, const TrainState *s, int64_t front,
                    const TensorOut *t, size_t n, Err *err)
{
    ErrCode rc = ERR_OK;
    char dir[FSX_PATH_BYTES] = "";
    TRY(attempt_check(run_dir, attempt, err));
    rc = step_dir_fresh(run_dir, kind, s->step, dir, err);
    if (rc == ERR_OK) {
        rc = write_files(run_dir, attempt, dir, s, t, n, err);
    }
    if (rc != ERR_OK) {
        step_dir_abandon(run_dir, attempt, dir);
        goto done;
    }
    TRY(prune(run_dir, front, err));
done:
    return rc;
}

static ErrCode read_state(const json_t *object, TrainState *s, Err *err)
{
    ErrCode rc = ERR_OK;
    json_t *sums = NULL;
    TRY(step_get_text(object, "run", s->run, sizeof s->run, err));
    TRY(step_get_text(object, "corpus", s->corpus, sizeof s->corpus, err));
    TRY(step_get_text_or_none(object, "isa", s->isa, sizeof s->isa, err));
    TRY(json_get_i64(object, "step", &s->step, err));
    TRY(json_get_obj(object, "train_loss", &sums, err));
    TRY(step_get_real(sums, "sum", &s->loss_sum, err));
    TRY(json_get_i64(sums, "count", &s->loss_count, err));
done:
    return rc;
}

static ErrCode state_verify(const char *dir, int64_t step, TrainState *ret, Err *err)
{
    ErrCode rc = ERR_OK;
    char path[FSX_PATH_BYTES];
    json_t *object = NULL;
    int64_t bytes = 0;
    TRY(fsx_join(path, dir, seal, err));
    TRY(sealed_read(path, &object, NULL, err));
    TRY(read_state(object, ret, err));
    if (ret->step != step) {
        rc = err_set(err, ERR_FORMAT, "%s: is of step %" PRId64, path, ret->step);
        goto done;
    }
    TRY(step_dir_check(dir, object, STEP_BYTES, &bytes, err));
done:
    json_decref(object);
    return rc;
}

/* One state; ERR_NOTFOUND when it was not whole, and is removed. */
static ErrCode take(const char *run_dir, int64_t step, TrainState *ret, char file[FSX_PATH_BYTES],
                    Err *err)
{
    ErrCode rc = ERR_OK;
    char dir[FSX_PATH_BYTES];
    TrainState s = {0};
    Err why = ERR_INIT;
    TRY(step_dir_path(run_dir, kind, step, dir, err));
    rc = state_verify(dir, step, &s, &why);
    if (rc == ERR_OK) {
        *ret = s;
        TRY(fsx_join(file, dir, tensors_name, err));
        goto done;
    }
    if (rc != ERR_NOTFOUND && rc != ERR_FORMAT) { /* a disk that cannot be read now */
        *err = why;
        goto done;
    }
    log_line(LOG_WARN, "ckpt", "step=%" PRId64 " msg=\"state is not whole, removed: %s\"", step,
             why.msg);
    TRY(fsx_remove_tree(dir, err));
    rc = err_set(err, ERR_NOTFOUND, "%s: was not whole", dir);
done:
    return rc;
}

ErrCode state_newest(const char *run_dir, int64_t above, int64_t at_most, TrainState *ret,
                     char file[FSX_PATH_BYTES], Err *err)
{
    int64_t *step = NULL;
    size_t n = 0;
    ErrCode rc = step_dirs_list(run_dir, kind, &step, &n, err);
    if (rc != ERR_OK) {
        return rc;
    }
    rc = err_set(err, ERR_NOTFOUND, "%s: has no training state of these steps", run_dir);
    for (size_t i = 0; i < n && rc == ERR_NOTFOUND; i++) {
        if (step[i] > above && step[i] <= at_most) {
            rc = take(run_dir, step[i], ret, file, err);
        }
    }
    free(step);
    return rc;
}

bool state_is_there(const char *run_dir, const TrainState *s)
{
    char dir[FSX_PATH_BYTES];
    TrainState found = {0};
    Err ignored = ERR_INIT;
    return step_dir_path(run_dir, kind, s->step, dir, &ignored) == ERR_OK &&
           state_verify(dir, s->step, &found, &ignored) == ERR_OK &&
           strcmp(found.run, s->run) == 0 && strcmp(found.corpus, s->corpus) == 0 &&
           strcmp(found.isa, s->isa) == 0;
}

ErrCode states_clean(const char *run_dir, Err *err)
{
    return step_dirs_clean(run_dir, kind, seal, err);
}
