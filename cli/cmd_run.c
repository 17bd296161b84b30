/* slaw run (resume): do what is missing of a study. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog/location.h"
#include "cli/command.h"
#include "cli/detach.h"
#include "cli/disk.h"
#include "cli/missing.h"
#include "cli/plan_arg.h"
#include "cli/progress.h"
#include "cli/ready.h"
#include "cli/run_only.h"
#include "cli/run_report.h"
#include "cli/study_arg.h"
#include "common/exit_code.h"
#include "common/quantity.h"
#include "orchestrator/launch/worker_path.h"
#include "orchestrator/sched/lock.h"
#include "orchestrator/sched/sched.h"
#include "trainer/data/corpus.h"

typedef struct RunOpts {
    const char *only;
    int64_t workers, retries;
    bool is_fail_fast, is_detached;
} RunOpts;

enum { AS_IN_STUDY = -1 };

static const RunOpts run_default = {.workers = AS_IN_STUDY, .retries = AS_IN_STUDY};

static const Opt run_opts[] = {
    {"workers", "N", "attempts at a time (default: execution.workers)", OPT_I64,
     offsetof(RunOpts, workers)},
    {"retries", "N", "further attempts after a failure (default: execution.retries)", OPT_I64,
     offsetof(RunOpts, retries)},
    {"only", "RUNS", "names or patterns with commas, as hgrn2-*: the others are left as they are",
     OPT_TEXT, offsetof(RunOpts, only)},
    {"fail-fast", NULL, "stop everything at the first run that fails", OPT_FLAG,
     offsetof(RunOpts, is_fail_fast)},
    {"detach", NULL, "go on in the background; slaw status --watch and slaw stop follow it",
     OPT_FLAG, offsetof(RunOpts, is_detached)},
    {0},
};

/* Everything of one `slaw run`. */
typedef struct RunVerb {
    Session *session;
    const char *study_text, *dir_option, *only_option; /* as typed; the options may be NULL */
    StudyArg study;
    Lock lock;
    Detach detach;
    char worker[FSX_PATH_BYTES], corpus_dir[FSX_PATH_BYTES];
    CorpusInfo corpus;
    Progress progress;
    SchedOptions options;
    bool *is_wanted; /* [runs of the study]; NULL: all */
    SchedSummary summary;
} RunVerb;

/* ---- options ------------------------------------------------------------------------------- */

static ErrCode set_options(RunVerb *v, const RunOpts *o, Err *err)
{
    const Study *study = v->study.study;
    v->options = (SchedOptions){
        .dir = v->study.dir,
        .worker = v->worker,
        .corpus_dir = v->corpus_dir,
        .launcher = launcher_find(study->launcher),
        .workers = o->workers == AS_IN_STUDY ? study_workers(study) : o->workers,
        .threads = study->threads,
        .is_pinned = study->is_pinned,
        .retries = o->retries == AS_IN_STUDY ? study->retries : o->retries,
        .is_fail_fast = o->is_fail_fast,
        .is_wanted = v->is_wanted,
        .times = sched_times_default(),
        .observer = progress_observer(&v->progress),
    };
    if (v->options.workers < 1 || v->options.workers > 4096) {
        return err_set(err, ERR_USAGE, "--workers takes 1 to 4096");
    }
    if (v->options.retries < 0) {
        return err_set(err, ERR_USAGE, "--retries takes 0 or more");
    }
    return ERR_OK;
}

/* ---- before the loop --------------------------------------------------------------------- */

static void say(const RunVerb *v, const char *text)
{
    if (!v->session->is_quiet) {
        (void)fputs(text, stderr);
    }
}

static void corpus_progress(void *ctx, const char *text)
{
    const RunVerb *v = ctx;
    if (progress_is_wanted(&v->progress)) {
        (void)fprintf(stderr, "corpus: %s\n", text);
    }
}

static ErrCode prepare_corpus(RunVerb *v, Err *err)
{
    const Study *study = v->study.study;
    const CorpusSpec spec = ready_corpus_spec(study);
    ErrCode rc = ERR_OK;
    TRY(corpus_prepare(&spec, v->corpus_dir, corpus_progress, v, &v->corpus, err));
    for (size_t i = 0; i < study->n_runs; i++) {
        const RunSpec *c = &study->runs[i];
        TRY(corpus_check_size(&v->corpus, c->tokens, c->model->sequence, study->corpus_repeat,
                              err));
    }

done:
    return rc;
}

