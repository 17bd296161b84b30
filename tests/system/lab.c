#include "tests/system/lab.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fsx.h"
#include "tests/support/catalog_dump.h"
#include "tests/support/words.h"

enum { N_FILES = 6, WORDS_A_FILE = 12000, MAX_FILE_BYTES = 64 << 20, LOOK_MS = 2 };

#define CORPUS     \
    "version: 1\n" \
    "study: lab\n" \
    "corpus: {text: [\"text/*.txt\"], validation: 2048}\n"
#define OPTIMIZER                        \
    "  optimizer: {adamw: {lr: 3e-3}}\n" \
    "  schedule: {constant: {warmup: 2}}\n"

const char lab_tiny_study[] =
    CORPUS "matrix: {architecture: [llama, tnl, hgrn2, cosformer2], size: [xs]}\n"
           "sizes: {xs: {layers: 1, width: 16, heads: 1}}\n"
           "training:\n"
           "  tokens: 2k\n"
           "  sequence: 64\n"
           "  batch: 128\n" OPTIMIZER "checkpoints: {count: 2, spacing: log, first: 1k}\n"
           "execution: {workers: 2, retries: 3}\n";

const char lab_long_study[] =
    CORPUS "matrix: {architecture: [llama, tnl, hgrn2, cosformer2], size: [xs]}\n"
           "sizes: {xs: {layers: 2, width: 32, heads: 2}}\n"
           "training:\n"
           "  tokens: 200k\n"
           "  sequence: 64\n"
           "  batch: 512\n" OPTIMIZER "checkpoints: {count: 10, spacing: log, first: 2k}\n"
           "execution: {workers: 2, retries: 100}\n";

const char lab_many_study[] = CORPUS
    "matrix: {architecture: [llama], size: [xs], lr: [1e-3, 3e-3], clip: [0, 1],\n"
    "  seed: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22,\n"
    "         23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42,\n"
    "         43, 44, 45, 46, 47, 48, 49, 50]}\n"
    "sizes: {xs: {layers: 1, width: 16, heads: 1}}\n"
    "training:\n"
    "  tokens: 512\n"
    "  sequence: 64\n"
    "  batch: 128\n" OPTIMIZER "checkpoints: {count: 2, spacing: log, first: 256}\n"
    "execution: {workers: 4, retries: 100}\n";

/* ---- the folder ------------------------------------------------------------------------------ */

const char *lab_path(const Lab *l, const char *name)
{
    static char path[8][LAB_PATH_BYTES];
    static int next;
    next = (next + 1) % 8;
    (void)snprintf(path[next], sizeof path[next], "%s/%s", l->root, name);
    return path[next];
}

static void must(ErrCode rc, const Err *err)
{
    if (rc != ERR_OK) {
        (void)fprintf(stderr, "lab: %s\n", err->msg);
        abort();
    }
}

void lab_open(Lab *l, const char *study_text)
{
    Err err = ERR_INIT;
    const char *tmp = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe): one thread */
    const char *in_memory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)unsetenv("SLAW_WORKER"); /* NOLINT(concurrency-mt-unsafe) */
    (void)snprintf(l->root, sizeof l->root, "%s/slaw-lab-XXXXXX", tmp && tmp[0] ? tmp : in_memory);
    if (!mkdtemp(l->root)) {
        perror(l->root);
        abort();
    }
    must(fsx_mkdirs(lab_path(l, "text"), &err), &err);
    for (uint32_t file = 0; file < N_FILES; file++) {
        Buf text = BUF_INIT;
        char name[32];
        words_random(&text, 2, file, WORDS_A_FILE);
        (void)snprintf(name, sizeof name, "text/%u.txt", file);
        must(fsx_note(lab_path(l, name), buf_str(&text), text.len, &err), &err);
        buf_release(&text);
    }
    (void)snprintf(l->study, sizeof l->study, "%s", lab_path(l, "lab.yaml"));
    must(fsx_note(l->study, study_text, strlen(study_text), &err), &err);
}

void lab_close(const Lab *l)
{
    lab_remove(l->root);
}

void lab_remove(const char *dir)
{
    Err err = ERR_INIT;
    must(fsx_remove_tree(dir, &err), &err);
}

void lab_sleep_ms(int64_t ms)
{
    struct timespec t = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    while (nanosleep(&t, &t) != 0 && errno == EINTR) {
    }
}

/* ---- programs -------------------------------------------------------------------------------- */

