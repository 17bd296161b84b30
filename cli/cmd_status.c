#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/status_report.h"
#include "common/text_style.h"

typedef struct StatusOpts {
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
    {0},
};

static const StatusOpts status_defaults = {.interval_s = 2.0};

/* ---- on a screen --------------------------------------------------------------------------- */

/* A terminal whose cursor can be moved. */
static bool is_screen(void)
{
    /* Read before any thread starts. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *term = getenv("TERM");
    return isatty(STDOUT_FILENO) == 1 && !(term && strcmp(term, "dumb") == 0);
}

static size_t screen_height(void)
{
    enum { HEIGHT = 24 };
    struct winsize size;
    bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1;
    return is_known ? size.ws_row : HEIGHT;
}

static size_t count_lines(const Buf *text)
{
    size_t n = 0;
    for (const char *p = buf_str(text); (p = strchr(p, '\n')) != NULL; p++) {
        n++;
    }
    return n;
}

/* The answer with so many rows that it takes at most `height` lines, if that can be. */
static ErrCode fit(Session *s, const CatalogArg *a, StatusReport *r, const char *study_arg,
                   size_t height, Buf *text, Err *err)
{
    StatusShow how = {study_arg, r->n};
    const AnswerStyle style = session_style(s);
    for (int tries = 0; tries < 4; tries++) {
        buf_clear(text);
        ErrCode rc = status_answer(a, r, &how, answer_top(&s->answer), err);
        rc = rc == ERR_OK ? answer_render(&s->answer, FORMAT_TEXT, &style, text, err) : rc;
        answer_release(&s->answer);
        size_t lines = count_lines(text);
        if (rc != ERR_OK || lines <= height || how.most_rows == 0) {
            return rc;
        }
        size_t shown =
            how.most_rows < STATUS_MOST_ROWS || r->is_whole ? how.most_rows : STATUS_MOST_ROWS;
        how.most_rows = shown > lines - height ? shown - (lines - height) : 0;
    }
    return ERR_OK;
}

/* Over what the window shows, line by line, so that nothing flickers; what is below goes. */
static void put_over(const Buf *text, size_t height, Buf *out)
{
    const char *line = buf_str(text);
    buf_puts(out, "\033[?7l\033[H"); /* what is wider than the window is cut there */
    for (size_t i = 0; i < height && *line; i++) {
        size_t n = strcspn(line, "\n");
        buf_add(out, line, n);
        buf_puts(out, "\033[K\n");
        line += n + (line[n] == '\n');
    }
    buf_puts(out, "\033[J\033[?7h");
}

/* The window's size is read at each look. */
static ErrCode show_on_screen(Session *s, const CatalogArg *a, StatusReport *r,
                              const char *study_arg, Err *err)
{
    Buf text = BUF_INIT, out = BUF_INIT;
    size_t height = screen_height() - 1; /* the last newline would scroll */
    s->width = s->output.width ? s->width : text_style_of(STDOUT_FILENO).width;
    ErrCode rc = fit(s, a, r, study_arg, height, &text, err);
    if (rc == ERR_OK) {
        put_over(&text, height, &out);
        rc = session_print(&out, err);
    }
    buf_release(&text);
    return rc;
}

static ErrCode show(Session *s, const CatalogArg *a, StatusReport *r, bool is_watch,
                    const char *study_arg, Err *err)
{
    if (is_watch && s->format == FORMAT_TEXT && is_screen()) {
        return show_on_screen(s, a, r, study_arg, err);
    }
    const StatusShow how = {study_arg, SIZE_MAX};
    ErrCode rc = status_answer(a, r, &how, answer_top(&s->answer), err);
    s->is_one_line = is_watch;
    return rc == ERR_OK ? session_show(s, err) : rc;
}

static sigset_t resizes(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGWINCH);
    return set;
}

/* ^C ends a wait at once and the program without a message; a new size of the window ends it, too, also
 * one that came before the wait: its signal is blocked and thereby kept.  There is no other event to
 * wait for: the writer is another process. */
static void wait_s(double seconds)
{
    const sigset_t set = resizes();
    struct timespec t = {.tv_sec = (time_t)seconds};
    t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
    (void)sigtimedwait(&set, NULL, &t);
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const StatusOpts *o = opts;
    const sigset_t set = resizes();
    CatalogArg a;
    StatusScope scope = o->is_all ? STATUS_ALL_RUNS : s->is_json ? STATUS_TROUBLES : STATUS_A_PAGE;
    ErrCode rc = ERR_OK;
    (void)argc;
    if (!(o->interval_s >= 0.1 && o->interval_s <= 86400.0)) {
        return err_set(err, ERR_USAGE, "--interval takes 0.1 to 86400 seconds");
    }
    /* There is one thread. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    TRY(catalog_arg_open(s, argv[0], s->fit.dir, &a, err));
    for (;;) {
        StatusReport r;
        TRY(status_report_read(&a, scope, &r, err));
        TRY(show(s, &a, &r, o->is_watch, argv[0], err));
        const int64_t *n = r.totals.by_state;
        if (!o->is_watch || n[CATALOG_RUN_RUNNING] + n[CATALOG_RUN_WAITING] == 0) {
            break;
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
                   "failure with its log. Of more than 200 runs only those that run, failed or "
                   "diverged, unless --all. Progress is counted in FLOPs, not in runs.\n\nWith "
                   "--watch on a terminal it fills the window and no more; with --json it prints a "
                   "line each time.",
    COMMAND_OPTS(status_opts, StatusOpts),
    .opts_default = &status_defaults,
    .groups = {&group_study},
    .examples = {"slaw status runs/quickstart", "slaw status runs/quickstart --json"},
    .run = run,
};
