/* bench_catalog -- the catalog's two promises of speed.
 *
 *   bench_catalog [--json] [--dir DIR] [--rows N] [--tick ROWS] [--runs N] [--slaw PATH]
 *
 * Ingestion: N rows in all (default 1,600,000) from eight events.jsonl, ROWS of each worker (1000)
 * a transaction, synchronous=FULL, beside the time of an fsync and the rate of bare inserts of
 * the same rows through one prepared statement in the same run.
 *
 * Scale: a catalog of --runs (default 100,000; 0: none) with 100 metrics and 10 checkpoints a run,
 * and the time of whole `slaw` processes on it, best and median of nine.
 */
#include <inttypes.h>
#include <jansson.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench_catalog.h"
#include "common/fsx.h"
#include "common/order.h"

enum { TRIES = 9, MAX_WORDS = 8, N_VERBS = 5 };

extern char **environ;

typedef struct Options {
    bool is_json;
    const char *dir, *slaw;
    int64_t rows, tick, runs;
} Options;

typedef struct VerbTime {
    const char *words[MAX_WORDS]; /* after the study */
    const char *verb;
    double best_ms, median_ms;
} VerbTime;

/* One process from start to end, its output to /dev/null. */
static ErrCode run_once(const char *slaw, const char *study, const VerbTime *v, double *ret_ms,
                        Err *err)
{
    char *argv[MAX_WORDS + 4] = {strdup(slaw), strdup(v->verb), strdup(study)};
    size_t n = 3;
    for (size_t i = 0; i < MAX_WORDS && v->words[i]; i++) {
        argv[n++] = strdup(v->words[i]);
    }
    posix_spawn_file_actions_t quiet;
    (void)posix_spawn_file_actions_init(&quiet);
    (void)posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", 1, 0);
    pid_t pid = 0;
    int status = 0;
    double t = bench_now_s();
    int failed = posix_spawn(&pid, slaw, &quiet, NULL, argv, environ);
    ErrCode rc = ERR_OK;
    if (failed != 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        rc = err_set(err, ERR_CHILD, "%s %s %s: status %d", slaw, v->verb, study, status);
    }
    *ret_ms = (bench_now_s() - t) * 1e3;
    (void)posix_spawn_file_actions_destroy(&quiet);
    for (size_t i = 0; i < n; i++) {
        free(argv[i]);
    }
    return rc;
}

