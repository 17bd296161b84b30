/* damage -- spoils the files of a study, one byte or one file at a time, and demands that `slaw
 * run`, `verify` and `reindex` make of it what they promise.
 *
 *     system_damage [--seconds S | --all] [--seed N] [--only CASE:I]
 *
 *   events    a run whose events.jsonl ends after I bytes, as after a loss of power, and the
 *             catalog gone: running again leads to the catalog and checkpoints of the undisturbed
 *   manifest, weights, about
 *             byte I of a checkpoint's manifest.json, model.safetensors, config.json flipped:
 *             verify ends with 1 and says so, run makes it again, to the same bytes
 *   state     byte I of an interrupted run's newest state.json: the run ends as undisturbed
 *   status, exit, studyjson
 *             byte I of one of the notes flipped, the catalog gone: the same catalog again
 *   config, runjson
 *             byte I of a run's config.json or run.json flipped, for odd I the catalog gone as
 *             well: nothing to do, nothing differs
 *   catalog   cut to a length, emptied, garbage, gone: the same catalog again; a newer version's
 *             or another program's: refused and left as it is
 *   two       two schedulers at the same time: one works, the other names it and ends with 69
 *   nfs       the study's folder is on a network file system, says statfs: the catalog is not
 *             there, a notice says where; the runs are, and when statfs tells the truth again the
 *             catalog made from them is the same
 *   clock     the wall clock set back or forward during a run: only times differ
 *
 * With seconds, cases are drawn at random from the seed until they are over; --all takes every
 * byte (of weights every 97th).  Prints what was tried as JSON; exit status 1 after a difference.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fsx.h"
#include "common/json.h"
#include "common/rng.h"
#include "tests/support/catalog_dump.h"
#include "tests/support/faults/faults.h"
#include "tests/system/lab.h"

enum { LIMIT_MS = 50000, EXIT_LOCKED = 69, N_TWO = 200, N_CLOCK = 40 };

static Lab lab;
static char calm[LAB_PATH_BYTES], half[LAB_PATH_BYTES], hurt[LAB_PATH_BYTES];
static char *want[2];                    /* by LabDump */
static char run_dir[LAB_PATH_BYTES / 4]; /* of the first run, relative to a study's folder */

static void fail_hard(const char *what)
{
    (void)fprintf(stderr, "damage: %s: %s\n%s\n", what, strerror(errno), lab_output(&lab));
    abort();
}

/* ---- files ------------------------------------------------------------------------------------ */

/* hurt/name; or hurt/RUN/name for a name that begins with "@/". */
static const char *hurt_path(const char *name)
{
    static char path[4][3 * LAB_PATH_BYTES];
    static int next;
    next = (next + 1) % 4;
    bool is_of_run = name[0] == '@';
    (void)snprintf(path[next], sizeof path[next], "%s/%s%s", hurt, is_of_run ? run_dir : "",
                   name + is_of_run);
    return path[next];
}

static int64_t size_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

static void flip(const char *path, int64_t at)
{
    unsigned char byte = 0;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 || pread(fd, &byte, 1, at) != 1) {
        fail_hard(path);
    }
    byte ^= 1;
    if (pwrite(fd, &byte, 1, at) != 1 || close(fd) != 0) {
        fail_hard(path);
    }
}

static void put(const char *path, const char *text, size_t n)
{
    Err err = ERR_INIT;
    if (fsx_note(path, text, n, &err) != ERR_OK) {
        fail_hard(err.msg);
    }
}

static void copy_of(const char *study)
{
    lab_remove(hurt);
    if (!lab_copy(study, hurt)) {
        fail_hard("copy");
    }
}

static void without_catalog(void)
{
    (void)unlink(hurt_path("catalog.db"));
    (void)unlink(hurt_path("catalog.db-wal"));
    (void)unlink(hurt_path("catalog.db-shm"));
}

/* ---- demands ----------------------------------------------------------------------------------- */

/* Runs a verb on the hurt study and wants this exit status. */
static bool ends_with(int status, const char *verb, Buf *why)
{
    bool is_run = strcmp(verb, "run") == 0;
    int got = lab_slaw(&lab, NULL, verb, is_run ? lab.study : hurt, is_run ? hurt : NULL, LIMIT_MS);
    if (got != status) {
        buf_printf(why, "slaw %s: %d, not %d: %s\n", verb, got, status, lab_output(&lab));
    }
    return got == status;
}

static bool becomes_whole(LabDump d, Buf *why)
{
    return ends_with(0, "run", why) && lab_same(d, want[d], calm, hurt, why) &&
           ends_with(0, "verify", why);
}

