/* slaw retry: failed and diverged runs back to waiting. */
#include <inttypes.h>
#include <stdio.h>

#include "catalog/location.h"
#include "cli/command.h"
#include "cli/study_arg.h"
#include "common/clock.h"
#include "common/json.h"
#include "orchestrator/sched/lock.h"
#include "orchestrator/sched/retry.h"

typedef struct RetryOpts {
    const char *dir;
} RetryOpts;

static const Opt retry_opts[] = {
    {"dir", "DIR", "the study's directory (default: runs/<study>)", OPT_TEXT,
     offsetof(RetryOpts, dir)},
    {0},
};

static void print_outcome(const Session *s, const char *dir, int64_t n)
{
    if (s->is_json) {
        (void)printf("{\"schema\":1,\"retried\":%" PRId64 "}\n", n);
    } else if (!s->is_quiet && n == 0) {
        (void)fprintf(stderr, "nothing to retry: no run has failed or diverged\n");
    } else if (!s->is_quiet) {
        (void)fprintf(stderr, "%" PRId64 " run%s waiting again; to start: slaw run %s\n", n,
                      n == 1 ? " is" : "s are", dir);
    }
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const RetryOpts *o = opts;
    char dir[FSX_PATH_BYTES], path[FSX_PATH_BYTES];
    Lock lock = LOCK_INIT;
    Catalog *catalog = NULL;
    int64_t n = 0;
    ErrCode rc = ERR_OK;
    TRY(study_arg_dir(s, argv[0], o->dir, dir, err));
    TRY(lock_acquire(dir, &lock, err));
    TRY(catalog_location(dir, path, NULL, err));
    if (!fsx_exists(path)) {
        rc = err_set(err, ERR_NOTFOUND, "%s: no such file", path);
        (void)err_hint(err, "slaw run %s makes one", argv[0]);
        goto done;
    }
    TRY(catalog_open(path, &catalog, err));
    TRY(retry_runs(catalog, dir, argv + 1, (size_t)argc - 1, &n, err));
    print_outcome(s, dir, n);

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
                   "slaw run\nstarts them from their newest state.  Refused while a scheduler "
                   "works on the study.",
    .opts = retry_opts,
    .opts_size = sizeof(RetryOpts),
    .min_args = 1,
    .max_args = -1,
    .run = run,
};
