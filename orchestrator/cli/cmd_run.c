/* slaw run (resume): do what is missing of a study. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/exit_code.h"
#include "common/json.h"
#include "orchestrator/cli/command.h"
#include "orchestrator/cli/plan_arg.h"
#include "orchestrator/cli/progress.h"
#include "orchestrator/cli/run_report.h"
#include "orchestrator/cli/study_arg.h"
#include "orchestrator/launch/worker_path.h"
#include "orchestrator/sched/lock.h"
#include "orchestrator/sched/sched.h"
#include "trainer/data/corpus.h"

typedef struct RunOpts {
    const char *dir;
    int64_t workers, retries;
    bool is_fail_fast;
} RunOpts;

enum { AS_IN_STUDY = -1, BYTE_VOCABULARY = 256 };

static const RunOpts run_default = {.workers = AS_IN_STUDY, .retries = AS_IN_STUDY};

static const Opt run_opts[] = {
    {"dir", "DIR", "the study's directory (default: runs/<study>)", OPT_TEXT,
     offsetof(RunOpts, dir)},
    {"workers", "N", "attempts at a time (default: execution.workers)", OPT_I64,
     offsetof(RunOpts, workers)},
    {"retries", "N", "further attempts after a failure (default: execution.retries)", OPT_I64,
     offsetof(RunOpts, retries)},
    {"fail-fast", NULL, "stop everything at the first run that fails", OPT_FLAG,
     offsetof(RunOpts, is_fail_fast)},
    {0},
};

/* Everything of one `slaw run`. */
typedef struct RunVerb {
    Session *session;
    const char *study_text, *dir_option; /* as typed; the latter may be NULL */
    StudyArg study;
    Lock lock;
    char worker[FSX_PATH_BYTES], corpus_dir[FSX_PATH_BYTES];
    CorpusInfo corpus;
    Progress progress;
    SchedOptions options;
    SchedSummary summary;
} RunVerb;

/* ---- what this version cannot run ------------------------------------------------------ */

static ErrCode cannot(Err *err, const char *what, const char *hint)
{
    (void)err_set(err, ERR_INVALID, "%s", what);
    return err_hint(err, "%s", hint);
}

/* Before anything is written. */
static ErrCode check_supported(const Study *study, Err *err)
{
    if (strcmp(study->trainer, "native") != 0) {
        return cannot(err, "execution.trainer: only the native trainer can be run so far",
                      "set trainer: native");
    }
    if (!launcher_find(study->launcher)) {
        (void)err_set(err, ERR_INVALID, "execution.launcher: %s cannot be run so far",
                      study->launcher);
        return err_hint(err, "set launcher: local");
    }
    if (study->corpus_vocabulary != BYTE_VOCABULARY) {
        return cannot(err, "corpus.tokenizer: only bytes can be run so far",
                      "set tokenizer: bytes");
    }
    return study->n_runs > 0 ? ERR_OK
                             : err_set(err, ERR_INVALID, "%s: the matrix has no runs", study->file);
}

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
    if (!v->session->is_quiet) {
        (void)fprintf(stderr, "corpus: %s\n", text);
    }
}

static ErrCode prepare_corpus(RunVerb *v, Err *err)
{
    const Study *study = v->study.study;
    CorpusSpec spec = {.text = study->corpus_text,
                       .n_text = study->n_corpus_text,
                       .base_dir = study->base_dir,
                       .vocabulary = study->corpus_vocabulary,
                       .validation_tokens = study->corpus_validation};
    ErrCode rc = ERR_OK;
    TRY(fsx_join(v->corpus_dir, v->study.dir, "corpus", err));
    TRY(corpus_prepare(&spec, v->corpus_dir, corpus_progress, v, &v->corpus, err));
    for (size_t i = 0; i < study->n_runs; i++) {
        const RunSpec *c = &study->runs[i];
        TRY(corpus_check_size(&v->corpus, c->tokens, c->model->sequence, study->corpus_repeat,
                              err));
    }

done:
    return rc;
}

/* Memory for the workers, before anything is written: a worker that the kernel kills for want of
 * it would be tried again and again. */
static ErrCode check_memory(const RunVerb *v, Err *err)
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
done:
    if (rc != ERR_OK && why.code != ERR_OK) {
        *err = why;
    }
    arena_release(&arena);
    return rc;
}

/* The study's folder, its lock, the resolved copy, the corpus. */
static ErrCode prepare(RunVerb *v, Err *err)
{
    ErrCode rc = ERR_OK;
    char copy[FSX_PATH_BYTES];
    Buf text = BUF_INIT;
    TRY(fsx_mkdirs(v->study.dir, err));
    TRY(lock_acquire(v->study.dir, &v->lock, err));
    TRY(fsx_join(copy, v->study.dir, "study.yaml", err));
    if (strcmp(copy, v->study.file) != 0) { /* or it was the copy that was named */
        TRY(study_write_resolved(v->study.study, copy, err));
    }
    run_report_intro(v->study.study, v->study.dir, &text);
    say(v, buf_str(&text));
    TRY(prepare_corpus(v, err));
    buf_clear(&text);
    run_report_corpus(&v->corpus, &text);
    say(v, buf_str(&text));

done:
    buf_release(&text);
    return rc;
}