/* ---- cases ------------------------------------------------------------------------------------- */

/* Number in a folder's name "step-N" below hurt/RUN/kind that is larger than `step`: removed. */
static void remove_newer(const char *kind, int64_t step)
{
    char name[64], last[3 * LAB_PATH_BYTES];
    for (int64_t s = step + 1; s <= 64; s++) {
        (void)snprintf(name, sizeof name, "@/%s/step-%08" PRId64, kind, s);
        (void)snprintf(last, sizeof last, "%s", hurt_path(name));
        lab_remove(last);
    }
}

/* The newest step of which the first n bytes of the events tell. */
static int64_t newest_step(const char *text, int64_t n)
{
    int64_t step = 0;
    const char *end = text + n;
    for (const char *p = text; p < end;) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        const char *at = newline ? strstr(p, "\"step\":") : NULL;
        step = at && at < newline ? strtoll(at + 7, NULL, 10) : step;
        p = newline ? newline + 1 : end;
    }
    return step;
}

static bool events_end(int64_t i, Buf *why)
{
    Buf text = BUF_INIT;
    Err err = ERR_INIT;
    copy_of(calm);
    if (fsx_read(hurt_path("@/attempt-000/events.jsonl"), 1 << 20, &text, &err) != ERR_OK ||
        truncate(hurt_path("@/attempt-000/events.jsonl"), i) != 0) {
        fail_hard("events.jsonl");
    }
    /* What the worker had not got to; the events are synced before a state is written. */
    remove_newer("state", newest_step(buf_str(&text), i));
    remove_newer("checkpoints", newest_step(buf_str(&text), i));
    buf_release(&text);
    (void)unlink(hurt_path("@/attempt-000/exit.json"));
    (void)unlink(hurt_path("@/status.json"));
    without_catalog();
    return becomes_whole(LAB_EVERYTHING, why);
}

/* A file of the first run's first checkpoint. */
static const char *in_checkpoint(const char *name)
{
    static char path[LAB_PATH_BYTES];
    (void)snprintf(path, sizeof path, "@/%s/%s",
                   catalog_ask(calm, "SELECT path FROM checkpoint ORDER BY run_id, step LIMIT 1"),
                   name);
    return hurt_path(path);
}

static bool checkpoint_flipped(const char *name, int64_t i, Buf *why)
{
    copy_of(calm);
    flip(in_checkpoint(name), i);
    return ends_with(1, "verify", why) && becomes_whole(LAB_RESULTS, why);
}

static bool manifest_flipped(int64_t i, Buf *why)
{
    return checkpoint_flipped("manifest.json", i, why);
}

static bool weights_flipped(int64_t i, Buf *why)
{
    return checkpoint_flipped("model.safetensors", 97 * i, why);
}

static bool about_flipped(int64_t i, Buf *why)
{
    return checkpoint_flipped("config.json", i, why);
}

/* Newest step that has a state in `half`, of the run that is half done. */
static const char *newest_state(const char *name)
{
    static char path[3 * LAB_PATH_BYTES];
    for (int step = 64; step > 0; step--) {
        (void)snprintf(path, sizeof path, "%s/%s/state/step-%08d/%s", hurt, run_dir, step, name);
        if (access(path, F_OK) == 0) {
            return path;
        }
    }
    fail_hard("no state");
    return "";
}

static bool state_flipped(int64_t i, Buf *why)
{
    copy_of(half);
    flip(newest_state("state.json"), i);
    return becomes_whole(LAB_EVERYTHING, why);
}

static bool note_flipped(const char *name, int64_t i, Buf *why)
{
    copy_of(calm);
    flip(hurt_path(name), i);
    without_catalog();
    return becomes_whole(LAB_EVERYTHING, why);
}

static bool status_flipped(int64_t i, Buf *why)
{
    return note_flipped("@/status.json", i, why);
}

static bool exit_flipped(int64_t i, Buf *why)
{
    return note_flipped("@/attempt-000/exit.json", i, why);
}

/* What says which run it is; without the catalog, every second time.  The run's number in a
 * catalog made anew may be another then. */
static bool identity_flipped(const char *name, int64_t i, Buf *why)
{
    copy_of(calm);
    flip(hurt_path(name), i);
    if (i % 2) {
        without_catalog();
    }
    return becomes_whole(i % 2 ? LAB_RESULTS : LAB_EVERYTHING, why);
}

static bool config_flipped(int64_t i, Buf *why)
{
    return identity_flipped("@/config.json", i, why);
}

static bool runjson_flipped(int64_t i, Buf *why)
{
    return identity_flipped("@/run.json", i, why);
}

