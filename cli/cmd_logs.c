#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "catalog/attempt.h"
#include "cli/catalog_arg.h"
#include "cli/command.h"

typedef struct LogsOpts {
    int64_t attempt; /* -1: the newest */
    bool is_events, is_follow;
} LogsOpts;

static const Opt logs_opts[] = {
    {"attempt", "K", "the attempt, from 0 (default: the newest)", OPT_I64,
     offsetof(LogsOpts, attempt)},
    {"events", NULL, "its events.jsonl instead of what it printed", OPT_FLAG,
     offsetof(LogsOpts, is_events)},
    {"follow", NULL, "print what is added, until the attempt has ended", OPT_FLAG,
     offsetof(LogsOpts, is_follow)},
    {0},
};

static const LogsOpts logs_defaults = {.attempt = -1};

/* One file that is being printed. */
typedef struct Source {
    char path[FSX_PATH_BYTES];
    int fd;            /* -1 until it exists */
    bool has_headline; /* "==> path <==" goes before its first byte */
} Source;

enum { MAX_SOURCES = 2, POLL_MS = 200 };

typedef struct Logs {
    CatalogArg a;
    CatalogRun run;
    int64_t attempt;
    Source source[MAX_SOURCES];
    size_t n;
    const Source *last; /* whose bytes were printed last */
} Logs;

static ErrCode choose_attempt(Logs *l, int64_t wanted, Err *err)
{
    int64_t next = 0;
    ErrCode rc = catalog_attempt_next_number(l->a.c, l->run.id, &next, err);
    if (rc != ERR_OK) {
        return rc;
    }
    if (next == 0) {
        return err_set(err, ERR_NOTFOUND, "run %s has not been started", l->run.name);
    }
    if (wanted >= next || wanted < -1) {
        (void)err_set(err, ERR_NOTFOUND, "run %s has no attempt %" PRId64, l->run.name, wanted);
        return err_hint(err, "its attempts are 0 to %" PRId64, next - 1);
    }
    l->attempt = wanted < 0 ? next - 1 : wanted;
    return ERR_OK;
}

static ErrCode choose_files(Logs *l, bool is_events, Err *err)
{
    static const char *const printed[] = {"stdout.log", "stderr.log"};
    static const char *const events[] = {"events.jsonl"};
    l->n = is_events ? 1 : 2;
    for (size_t i = 0; i < l->n; i++) {
        const char *file = is_events ? events[i] : printed[i];
        l->source[i].fd = -1;
        l->source[i].has_headline = !is_events;
        ErrCode rc =
            catalog_arg_attempt_file(&l->a, l->run.dir, l->attempt, file, l->source[i].path, err);
        if (rc != ERR_OK) {
            l->n = i;
            return rc;
        }
    }
    return ERR_OK;
}

/* Prints what the file has beyond what was printed. */
static ErrCode drain(Logs *l, Source *f, Err *err)
{
    char piece[1 << 14];
    if (f->fd < 0) {
        f->fd = open(f->path, O_RDONLY | O_CLOEXEC);
        if (f->fd < 0) {
            return errno == ENOENT ? ERR_OK : err_sys(err, "%s", f->path);
        }
    }
    for (;;) {
        ssize_t k = read(f->fd, piece, sizeof piece);
        if (k < 0 && errno == EINTR) {
            continue;
        }
        if (k <= 0) {
            return k == 0 ? ERR_OK : err_sys(err, "read %s", f->path);
        }
        if (f->has_headline && l->last != f) {
            (void)printf("==> %s <==\n", f->path);
        }
        l->last = f;
        (void)fwrite(piece, 1, (size_t)k, stdout);
    }
}

static ErrCode drain_all(Logs *l, Err *err)
{
    for (size_t i = 0; i < l->n; i++) {
        ErrCode rc = drain(l, &l->source[i], err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return session_flush(err);
}

/* The scheduler writes exit.json when an attempt is over and all its bytes are there. */
static bool is_over(const Logs *l)
{
    char path[FSX_PATH_BYTES];
    Err ignored = ERR_INIT;
    return catalog_arg_attempt_file(&l->a, l->run.dir, l->attempt, "exit.json", path, &ignored) !=
               ERR_OK ||
           fsx_exists(path);
}

static ErrCode follow(Logs *l, Err *err)
{
    for (;;) {
        bool was_over = is_over(l); /* before reading: nothing is written after it */
        ErrCode rc = drain_all(l, err);
        if (rc != ERR_OK || was_over) {
            return rc;
        }
        const struct timespec t = {.tv_nsec = POLL_MS * 1000000L};
        (void)nanosleep(&t, NULL); /* another process, perhaps on another host, appends */
    }
}

static ErrCode describe(Session *s, const Logs *l, Err *err)
{
    static const char *const file[][2] = {
        {"stdout", "stdout.log"}, {"stderr", "stderr.log"}, {"events", "events.jsonl"}};
    AnswerNode *top = answer_top(&s->answer);
    answer_set(top, "run", value_text(l->run.name));
    answer_set(top, "attempt", value_count(l->attempt));
    for (size_t i = 0; i < sizeof file / sizeof file[0]; i++) {
        char path[FSX_PATH_BYTES];
        ErrCode rc = catalog_arg_attempt_file(&l->a, l->run.dir, l->attempt, file[i][1], path, err);
        if (rc != ERR_OK) {
            return rc;
        }
        answer_set(top, file[i][0], value_text(path));
    }
    return ERR_OK;
}

static ErrCode print_once(Logs *l, const Session *s, Err *err)
{
    ErrCode rc = drain_all(l, err);
    if (rc == ERR_OK && !l->last && !s->is_quiet) {
        (void)fprintf(stderr, "attempt %" PRId64 " of %s printed nothing; its events: --events\n",
                      l->attempt, l->run.name);
    }
    return rc;
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const LogsOpts *o = opts;
    Logs l = {0};
    ErrCode rc = ERR_OK;
    (void)argc;
    TRY(catalog_arg_open(s, argv[0], s->fit.dir, &l.a, err));
    TRY(catalog_run_find(l.a.c, argv[1], &l.a.arena, &l.run, err));
    TRY(choose_attempt(&l, o->attempt, err));
    TRY(choose_files(&l, o->is_events, err));
    catalog_close(l.a.c); /* a reader that stays open would keep the log growing */
    l.a.c = NULL;
    if (s->is_json) {
        TRY(describe(s, &l, err));
    } else if (o->is_follow) {
        TRY(follow(&l, err));
    } else {
        TRY(print_once(&l, s, err));
    }

done:
    for (size_t i = 0; i < l.n; i++) {
        if (l.source[i].fd >= 0) {
            (void)close(l.source[i].fd);
        }
    }
    catalog_arg_close(&l.a);
    return rc;
}

const Command command_logs = {
    .name = "logs",
    .args = "STUDY RUN",
    .summary = "what an attempt of a run printed, or its events",
    .description = "Prints standard output and standard error of the newest attempt, as they are. "
                   "RUN is a name (slaw ls), a folder's name, or the first digits of the hash. "
                   "With --json: the paths of the attempt's files.",
    COMMAND_OPTS(logs_opts, LogsOpts),
    .opts_default = &logs_defaults,
    .groups = {&group_study, &group_data},
    .examples = {"slaw logs runs/quickstart llama-27k",
                 "slaw logs runs/quickstart llama-27k --events"},
    .is_raw = true,
    .run = run,
};
