/* End to end with the real programs: slaw and slaw-worker on a study that this file writes,
 * four architectures, text of its own.  Undisturbed, then with a worker, the scheduler and
 * both killed or stopped: the catalogs must be equal to the last bit, and the checkpoints
 * good. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/fsx.h"
#include "tests/support/catalog_dump.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"
#include "tests/support/words.h"

enum { N_FILES = 6, WORDS_A_FILE = 6000, PATIENCE_MS = 20000 };

static const char study_text[] =
    "version: 1\n"
    "study: small\n"
    "corpus: {text: [\"text/*.txt\"], validation: 2048, tokenizer: %s}\n"
    "matrix:\n"
    "  architecture: [llama, tnl, hgrn2, cosformer2]\n"
    "  size: [xs]\n"
    "sizes:\n"
    "  xs: {layers: 2, width: 16, heads: 1}\n"
    "training:\n"
    "  tokens: 40k\n"
    "  sequence: 64\n"
    "  batch: 256\n"
    "  optimizer: {adamw: {lr: 3e-3}}\n"
    "  schedule: {constant: {warmup: 5}}\n"
    "  precision: %s\n"
    "checkpoints: {count: 6, spacing: log, first: 1k}\n"
    "evaluation: [validation]\n"
    "execution: {retries: 2, %s}\n";

static TmpDir tmp;
static char study[512];

static void write_text(void)
{
    for (uint32_t file = 0; file < N_FILES; file++) {
        Buf text = BUF_INIT;
        char name[32];
        words_random(&text, 1, file, WORDS_A_FILE);
        (void)snprintf(name, sizeof name, "text/%u.txt", file);
        (void)tmpdir_write(&tmp, name, buf_str(&text));
        buf_release(&text);
    }
}

/* execution: its settings, but for the retries */
static void write_study(const char *tokenizer, const char *precision, const char *execution)
{
    char text[2048];
    (void)snprintf(text, sizeof text, study_text, tokenizer, precision, execution);
    (void)snprintf(study, sizeof study, "%s", tmpdir_write(&tmp, "small.yaml", text));
}

static void setup(void)
{
    Err err = ERR_INIT;
    char path[512];
    if (access("/dev/shm", W_OK) == 0) {
        (void)setenv("TMPDIR", "/dev/shm", 0);
    }
    (void)unsetenv("SLAW_WORKER");
    tmp = tmpdir_open();
    (void)snprintf(path, sizeof path, "%s/text", tmp.path);
    ck_assert_int_eq(fsx_mkdirs(path, &err), ERR_OK);
    write_text();
    write_study("bytes", "f32", "workers: 2");
}

static void teardown(void)
{
    tmpdir_close(&tmp);
}

/* ---- slaw as a process -------------------------------------------------------------------- */

static const char *dir_of(const char *name)
{
    static char path[4][512];
    static int next;
    next = (next + 1) % 4;
    (void)snprintf(path[next], sizeof path[next], "%s/%s", tmp.path, name);
    return path[next];
}

/* "--OPTION=<the test's folder>/NAME" */
static const char *tmp_option(const char *option, const char *name)
{
    static char text[600];
    (void)snprintf(text, sizeof text, "--%s=%s", option, dir_of(name));
    return text;
}

/* Starts `slaw a b c d`, standard output and error into tmp/output. */
static pid_t slaw(const char *a, const char *b, const char *c, const char *d)
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        int fd = open(dir_of("output"), O_WRONLY | O_CREAT | O_TRUNC, 0666);
        (void)dup2(fd, STDOUT_FILENO);
        (void)dup2(fd, STDERR_FILENO);
        (void)execl(SLAW_BIN_DIR "/slaw", "slaw", a, b, c, d, (char *)NULL);
        _exit(127);
    }
    return pid;
}