static bool studyjson_flipped(int64_t i, Buf *why)
{
    return note_flipped("study.json", i, why);
}

enum { CATALOG_GONE, CATALOG_EMPTY, CATALOG_GARBAGE, CATALOG_FOREIGN, CATALOG_NEWER, CATALOG_CUT };

static void statement(const char *sql)
{
    sqlite3 *db = NULL;
    if (sqlite3_open(hurt_path("catalog.db"), &db) != SQLITE_OK ||
        sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK || sqlite3_close(db) != SQLITE_OK) {
        fail_hard(sql);
    }
}

/* What this program did not write: run refuses it, and leaves every byte as it is. */
static bool is_left_alone(Buf *why)
{
    Buf before = BUF_INIT, after = BUF_INIT;
    Err err = ERR_INIT;
    (void)fsx_read(hurt_path("catalog.db"), 1 << 24, &before, &err);
    bool is_good = ends_with(65, "run", why);
    (void)fsx_read(hurt_path("catalog.db"), 1 << 24, &after, &err);
    if (before.len != after.len || memcmp(buf_str(&before), buf_str(&after), after.len) != 0) {
        buf_puts(why, "another program's catalog was changed\n");
        is_good = false;
    }
    buf_release(&before);
    buf_release(&after);
    return is_good;
}

static bool catalog_spoiled(int64_t i, Buf *why)
{
    copy_of(calm);
    int64_t n = size_of(hurt_path("catalog.db"));
    if (i == CATALOG_NEWER) {
        statement("PRAGMA user_version = 999; PRAGMA wal_checkpoint(TRUNCATE);");
        return is_left_alone(why);
    }
    if (i == CATALOG_FOREIGN) {
        without_catalog();
        statement("CREATE TABLE t (x); PRAGMA application_id = 1234;");
        if (!is_left_alone(why)) {
            return false;
        }
        without_catalog();
    } else if (i == CATALOG_GONE) {
        without_catalog();
    } else if (i == CATALOG_GARBAGE) {
        without_catalog();
        put(hurt_path("catalog.db"), "this is no database, but more than sixteen bytes", 48);
    } else if (truncate(hurt_path("catalog.db"),
                        i == CATALOG_EMPTY ? 0 : (i - CATALOG_CUT + 1) * 1024 % n) != 0) {
        fail_hard("truncate");
    }
    return becomes_whole(LAB_EVERYTHING, why);
}

static bool two_schedulers(int64_t i, Buf *why)
{
    char pid_text[2][64];
    const LabEnv slow = {.text = {"SLAW_FAKE=all=slow@15"}, .n = 1};
    Lab other = lab; /* the same folder, but an output of its own */
    (void)i;
    other.output = "second";
    lab_remove(hurt);
    lab.worker = other.worker = SLAW_FAKE_WORKER;
    pid_t pid[2] = {lab_start(&lab, &slow, "run", lab.study, hurt),
                    lab_start(&other, &slow, "run", lab.study, hurt)};
    int status[2] = {lab_wait(pid[0], LIMIT_MS), lab_wait(pid[1], LIMIT_MS)};
    for (int k = 0; k < 2; k++) {
        (void)snprintf(pid_text[k], sizeof pid_text[k], "process %ld on host", (long)pid[k]);
    }
    lab.worker = NULL;
    int loser = status[0] == EXIT_LOCKED ? 0 : 1;
    const char *said = lab_output(loser == 0 ? &lab : &other);
    bool is_good = status[loser] == EXIT_LOCKED && status[!loser] == 0 &&
                   strstr(said, pid_text[!loser]) &&
                   strcmp(catalog_ask(hurt, "SELECT count(*) FROM attempt"), "4") == 0;
    if (!is_good) {
        buf_printf(why, "%d and %d, %s attempts; the second said: %s\n", status[0], status[1],
                   catalog_ask(hurt, "SELECT count(*) FROM attempt"), said);
    }
    return is_good;
}

#ifdef SLAW_FAULTS_LIBRARY
/* Runs the study in `hurt`, which is empty, with the library and these settings of it. */
static int run_with(const char *const *setting, size_t n)
{
    static const FaultCounter zero;
    char text[2][LAB_PATH_BYTES + 32];
    LabEnv env = {.n = 2};
    (void)snprintf(text[0], sizeof text[0], "LD_PRELOAD=%s", SLAW_FAULTS_LIBRARY);
    (void)snprintf(text[1], sizeof text[1], "SLAW_FAULTS_COUNTER=%s", lab_path(&lab, "counter"));
    env.text[0] = text[0];
    env.text[1] = text[1];
    for (size_t i = 0; i < n; i++) {
        env.text[env.n++] = setting[i];
    }
    put(lab_path(&lab, "counter"), (const char *)&zero, sizeof zero);
    lab_remove(hurt);
    return lab_slaw(&lab, &env, "run", lab.study, hurt, LIMIT_MS);
}

