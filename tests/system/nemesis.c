/* nemesis -- kills what trains, at random, and demands that nobody can tell afterwards.
 *
 *     system_nemesis [--kills N] [--seed S]
 *
 * A study of four architectures runs once in peace.  Then, as often as it takes to have struck
 * N times, it runs again while workers, the scheduler or both get SIGKILL, and workers are held
 * by SIGSTOP, at moments drawn from the seed.  After each of these rounds the catalog (without
 * times, pids, hosts and numbers of attempts) and every byte below checkpoints/ must be those of
 * the undisturbed study, `slaw verify` must be content, and another `slaw run` must find nothing
 * to do.  The seed is printed; it fixes what is struck and how long is waited, not what the
 * kernel does in that time. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/fsx.h"
#include "common/rng.h"
#include "tests/support/catalog_dump.h"
#include "tests/support/tmpdir.h"

enum {
    N_FILES = 6,
    WORDS_A_FILE = 12000,
    MAX_WORKERS = 8,
    LONGEST_WAIT_MS = 300,
    MAX_ROUNDS = 200
};

typedef struct Strikes {
    long workers, scheduler, both, stopped;
} Strikes;

static const char study_text[] = "version: 1\n"
                                 "study: shaken\n"
                                 "corpus: {text: [\"text/*.txt\"], validation: 2048}\n"
                                 "matrix:\n"
                                 "  architecture: [llama, tnl, hgrn2, cosformer2]\n"
                                 "  size: [xs]\n"
                                 "sizes:\n"
                                 "  xs: {layers: 2, width: 32, heads: 2}\n"
                                 "training:\n"
                                 "  tokens: 200k\n"
                                 "  sequence: 64\n"
                                 "  batch: 512\n"
                                 "  optimizer: {adamw: {lr: 3e-3}}\n"
                                 "  schedule: {constant: {warmup: 5}}\n"
                                 "checkpoints: {count: 10, spacing: log, first: 2k}\n"
                                 "evaluation: [validation]\n"
                                 "execution: {workers: 2, retries: 100}\n";

static long kills_wanted = 10;
static uint64_t seed;
static uint64_t drawn;
static TmpDir tmp;
static char study[512], calm[512], shaken[512];
static size_t files_seen;

/* ---- small things -------------------------------------------------------------------------- */

static uint64_t draw(uint64_t below)
{
    return rng_u64(seed, 1, drawn++) % below;
}

static void sleep_ms(uint64_t ms)
{
    struct timespec t = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    while (nanosleep(&t, &t) != 0 && errno == EINTR) {
    }
}

static void write_study(void)
{
    static const char *const word[] = {"the",    "law",  "of",   "scale", "a",      "model",
                                       "learns", "from", "text", "and",   "larger", "ones",
                                       "learn",  "more", "but",  "slowly"};
    Err err = ERR_INIT;
    char path[512];
    (void)snprintf(path, sizeof path, "%s/text", tmp.path);
    ck_assert_int_eq(fsx_mkdirs(path, &err), ERR_OK);
    for (uint32_t file = 0; file < N_FILES; file++) {
        Buf text = BUF_INIT;
        char name[32];
        for (uint64_t i = 0; i < WORDS_A_FILE; i++) {
            uint64_t r = rng_u64(2, file, i);
            buf_printf(&text, "%s%s", word[r % 16], r / 16 % 12 == 0 ? ".\n" : " ");
        }
        (void)snprintf(name, sizeof name, "text/%u.txt", file);
        (void)tmpdir_write(&tmp, name, buf_str(&text));
        buf_release(&text);
    }
    (void)snprintf(study, sizeof study, "%s", tmpdir_write(&tmp, "shaken.yaml", study_text));
}

static pid_t slaw(const char *verb, const char *what, const char *dir)
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/output", tmp.path);
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
        (void)dup2(fd, STDOUT_FILENO);
        (void)dup2(fd, STDERR_FILENO);
        (void)execl(SLAW_BIN_DIR "/slaw", "slaw", verb, what, dir ? "--dir" : NULL, dir, NULL);
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

static char *read_file(const char *path, size_t *len)
{
    Err err = ERR_INIT;
    Buf b = BUF_INIT;
    ck_assert_msg(fsx_read(path, (size_t)64 << 20, &b, &err) == ERR_OK, "%s cannot be read", path);
    *len = b.len;
    return buf_detach(&b);
}

static void must_succeed(const char *verb, const char *what, const char *dir, const char *say)
{
    char path[512];
    size_t len = 0;
    int status = end_of(slaw(verb, what, dir));
    (void)snprintf(path, sizeof path, "%s/output", tmp.path);
    char *text = read_file(path, &len);
    ck_assert_msg(status == 0 && strstr(text, say), "slaw %s: %d\n%s", verb, status, text);
    free(text);
}

/* ---- striking ------------------------------------------------------------------------------ */

/* Pids of the workers of this study: a worker's command line names the study's folder. */
static int find_workers(pid_t *pid)
{
    int n = 0;
    DIR *proc = opendir("/proc");
    ck_assert_ptr_nonnull(proc);
    for (struct dirent *e; n < MAX_WORKERS && (e = readdir(proc));) {
        char path[300], line[4096] = "";
        long id = strtol(e->d_name, NULL, 10);
        (void)snprintf(path, sizeof path, "/proc/%s/cmdline", e->d_name);
        int fd = id > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        ssize_t len = fd < 0 ? 0 : read(fd, line, sizeof line - 1);
        (void)(fd < 0 || close(fd));
        for (ssize_t i = 0; i < len; i++) {
            line[i] = line[i] ? line[i] : ' ';
        }
        if (strstr(line, "slaw-worker run ") && strstr(line, shaken)) {
            pid[n++] = (pid_t)id;
        }
    }
    (void)closedir(proc);
    return n;
}

