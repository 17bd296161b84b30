#include "orchestrator/sched/job.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "common/fsx.h"
#include "common/json.h"
#include "common/wire.h"
#include "orchestrator/catalog/checkpoint.h"
#include "orchestrator/catalog/record.h"

void job_say(const JobContext *x, const char *fmt, ...)
{
    const SchedObserver *o = &x->options->observer;
    if (!o->message) {
        return;
    }
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    o->message(o->ctx, text);
}

static const char *name_of(const Job *j)
{
    return j->run.spec->name;
}

static void set_run_reason(Job *j, const char *reason)
{
    (void)snprintf(j->run.reason, sizeof j->run.reason, "%s", reason ? reason : "");
}

/* Newest step and number of complete checkpoints from the catalog into j->run. */
static ErrCode job_refresh(Job *j, const JobContext *x, Err *err)
{
    int64_t step = 0;
    ErrCode rc = catalog_checkpoint_progress(x->catalog, j->id, &step, &j->run.checkpoints, err);
    if (rc == ERR_OK && j->run.step < step) {
        j->run.step = step;
    }
    return rc;
}

/* status.json, after the catalog says the same. */
static ErrCode write_status(Job *j, const JobContext *x, Err *err)
{
    char hash[SHA256_HEX_BYTES];
    run_spec_hash(j->run.spec, hash);
    StatusRecord s = {.run = hash,
                      .state = j->run.state,
                      .reason = j->run.reason[0] ? j->run.reason : NULL,
                      .attempts = j->run.attempts,
                      .steps = j->run.spec->steps};
    ErrCode rc = catalog_checkpoint_progress(x->catalog, j->id, &s.step, &s.checkpoints, err);
    if (rc == ERR_OK) {
        j->run.checkpoints = s.checkpoints;
        rc = status_record_write(j->dir, &s, err);
    }
    return rc;
}

ErrCode job_move(Job *j, const JobContext *x, RunEvent event, const char *reason, Err *err)
{
    CatalogRunState to = CATALOG_RUN_WAITING;
    ErrCode rc = run_state_next(j->run.state, event, &to, err);
    if (rc == ERR_OK) {
        rc = catalog_run_set_state(x->catalog, j->id, to, reason, clock_unix_ms(), err);
    }
    if (rc == ERR_OK) {
        j->run.state = to;
        set_run_reason(j, reason);
        rc = write_status(j, x, err);
    }
    return rc == ERR_OK ? ERR_OK : err_wrap(err, "%s", name_of(j));
}

ErrCode job_attach(Job *j, int64_t number, Err *err)
{
    Buf dir = BUF_INIT, events = BUF_INIT;
    buf_printf(&dir, "%s/attempt-%03" PRId64, j->dir, number);
    buf_printf(&events, "%s/attempt-%03" PRId64 "/events.jsonl", j->dir, number);
    ErrCode rc = buf_ok(&dir, err);
    if (rc == ERR_OK) {
        rc = buf_ok(&events, err);
    }
    j->attempt = number;
    j->attempt_dir = buf_detach(&dir);
    j->events = buf_detach(&events);
    j->handle = LAUNCH_HANDLE_INIT;
    j->started_ms = clock_unix_ms();
    j->last_news = clock_mono_ns();
    j->longest_gap = j->force_at = 0;
    j->ingested_bytes = j->silent_s = j->peak_rss_bytes = 0;
    j->is_hung = j->has_bye = j->is_dirty = j->run.is_stopping = false;
    j->bye_reason[0] = '\0';
    j->run.tokens_per_s = (double)NAN;
    j->run.threads = 0;
    j->is_pinned = false;
    CPU_ZERO(&j->cores);
    return rc;
}

void job_detach(Job *j, const JobContext *x)
{
    x->options->launcher->release(&j->handle);
    j->handle = LAUNCH_HANDLE_INIT;
    free(j->attempt_dir);
    free(j->events);
    j->attempt_dir = j->events = NULL;
    j->is_live = j->is_dirty = j->run.is_stopping = false;
    j->force_at = 0;
    j->run.tokens_per_s = (double)NAN;
    j->run.threads = 0;
}