static _Noreturn void become_slaw(const Lab *l, const LabEnv *env, const char *const *argv)
{
    const char *dir = getenv("SLAW_LAB_BIN"); /* NOLINT(concurrency-mt-unsafe) */
    char binary[LAB_PATH_BYTES];
    (void)snprintf(binary, sizeof binary, "%s/slaw", dir ? dir : SLAW_BIN_DIR);
    int fd =
        open(lab_path(l, l->output ? l->output : "output"), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    int null = open("/dev/null", O_RDONLY);
    bool is_ready = fd >= 0 && null >= 0 && dup2(null, STDIN_FILENO) == STDIN_FILENO &&
                    dup2(fd, STDOUT_FILENO) == STDOUT_FILENO &&
                    dup2(fd, STDERR_FILENO) == STDERR_FILENO && chdir(l->root) == 0;
    for (size_t i = 0; env && i < env->n; i++) {
        char *name = strdup(env->text[i]);
        is_ready = is_ready && name && putenv(name) == 0; /* NOLINT(concurrency-mt-unsafe) */
    }
    if (l->worker) {
        is_ready = is_ready && setenv("SLAW_WORKER", l->worker, 1) == 0; /* NOLINT */
    }
    if (is_ready) {
        union {
            const char *const *ours;
            char *const *theirs;
        } words = {.ours = argv};
        (void)execv(binary, words.theirs);
    }
    _exit(127);
}

pid_t lab_start(const Lab *l, const LabEnv *env, const char *verb, const char *what,
                const char *dir)
{
    const char *argv[8] = {"slaw", verb};
    size_t n = 2;
    const char *const more[] = {what, what && dir ? "--dir" : NULL, dir, env ? env->words[0] : NULL,
                                env ? env->words[1] : NULL};
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        argv[n] = more[i];
        n += more[i] != NULL;
    }
    pid_t pid = fork();
    if (pid == 0) {
        become_slaw(l, env, argv);
    }
    if (pid < 0) {
        perror("lab: fork");
        abort();
    }
    return pid;
}

int lab_wait(pid_t pid, int64_t limit_ms)
{
    MonoNs until = clock_mono_ns() + limit_ms * NS_PER_MS;
    for (;;) {
        int status = 0;
        pid_t ended = waitpid(pid, &status, WNOHANG);
        if (ended == pid) {
            return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
        }
        if (ended < 0 || clock_mono_ns() > until) {
            break;
        }
        lab_sleep_ms(LOOK_MS);
    }
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
    return LAB_HANGS;
}

int lab_slaw(const Lab *l, const LabEnv *env, const char *verb, const char *what, const char *dir,
             int64_t limit_ms)
{
    return lab_wait(lab_start(l, env, verb, what, dir), limit_ms);
}

static char *read_file(const char *path, size_t *ret_n)
{
    Err err = ERR_INIT;
    Buf b = BUF_INIT;
    if (fsx_read(path, MAX_FILE_BYTES, &b, &err) != ERR_OK) {
        buf_release(&b);
        return NULL;
    }
    *ret_n = b.len;
    return buf_detach(&b);
}

const char *lab_output(const Lab *l)
{
    static char *text;
    size_t n = 0;
    free(text);
    text = read_file(lab_path(l, l->output ? l->output : "output"), &n);
    return text ? text : "";
}

/* A worker's command line names the folder of its study. */
static bool is_worker_of(const char *dir, long id)
{
    char path[64], line[4096] = "";
    (void)snprintf(path, sizeof path, "/proc/%ld/cmdline", id);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? 0 : read(fd, line, sizeof line - 1);
    (void)(fd < 0 || close(fd));
    for (ssize_t i = 0; i < len; i++) {
        line[i] = line[i] ? line[i] : ' ';
    }
    return strstr(line, "-worker run ") && strstr(line, dir);
}

int lab_find_workers(const char *dir, pid_t *pid, int n)
{
    int found = 0;
    char below[LAB_PATH_BYTES];
    (void)snprintf(below, sizeof below, "%s/", dir);
    DIR *proc = opendir("/proc");
    for (const struct dirent *e; proc && found < n && (e = readdir(proc)) != NULL;) { /* NOLINT */
        long id = strtol(e->d_name, NULL, 10);
        if (id > 0 && is_worker_of(below, id)) {
            pid[found++] = (pid_t)id;
        }
    }
    (void)(proc && closedir(proc));
    return found;
}

void lab_kill_workers(const char *dir)
{
    enum { MANY = 64 };
    pid_t pid[MANY];
    for (int n; (n = lab_find_workers(dir, pid, MANY)) > 0;) {
        for (int i = 0; i < n; i++) {
            (void)kill(pid[i], SIGKILL);
        }
        lab_sleep_ms(LOOK_MS);
    }
}

/* ---- comparing --------------------------------------------------------------------------------- */

/* nftw has no user argument. */
static struct {
    const char *from, *to;
    long n_files; /* below checkpoints/ */
    bool is_good;
    Buf *why;
} walk;

