#include <stdio.h>
#include <time.h>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/status_report.h"

typedef struct StatusOpts {
    const char *dir;
    bool is_watch, is_all;
    double interval_s;
} StatusOpts;

static const Opt status_opts[] = {
    {"all", NULL, "every run, also of a study of more than 200", OPT_FLAG,
     offsetof(StatusOpts, is_all)},
    {"watch", NULL, "show it again and again until nothing is left to do", OPT_FLAG,
     offsetof(StatusOpts, is_watch)},
    {"interval", "SECONDS", "with --watch: time between two looks (default 2)", OPT_F64,
     offsetof(StatusOpts, interval_s)},
    {"dir", "DIR", "the study's directory (default runs/<study>)", OPT_TEXT,
     offsetof(StatusOpts, dir)},
    {0},
};

static const StatusOpts status_defaults = {.interval_s = 2.0};

static ErrCode show(const Session *s, const CatalogArg *a, const StatusReport *r,
                    const StatusOpts *o, const char *study_arg, Err *err)
{
    if (s->is_json) {
        json_t *v = NULL;
        ErrCode rc = status_report_json(a, r, &v, err);
        if (rc != ERR_OK) {
            return rc;
        }
        return o->is_watch ? output_json_line(v, err) : output_json(v, err);
    }
    Buf text = BUF_INIT;
    if (o->is_watch && s->has_color) {
        buf_puts(&text, "\033[H\033[J"); /* top of the screen, clear it */
    }
    ErrCode rc = status_report_text(a, r, study_arg, &text, err);
    if (rc != ERR_OK) {
        buf_release(&text);
        return rc;
    }
    return output_text(&text, err);
}

/* ^C ends a wait at once and the program without a message. */
static void wait_s(double seconds)
{
    struct timespec t = {.tv_sec = (time_t)seconds};
    t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
    (void)nanosleep(&t, NULL); /* there is no event to wait for: the writer is another process */
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const StatusOpts *o = opts;
    CatalogArg a;
    StatusScope scope = STATUS_A_PAGE;
    ErrCode rc = ERR_OK;
    (void)argc;
    TRY(catalog_arg_open(s, argv[0], o->dir, &a, err));
    if (!(o->interval_s >= 0.1 && o->interval_s <= 86400.0)) {
        rc = err_set(err, ERR_USAGE, "--interval takes 0.1 to 86400 seconds");
        goto done;
    }
    if (s->is_json) {
        scope = STATUS_TROUBLES;
    }
    if (o->is_all) {
        scope = STATUS_ALL_RUNS;
    }
    for (;;) {
        StatusReport r;
        TRY(status_report_read(&a, scope, &r, err));
        TRY(show(s, &a, &r, o, argv[0], err));
        const int64_t *n = r.totals.by_state;
        if (!o->is_watch || n[CATALOG_RUN_RUNNING] + n[CATALOG_RUN_WAITING] == 0) {
            break;
        }
        if (fflush(stdout) != 0) {
            rc = err_sys(err, "standard output");
            goto done;
        }
        wait_s(o->interval_s);
        TRY(catalog_arg_reopen(&a, err));
    }

done:
    catalog_arg_close(&a);
    return rc;
}

const Command command_status = {
    .name = "status",
    .args = "STUDY",
    .summary = "where the study stands: runs, checkpoints, time left, failures",
    .description = "Shows every run's state, step, checkpoints and losses, the totals, and each "
                   "failure with its log.\nOf more than 200 runs only those that run, failed or "
                   "diverged, unless --all.\nProgress is counted in FLOPs, not in runs.",
    .opts = status_opts,
    .opts_size = sizeof(StatusOpts),
    .opts_default = &status_defaults,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