int64_t job_events_bytes(const Job *j)
{
    struct stat st;
    return j->events && stat(j->events, &st) == 0 ? st.st_size : 0;
}

/* Rows before the process: a worker that the catalog does not know cannot exist. */
static ErrCode begin_rows(Job *j, const JobContext *x, Err *err)
{
    ErrCode rc = ERR_OK;
    CatalogRunState to = CATALOG_RUN_WAITING;
    TRY(run_state_next(j->run.state, RUN_START, &to, err));
    TRY(catalog_begin(x->catalog, err));
    TRY(catalog_attempt_begin(x->catalog, j->id, j->attempt, CATALOG_NONE, j->started_ms, err));
    TRY(catalog_run_set_state(x->catalog, j->id, to, NULL, j->started_ms, err));
    TRY(catalog_commit(x->catalog, err));
    j->run.state = to;
    j->run.attempts++;
    set_run_reason(j, NULL);

done:
    if (rc != ERR_OK) {
        catalog_rollback(x->catalog);
    }
    return rc;
}

static ErrCode start_process(Job *j, const JobContext *x, Err *err)
{
    char most[32];
    /* With a number in the study file config.json says it. */
    const char *argv[] = {x->options->worker, "run", j->dir,   "--corpus", x->options->corpus_dir,
                          "--threads",        "1",   "--most", most,       NULL};
    enum { WITHOUT_THREADS = 5 };
    (void)snprintf(most, sizeof most, "%zu", x->concurrency);
    if (x->options->threads > 0) {
        argv[WITHOUT_THREADS] = NULL;
    }
    LaunchSpec spec = {.argv = argv, .dir = j->attempt_dir, .attempt = j->attempt};
    return x->options->launcher->start(&spec, &j->handle, err);
}

