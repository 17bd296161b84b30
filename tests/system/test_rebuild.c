/* Is a rebuilt catalog the catalog that was lost?  A study with everything in it: runs that are
 * done, failed, diverged, requeued, retried, waiting, never started and retired; attempts that
 * were killed and lost; checkpoints that are damaged, missing and removed; damaged event lines;
 * fits.  Then `slaw reindex`, and every table byte for byte, but for columns that are times.
 *
 * The real scheduler with the fake worker of tests/support. */
#include <check.h>
#include <inttypes.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/fsx.h"
#include "tests/support/catalog_dump.h"
#include "tests/support/run_slaw.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"
#include "tests/support/words.h"

static const char study_text[] = "version: 1\n"
                                 "study: messy\n"
                                 "corpus: {text: [\"text/*.txt\"], validation: 2048}\n"
                                 "matrix:\n"
                                 "  architecture: [llama]\n"
                                 "  size: [xs]\n"
                                 "  seed: [%s]\n"
                                 "sizes:\n"
                                 "  xs: {layers: 2, width: 16, heads: 1}\n"
                                 "training: {tokens: 5120, sequence: 64, batch: 256,"
                                 " optimizer: {adamw: {lr: 3e-3}},"
                                 " schedule: {constant: {warmup: 5}}}\n"
                                 "checkpoints: {count: 4, spacing: linear, first: 1280}\n"
                                 "evaluation: [validation]\n"
                                 "execution: {retries: 1, workers: 2, threads: 1}\n"
                                 "analysis: {laws: [paper_power], by: architecture}\n";

static TmpDir tmp;
static char dir[FSX_PATH_BYTES];

static void write_study(const char *seeds)
{
    char text[2048];
    (void)snprintf(text, sizeof text, study_text, seeds);
    (void)tmpdir_write(&tmp, "messy.yaml", text);
}

static void setup(void)
{
    Err err = ERR_INIT;
    tmp = tmpdir_open();
    ck_assert_int_eq(fsx_path(dir, &err, "%s/text", tmp.path), ERR_OK);
    ck_assert_int_eq(fsx_mkdirs(dir, &err), ERR_OK);
    ck_assert_int_eq(fsx_path(dir, &err, "%s/study", tmp.path), ERR_OK);
    words_write(&tmp, "text/0.txt");
    words_use_fake_worker();
}

static void teardown(void)
{
    tmpdir_close(&tmp);
}

/* Runs `slaw args`, in which @ is the study's directory. */
static int slaw(const char *args)
{
    Buf out = BUF_INIT;
    int status = run_slaw(tmp.path, args, dir, "2>&1", &out);
    buf_release(&out);
    return status;
}

/* One run of the study; what each run's worker does. */
static int run(const char *behaviour)
{
    (void)setenv("SLAW_FAKE", behaviour, 1);
    return slaw("run messy.yaml --dir @");
}

static int64_t ask(const char *sql)
{
    return strtoll(catalog_ask(dir, sql), NULL, 10);
}

static bool lives(long pid)
{
    char path[64], exe[64];
    (void)snprintf(path, sizeof path, "/proc/%ld/exe", pid);
    return readlink(path, exe, sizeof exe) > 0; /* one that has ended has none */
}

/* Until the workers of a killed scheduler have written their last lines.  One that had not said
 * hello has had time enough, too: it ends at once. */
static void wait_for_workers(void)
{
    char pids[1024];
    (void)snprintf(pids, sizeof pids, "%s",
                   catalog_ask(dir, "SELECT group_concat(pid, ' ') FROM attempt"
                                    " WHERE state = 'running'"));
    for (char *at = pids, *end = at; *at; at = end) {
        long pid = strtol(at, &end, 10);
        for (int i = 0; i < 2000 && pid > 0 && lives(pid); i++) {
            struct timespec t = {.tv_nsec = 10 * 1000000};
            (void)nanosleep(&t, NULL); /* it is no child of ours: nothing tells of its end */
        }
        if (end == at) {
            break;
        }
    }
}

/* `slaw run`, killed with SIGKILL once the answer to sql is at least 1, with its workers left to
 * find that out. */