static bool on_a_network(int64_t i, Buf *why)
{
    char below[LAB_PATH_BYTES + 32], state[LAB_PATH_BYTES + 32], kept[LAB_PATH_BYTES];
    (void)snprintf(below, sizeof below, "SLAW_FAULTS_BELOW=%s", hurt);
    (void)snprintf(kept, sizeof kept, "%s", lab_path(&lab, "state"));
    (void)snprintf(state, sizeof state, "XDG_STATE_HOME=%s", kept);
    (void)i;
    int status = run_with((const char *[]){"SLAW_FAULTS_STATFS=nfs", below, state}, 3);
    bool is_elsewhere =
        !fsx_exists(hurt_path("catalog.db")) && fsx_is_dir(kept) && strstr(lab_output(&lab), kept);
    if (status != 0 || !is_elsewhere) {
        buf_printf(why, "slaw run: %d: %s\n", status, lab_output(&lab));
    }
    lab_remove(kept);
    return status == 0 && is_elsewhere && becomes_whole(LAB_EVERYTHING, why);
}

static bool clock_set(int64_t i, Buf *why)
{
    static const char *const offset[] = {"SLAW_FAULTS_CLOCK=-1000000", "SLAW_FAULTS_CLOCK=1000000",
                                         "SLAW_FAULTS_CLOCK=-5", "SLAW_FAULTS_CLOCK=90"};
    char at[64];
    (void)snprintf(at, sizeof at, "SLAW_FAULTS_AT=%" PRId64, 1 + 7 * i);
    const char *in = i / 4 % 2 ? "SLAW_FAULTS_IN=slaw" : "SLAW_FAULTS_IN=slaw,slaw-worker";
    int status = run_with((const char *[]){offset[i % 4], at, in}, 3);
    if (status != 0) {
        buf_printf(why, "slaw run: %d: %s\n", status, lab_output(&lab));
    }
    return status == 0 && lab_same(LAB_EVERYTHING, want[LAB_EVERYTHING], calm, hurt, why) &&
           becomes_whole(LAB_EVERYTHING, why);
}
#endif

typedef struct Case {
    const char *name;
    bool (*try_one)(int64_t i, Buf *why);
    const char *file; /* as hurt_path() takes it: one try a byte; NULL: n of them */
    int64_t n;
} Case;

static Case cases[] = {
    {"events", events_end, "@/attempt-000/events.jsonl", 0},
    {"manifest", manifest_flipped, "checkpoint/manifest.json", 0},
    {"weights", weights_flipped, "checkpoint/model.safetensors", 0},
    {"about", about_flipped, "checkpoint/config.json", 0},
    {"state", state_flipped, "state.json", 0},
    {"status", status_flipped, "@/status.json", 0},
    {"exit", exit_flipped, "@/attempt-000/exit.json", 0},
    {"config", config_flipped, "@/config.json", 0},
    {"runjson", runjson_flipped, "@/run.json", 0},
    {"studyjson", studyjson_flipped, "study.json", 0},
    {"catalog", catalog_spoiled, NULL, CATALOG_CUT + 40},
    {"two", two_schedulers, NULL, N_TWO},
#ifdef SLAW_FAULTS_LIBRARY
    {"nfs", on_a_network, NULL, 1},
    {"clock", clock_set, NULL, N_CLOCK},
#endif
};
enum { N_CASES = sizeof cases / sizeof cases[0] };

/* ---- the whole ----------------------------------------------------------------------------------- */

static long tried[N_CASES], bad[N_CASES];
static json_t *failures;

static void try_case(size_t c, int64_t i)
{
    Buf why = BUF_INIT;
    bool is_good = cases[c].try_one(i, &why);
    tried[c]++;
    if (!is_good) {
        bad[c]++;
        (void)fprintf(stderr, "--- %s:%" PRId64 ": %s", cases[c].name, i, buf_str(&why));
        (void)json_array_append_new(failures, json_pack("{s:s,s:I,s:s}", "case", cases[c].name, "i",
                                                        (json_int_t)i, "why", buf_str(&why)));
        lab_kill_workers(hurt);
    }
    buf_release(&why);
}