/* Exit status, or minus the signal. */
static int end_of(pid_t pid)
{
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static const char *output(void)
{
    static char text[65536];
    Err err = ERR_INIT;
    Buf b = BUF_INIT;
    ck_assert_int_eq(fsx_read(dir_of("output"), sizeof text - 1, &b, &err), ERR_OK);
    (void)snprintf(text, sizeof text, "%s", buf_str(&b));
    buf_release(&b);
    return text;
}

static void must(int status, const char *a, const char *b, const char *c, const char *d)
{
    int got = end_of(slaw(a, b, c, d));
    ck_assert_msg(got == status, "slaw %s %s: %d, not %d\n%s", a, b, got, status, output());
}

/* Waits until the catalog of `dir` answers 1, while the scheduler lives.  False when it ended
 * before that. */
static bool wait_for(const char *dir, pid_t pid, const char *sql)
{
    for (int ms = 0; ms < PATIENCE_MS; ms++) {
        siginfo_t info = {0};
        if (strcmp(catalog_ask(dir, sql), "1") == 0) {
            return true;
        }
        if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid) {
            return false;
        }
        (void)usleep(1000);
    }
    ck_abort_msg("never: %s", sql);
    return false;
}

static char *undisturbed(void)
{
    must(0, "run", study, "--dir", dir_of("calm"));
    ck_assert_ptr_nonnull(strstr(output(), "n-gram"));
    ck_assert_str_eq(catalog_ask(dir_of("calm"), "SELECT count(*) FROM run WHERE state = 'done'"),
                     "4");
    ck_assert_str_eq(catalog_ask(dir_of("calm"), "SELECT count(*) FROM observation"), "24");
    return catalog_dump(dir_of("calm"));
}

/* The study's catalog has the rows of `want`, which is freed; its source may be another. */
static void check_rows_of(const char *dir, char *want)
{
    char *got = catalog_dump(dir);
    ck_assert_str_eq(strstr(want, "# 1"), strstr(got, "# 1"));
    free(want);
    free(got);
}

/* ---- tests --------------------------------------------------------------------------------- */

START_TEST(a_finished_study_has_nothing_to_do)
{
    char *before = undisturbed();
    must(0, "run", study, "--dir", dir_of("calm"));
    ck_assert_ptr_nonnull(strstr(output(), "nothing to do: 4 of 4 runs are done"));
    must(0, "resume", dir_of("calm"), "--quiet", NULL); /* by its folder and its other name */
    must(0, "verify", dir_of("calm"), NULL, NULL);
    /* Run from its folder the study's source is the copy there; nothing else may differ. */
    check_rows_of(dir_of("calm"), before);
}
END_TEST

START_TEST(whatever_is_killed_the_catalog_is_the_same)
{
    char *want = undisturbed();
    const char *dir = dir_of("shaken");
    char path[512];
    (void)snprintf(path, sizeof path, "%s", dir);

    /* A worker is killed, then the scheduler. */
    pid_t pid = slaw("run", study, "--dir", path);
    if (wait_for(path, pid, "SELECT count(*) > 2 FROM metric")) {
        pid_t worker = (pid_t)strtol(
            catalog_ask(path, "SELECT pid FROM attempt WHERE state = 'running' AND pid > 0"), NULL,
            10);
        if (worker > 0) {
            (void)kill(worker, SIGKILL);
        }
        (void)wait_for(path, pid, "SELECT count(*) > 3 FROM checkpoint");
        (void)kill(pid, SIGKILL);
    }
    (void)end_of(pid);

    /* The scheduler at once; then stopped politely. */
    pid = slaw("run", study, "--dir", path);
    (void)wait_for(path, pid, "SELECT count(*) > 6 FROM checkpoint");
    (void)kill(pid, SIGKILL);
    (void)end_of(pid);
    char has_begun[128];
    (void)snprintf(has_begun, sizeof has_begun, "SELECT count(*) > %s FROM attempt",
                   catalog_ask(path, "SELECT count(*) FROM attempt"));
    pid = slaw("run", study, "--dir", path);
    if (wait_for(path, pid, has_begun)) { /* before that, the signal is not ours to handle */
        (void)kill(pid, SIGTERM);
    }
    int code = end_of(pid);
    ck_assert_msg(code == 75 || code == 0, "%d\n%s", code, output());

    must(0, "run", study, "--dir", path);
    char *got = catalog_dump(path);
    ck_assert_str_eq(got, want);
    /* It was disturbed: more attempts than runs, and some of them ended badly. */
    ck_assert_str_eq(catalog_ask(path, "SELECT count(*) > 4 AND sum(state <> 'done') > 0"
                                       " FROM attempt"),
                     "1");
    must(0, "verify", path, NULL, NULL);
    must(0, "run", study, "--dir", path);
    ck_assert_ptr_nonnull(strstr(output(), "nothing to do"));
    free(got);
    free(want);
}
END_TEST

