#include "orchestrator/sched/attempt.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/json.h"
#include "common/wire.h"
#include "orchestrator/sched/recover.h"
#include "orchestrator/sched/run_files.h"

/* ---- in memory ------------------------------------------------------------------------ */

ErrCode attempt_attach(Job *j, const JobContext *x, int64_t number, Err *err)
{
    Attempt *a = calloc(1, sizeof *a);
    Buf dir = BUF_INIT, events = BUF_INIT;
    char run_dir[RUN_DIR_BYTES];
    run_spec_dir(j->spec, run_dir);
    buf_printf(&dir, "%s/%s/attempt-%03" PRId64, x->options->dir, run_dir, number);
    buf_printf(&events, "%s/events.jsonl", buf_str(&dir));
    if (!a || buf_ok(&dir, err) != ERR_OK || buf_ok(&events, err) != ERR_OK) {
        buf_release(&dir);
        buf_release(&events);
        free(a);
        return err_nomem(err, "an attempt");
    }
    *a = (Attempt){.job = j,
                   .number = number,
                   .dir = buf_detach(&dir),
                   .events = buf_detach(&events),
                   .started_ms = clock_unix_ms(),
                   .last_news = clock_mono_ns(),
                   .loss = (double)NAN,
                   .tokens_per_s = (double)NAN,
                   .validation_loss = (double)NAN};
    j->attempt = a;
    return ERR_OK;
}

void attempt_free(Attempt *a, const JobContext *x)
{
    if (a) {
        x->options->launcher->release(a->handle);
        free(a->dir);
        free(a->events);
        free(a);
    }
}

void attempt_detach(Job *j, const JobContext *x)
{
    attempt_free(j->attempt, x);
    j->attempt = NULL;
}

int64_t attempt_events_bytes(const Attempt *a)
{
    struct stat st;
    return stat(a->events, &st) == 0 ? st.st_size : 0;
}

SchedRun attempt_view(const Job *j, const Attempt *a)
{
    return (SchedRun){.spec = j->spec,
                      .state = j->state,
                      .reason = j->reason ? j->reason : "",
                      .attempts = j->attempts,
                      .step = j->step,
                      .checkpoints = j->checkpoints,
                      .flops_per_step = j->flops_per_step,
                      .loss = a ? a->loss : (double)NAN,
                      .tokens_per_s = a ? a->tokens_per_s : (double)NAN,
                      .validation_loss = a ? a->validation_loss : (double)NAN,
                      .is_stopping = a && a->is_stopping,
                      .threads = a ? a->threads : 0};
}

/* ---- beginning -------------------------------------------------------------------------- */

/* A folder of the next free number: above every row and every folder of the run. */
static ErrCode make_folder(Job *j, const JobContext *x, Err *err)
{
    ErrCode rc = ERR_OK;
    char dir[FSX_PATH_BYTES];
    int64_t number = j->next_attempt, newest = -1;
    TRY(job_dir(j, x, dir, err));
    TRY(run_files_newest_attempt(dir, &newest, err));
    TRY(recover_orphan(j, x, newest, err));
    number = newest >= number ? newest + 1 : number;
    TRY(attempt_attach(j, x, number, err));
    if (mkdir(j->attempt->dir, 0777) != 0) {
        rc = err_sys(err, "mkdir %s", j->attempt->dir);
    }
    j->next_attempt = number + 1;

done:
    return rc;
}

/* Rows before the process: a worker that the catalog does not know cannot exist. */
static ErrCode begin_rows(Job *j, JobContext *x, Err *err)
{
    const Attempt *a = j->attempt;
    CatalogRunState to = CATALOG_RUN_WAITING;
    ErrCode rc = ERR_OK;
    TRY(run_state_next(j->state, RUN_START, &to, err));
    TRY(catalog_attempt_begin(x->catalog, j->id, a->number, CATALOG_NONE, a->started_ms, err));
    TRY(catalog_run_set_state(x->catalog, j->id, to, NULL, a->started_ms, err));
    job_set(j, x, to, NULL);
    j->attempts++;

done:
    return rc;
}

ErrCode attempt_prepare(Job *j, JobContext *x, Err *err)
{
    ErrCode rc = ERR_OK;
    if (!j->has_files) {
        TRY(run_files_write(j, x, err));
        j->has_files = true;
    }
    TRY(make_folder(j, x, err));
    TRY(begin_rows(j, x, err));

done:
    if (rc != ERR_OK) {
        attempt_detach(j, x);
        return err_wrap(err, "%s", job_name(j));
    }
    return rc;
}

ErrCode attempt_start(Job *j, const JobContext *x, Err *err)
{
    char most[32], dir[FSX_PATH_BYTES];
    /* With a number in the study file config.json says it. */
    const char *argv[] = {x->options->worker, "run", dir,      "--corpus", x->options->corpus_dir,
                          "--threads",        "1",   "--most", most,       NULL};
    enum { WITHOUT_THREADS = 5 };
    Attempt *a = j->attempt;
    ErrCode rc = job_note_status(j, x, err);
    if (rc == ERR_OK) {
        rc = job_dir(j, x, dir, err);
    }
    if (rc != ERR_OK) {
        return rc;
    }
    (void)snprintf(most, sizeof most, "%zu", x->concurrency);
    if (x->options->threads > 0) {
        argv[WITHOUT_THREADS] = NULL;
    }
    LaunchSpec spec = {.argv = argv, .dir = a->dir, .attempt = a->number};
    a->last_news = clock_mono_ns();
    return x->options->launcher->start(&spec, &a->handle, err);
}