static ErrCode time_verb(const Options *o, const char *study, VerbTime *v, Err *err)
{
    double ms[TRIES];
    for (int i = 0; i < TRIES; i++) {
        ErrCode rc = run_once(o->slaw, study, v, &ms[i], err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    qsort(ms, TRIES, sizeof ms[0], order_f64);
    v->best_ms = ms[0];
    v->median_ms = ms[TRIES / 2];
    return ERR_OK;
}

static void print_text(const IngestBench *b, const ScaleBench *s, const VerbTime *v)
{
    (void)printf("ingestion: %" PRId64 " rows, %" PRId64 " workers, %" PRId64
                 " rows a transaction, synchronous=FULL\n",
                 b->rows, b->workers, b->workers * b->rows_a_tick);
    (void)printf("  fsync of 4 KiB           %10.3f ms\n", b->fsync_ms);
    (void)printf("  bare inserts             %10.0f rows/s\n", b->bare_rows_s);
    (void)printf("  events.jsonl to rows     %10.0f rows/s   %.2f us CPU a row, %.2f of bare\n",
                 b->ingest_rows_s, b->ingest_cpu_us, b->ingest_rows_s / b->bare_rows_s);
    if (s->runs == 0) {
        return;
    }
    (void)printf("\ncatalog of %" PRId64 " runs, %" PRId64 " metrics, %" PRId64
                 " checkpoints: %.0f MB, made in %.1f s\n",
                 s->runs, s->metrics, s->checkpoints, s->database_mb, s->build_s);
    for (int i = 0; i < N_VERBS; i++) {
        char words[128] = "";
        for (size_t j = 0; j < MAX_WORDS && v[i].words[j]; j++) {
            size_t at = strlen(words);
            (void)snprintf(words + at, sizeof words - at, " %s", v[i].words[j]);
        }
        (void)printf("  slaw %-6s STUDY%-24s best %7.1f ms  median %7.1f ms\n", v[i].verb, words,
                     v[i].best_ms, v[i].median_ms);
    }
}

static void print_json(const IngestBench *b, const ScaleBench *s, const VerbTime *v)
{
    json_t *verbs = json_array();
    for (int i = 0; s->runs > 0 && i < N_VERBS; i++) {
        json_t *words = json_array();
        for (size_t j = 0; j < MAX_WORDS && v[i].words[j]; j++) {
            (void)json_array_append_new(words, json_string(v[i].words[j]));
        }
        (void)json_array_append_new(verbs, json_pack("{s:s, s:o, s:f, s:f}", "verb", v[i].verb,
                                                     "options", words, "best_ms", v[i].best_ms,
                                                     "median_ms", v[i].median_ms));
    }
    json_t *all = json_pack(
        "{s:i, s:{s:I, s:I, s:I, s:f, s:f, s:f, s:f}, s:{s:I, s:I, s:I, s:f, s:f, s:o}}", "schema",
        1, "ingest", "rows", (json_int_t)b->rows, "workers", (json_int_t)b->workers,
        "rows_a_transaction", (json_int_t)(b->workers * b->rows_a_tick), "fsync_ms", b->fsync_ms,
        "bare_rows_s", b->bare_rows_s, "ingest_rows_s", b->ingest_rows_s, "ingest_cpu_us",
        b->ingest_cpu_us, "scale", "runs", (json_int_t)s->runs, "metrics", (json_int_t)s->metrics,
        "checkpoints", (json_int_t)s->checkpoints, "database_mb", s->database_mb, "build_s",
        s->build_s, "verbs", verbs);
    (void)json_dumpf(all, stdout, JSON_INDENT(2));
    (void)printf("\n");
    json_decref(all);
}

static ErrCode measure(const Options *o, const char *dir, Err *err)
{
    IngestBench b = {.workers = 8, .rows_a_tick = o->tick, .rows = o->rows};
    ScaleBench s = {.runs = o->runs, .metrics = 100 * o->runs, .checkpoints = 10 * o->runs};
    VerbTime v[N_VERBS] = {{.verb = "status"},
                           {.verb = "status", .words = {"--json"}},
                           {.verb = "ls", .words = {"--state", "failed"}},
                           {.verb = "ls", .words = {"--architecture", "tnl"}},
                           {.verb = "ls"}};
    char study[FSX_PATH_BYTES];
    ErrCode rc = ERR_OK;
    TRY(bench_ingest(dir, &b, err));
    TRY(fsx_join(study, dir, "study", err));
    if (o->runs > 0) {
        TRY(bench_build_study(study, &s, err));
        for (int i = 0; i < N_VERBS; i++) {
            TRY(time_verb(o, study, &v[i], err));
        }
    }
    (o->is_json ? print_json : print_text)(&b, &s, v);

done:
    return rc;
}

static bool parse(int argc, char *argv[], Options *o)
{
    struct {
        const char *name;
        int64_t *number;
        const char **text;
    } known[] = {{"--rows", &o->rows, NULL},
                 {"--tick", &o->tick, NULL},
                 {"--runs", &o->runs, NULL},
                 {"--dir", NULL, &o->dir},
                 {"--slaw", NULL, &o->slaw}};
    for (int i = 1; i < argc; i++) {
        bool is_known = strcmp(argv[i], "--json") == 0;
        o->is_json = o->is_json || is_known;
        for (size_t k = 0; !is_known && k < sizeof known / sizeof known[0]; k++) {
            if (strcmp(argv[i], known[k].name) == 0 && i + 1 < argc) {
                const char *value = argv[++i];
                is_known = true;
                if (known[k].number) {
                    *known[k].number = strtoll(value, NULL, 10);
                } else {
                    *known[k].text = value;
                }
            }
        }
        if (!is_known) {
            return false;
        }
    }
    return o->rows >= 8 && o->tick > 0 && o->runs >= 0;
}

int main(int argc, char *argv[])
{
    Options o = {
        .dir = "/tmp", .slaw = SLAW_PROGRAM, .rows = 1600000, .tick = 1000, .runs = 100000};
    Err err = ERR_INIT, ignored = ERR_INIT;
    char dir[FSX_PATH_BYTES];
    if (!parse(argc, argv, &o)) {
        (void)fprintf(stderr, "usage: bench_catalog [--json] [--dir DIR] [--rows N] [--tick ROWS]"
                              " [--runs N] [--slaw PATH]\n");
        return 2;
    }
    ErrCode rc = fsx_path(dir, &err, "%s/slaw-bench-catalog-%ld", o.dir, (long)getpid());
    if (rc == ERR_OK) {
        rc = fsx_mkdirs(dir, &err);
    }
    if (rc == ERR_OK) {
        rc = measure(&o, dir, &err);
        (void)fsx_remove_tree(dir, &ignored);
    }
    if (rc != ERR_OK) {
        (void)fprintf(stderr, "bench_catalog: %s\n", err.msg);
    }
    return rc == ERR_OK ? 0 : 1;
}