static void count_bytes(void)
{
    for (size_t c = 0; c < N_CASES; c++) {
        const char *file = cases[c].file;
        if (file) {
            bool is_state = strcmp(file, "state.json") == 0;
            bool is_checkpoint = strncmp(file, "checkpoint/", 11) == 0;
            copy_of(is_state ? half : calm);
            cases[c].n = size_of(is_state        ? newest_state(file)
                                 : is_checkpoint ? in_checkpoint(file + 11)
                                                 : hurt_path(file));
            cases[c].n /= strcmp(cases[c].name, "weights") == 0 ? 97 : 1;
        }
    }
}

/* The undisturbed study, and one whose first run was stopped half-way. */
static void make_studies(void)
{
    lab_open(&lab, lab_tiny_study);
    (void)snprintf(calm, sizeof calm, "%s", lab_path(&lab, "calm"));
    (void)snprintf(half, sizeof half, "%s", lab_path(&lab, "half"));
    (void)snprintf(hurt, sizeof hurt, "%s", lab_path(&lab, "hurt"));
    int status = lab_slaw(&lab, NULL, "run", lab.study, calm, LIMIT_MS);
    if (status != 0) {
        fail_hard("the undisturbed study");
    }
    want[LAB_EVERYTHING] = lab_dump(calm, LAB_EVERYTHING);
    want[LAB_RESULTS] = lab_dump(calm, LAB_RESULTS);
    (void)snprintf(run_dir, sizeof run_dir, "%s",
                   catalog_ask(calm, "SELECT dir FROM run ORDER BY id LIMIT 1"));
    if (!lab_copy(calm, half)) {
        fail_hard("copy");
    }
    /* Stopped after the first checkpoint and three more steps: made again by the worker itself. */
    char command[8 * LAB_PATH_BYTES];
    (void)snprintf(
        command, sizeof command,
        "cd '%s' && rm -rf %s/attempt-000 %s/status.json %s/state %s/checkpoints catalog.db*"
        " && '%s' run %s --corpus corpus --max-steps 11 2>/dev/null",
        half, run_dir, run_dir, run_dir, run_dir, SLAW_BIN_DIR "/slaw-worker", run_dir);
    int end = system(command); /* NOLINT(cert-env33-c,concurrency-mt-unsafe): a test's own text */
    if (!WIFEXITED(end) || WEXITSTATUS(end) != 75) {
        fail_hard(command);
    }
}

static long print_result(uint64_t seed, double seconds)
{
    long all_bad = 0, all = 0;
    json_t *by = json_object();
    for (size_t c = 0; c < N_CASES; c++) {
        all += tried[c];
        all_bad += bad[c];
        (void)json_object_set_new(by, cases[c].name,
                                  json_pack("{s:I,s:i,s:i}", "possible", (json_int_t)cases[c].n,
                                            "tried", (int)tried[c], "bad", (int)bad[c]));
    }
    json_t *v =
        json_pack("{s:i,s:I,s:f,s:i,s:i,s:o,s:O}", "schema", 1, "seed", (json_int_t)seed, "seconds",
                  seconds, "tried", (int)all, "bad", (int)all_bad, "by", by, "failures", failures);
    lab_print(v);
    return all_bad;
}

static bool one_case(const char *only)
{
    for (size_t c = 0; c < N_CASES; c++) {
        size_t n = strlen(cases[c].name);
        if (strncmp(only, cases[c].name, n) != 0 || (only[n] && only[n] != ':')) {
            continue;
        }
        int64_t first = only[n] ? strtoll(only + n + 1, NULL, 10) : 0;
        for (int64_t i = first; i < (only[n] ? first + 1 : cases[c].n); i++) {
            try_case(c, i);
        }
        return true;
    }
    return false;
}

int main(int argc, char **argv)
{
    LabOptions o = {.seconds = 20, .seed = 1};
    if (!lab_options(argc, argv, "--all", "tests/system/damage.c", &o) || o.has_points) {
        return 2;
    }
    MonoNs began = clock_mono_ns(), until = began + (MonoNs)(o.seconds * (double)NS_PER_S);
    failures = json_array();
    make_studies();
    count_bytes();
    if (o.only && !one_case(o.only)) {
        return 2;
    }
    for (size_t c = 0; o.has_flag && c < N_CASES; c++) {
        for (int64_t i = 0; i < cases[c].n; i++) {
            try_case(c, i);
        }
    }
    for (uint64_t k = 0; !o.has_flag && !o.only && clock_mono_ns() < until; k++) {
        size_t c = (k + o.seed) % N_CASES;
        try_case(c, (int64_t)(rng_u64(o.seed, 2, k) % (uint64_t)cases[c].n));
    }
    long n_bad = print_result(o.seed, (double)(clock_mono_ns() - began) / (double)NS_PER_S);
    free(want[0]);
    free(want[1]);
    json_decref(failures);
    lab_close(&lab);
    return n_bad == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