/* What the runs still to do will write [bytes]. */
static double disk_to_come(const Plan *p)
{
    double bytes = 0.0;
    for (size_t i = 0; i < p->n_cells; i++) {
        const PlanCell *c = &p->cells[i];
        if (c->is_todo) {
            double left = 1.0 - (double)c->done_step / (double)c->run->steps;
            bytes += left * (double)plan_disk_bytes(c->run);
        }
    }
    return bytes;
}

static void warn_of_disk(const RunVerb *v, const Plan *p)
{
    Disk d;
    Err ignored = ERR_INIT;
    char need[QUANTITY_TEXT_BYTES], have[QUANTITY_TEXT_BYTES];
    double to_come = disk_to_come(p);
    if (v->session->is_quiet || disk_of(v->study.dir, &d, &ignored) != ERR_OK ||
        to_come <= (double)d.free_bytes) {
        return;
    }
    (void)fprintf(
        stderr,
        "slaw: warning: the study will write about %s more, and the disk of %s has %s\n"
        "  hint: it pauses when the disk is full; a stricter checkpoints.keep and slaw gc "
        "make room\n",
        quantity_bytes_text(to_come, need), v->study.dir,
        quantity_bytes_text((double)d.free_bytes, have));
}

/* Memory for the workers and room for what they write, before anything is written: a worker that
 * the kernel kills for want of memory would be tried again and again. */
static ErrCode check_room(const RunVerb *v, Err *err)
{
    const PlanArg how = {.flops_per_second = (double)NAN, .workers = v->options.workers};
    const Session quiet = {.is_quiet = true}; /* what is unknown is no reason to stop */
    Arena arena = ARENA_INIT;
    Plan p = {.n_cells = 0};
    Err why = ERR_INIT;
    bool warns = false;
    ErrCode rc = ERR_OK;
    TRY(plan_arg(&quiet, v->study.study, v->study.dir, &how, &arena, &p, err));
    TRY(plan_check_memory(&p, how.workers, machine_memory(NULL, NULL), &warns, &why));
    if (warns && !v->session->is_quiet) {
        (void)fprintf(stderr, "slaw: warning: %s\n  hint: %s\n", why.msg, why.hint);
    }
    warn_of_disk(v, &p);
done:
    if (rc != ERR_OK && why.code != ERR_OK) {
        *err = why;
    }
    arena_release(&arena);
    machine_trim();
    return rc;
}

/* What would be refused, before anything is written. */
static ErrCode check_ready(const RunVerb *v, Err *err)
{
    Problems likely = PROBLEMS_INIT;
    ErrCode rc = ERR_OK;
    TRY(ready_supported(v->study.study, err));
    TRY(ready_dir(v->study.dir, err));
    TRY(ready_corpus(v->study.study, v->study.dir, v->session->problems, &likely, err));
    TRY(problems_err(v->session->problems, err));
done:
    problems_release(&likely);
    return rc;
}

/* The study's folder, its lock, the corpus, the resolved copy. */
static ErrCode make_folder(RunVerb *v, Err *err)
{
    ErrCode rc = ERR_OK;
    char copy[FSX_PATH_BYTES];
    Buf text = BUF_INIT;
    TRY(fsx_mkdirs(v->study.dir, err));
    TRY(lock_acquire(v->study.dir, &v->lock, err));
    run_report_intro(v->study.study, v->study.dir, &text);
    say(v, buf_str(&text));
    TRY(prepare_corpus(v, err));
    buf_clear(&text);
    run_report_corpus(&v->corpus, &text);
    say(v, buf_str(&text));
    TRY(fsx_join(copy, v->study.dir, "study.yaml", err));
    if (strcmp(copy, v->study.file) != 0) { /* or it was the copy that was named */
        TRY(study_write_resolved(v->study.study, copy, err));
    }

done:
    buf_release(&text);
    return rc;
}

/* make_folder(), or nothing is left of it. */
static ErrCode prepare(RunVerb *v, Err *err)
{
    Missing was;
    ErrCode rc = ERR_OK;
    TRY(fsx_join(v->corpus_dir, v->study.dir, "corpus", err));
    TRY(missing_find(v->study.dir, &was, err));
    rc = make_folder(v, err);
    if (rc != ERR_OK && rc != ERR_IO) { /* what a full disk or a bad one has left is of use */
        missing_restore(v->study.dir, &was, v->lock.fd >= 0);
    }
done:
    return rc;
}

#define RUN_LOG "scheduler.log" /* in the study's folder: what a detached one has to say */

static ErrCode go_on_detached(RunVerb *v, Err *err)
{
    char log[FSX_PATH_BYTES];
    ErrCode rc = fsx_join(log, v->study.dir, RUN_LOG, err);
    return rc == ERR_OK ? detach_ready(&v->detach, log, err) : rc;
}

