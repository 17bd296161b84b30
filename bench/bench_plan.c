/* bench_plan -- `slaw plan` of a million cells.
 *
 *   bench_plan [--json] [--dir DIR] [--cells N] [--slaw PATH]
 *
 * Makes a study file of N cells (default 1,000,000: four architectures, five sizes, seeds and
 * learning rates) in DIR (default a new folder in /tmp) and runs `slaw check` and `slaw plan` on it,
 * each three times, as whole processes: wall time, processor time and peak memory of the best.
 * Beside it, in the same run: SHA-256 of N texts as long as what a cell's identity is taken of,
 * the one thing that cannot be left out; "over hashing" is processor time over that of these.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fsx.h"
#include "common/hash.h"
#include "common/json.h"
#include "orchestrator/spec/study.h"

enum { TRIES = 3, MAX_WORDS = 4, N_KINDS = 20 };

extern char **environ;

typedef struct Case {
    const char *name, *words[MAX_WORDS]; /* after `slaw`; the study file comes last */
    const char *output;                  /* "/dev/null", or a file in DIR */
    double wall_s, cpu_s;
    int64_t peak_bytes, output_bytes;
} Case;

typedef struct Options {
    bool is_json;
    const char *dir, *slaw;
    int64_t cells;
} Options;

static double now_s(void)
{
    return (double)clock_mono_ns() / (double)NS_PER_S;
}

/* Of this process: what others do meanwhile does not count. */
static double cpu_now_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

/* ---- the study ------------------------------------------------------------------------------- */

static ErrCode write_study(const char *path, int64_t cells, Err *err)
{
    enum { RATES = 100 };
    int64_t seeds = (cells + N_KINDS * RATES - 1) / (N_KINDS * RATES);
    Buf b = BUF_INIT;
    buf_puts(&b,
             "version: 1\nstudy: million\nsizes:\n"
             "  20k: {layers: 2, width: 32, heads: 1}\n  85k: {layers: 2, width: 64, heads: 2}\n"
             "  334k: {layers: 3, width: 96, heads: 3}\n"
             "  906k: {layers: 5, width: 128, heads: 4}\n"
             "  2.8m: {layers: 6, width: 192, heads: 6}\n"
             "training:\n  tokens: 10M\n  sequence: 512\n  batch: 8192\n"
             "  optimizer: {adamw: {lr: 3e-3}}\ncheckpoints: {count: 57, first: 100k}\n"
             "matrix:\n  architecture: [llama, tnl, hgrn2, cosformer2]\n"
             "  size: [20k, 85k, 334k, 906k, 2.8m]\n  seed: [");
    for (int64_t i = 1; i <= seeds; i++) {
        buf_printf(&b, "%s%" PRId64, i > 1 ? ", " : "", i);
    }
    buf_puts(&b, "]\n  lr: [");
    for (int i = 0; i < RATES; i++) {
        buf_printf(&b, "%s%de-5", i > 0 ? ", " : "", 100 + i);
    }
    buf_puts(&b, "]\n");
    ErrCode rc = buf_ok(&b, err);
    if (rc == ERR_OK) {
        rc = fsx_replace(path, buf_str(&b), b.len, err);
    }
    buf_release(&b);
    return rc;
}

/* ---- processes ------------------------------------------------------------------------------- */