/* One blow at random; returns how many processes got SIGKILL.  *scheduler becomes 0 when it was
 * among them. */
static long strike(pid_t *scheduler, Strikes *count)
{
    pid_t worker[MAX_WORKERS];
    int n = find_workers(worker);
    pid_t victim = n ? worker[draw((uint64_t)n)] : 0;
    uint64_t kind = draw(4);
    long killed = 0;
    if (victim > 0 && kind == 3) { /* held, and let go, or killed while held below */
        count->stopped += kill(victim, SIGSTOP) == 0;
        sleep_ms(draw(100));
        (void)(draw(2) && kill(victim, SIGCONT) == 0);
        kind = draw(2);
    }
    bool hit = victim > 0 && kind != 1 && kill(victim, SIGKILL) == 0;
    killed += hit;
    if (kind != 0 || !hit) {
        (void)kill(*scheduler, SIGKILL);
        killed += end_of(*scheduler) == -SIGKILL; /* it may have ended by itself just before */
        *scheduler = 0;
    }
    count->workers += hit && kind == 0;
    count->scheduler += !hit;
    count->both += hit && kind != 0;
    if (victim > 0) {
        (void)kill(victim, SIGCONT);
    }
    return killed;
}

/* Runs the study in `shaken` to its end, striking while `left` kills are wanted.  Returns how
 * many there were. */
static long one_round(long left, Strikes *count)
{
    long killed = 0;
    pid_t pid = 0;
    for (int starts = 0; starts < 1000;) {
        if (pid == 0) {
            pid = slaw("run", study, shaken);
            starts++;
        }
        if (killed < left) {
            sleep_ms(draw(LONGEST_WAIT_MS));
        }
        int status = 0;
        pid_t ended = waitpid(pid, &status, killed < left ? WNOHANG : 0);
        if (ended == pid) {
            ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
                          "the scheduler ended with wait status %d", status);
            return killed;
        }
        killed += strike(&pid, count);
    }
    ck_abort_msg("the study does not end");
    return 0;
}

/* ---- comparing ----------------------------------------------------------------------------- */

static int same_file(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)at;
    if (type == FTW_F && strstr(path, "/checkpoints/")) {
        char other[1024];
        size_t n = 0, m = 0;
        (void)snprintf(other, sizeof other, "%s%s", shaken, path + strlen(calm));
        char *a = read_file(path, &n);
        char *b = read_file(other, &m);
        ck_assert_msg(n == m && memcmp(a, b, n) == 0, "%s differs", other);
        free(a);
        free(b);
        files_seen++;
    }
    return 0;
}

static int count_file(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)at;
    files_seen -= type == FTW_F && strstr(path, "/checkpoints/");
    return 0;
}

static void compare(const char *want)
{
    char *got = catalog_dump(shaken);
    ck_assert_str_eq(want, got);
    free(got);
    files_seen = 0;
    ck_assert_int_eq(nftw(calm, same_file, 16, FTW_PHYS), 0);
    ck_assert_uint_gt(files_seen, 0);
    ck_assert_int_eq(nftw(shaken, count_file, 16, FTW_PHYS), 0);
    ck_assert_msg(files_seen == 0, "%s has files that the undisturbed study lacks", shaken);
    must_succeed("verify", shaken, NULL, "");
    must_succeed("run", study, shaken, "nothing to do");
}

START_TEST(nobody_can_tell)
{
    Strikes count = {0};
    long killed = 0;
    int round = 0;
    tmp = tmpdir_open();
    (void)snprintf(calm, sizeof calm, "%s/calm", tmp.path);
    write_study();
    must_succeed("run", study, calm, "");
    char *want = catalog_dump(calm);
    for (; killed < kills_wanted; round++) {
        ck_assert_int_lt(round, MAX_ROUNDS);
        (void)snprintf(shaken, sizeof shaken, "%s/shaken-%d", tmp.path, round);
        killed += one_round(kills_wanted - killed, &count);
        compare(want);
    }
    free(want);
    printf(
        "nemesis: seed %llu, %ld kills in %d rounds (a worker alone %ld, the scheduler alone %ld,"
        " both %ld), %ld workers held by SIGSTOP: all equal\n",
        (unsigned long long)seed, killed, round, count.workers, count.scheduler, count.both,
        count.stopped);
    tmpdir_close(&tmp);
}
END_TEST

int main(int argc, char **argv)
{
    seed = (uint64_t)time(NULL);
    for (int i = 1; i < argc; i += 2) {
        bool kills = strcmp(argv[i], "--kills") == 0;
        if (i + 1 == argc || (!kills && strcmp(argv[i], "--seed") != 0)) {
            (void)fprintf(stderr, "usage: %s [--kills N] [--seed S]\n", argv[0]);
            return 2;
        }
        unsigned long long v = strtoull(argv[i + 1], NULL, 10);
        kills_wanted = kills ? (long)v : kills_wanted;
        seed = kills ? seed : v;
    }
    if (access("/dev/shm", W_OK) == 0) {
        (void)setenv("TMPDIR", "/dev/shm", 0);
    }
    (void)unsetenv("SLAW_WORKER");
    printf("nemesis: seed %llu, %ld kills\n", (unsigned long long)seed, kills_wanted);
    (void)fflush(stdout);
    Suite *s = suite_create("nemesis");
    TCase *tc = tcase_create("nemesis");
    tcase_set_timeout(tc, 60.0 + 10.0 * (double)kills_wanted);
    tcase_add_test(tc, nobody_can_tell);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