static void run_and_kill(const char *behaviour, const char *sql)
{
    enum { PATIENCE = 3000 };
    (void)setenv("SLAW_FAKE", behaviour, 1);
    pid_t pid = fork();
    if (pid == 0) {
        if (chdir(tmp.path) == 0 && freopen("/dev/null", "w", stderr) &&
            freopen("/dev/null", "w", stdout)) {
            (void)execl(SLAW_BIN_DIR "/slaw", "slaw", "run", "messy.yaml", "--dir", dir,
                        (char *)NULL);
        }
        _exit(127);
    }
    for (int i = 0; i < PATIENCE && ask(sql) < 1; i++) {
        struct timespec t = {.tv_nsec = 10 * 1000000};
        (void)nanosleep(&t, NULL); /* there is no event to wait for in another's catalog */
    }
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_int_ge(ask(sql), 1);
    wait_for_workers();
}

/* Columns that say when, of each table; everything else must come back. */
static bool is_time(const char *column)
{
    static const char *const name[] = {"created_ms", "updated_ms", "started_ms", "ended_ms"};
    for (size_t i = 0; i < sizeof name / sizeof name[0]; i++) {
        if (strcmp(column, name[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void put_table(sqlite3 *db, const char *table, Buf *out)
{
    char sql[128];
    sqlite3_stmt *q = NULL;
    (void)snprintf(sql, sizeof sql, "SELECT * FROM \"%s\"", table);
    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    while (sqlite3_step(q) == SQLITE_ROW) {
        buf_printf(out, "%s", table);
        for (int i = 0; i < sqlite3_column_count(q); i++) {
            const char *name = sqlite3_column_name(q, i);
            const char *text = (const char *)sqlite3_column_text(q, i);
            if (is_time(name)) {
                continue;
            }
            if (sqlite3_column_type(q, i) == SQLITE_FLOAT) {
                buf_printf(out, " %s=%a", name, sqlite3_column_double(q, i));
            } else {
                buf_printf(out, " %s=%s", name, text ? text : "NULL");
            }
        }
        buf_putc(out, '\n');
    }
    ck_assert_int_eq(sqlite3_finalize(q), SQLITE_OK);
}

/* Every row of every table that there is, in the order of the tables' keys. */
static char *dump(void)
{
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    Buf out = BUF_INIT;
    ck_assert_int_eq(fsx_join(path, dir, "catalog.db", &err), ERR_OK);
    ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    ck_assert_int_eq(
        sqlite3_prepare_v2(db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name",
                           -1, &q, NULL),
        SQLITE_OK);
    int n = 0;
    while (sqlite3_step(q) == SQLITE_ROW) {
        put_table(db, (const char *)sqlite3_column_text(q, 0), &out);
        n++;
    }
    ck_assert_int_ge(n, 9);
    ck_assert_int_eq(sqlite3_finalize(q), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    return buf_detach(&out);
}

/* The first line in which they differ. */
static void check_equal(const char *got, const char *want, const char *what)
{
    const char *g = got, *w = want;
    while (*g && *g == *w) {
        g++;
        w++;
    }
    while (g > got && g[-1] != '\n') {
        g--;
        w--;
    }
    ck_assert_msg(strcmp(got, want) == 0, "%s\nrebuilt:  %.*s\noriginal: %.*s", what,
                  (int)strcspn(g, "\n"), g, (int)strcspn(w, "\n"), w);
}

static void same_after_reindex(const char *what, bool is_deleted)
{
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    char *want = dump();
    if (is_deleted) {
        ck_assert_int_eq(fsx_join(path, dir, "catalog.db", &err), ERR_OK);
        ck_assert_int_eq(unlink(path), 0);
    }
    ck_assert_int_eq(slaw("reindex @"), 0);
    char *got = dump();
    check_equal(got, want, what);
    free(got);
    free(want);
}

/* After a scheduler was killed its workers write on for a moment, so the files know more than
 * the catalog: the first reindex brings that in, and must keep who is who; the second, from
 * nothing, must equal it. */
static void catches_up(const char *what)
{
    static const char sql[] = "SELECT group_concat(id || '=' || hash || state) FROM"
                              " (SELECT * FROM run ORDER BY id)";
    char *before = strdup(catalog_ask(dir, sql));
    ck_assert_int_eq(slaw("reindex @"), 0);
    ck_assert_str_eq(catalog_ask(dir, sql), before);
    free(before);
    same_after_reindex(what, true);
}

/* The path of a file below the folder of the run with this seed. */
static const char *in_run(int64_t seed, const char *below)
{
    static char path[FSX_PATH_BYTES];
    char sql[96];
    Err err = ERR_INIT;
    (void)snprintf(sql, sizeof sql, "SELECT dir FROM run WHERE seed = %" PRId64, seed);
    ck_assert_int_eq(fsx_path(path, &err, "%s/%s/%s", dir, catalog_ask(dir, sql), below), ERR_OK);
    return path;
}

START_TEST(a_messy_study_is_rebuilt_to_the_byte)
{
    Err err = ERR_INIT;
    write_study("1, 2, 3, 4, 5, 6, 7");
    ck_assert_int_eq(run("llama-xs-s1=exit@7*9,llama-xs-s2=diverge@9*9,llama-xs-s3=requeue@6*1,"
                         "llama-xs-s4=garbage@5*1,llama-xs-s5=exit@11*1,llama-xs-s6=kill@8*9"),
                     1);
    same_after_reindex("done, failed, diverged, requeued, garbage", true);
    ck_assert_int_eq(slaw("retry @"), 0);
    same_after_reindex("retried and waiting", true);
    write_study("2, 3, 4, 5, 6, 8, 9, 10, 11"); /* 1 and 7 retire, four are new */
    run_and_kill("all=slow@40",
                 "SELECT count(*) > 3 FROM checkpoint c JOIN run r ON r.id = c.run_id"
                 " WHERE r.seed IN (8, 9, 10, 11)");
    ck_assert_int_ge(ask("SELECT count(*) FROM run WHERE state = 'running'"), 1);
    catches_up("its scheduler was killed at work");
    ck_assert_int_ge(ask("SELECT count(*) FROM run WHERE state = 'retired'"), 2);
    ck_assert_int_ge(ask("SELECT count(*) FROM run WHERE state = 'waiting'"), 1);
    (void)run("llama-xs-s6=exit@15*9,llama-xs-s8=diverge@9*9");
    same_after_reindex("after the work of two schedulers", true);
    ck_assert_int_ge(ask("SELECT count(*) FROM attempt WHERE state IN ('lost', 'interrupted')"), 1);
    ck_assert_int_eq(ask("SELECT count(*) FROM run WHERE state = 'running'"), 0);

    ck_assert_int_eq(fsx_remove_tree(in_run(4, "checkpoints/step-00000005"), &err), ERR_OK);
    ck_assert_int_eq(unlink(in_run(4, "checkpoints/step-00000010/model.safetensors")), 0);
    ck_assert_int_eq(truncate(in_run(5, "checkpoints/step-00000020/model.safetensors"), 3), 0);
    ck_assert_int_eq(slaw("verify @"), 1);
    ck_assert_int_eq(ask("SELECT count(*) FROM checkpoint WHERE state = 'missing'"), 2);
    ck_assert_int_eq(ask("SELECT count(*) FROM checkpoint WHERE state = 'corrupt'"), 1);
    same_after_reindex("damaged and missing checkpoints", true);
    ck_assert_int_eq(truncate(in_run(5, "config.json"), 9), 0);
    same_after_reindex("a damaged config.json, made again from study.yaml", true);
    ck_assert_int_eq(slaw("fit @ --law paper_power --starts 4 --bootstrap 0"), 0);
    ck_assert_int_ge(ask("SELECT count(*) FROM fit"), 1);
    same_after_reindex("with fits", true);
    (void)run(""); /* what is damaged is made again, from a rebuilt catalog */
    same_after_reindex("at the end", true);
    ck_assert_int_eq(ask("SELECT count(*) FROM run WHERE state = 'done' AND seed = 5"), 1);
}
END_TEST

START_TEST(runs_that_were_never_started_keep_their_ids)
{
    write_study("1, 2, 3, 4, 5, 6, 7, 8");
    run_and_kill("all=slow@200", "SELECT count(*) FROM metric");
    ck_assert_int_ge(ask("SELECT count(*) FROM run r WHERE NOT EXISTS"
                         " (SELECT 1 FROM attempt t WHERE t.run_id = r.id)"),
                     4);
    catches_up("most were never started");
    /* the scheduler's own rebuilding gives the same */
    char path[FSX_PATH_BYTES], *ids = strdup(catalog_ask(dir, "SELECT group_concat(id || '=' || "
                                                              "hash) FROM (SELECT * FROM run "
                                                              "ORDER BY id)"));
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_join(path, dir, "catalog.db", &err), ERR_OK);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(run(""), 0);
    ck_assert_str_eq(ids, catalog_ask(dir, "SELECT group_concat(id || '=' || hash) FROM"
                                           " (SELECT * FROM run ORDER BY id)"));
    free(ids);
}
END_TEST

int main(void)
{
    return test_main(
        (TestPlan){.name = "rebuild", .set_up = setup, .tear_down = teardown, .timeout = 250.0});
}