static void tell_detached(const RunVerb *v, const DetachOutcome *d)
{
    const char *dir = v->study.dir;
    AnswerNode *top = answer_top(&v->session->answer);
    Buf log = BUF_INIT;
    buf_printf(&log, "%s/" RUN_LOG, dir);
    answer_set(top, "study", value_text(v->study.study->name));
    answer_set(top, "dir", value_text(dir));
    answer_show(top, &(Column){"pid"}, value_count(d->pid));
    answer_say(top, NULL, SAY_PLAIN, "Process %ld goes on in the background.", (long)d->pid);
    answer_show(top, &(Column){"log", "its log"}, value_text(buf_str(&log)));
    answer_say(top, NULL, SAY_HINT, "slaw status %s --watch follows it, slaw stop %s ends it", dir,
               dir);
    buf_release(&log);
}

/* True: this process is the one that runs the study. */
static ErrCode begin_detached(RunVerb *v, bool *ret_goes_on, Err *err)
{
    DetachOutcome d;
    ErrCode rc = detach_begin(&v->detach, &d, err);
    *ret_goes_on = rc == ERR_OK && d.is_child;
    if (rc == ERR_OK && d.is_ready) {
        tell_detached(v, &d);
    } else if (rc == ERR_OK && !d.is_child) {
        v->session->exit_status = d.exit_status; /* it has said why */
    }
    return rc;
}

/* ---- after it ------------------------------------------------------------------------------ */

static void set_exit_status(RunVerb *v)
{
    const SchedSummary *s = &v->summary;
    if (s->is_interrupted || s->is_paused) {
        v->session->exit_status = EXIT_RESUMABLE;
    } else if (s->by_state[CATALOG_RUN_FAILED] + s->by_state[CATALOG_RUN_DIVERGED] > 0) {
        v->session->exit_status = EXIT_SOME_FAILED;
    }
}

/* What to type to go on. */
static void command_text(const RunVerb *v, Buf *out)
{
    buf_printf(out, "slaw run %s%s%s", v->study_text, v->dir_option ? " --dir " : "",
               v->dir_option ? v->dir_option : "");
    if (v->only_option) {
        buf_printf(out, " --only '%s'", v->only_option);
    }
}

/* "free some of the disk of DIR (2.1 MB are left), then: slaw run STUDY" */
static void cure_text(const RunVerb *v, Buf *out)
{
    Disk d;
    Err ignored = ERR_INIT;
    char left[QUANTITY_TEXT_BYTES];
    buf_printf(out, "make room on the disk of %s", v->study.dir);
    if (disk_of(v->study.dir, &d, &ignored) == ERR_OK) {
        buf_printf(out, " (%s are left)", quantity_bytes_text((double)d.free_bytes, left));
    }
    buf_puts(out, ", then: ");
    command_text(v, out);
}

static void say_stopped(const RunVerb *v, AnswerNode *top)
{
    const SchedSummary *s = &v->summary;
    Buf text = BUF_INIT;
    if (s->is_paused) {
        cure_text(v, &text);
    } else {
        buf_puts(&text, "to go on: ");
        command_text(v, &text);
    }
    answer_say(top, NULL, SAY_WARNING, "%s: %" PRId64 " of %" PRId64 " runs are done; %s",
               s->is_paused ? "paused, the disk is full" : "interrupted",
               s->by_state[CATALOG_RUN_DONE], s->runs, buf_str(&text));
    buf_release(&text);
}

/* The disk was full where the scheduler itself wrote: nothing is lost, and it is no error that
 * running again would not mend. */
static void make_resumable(const RunVerb *v, Err *err)
{
    Buf cure = BUF_INIT;
    cure_text(v, &cure);
    (void)err_hint(err, "nothing is lost: %s", buf_str(&cure));
    err->code = ERR_INTERRUPTED;
    buf_release(&cure);
}

static void say_nothing_to_do(const SchedSummary *s, AnswerNode *top)
{
    int64_t bad = s->by_state[CATALOG_RUN_FAILED] + s->by_state[CATALOG_RUN_DIVERGED];
    char failed[64] = "";
    if (bad > 0) {
        (void)snprintf(failed, sizeof failed, ", %" PRId64 " failed or diverged", bad);
    }
    answer_say(top, NULL, SAY_VERDICT,
               "There is nothing to do: %" PRId64 " of %" PRId64 " runs %s done%s.",
               s->by_state[CATALOG_RUN_DONE], s->runs,
               s->by_state[CATALOG_RUN_DONE] == 1 ? "is" : "are", failed);
}