void attempt_tell_share(const Attempt *a, const JobContext *x, size_t threads, const CoreSet *cores)
{
    char line[WIRE_LINE_BYTES], list[1024];
    int n =
        cores ? snprintf(line, sizeof line,
                         "{\"v\":%d,\"command\":\"%s\",\"n\":%zu,\"cores\":\"%s\"}\n", WIRE_VERSION,
                         WIRE_COMMAND_THREADS, threads, core_set_text(cores, list, sizeof list))
              : snprintf(line, sizeof line, "{\"v\":%d,\"command\":\"%s\",\"n\":%zu}\n",
                         WIRE_VERSION, WIRE_COMMAND_THREADS, threads);
    if (n > 0) { /* a line that does not fit costs speed, no more */
        x->options->launcher->tell(a->handle, line, (size_t)n);
    }
}

/* ---- news ------------------------------------------------------------------------------- */

typedef struct IngestCtx {
    Job *job;
    const JobContext *x;
} IngestCtx;

static void on_event(void *ctx, const json_t *event)
{
    Job *j = ((IngestCtx *)ctx)->job;
    const char *name = json_string_value(json_object_get(event, "event"));
    if (name && strcmp(name, "hello") == 0) {
        j->step = json_integer_value(json_object_get(event, "resumed_step"));
    }
}

static void on_damage(void *ctx, int64_t offset, const char *why)
{
    const IngestCtx *c = ctx;
    job_say(c->x, "%s: attempt %" PRId64 ": events.jsonl at byte %" PRId64 ": %s; skipped",
            job_name(c->job), c->job->attempt->number, offset, why);
}

static void take_news(Job *j, const IngestResult *r)
{
    Attempt *a = j->attempt;
    a->is_dirty = false;
    a->ingested_bytes = r->bytes;
    if (r->has_bye) {
        a->has_bye = true;
        a->bye = r->bye;
        a->peak_rss_bytes = r->peak_rss_bytes;
        (void)snprintf(a->bye_reason, sizeof a->bye_reason, "%s", r->reason);
    }
    if (r->step >= 0) {
        j->step = r->step;
        a->loss = r->loss;
        a->tokens_per_s = r->tokens_per_s;
    }
    if (!isnan(r->validation_loss)) {
        a->validation_loss = r->validation_loss;
    }
}

ErrCode attempt_ingest(Job *j, const JobContext *x, Err *err)
{
    IngestCtx ctx = {.job = j, .x = x};
    IngestHooks hooks = {.ctx = &ctx, .on_event = on_event, .on_damage = on_damage};
    IngestResult r = {0};
    const Attempt *a = j->attempt;
    ErrCode rc = catalog_ingest(x->catalog, j->id, a->number, a->events, &hooks, &r, err);
    if (rc != ERR_OK) {
        return err_wrap(err, "%s", job_name(j));
    }
    take_news(j, &r);
    return r.checkpoint_step >= 0 ? job_refresh(j, x, err) : ERR_OK;
}

/* ---- ending ------------------------------------------------------------------------------ */