static ErrCode run_once(const Options *o, const char *study, const char *dir, Case *c,
                        bool is_first, Err *err)
{
    char output[FSX_PATH_BYTES], *argv[MAX_WORDS + 4] = {strdup(o->slaw)};
    size_t n = 1;
    bool is_file = c->output[0] != '/';
    ErrCode rc =
        is_file ? fsx_join(output, dir, c->output, err) : fsx_path(output, err, "%s", c->output);
    for (size_t i = 0; i < MAX_WORDS && c->words[i]; i++) {
        argv[n++] = strdup(c->words[i]);
    }
    argv[n] = strdup(study);
    posix_spawn_file_actions_t to;
    (void)posix_spawn_file_actions_init(&to);
    (void)posix_spawn_file_actions_addopen(&to, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_TRUNC,
                                           0644);
    pid_t pid = 0;
    int status = 0;
    struct rusage used = {0};
    double start = now_s();
    if (rc == ERR_OK && (posix_spawn(&pid, o->slaw, &to, NULL, argv, environ) != 0 ||
                         wait4(pid, &status, 0, &used) != pid || status != 0)) {
        rc = err_set(err, ERR_CHILD, "%s %s failed (status %d)", o->slaw, c->name, status);
    }
    double wall = now_s() - start;
    struct stat st;
    if (rc == ERR_OK && (is_first || wall < c->wall_s)) {
        c->wall_s = wall;
        c->cpu_s = seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
        c->peak_bytes = (int64_t)used.ru_maxrss * 1024;
        c->output_bytes = is_file && stat(output, &st) == 0 ? (int64_t)st.st_size : 0;
    }
    if (is_file) {
        (void)unlink(output);
    }
    (void)posix_spawn_file_actions_destroy(&to);
    for (size_t i = 0; i <= n; i++) {
        free(argv[i]);
    }
    return rc;
}

/* ---- the yardstick ---------------------------------------------------------------------------- */

/* Bytes of the text that the identity of the first cell is taken of. */
static ErrCode identity_bytes(const char *study, size_t *ret, Err *err)
{
    Study *s = NULL;
    json_t *config = NULL;
    Buf text = BUF_INIT, problems = BUF_INIT;
    ErrCode rc = ERR_OK;
    TRY(study_open(study, &s, &problems, err));
    TRY(study_run_json(s, 0, &config, err));
    TRY(run_config_identity_text(config, &text, err));
    *ret = text.len;
done:
    json_decref(config);
    buf_release(&text);
    buf_release(&problems);
    study_close(s);
    return rc;
}

static ErrCode time_hashes(int64_t n, size_t bytes, double *ret_s, Err *err)
{
    Sha256 *sha = sha256_new();
    char *text = malloc(bytes + 1);
    unsigned char digest[SHA256_BYTES] = {0};
    ErrCode rc = sha && text ? ERR_OK : err_nomem(err, "the yardstick");
    double best = 0.0;
    for (int k = 0; rc == ERR_OK && k < TRIES; k++) {
        memset(text, 'x', bytes);
        double start = cpu_now_s();
        for (int64_t i = 0; rc == ERR_OK && i < n; i++) {
            memcpy(text, digest,
                   sizeof digest < bytes ? sizeof digest : bytes); /* none is skipped */
            rc = sha256_of(sha, text, bytes, digest, err);
        }
        double s = cpu_now_s() - start;
        best = k == 0 || s < best ? s : best;
    }
    *ret_s = best;
    sha256_free(sha);
    free(text);
    return rc;
}

/* ---- the report ------------------------------------------------------------------------------- */

static json_t *report_json(const Options *o, const Case *list, size_t n, size_t bytes,
                           double hash_s)
{
    json_t *cases = json_array();
    for (size_t i = 0; i < n; i++) {
        const Case *c = &list[i];
        (void)json_array_append_new(
            cases, json_pack("{s:s, s:s, s:f, s:f, s:f, s:f, s:I, s:I}", "case", c->name, "output",
                             c->output, "wall_s", c->wall_s, "cpu_s", c->cpu_s, "us_per_cell",
                             c->wall_s * 1e6 / (double)o->cells, "over_hashing", c->cpu_s / hash_s,
                             "peak_bytes", (json_int_t)c->peak_bytes, "output_bytes",
                             (json_int_t)c->output_bytes));
    }
    return json_pack("{s:i, s:s, s:I, s:I, s:f, s:f, s:o}", "schema", 1, "bench", "plan", "cells",
                     (json_int_t)o->cells, "identity_bytes", (json_int_t)bytes, "hashing_s", hash_s,
                     "hash_us", hash_s * 1e6 / (double)o->cells, "cases", cases);
}