/* ---- after it ------------------------------------------------------------------------------ */

static void set_exit_status(RunVerb *v)
{
    const SchedSummary *s = &v->summary;
    if (s->is_interrupted) {
        v->session->exit_status = EXIT_RESUMABLE;
    } else if (s->by_state[CATALOG_RUN_FAILED] + s->by_state[CATALOG_RUN_DIVERGED] > 0) {
        v->session->exit_status = EXIT_SOME_FAILED;
    }
}

static void say_outcome(const RunVerb *v)
{
    const SchedSummary *s = &v->summary;
    if (s->retired > 0) {
        (void)fprintf(stderr,
                      "%" PRId64 " run%s no longer in the study file: retired, files kept\n",
                      s->retired, s->retired == 1 ? " is" : "s are");
    }
    if (s->is_interrupted) {
        (void)fprintf(stderr,
                      "interrupted: %" PRId64 " of %" PRId64
                      " runs are done; to go on: slaw run %s%s%s\n",
                      s->by_state[CATALOG_RUN_DONE], s->runs, v->study_text,
                      v->dir_option ? " --dir " : "", v->dir_option ? v->dir_option : "");
    } else if (s->started == 0) {
        int64_t bad = s->by_state[CATALOG_RUN_FAILED] + s->by_state[CATALOG_RUN_DIVERGED];
        char failed[64] = "";
        if (bad > 0) {
            (void)snprintf(failed, sizeof failed, ", %" PRId64 " failed or diverged", bad);
        }
        (void)fprintf(stderr, "nothing to do: %" PRId64 " of %" PRId64 " runs are done%s\n",
                      s->by_state[CATALOG_RUN_DONE], s->runs, failed);
    }
}

static ErrCode report(RunVerb *v, Err *err)
{
    ErrCode rc = ERR_OK;
    char path[FSX_PATH_BYTES];
    Buf data = BUF_INIT, failures = BUF_INIT;
    Catalog *catalog = NULL;
    json_t *json = NULL;
    TRY(fsx_join(path, v->study.dir, CATALOG_FILE, err));
    TRY(catalog_open_readonly(path, &catalog, err));
    if (v->session->is_json) {
        TRY(run_report_json(catalog, v->study.study, v->study.dir, &v->summary, &json, err));
        json_pretty(json, &data);
    } else if (v->summary.started > 0 && !v->session->is_quiet) {
        TRY(run_report_table(catalog, &v->corpus, &data, err));
    }
    TRY(run_report_failures(catalog, v->study.dir, v->study.dir, &failures, err));
    TRY(buf_ok(&data, err));
    TRY(buf_ok(&failures, err));
    (void)fputs(buf_str(&data), stdout);
    (void)fflush(stdout); /* before standard error goes on, when both are one terminal */
    (void)fputs(buf_str(&failures), stderr);
    if (!v->session->is_quiet) {
        say_outcome(v);
    }

done:
    json_decref(json);
    catalog_close(catalog);
    buf_release(&data);
    buf_release(&failures);
    return rc;
}

static ErrCode schedule(RunVerb *v, Err *err)
{
    progress_init(&v->progress, STDERR_FILENO, v->session->is_quiet,
                  v->corpus.validation_bytes_per_token);
    ErrCode rc = sched_run(v->study.study, &v->options, &v->summary, err);
    progress_release(&v->progress);
    return rc;
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const RunOpts *o = opts;
    RunVerb v = {.session = s, .study_text = argv[0], .dir_option = o->dir, .lock = LOCK_INIT};
    ErrCode rc = ERR_OK;
    (void)argc;
    TRY(study_arg_open(s, argv[0], o->dir, &v.study, err));
    TRY(check_supported(v.study.study, err));
    TRY(set_options(&v, o, err));
    TRY(v.options.launcher->probe(err));
    TRY(worker_path(v.worker, err));
    TRY(check_memory(&v, err));
    TRY(prepare(&v, err));
    TRY(schedule(&v, err));
    TRY(report(&v, err));
    set_exit_status(&v);

done:
    lock_release(&v.lock);
    study_arg_close(&v.study);
    return rc;
}

const Command command_run = {
    .name = "run",
    .alias = "resume",
    .args = "STUDY",
    .summary = "do what is missing of a study; resume is the same verb",
    .description =
        "Prepares the corpus and trains every run of the study that is not done, as many at a\n"
        "time as the study has workers, the longest first.  Running it again goes on where it\n"
        "stopped, whatever stopped it; when nothing is missing it says so.  One run that fails\n"
        "does not stop the others: all failures are listed at the end.\n\n"
        "^C once: workers save their state and stop; twice: they have five seconds; three times:\n"
        "they are killed.  Exit status: 0 all done, 1 some runs failed, 69 another scheduler\n"
        "works on the study or the trainer program is missing, 75 interrupted.",
    .opts = run_opts,
    .opts_size = sizeof(RunOpts),
    .opts_default = &run_default,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