/* The last line of stderr.log that says something; "" without one. */
static void last_words(const Attempt *a, char out[VERDICT_REASON_BYTES])
{
    char path[FSX_PATH_BYTES], tail[4096];
    Err ignored = ERR_INIT;
    out[0] = '\0';
    if (fsx_join(path, a->dir, "stderr.log", &ignored) != ERR_OK) {
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

static Ending ending_of(const Job *j, const AttemptEnding *how, const char *words)
{
    const Attempt *a = j->attempt;
    return (Ending){
        .start_error = how->start_error,
        .status = how->status,
        .has_bye = a->has_bye,
        .bye = a->bye,
        .bye_reason = a->bye_reason,
        .last_words = words,
        .is_complete = j->checkpoints == j->spec->checkpoints,
        .is_hung = a->is_hung,
        .silent_s = a->silent_s,
        .is_stopping = how->is_stopping,
        .step = j->step,
    };
}

static CatalogAttemptEnd row_of(const Attempt *a, const LaunchStatus *s, const Verdict *v,
                                CatalogAttemptState state)
{
    return (CatalogAttemptEnd){
        .state = state,
        .exit_code = s->phase == LAUNCH_EXITED ? s->code : CATALOG_NONE,
        .exit_signal = s->phase == LAUNCH_SIGNALED ? s->signal : CATALOG_NONE,
        .reason = v->reason[0] ? v->reason : NULL,
        .ended_ms = clock_unix_ms(),
        .peak_rss_bytes = a->peak_rss_bytes > 0 ? a->peak_rss_bytes : s->peak_rss_bytes};
}

static ExitRecord record_of(const Attempt *a, const CatalogAttemptEnd *e)
{
    return (ExitRecord){.state = e->state,
                        .code = e->exit_code,
                        .signal = e->exit_signal,
                        .reason = e->reason,
                        .started_ms = a->started_ms,
                        .ended_ms = e->ended_ms,
                        .peak_rss_bytes = e->peak_rss_bytes > 0 ? e->peak_rss_bytes : CATALOG_NONE};
}

static int64_t backoff_ms(const Verdict *v, const Trouble *t, const SchedTimes *times)
{
    int64_t n = v->is_charged ? t->stuck : t->idle_requeues;
    return v->is_delayed ? verdict_backoff_ms(n > 0 ? n : 1, times->backoff, times->backoff_max)
                         : 0;
}

ErrCode attempt_judge(Job *j, JobContext *x, const AttemptEnding *how, AttemptEnd *ret, Err *err)
{
    char words[VERDICT_REASON_BYTES];
    Attempt *a = j->attempt;
    ErrCode rc = ERR_OK;
    CatalogRunState to = j->state;
    CatalogAttemptState state = CATALOG_ATTEMPT_RUNNING;
    CatalogAttemptEnd row;
    Ending ending;
    Trouble *trouble = job_trouble(j);
    if (!trouble) {
        return err_nomem(err, "an attempt");
    }
    last_words(a, words);
    TRY(attempt_ingest(j, x, err));
    TRY(job_refresh(j, x, err));
    ending = ending_of(j, how, words);
    ret->verdict = verdict_of(&ending, x->options->retries, trouble);
    TRY(attempt_state_next(CATALOG_ATTEMPT_RUNNING, ret->verdict.attempt, &state, err));
    TRY(run_state_next(j->state, ret->verdict.run, &to, err));
    row = row_of(a, &how->status, &ret->verdict, state);
    TRY(catalog_attempt_end(x->catalog, j->id, a->number, &row, err));
    TRY(catalog_run_set_state(x->catalog, j->id, to,
                              ret->verdict.run_reason[0] ? ret->verdict.run_reason : NULL,
                              row.ended_ms, err));
    job_set(j, x, to, ret->verdict.run_reason);
    ret->record = record_of(a, &row);
    ret->wait_ms = backoff_ms(&ret->verdict, trouble, &x->options->times);
    j->not_before = ret->verdict.is_delayed ? clock_mono_ns() + ret->wait_ms * NS_PER_MS : 0;
    ret->attempt = a;
    j->attempt = NULL;

done:
    if (j->trouble && j->trouble->failures == 0 && j->trouble->requeue_step < 0) {
        free(j->trouble); /* it was never in any */
        j->trouble = NULL;
    }
    if (rc != ERR_OK) {
        (void)err_wrap(err, "%s", job_name(j));
    }
    return rc;
}

static void announce(const AttemptEnd *e, const JobContext *x)
{
    const Verdict *v = &e->verdict;
    const Attempt *a = e->attempt;
    if (v->run == RUN_REQUEUE && v->is_delayed) {
        char when[64] = "at once";
        if (e->wait_ms > 0) {
            (void)snprintf(when, sizeof when, "in %.3g s", (double)e->wait_ms / MS_PER_S);
        }
        job_say(x, "%s: attempt %" PRId64 " ended at step %" PRId64 ": %s; next one %s",
                job_name(a->job), a->number, a->job->step, v->reason, when);
    } else if (v->run == RUN_FAIL || v->run == RUN_DIVERGE) {
        char how[64] = "";
        const char *state = catalog_run_state_name(a->job->state);
        if (strncmp(v->run_reason, state, strlen(state)) != 0) { /* "diverged at step 2: ..." */
            (void)snprintf(how, sizeof how, "%s at step %" PRId64 ": ", state, a->job->step);
        }
        job_say(x, "%s: %s%s (log: %s/stderr.log)", job_name(a->job), how, v->run_reason, a->dir);
    }
}

ErrCode attempt_close(AttemptEnd *e, const JobContext *x, Err *err)
{
    const Job *j = e->attempt->job;
    announce(e, x);
    ErrCode rc = exit_record_write(e->attempt->dir, &e->record, err);
    if (rc == ERR_OK) {
        rc = job_note_status(j, x, err);
    }
    attempt_free(e->attempt, x);
    e->attempt = NULL;
    return rc == ERR_OK ? ERR_OK : err_wrap(err, "%s", job_name(j));
}

ErrCode attempt_end(Job *j, JobContext *x, const AttemptEnding *how, Verdict *ret, Err *err)
{
    ErrCode rc = ERR_OK;
    AttemptEnd e = {0};
    TRY(catalog_begin(x->catalog, err));
    TRY(attempt_judge(j, x, how, &e, err));
    TRY(catalog_commit(x->catalog, err));
    *ret = e.verdict;
    return attempt_close(&e, x, err);

done:
    catalog_rollback(x->catalog);
    attempt_free(e.attempt, x);
    attempt_detach(j, x);
    return rc;
}