static void say_outcome(const RunVerb *v, AnswerNode *top)
{
    const SchedSummary *s = &v->summary;
    int64_t waiting = s->by_state[CATALOG_RUN_WAITING];
    if (s->retired > 0) {
        answer_say(top, NULL, SAY_NOTE,
                   "%" PRId64 " run%s no longer in the study file: retired, files kept.",
                   s->retired, s->retired == 1 ? " is" : "s are");
    }
    if (s->is_interrupted || s->is_paused) {
        say_stopped(v, top);
    } else if (v->is_wanted && waiting > 0) {
        answer_say(top, NULL, SAY_NOTE,
                   "%" PRId64 " run%s that --only does not name wait%s, as %s.", waiting,
                   waiting == 1 ? "" : "s", waiting == 1 ? "s" : "",
                   waiting == 1 ? "it was" : "they were");
    } else if (s->started == 0) {
        say_nothing_to_do(s, top);
    }
}

/* With --quiet people are told of failures only. */
static ErrCode report(const RunVerb *v, Err *err)
{
    ErrCode rc = ERR_OK;
    char path[FSX_PATH_BYTES];
    Catalog *catalog = NULL;
    const bool is_quiet = v->session->is_quiet;
    AnswerNode *top = answer_top(&v->session->answer);
    TRY(catalog_location_read(v->study.dir, path, err));
    TRY(catalog_open_readonly(path, &catalog, err));
    run_report_counts(v->study.study, v->study.dir, &v->summary, top);
    if (v->summary.started > 0 && !is_quiet) {
        TRY(run_report_table(catalog, &v->corpus, top, err));
    }
    TRY(run_report_failures(catalog, v->study.dir, top, err));
    if (!is_quiet) {
        say_outcome(v, top);
    }

done:
    catalog_close(catalog);
    return rc;
}

static ErrCode schedule(RunVerb *v, Err *err)
{
    v->progress.style.bytes_per_token = v->corpus.validation_bytes_per_token;
    ErrCode rc = sched_run(v->study.study, &v->options, &v->summary, err);
    progress_release(&v->progress);
    return rc;
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const RunOpts *o = opts;
    RunVerb v = {.session = s,
                 .study_text = argv[0],
                 .dir_option = s->fit.dir,
                 .only_option = o->only,
                 .lock = LOCK_INIT,
                 .detach = DETACH_INIT};
    ErrCode rc = ERR_OK;
    bool goes_on = true;
    (void)argc;
    TRY(study_arg_open(s, argv[0], s->fit.dir, &v.study, err));
    progress_init(&v.progress, STDERR_FILENO, s->is_quiet, o->is_detached);
    TRY(check_ready(&v, err));
    TRY(run_only(v.study.study, o->only, &v.is_wanted, err));
    TRY(set_options(&v, o, err));
    TRY(v.options.launcher->probe(err));
    TRY(worker_path(v.worker, err));
    TRY(check_room(&v, err));
    if (o->is_detached) {
        TRY(begin_detached(&v, &goes_on, err));
    }
    if (!goes_on) {
        goto done;
    }
    TRY(prepare(&v, err));
    TRY(go_on_detached(&v, err));
    TRY(schedule(&v, err));
    TRY(report(&v, err));
    set_exit_status(&v);

done:
    lock_release(&v.lock);
    if (err_is_no_space(err)) {
        make_resumable(&v, err);
        rc = err->code;
    }
    free(v.is_wanted);
    study_arg_close(&v.study);
    return rc;
}

const Command command_run = {
    .name = "run",
    .alias = "resume",
    .args = "STUDY",
    .summary = "do what is missing of a study; resume is the same verb",
    .description =
        "Prepares the corpus and trains every run of the study that is not done, as many at a time "
        "as the study has workers, the longest first. Running it again goes on where it stopped, "
        "whatever stopped it; when nothing is missing it says so. One run that fails does not stop "
        "the others: all failures are listed at the end. With --only the other runs wait, as they "
        "are.\n\n"
        "^C once: workers save their state and stop; twice: they have five seconds; three times: "
        "they are killed. When the disk is full the study pauses.",
    COMMAND_OPTS(run_opts, RunOpts),
    .opts_default = &run_default,
    .groups = {&group_study},
    .examples = {"slaw run experiments/quickstart.yaml",
                 "slaw run experiments/quickstart.yaml --only 'llama-*' --detach"},
    .can_fail_part = true,
    .can_be_refused = true,
    .can_be_stopped = true,
    .run = run,
};