void job_tell_share(Job *j, size_t threads, const CoreSet *cores)
{
    char line[WIRE_LINE_BYTES], list[1024];
    int n =
        cores ? snprintf(line, sizeof line,
                         "{\"v\":%d,\"command\":\"%s\",\"n\":%zu,\"cores\":\"%s\"}\n", WIRE_VERSION,
                         WIRE_COMMAND_THREADS, threads, core_set_text(cores, list, sizeof list))
              : snprintf(line, sizeof line, "{\"v\":%d,\"command\":\"%s\",\"n\":%zu}\n",
                         WIRE_VERSION, WIRE_COMMAND_THREADS, threads);
    if (j->handle.news_fd >= 0 && n > 0) { /* a line that does not fit costs speed, no more */
        (void)send(j->handle.news_fd, line, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}

ErrCode job_begin(Job *j, const JobContext *x, Err *err)
{
    ErrCode rc = ERR_OK, started = ERR_OK;
    Err why = ERR_INIT;

    TRY(job_attach(j, j->next_attempt, err));
    j->next_attempt++;
    TRY(fsx_mkdirs(j->attempt_dir, err));
    TRY(begin_rows(j, x, err));
    j->is_live = true;
    TRY(write_status(j, x, err));
    started = start_process(j, x, &why);
    if (started == ERR_OK) {
        return ERR_OK;
    }
    TRY(job_end(j, x, (LaunchStatus){.phase = LAUNCH_GONE}, why.msg, started == ERR_UNAVAILABLE,
                err));
    if (started == ERR_UNAVAILABLE) {
        *err = why;
        rc = started;
    }

done:
    if (rc != ERR_OK) {
        job_detach(j, x);
    }
    return rc;
}

static void on_event(void *ctx, const json_t *event)
{
    Job *j = ctx;
    const char *name = json_string_value(json_object_get(event, "event"));
    if (name && strcmp(name, "hello") == 0) {
        j->run.step = json_integer_value(json_object_get(event, "resumed_step"));
    }
}

typedef struct IngestCtx {
    Job *job;
    const JobContext *x;
} IngestCtx;

static void on_ingest_event(void *ctx, const json_t *event)
{
    on_event(((IngestCtx *)ctx)->job, event);
}

static void on_damage(void *ctx, int64_t offset, const char *why)
{
    const IngestCtx *c = ctx;
    job_say(c->x, "%s: attempt %" PRId64 ": events.jsonl at byte %" PRId64 ": %s; skipped",
            name_of(c->job), c->job->attempt, offset, why);
}

ErrCode job_ingest(Job *j, const JobContext *x, Err *err)
{
    IngestCtx ctx = {.job = j, .x = x};
    IngestHooks hooks = {.ctx = &ctx, .on_event = on_ingest_event, .on_damage = on_damage};
    IngestResult r = {0};
    ErrCode rc = catalog_ingest(x->catalog, j->id, j->attempt, j->events, &hooks, &r, err);
    if (rc != ERR_OK) {
        return err_wrap(err, "%s", name_of(j));
    }
    j->is_dirty = false;
    j->ingested_bytes = r.bytes;
    if (r.has_bye) {
        j->has_bye = true;
        j->bye = r.bye;
        j->peak_rss_bytes = r.peak_rss_bytes;
        (void)snprintf(j->bye_reason, sizeof j->bye_reason, "%s", r.reason);
    }
    if (r.step >= 0) {
        j->run.step = r.step;
        j->run.loss = r.loss;
        j->run.tokens_per_s = r.tokens_per_s;
    }
    if (!isnan(r.validation_loss)) {
        j->run.validation_loss = r.validation_loss;
    }
    return r.checkpoint_step >= 0 ? job_refresh(j, x, err) : ERR_OK;
}

/* The last line of stderr.log that says something; "" without one. */
static void last_words(const Job *j, char out[VERDICT_REASON_BYTES])
{
    char path[FSX_PATH_BYTES], tail[4096];
    Err ignored = ERR_INIT;
    out[0] = '\0';
    if (fsx_path(path, &ignored, "%s/stderr.log", j->attempt_dir) != ERR_OK) {
        return;
    }
    FILE *f = fopen(path, "re");
    if (!f) {
        return;
    }
    size_t n = 0;
    if (fseek(f, 0, SEEK_END) == 0) {
        long end = ftell(f), from = end > (long)sizeof tail - 1 ? end - (long)sizeof tail + 1 : 0;
        n = fseek(f, from, SEEK_SET) == 0 ? fread(tail, 1, sizeof tail - 1, f) : 0;
    }
    (void)fclose(f);
    while (n > 0 && (tail[n - 1] == '\n' || tail[n - 1] == ' ' || tail[n - 1] == '\r')) {
        n--;
    }
    size_t from = n;
    while (from > 0 && tail[from - 1] != '\n') {
        from--;
    }
    (void)snprintf(out, VERDICT_REASON_BYTES, "%.*s", (int)(n - from), tail + from);
    for (char *p = out; *p; p++) {
        if ((unsigned char)*p < 0x20) {
            *p = ' '; /* it goes into lines of our own */
        }
    }
}

static Ending ending_of(const Job *j, LaunchStatus status, const char *start_error,
                        bool is_stopping, const char *words)
{
    return (Ending){
        .start_error = start_error,
        .status = status,
        .has_bye = j->has_bye,
        .bye = j->bye,
        .bye_reason = j->bye_reason,
        .last_words = words,
        .is_complete = j->run.checkpoints == j->run.spec->checkpoints,
        .is_hung = j->is_hung,
        .silent_s = j->silent_s,
        .is_stopping = is_stopping,
        .step = j->run.step,
    };
}

/* The attempt's last lines and its end, and the run's next state, in one transaction. */
static ErrCode end_rows(Job *j, const JobContext *x, Ending *e, Verdict *ret_v, ExitRecord *ret,
                        Err *err)
{
    ErrCode rc = ERR_OK;
    CatalogRunState to = j->run.state;
    CatalogAttemptEnd end = {.exit_code = CATALOG_NONE, .exit_signal = CATALOG_NONE};
    TRY(catalog_begin(x->catalog, err));
    TRY(job_ingest(j, x, err));
    TRY(job_refresh(j, x, err));
    *e = ending_of(j, e->status, e->start_error, e->is_stopping, e->last_words);
    *ret_v = verdict_of(e, x->options->retries, &j->trouble);
    TRY(attempt_state_next(CATALOG_ATTEMPT_RUNNING, ret_v->attempt, &end.state, err));
    TRY(run_state_next(j->run.state, ret_v->run, &to, err));
    end.exit_code = e->status.phase == LAUNCH_EXITED ? e->status.code : CATALOG_NONE;
    end.exit_signal = e->status.phase == LAUNCH_SIGNALED ? e->status.signal : CATALOG_NONE;
    end.reason = ret_v->reason[0] ? ret_v->reason : NULL;
    end.ended_ms = clock_unix_ms();
    end.peak_rss_bytes = j->peak_rss_bytes > 0 ? j->peak_rss_bytes : e->status.peak_rss_bytes;
    TRY(catalog_attempt_end(x->catalog, j->id, j->attempt, &end, err));
    TRY(catalog_run_set_state(x->catalog, j->id, to,
                              ret_v->run_reason[0] ? ret_v->run_reason : NULL, end.ended_ms, err));
    TRY(catalog_commit(x->catalog, err));
    j->run.state = to;
    set_run_reason(j, ret_v->run_reason);
    *ret =
        (ExitRecord){.state = end.state,
                     .code = end.exit_code,
                     .signal = end.exit_signal,
                     .reason = end.reason,
                     .started_ms = j->started_ms,
                     .ended_ms = end.ended_ms,
                     .peak_rss_bytes = end.peak_rss_bytes > 0 ? end.peak_rss_bytes : CATALOG_NONE};

done:
    if (rc != ERR_OK) {
        catalog_rollback(x->catalog);
    }
    return rc;
}

static void announce(const Job *j, const JobContext *x, const Verdict *v, int64_t wait_ms)
{
    if (v->run == RUN_REQUEUE && v->is_delayed) {
        job_say(x, "%s: attempt %" PRId64 " ended at step %" PRId64 ": %s; next one in %.3g s",
                name_of(j), j->attempt, j->run.step, v->reason, (double)wait_ms / MS_PER_S);
    } else if (v->run == RUN_FAIL || v->run == RUN_DIVERGE) {
        job_say(x, "%s: %s at step %" PRId64 ": %s (log: %s/stderr.log)", name_of(j),
                catalog_run_state_name(j->run.state), j->run.step, v->run_reason, j->attempt_dir);
    }
}

ErrCode job_end(Job *j, const JobContext *x, LaunchStatus status, const char *start_error,
                bool is_stopping, Err *err)
{
    const SchedTimes *t = &x->options->times;
    char words[VERDICT_REASON_BYTES];
    Ending e = {.status = status, .start_error = start_error, .is_stopping = is_stopping};
    Verdict v = {0};
    ExitRecord exit_record = {0};
    ErrCode rc = ERR_OK;

    last_words(j, words);
    e.last_words = words;
    TRY(end_rows(j, x, &e, &v, &exit_record, err));
    if (v.is_delayed) {
        int64_t n = v.is_charged ? j->trouble.failures : j->trouble.idle_requeues;
        int64_t wait_ms = verdict_backoff_ms(n > 0 ? n : 1, t->backoff, t->backoff_max);
        j->not_before = clock_mono_ns() + wait_ms * NS_PER_MS;
        announce(j, x, &v, wait_ms);
    } else {
        announce(j, x, &v, 0);
    }
    TRY(exit_record_write(j->attempt_dir, &exit_record, err));
    TRY(write_status(j, x, err));

done:
    job_detach(j, x);
    return rc == ERR_OK ? ERR_OK : err_wrap(err, "%s", name_of(j));
}