static void print_table(const Options *o, const Case *list, size_t n, size_t bytes, double hash_s)
{
    (void)printf("%" PRId64
                 " cells; SHA-256 of as many texts of %zu bytes: %.3f s, %.3f us each\n\n"
                 "%-24s %-10s %8s %8s %9s %12s %10s %10s\n",
                 o->cells, bytes, hash_s, hash_s * 1e6 / (double)o->cells, "case", "output",
                 "wall s", "cpu s", "us/cell", "over hashing", "peak MB", "output MB");
    for (size_t i = 0; i < n; i++) {
        const Case *c = &list[i];
        (void)printf("%-24s %-10s %8.3f %8.3f %9.3f %12.2f %10.1f %10.1f\n", c->name, c->output,
                     c->wall_s, c->cpu_s, c->wall_s * 1e6 / (double)o->cells, c->cpu_s / hash_s,
                     (double)c->peak_bytes / 1e6, (double)c->output_bytes / 1e6);
    }
}

static ErrCode bench(const Options *o, const char *dir, Err *err)
{
    Case list[] = {
        {.name = "check", .words = {"check"}, .output = "/dev/null"},
        {.name = "plan --measure 0", .words = {"plan", "--measure", "0"}, .output = "/dev/null"},
        {.name = "plan", .words = {"plan"}, .output = "/dev/null"},
        {.name = "plan --why", .words = {"plan", "--why"}, .output = "/dev/null"},
        {.name = "plan --json", .words = {"plan", "--json"}, .output = "/dev/null"},
        {.name = "plan --json", .words = {"plan", "--json"}, .output = "plan.json"},
        {.name = "plan --all", .words = {"plan", "--all"}, .output = "plan.txt"}};
    enum { N_CASES = sizeof list / sizeof list[0] };
    char study[FSX_PATH_BYTES];
    size_t bytes = 0;
    double hash_s = 0.0;
    ErrCode rc = ERR_OK;
    TRY(fsx_join(study, dir, "million.yaml", err));
    TRY(write_study(study, o->cells, err));
    TRY(identity_bytes(study, &bytes, err));
    TRY(time_hashes(o->cells, bytes, &hash_s, err));
    for (size_t i = 0; i < N_CASES; i++) {
        for (int k = 0; k < TRIES; k++) {
            TRY(run_once(o, study, dir, &list[i], k == 0, err));
        }
    }
    if (o->is_json) {
        Buf text = BUF_INIT;
        json_t *v = report_json(o, list, N_CASES, bytes, hash_s);
        json_pretty(v, &text);
        json_decref(v);
        (void)fputs(buf_str(&text), stdout);
        buf_release(&text);
    } else {
        print_table(o, list, N_CASES, bytes, hash_s);
    }
done:
    (void)unlink(study);
    return rc;
}

static bool read_options(int argc, char **argv, Options *o)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--json") == 0) {
            o->is_json = true;
        } else if (value && strcmp(argv[i], "--dir") == 0) {
            o->dir = argv[++i];
        } else if (value && strcmp(argv[i], "--slaw") == 0) {
            o->slaw = argv[++i];
        } else if (value && strcmp(argv[i], "--cells") == 0) {
            o->cells = strtoll(argv[++i], NULL, 10);
        } else {
            return false;
        }
    }
    /* Whole seeds of twenty models and a hundred learning rates. */
    o->cells = (o->cells + 1999) / 2000 * 2000;
    return o->cells > 0 && o->cells <= 10000000;
}

int main(int argc, char **argv)
{
    Options o = {.slaw = SLAW_PROGRAM, .cells = 1000000};
    char own[] = "/tmp/bench-plan-XXXXXX";
    Err err = ERR_INIT;
    if (!read_options(argc, argv, &o)) {
        (void)fputs("bench_plan [--json] [--dir DIR] [--cells N] [--slaw PATH]\n", stderr);
        return 2;
    }
    const char *dir = o.dir ? o.dir : mkdtemp(own);
    ErrCode rc = dir ? bench(&o, dir, &err) : err_sys(&err, "%s", own);
    if (!o.dir && dir) {
        (void)rmdir(own);
    }
    if (rc != ERR_OK) {
        (void)fprintf(stderr, "bench_plan: %s\n", err.msg);
    }
    return rc == ERR_OK ? 0 : 1;
}