START_TEST(a_rebuilt_catalog_is_the_same)
{
    char *want = undisturbed();
    ck_assert_int_eq(unlink(dir_of("calm/catalog.db")), 0);
    (void)unlink(dir_of("calm/catalog.db-wal"));
    (void)unlink(dir_of("calm/catalog.db-shm"));
    must(0, "run", study, "--dir", dir_of("calm"));
    ck_assert_ptr_nonnull(strstr(output(), "rebuilding it from the study's files"));
    ck_assert_ptr_nonnull(strstr(output(), "nothing to do"));
    char *got = catalog_dump(dir_of("calm"));
    ck_assert_str_eq(got, want);
    free(got);
    free(want);
}
END_TEST

START_TEST(one_scheduler_at_a_time_and_stop_ends_it)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s", dir_of("busy"));
    pid_t pid = slaw("run", study, "--dir", path);
    ck_assert(wait_for(path, pid, "SELECT count(*) > 2 FROM metric"));
    must(69, "run", study, "--dir", path);
    char text[64];
    (void)snprintf(text, sizeof text, "process %ld on host", (long)pid);
    ck_assert_msg(strstr(output(), text), "%s", output());
    must(69, "retry", path, NULL, NULL);
    must(0, "stop", path, "--wait", "20");
    ck_assert_int_eq(end_of(pid), 75);
    ck_assert_str_eq(catalog_ask(path, "SELECT count(*) FROM attempt WHERE state = 'running'"),
                     "0");
    ck_assert_int_ne(end_of(slaw("stop", path, NULL, NULL)), 0); /* nobody is there any more */
    must(0, "retry", path, NULL, NULL);
    ck_assert_ptr_nonnull(strstr(output(), "nothing to retry"));
}
END_TEST

/* In a session of its own, with its log, and no terminal; what cannot work is said at once. */
START_TEST(a_detached_study_is_watched_and_stopped_from_elsewhere)
{
    char path[512], line[64];
    (void)snprintf(path, sizeof path, "%s", dir_of("away"));
    int fd = open(dir_of("output"), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        (void)dup2(fd, STDOUT_FILENO);
        (void)dup2(fd, STDERR_FILENO);
        (void)execl(SLAW_BIN_DIR "/slaw", "slaw", "run", study, "--dir", path, "--detach",
                    (char *)NULL);
        _exit(127);
    }
    (void)close(fd);
    ck_assert_int_eq(end_of(pid), 0);
    const char *said = strstr(output(), "Process ");
    ck_assert_msg(said && strstr(said, "goes on in the background"), "%s", output());
    pid_t worker = (pid_t)strtol(said + 8, NULL, 10);
    ck_assert_int_ne(getsid(worker), getsid(0));
    ck_assert_int_eq(kill(worker, 0), 0);
    must(69, "run", study, "--dir", path); /* it has the lock, by its own number */
    (void)snprintf(line, sizeof line, "process %ld on host", (long)worker);
    ck_assert_msg(strstr(output(), line), "%s", output());
    must(0, "status", path, "--watch", NULL); /* until all is done */
    ck_assert_msg(strstr(output(), "4 of 4 runs done"), "%s", output());
    for (int ms = 0; ms < PATIENCE_MS && kill(worker, 0) == 0; ms++) {
        (void)usleep(1000);
    }
    char log[600];
    Err err = ERR_INIT;
    Buf text = BUF_INIT;
    (void)snprintf(log, sizeof log, "%s/scheduler.log", path);
    ck_assert_int_eq(fsx_read(log, 1 << 20, &text, &err), ERR_OK);
    ck_assert_ptr_nonnull(strstr(buf_str(&text), ": done, "));
    buf_release(&text);
    must(65, "run", dir_of("text/0.txt"), "--detach", NULL);
}
END_TEST