static int same_file(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)at;
    if (type == FTW_F && strstr(path, "/checkpoints/")) {
        char other[1024];
        size_t n = 0, m = 0;
        (void)snprintf(other, sizeof other, "%s%s", walk.to, path + strlen(walk.from));
        char *a = read_file(path, &n), *b = read_file(other, &m);
        if (!a || !b || n != m || memcmp(a, b, n) != 0) {
            buf_printf(walk.why, "%s %s\n", other, b ? "differs" : "is missing");
            walk.is_good = false;
        }
        free(a);
        free(b);
        walk.n_files++;
    }
    return 0;
}

/* Walks the disturbed study: what the undisturbed one lacks.  NAME.tmp.PID is what a writer that
 * was killed leaves: no reader looks at it, and gc takes it away. */
static int count_file(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)at;
    char other[1024];
    (void)snprintf(other, sizeof other, "%s%s", walk.from, path + strlen(walk.to));
    bool is_checkpoint = type == FTW_F && strstr(path, "/checkpoints/");
    if (is_checkpoint && !strstr(path, ".tmp.") && access(other, F_OK) != 0) {
        buf_printf(walk.why, "%s is one file too many\n", path);
        walk.is_good = false;
    }
    return 0;
}

/* The first line that differs. */
static void tell_difference(const char *want, const char *got, Buf *why)
{
    size_t line = 0, i = 0;
    for (; want[i] && want[i] == got[i]; i++) {
        line = want[i] == '\n' ? i + 1 : line;
    }
    buf_printf(why, "the catalog differs: \"%.*s\", not \"%.*s\"\n", (int)strcspn(got + line, "\n"),
               got + line, (int)strcspn(want + line, "\n"), want + line);
}

static char *dump(const char *dir, LabDump d, char *why, size_t n)
{
    return d == LAB_RESULTS ? catalog_results_try(dir, why, n) : catalog_dump_try(dir, why, n);
}

char *lab_dump(const char *dir, LabDump d)
{
    char why[512] = "";
    char *text = dump(dir, d, why, sizeof why);
    if (!text) {
        (void)fprintf(stderr, "lab: %s\n", why);
        abort();
    }
    return text;
}

bool lab_same(LabDump d, const char *want, const char *calm, const char *dir, Buf *why)
{
    char reason[512] = "";
    char *got = dump(dir, d, reason, sizeof reason);
    bool is_same = got && strcmp(want, got) == 0;
    if (!got) {
        buf_printf(why, "%s\n", reason);
    } else if (!is_same) {
        tell_difference(want, got, why);
    }
    free(got);
    walk.from = calm;
    walk.to = dir;
    walk.n_files = 0;
    walk.is_good = true;
    walk.why = why;
    if (nftw(calm, same_file, 16, FTW_PHYS) != 0 || walk.n_files == 0) {
        buf_printf(why, "%s cannot be compared\n", calm);
        return false;
    }
    (void)nftw(dir, count_file, 16, FTW_PHYS); /* NOLINT(concurrency-mt-unsafe) */
    return is_same && walk.is_good;
}

static int copy_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)at;
    char to[1024];
    size_t n = 0;
    (void)snprintf(to, sizeof to, "%s%s", walk.to, path + strlen(walk.from));
    if (type == FTW_D) {
        return mkdir(to, 0777);
    }
    if (type != FTW_F) {
        return 0;
    }
    char *bytes = read_file(path, &n);
    int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, st->st_mode & 0777);
    bool is_good = bytes && fd >= 0 && write(fd, bytes, n) == (ssize_t)n;
    free(bytes);
    (void)(fd < 0 || close(fd));
    return is_good ? 0 : -1;
}

bool lab_copy(const char *from, const char *to)
{
    walk.from = from;
    walk.to = to;
    return nftw(from, copy_one, 16, FTW_PHYS) == 0; /* NOLINT(concurrency-mt-unsafe) */
}

bool lab_options(int argc, char **argv, const char *flag, const char *source, LabOptions *o)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], flag) == 0) {
            o->has_flag = true;
            continue;
        }
        if (strcmp(argv[i], "--seconds") == 0) {
            o->seconds = strtod(value, NULL);
        } else if (strcmp(argv[i], "--seed") == 0) {
            o->seed = strtoull(value, NULL, 10);
        } else if (strcmp(argv[i], "--points") == 0) {
            o->points = strtoull(value, NULL, 10);
            o->has_points = true;
        } else if (strcmp(argv[i], "--only") == 0) {
            o->only = value;
        } else {
            (void)fprintf(stderr, "usage: see the top of %s\n", source);
            return false;
        }
        i++;
    }
    return true;
}

void lab_print(json_t *result)
{
    Buf text = BUF_INIT;
    json_pretty(result, &text);
    (void)fputs(buf_str(&text), stdout);
    buf_release(&text);
    json_decref(result);
}
