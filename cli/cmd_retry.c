/* slaw retry: failed and diverged runs back to waiting. */
#include <inttypes.h>

#include "catalog/location.h"
#include "cli/command.h"
#include "cli/study_arg.h"
#include "common/clock.h"
#include "orchestrator/sched/lock.h"
#include "orchestrator/sched/retry.h"

static void tell(Session *s, const char *dir, int64_t n)
{
    AnswerNode *top = answer_top(&s->answer);
    answer_show(top, &(Column){"retried"}, value_count(n));
    if (n == 0) {
        answer_say(top, NULL, SAY_PLAIN,
                   "There is nothing to retry: no run has failed or diverged.");
        return;
    }
    answer_say(top, NULL, SAY_PLAIN, "%" PRId64 " run%s waiting again.", n,
               n == 1 ? " is" : "s are");
    answer_say(top, NULL, SAY_HINT, "slaw run %s starts %s.", dir, n == 1 ? "it" : "them");
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    (void)opts;
    char dir[FSX_PATH_BYTES], path[FSX_PATH_BYTES];
    Lock lock = LOCK_INIT;
    Catalog *catalog = NULL;
    int64_t n = 0;
    ErrCode rc = ERR_OK;
    TRY(study_arg_dir(s, argv[0], s->fit.dir, dir, err));
    TRY(lock_acquire(dir, &lock, err));
    TRY(catalog_location(dir, path, NULL, err));
    if (!fsx_exists(path)) {
        rc = err_set(err, ERR_NOTFOUND, "%s: no such file", path);
        (void)err_hint(err, "slaw run %s makes one", argv[0]);
        goto done;
    }
    TRY(catalog_open(path, &catalog, err));
    TRY(retry_runs(catalog, dir, argv + 1, (size_t)argc - 1, &n, err));
    tell(s, dir, n);

done:
    catalog_close(catalog);
    lock_release(&lock);
    return rc;
}

const Command command_retry = {
    .name = "retry",
    .args = "STUDY [RUN...]",
    .summary = "put failed and diverged runs back in the queue",
    .description = "Sets the named runs, or all that failed or diverged, back to waiting; the next "
                   "slaw run starts them from their newest state. Refused while a scheduler works "
                   "on the study.",
    .groups = {&group_study},
    .examples = {"slaw retry runs/quickstart", "slaw retry experiments/quickstart.yaml --json"},
    .can_be_refused = true,
    .run = run,
};