START_TEST(only_the_named_runs_are_trained_and_the_rest_later)
{
    static const char done[] =
        "SELECT group_concat(architecture || attempts, ' ') FROM (SELECT"
        " architecture, (SELECT count(*) FROM attempt a WHERE a.run_id = r.id)"
        " AS attempts FROM run r WHERE state = 'done' ORDER BY position)";
    char *calm = undisturbed();
    must(2, "run", study, tmp_option("dir", "part"), "--only=tnl-*,mamba");
    ck_assert_ptr_nonnull(strstr(output(), "--only: no run of the study is called \"mamba\""));
    ck_assert(!fsx_exists(dir_of("part")));
    must(0, "run", study, tmp_option("dir", "part"), "--only=tnl-*,hgrn2-*");
    ck_assert_ptr_nonnull(strstr(output(), "2 runs that --only does not name wait"));
    ck_assert_str_eq(catalog_ask(dir_of("part"), done), "tnl1 hgrn21");
    ck_assert_str_eq(
        catalog_ask(dir_of("part"), "SELECT count(*) FROM run WHERE state = 'waiting'"), "2");
    must(0, "run", study, "--dir", dir_of("part"));
    ck_assert_str_eq(catalog_ask(dir_of("part"), done), "llama1 tnl1 hgrn21 cosformer21");
    check_rows_of(dir_of("part"), calm);
}
END_TEST

START_TEST(what_cannot_run_is_refused_before_anything_is_written)
{
    write_study("{bpe: 4096}", "f32", "workers: 2");
    must(65, "run", study, "--dir", dir_of("never"));
    ck_assert_ptr_nonnull(strstr(output(), "tokenizer"));
    ck_assert(!fsx_exists(dir_of("never")));
    write_study("bytes", "f32", "workers: 2");
    ck_assert_int_eq(setenv("SLAW_WORKER", "/nowhere/slaw-worker", 1), 0);
    must(69, "run", study, "--dir", dir_of("never"));
    ck_assert_ptr_nonnull(strstr(output(), "/nowhere/slaw-worker"));
    ck_assert(!fsx_exists(dir_of("never")));
}
END_TEST

/* All that is computed: losses, norms, and what a checkpoint holds beside its config.json. */
static const char results[] =
    "SELECT group_concat(x, ' ') FROM (SELECT step || ':' || loss || ':' || grad_norm AS x FROM"
    " metric ORDER BY run_id, step)";
static const char scores[] =
    "SELECT group_concat(x, ' ') FROM (SELECT step || ':' || loss AS x FROM evaluation"
    " ORDER BY run_id, step)";

START_TEST(threads_and_cores_change_no_result)
{
    static const char *const execution[] = {"workers: 2, threads: 2",
                                            "workers: 2, threads: auto, pin: false",
                                            "workers: auto, threads: auto"};
    char want[2][8192];
    free(undisturbed());
    (void)snprintf(want[0], sizeof want[0], "%s", catalog_ask(dir_of("calm"), results));
    (void)snprintf(want[1], sizeof want[1], "%s", catalog_ask(dir_of("calm"), scores));
    ck_assert_uint_gt(strlen(want[0]), 1000);
    for (int i = 0; i < 3; i++) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s", dir_of("threaded"));
        write_study("bytes", "f32", execution[i]);
        pid_t pid = slaw("run", study, "--dir", path);
        if (wait_for(path, pid,
                     "SELECT count(*) > 2 FROM metric")) { /* killed in between, it goes on */
            (void)kill(pid, SIGKILL);
        }
        (void)end_of(pid);
        must(0, "run", study, "--dir", path);
        ck_assert_str_eq(catalog_ask(path, results), want[0]);
        ck_assert_str_eq(catalog_ask(path, scores), want[1]);
        must(0, "verify", path, NULL, NULL);
        ck_assert_str_eq(catalog_ask(path, "SELECT count(*) FROM attempt WHERE state = 'done' AND"
                                           " (threads IS NULL OR peak_rss_bytes IS NULL)"),
                         "0");
        Err err = ERR_INIT;
        ck_assert_int_eq(fsx_remove_tree(path, &err), ERR_OK);
    }
}
END_TEST

START_TEST(bf16_trains_to_the_end)
{
    write_study("bytes", "bf16", "workers: 2");
    must(0, "run", study, "--dir", dir_of("half"));
    must(0, "verify", dir_of("half"), NULL, NULL);
    ck_assert_str_eq(catalog_ask(dir_of("half"), "SELECT count(*) FROM observation"), "24");
}
END_TEST

int main(void)
{
    return test_main(
        (TestPlan){.name = "study", .set_up = setup, .tear_down = teardown, .timeout = 120.0});
}
