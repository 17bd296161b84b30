/* local.c -- attempts as processes of this machine.
 *
 *   scheduler                               child
 *   ---------                               -----
 *   socketpair, two pipes; fork ----------> own process group; SIGTERM when the
 *                                           scheduler dies; signals as at login;
 *                                           stdout, stderr to files
 *   write `environment`, `command` (with    read(go): waits; end-of-file means that the
 *   the child's pid and start time)         scheduler died: leave without a trace
 *   write(go) ----------------------------> execve
 *   read(report): end-of-file = it runs; <- errno, when execve failed
 *   else errno
 *
 * The wait in the middle is what makes orphans findable: no program of ours runs
 * whose pid is not already in its attempt's folder.  A process is named by pid and
 * the kernel's start time together with the boot, so a reused pid is never taken
 * for the worker.  Death is read from a pidfd.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fsx.h"
#include "common/wire.h"
#include "orchestrator/launch/launch.h"
#include "orchestrator/launch/process.h"
#include "orchestrator/launch/record.h"

enum { NEWS_BUFFER_BYTES = 1 << 20, EXEC_FAILED_STATUS = 127 };

struct LaunchHandle {
    pid_t pid;
    int64_t start_ticks; /* field 22 of /proc/<pid>/stat: with pid it names a process */
    int death_fd;        /* a pidfd */
    int news_fd;         /* our end of the worker's socket; -1: it said that it is done */
    bool is_child;       /* ours to reap */
};

static LaunchHandle *handle_new(Err *err)
{
    LaunchHandle *h = malloc(sizeof *h);
    if (h) {
        *h = (LaunchHandle){.pid = -1, .death_fd = -1, .news_fd = -1};
    } else {
        (void)err_nomem(err, "an attempt");
    }
    return h;
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
}

/* Everything that start() opens; the child uses its ends, the parent its own. */
typedef struct Start {
    int go[2], report[2]; /* pipes */
    int news[2];          /* sockets: [0] ours, [1] the worker's */
    int in, out, err;
    char **envp;
    char socket_var[64], attempt_var[64];
} Start;

static void start_release(Start *s)
{
    int *fds[] = {&s->go[0],   &s->go[1], &s->report[0], &s->report[1], &s->news[0],
                  &s->news[1], &s->in,    &s->out,       &s->err};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        close_fd(fds[i]);
    }
    free(s->envp);
    s->envp = NULL;
}

/* Our environment without an outer attempt's variables, and with this one's. */
static ErrCode make_environment(Start *s, int64_t attempt, Err *err)
{
    size_t n = 0, k = 0;
    while (environ[n]) {
        n++;
    }
    s->envp = calloc(n + 3, sizeof *s->envp);
    if (!s->envp) {
        return err_nomem(err, "an environment");
    }
    for (size_t i = 0; i < n; i++) {
        if (strncmp(environ[i], WIRE_ENV_SOCKET "=", sizeof WIRE_ENV_SOCKET) != 0 &&
            strncmp(environ[i], WIRE_ENV_ATTEMPT "=", sizeof WIRE_ENV_ATTEMPT) != 0) {
            s->envp[k++] = environ[i];
        }
    }
    (void)snprintf(s->socket_var, sizeof s->socket_var, WIRE_ENV_SOCKET "=%d", s->news[1]);
    (void)snprintf(s->attempt_var, sizeof s->attempt_var, WIRE_ENV_ATTEMPT "=%" PRId64, attempt);
    s->envp[k++] = s->socket_var;
    s->envp[k] = s->attempt_var;
    return ERR_OK;
}

static ErrCode open_log(const char *dir, const char *name, int *ret, Err *err)
{
    char path[FSX_PATH_BYTES];
    ErrCode rc = fsx_join(path, dir, name, err);
    if (rc != ERR_OK) {
        return rc;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0) {
        return err_sys(err, "%s", path);
    }
    *ret = fd;
    return ERR_OK;
}

static ErrCode open_all(Start *s, const LaunchSpec *spec, Err *err)
{
    ErrCode rc = ERR_OK;
    s->in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (s->in < 0) {
        rc = err_sys(err, "/dev/null");
        goto done;
    }
    TRY(open_log(spec->dir, "stdout.log", &s->out, err));
    TRY(open_log(spec->dir, "stderr.log", &s->err, err));
    if (pipe2(s->go, O_CLOEXEC) != 0 || pipe2(s->report, O_CLOEXEC) != 0) {
        rc = err_sys(err, "pipe");
        goto done;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, s->news) != 0) {
        rc = err_sys(err, "socketpair");
        goto done;
    }
    /* Best effort: a smaller buffer only makes the display coarser. */
    (void)setsockopt(s->news[1], SOL_SOCKET, SO_SNDBUF, &(int){NEWS_BUFFER_BYTES}, sizeof(int));
    TRY(make_environment(s, spec->attempt, err));

done:
    return rc;
}

/* From here to execve only async-signal-safe calls. */
static bool child_prepare(const Start *s, pid_t parent)
{
    if (setpgid(0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent) {
        return false; /* the last: it died before the line above took effect */
    }
    struct sigaction by_default = {.sa_handler = SIG_DFL};
    for (int sig = 1; sig < NSIG; sig++) {
        (void)sigaction(sig, &by_default, NULL); /* KILL, STOP and libc's own refuse: fine */
    }
    sigset_t none;
    (void)sigemptyset(&none);
    /* A child of fork has one thread. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    return sigprocmask(SIG_SETMASK, &none, NULL) == 0 && dup2(s->in, STDIN_FILENO) >= 0 &&
           dup2(s->out, STDOUT_FILENO) >= 0 && dup2(s->err, STDERR_FILENO) >= 0 &&
           fcntl(s->news[1], F_SETFD, 0) == 0;
}

/* execve's prototype is older than const; it writes through none of these pointers. */
typedef union ExecWords {
    const char *const *ours;
    char *const *theirs;
} ExecWords;

static _Noreturn void child_main(const Start *s, pid_t parent, const char *const *argv)
{
    (void)close(s->go[1]); /* or its own end would keep the pipe open */
    bool is_ready = child_prepare(s, parent);
    int failed_errno = errno;
    ExecWords words = {.ours = argv};
    char go = 0;
    if (is_ready && read(s->go[0], &go, 1) == 1) {
        (void)execve(argv[0], words.theirs, s->envp);
        failed_errno = errno;
    }
    (void)!write(s->report[1], &failed_errno, sizeof failed_errno);
    _exit(EXEC_FAILED_STATUS);
}

/* Blocks until the child has either become the program or died trying. */
static ErrCode exec_result(int report_fd, const char *program, Err *err)
{
    int child_errno = 0;
    ssize_t n;
    do {
        n = read(report_fd, &child_errno, sizeof child_errno);
    } while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof child_errno) {
        return ERR_OK; /* end-of-file: exec closed the pipe */
    }
    errno = child_errno;
    (void)err_sys(err, "cannot execute %s", program);
    bool is_for_all = child_errno == ENOENT || child_errno == EACCES || child_errno == ENOEXEC ||
                      child_errno == ENOTDIR || child_errno == ELIBBAD;
    err->code = is_for_all ? ERR_UNAVAILABLE : ERR_IO;
    return err->code;
}

static void local_print(const LaunchHandle *h, Buf *out)
{
    char boot[PROCESS_BOOT_BYTES], host[PROCESS_HOST_BYTES];
    buf_printf(out, "local pid=%ld start=%" PRId64 " boot=%s host=%s", (long)h->pid, h->start_ticks,
               process_boot_id(boot), process_host(host));
}

static ErrCode record(const Start *s, const LaunchSpec *spec, const LaunchHandle *h, Err *err)
{
    Buf line = BUF_INIT;
    local_print(h, &line);
    ErrCode rc = buf_ok(&line, err);
    if (rc == ERR_OK) {
        rc = record_write_environment(spec->dir, s->envp, err);
    }
    if (rc == ERR_OK) {
        rc = record_write_command(spec->dir, spec->argv, buf_str(&line), err);
    }
    buf_release(&line);
    return rc;
}

/* The child waits at `go`: put it on record, let it go, hear whether it runs. */
static ErrCode release_child(Start *s, const LaunchSpec *spec, LaunchHandle *h, Err *err)
{
    ErrCode rc = ERR_OK;
    h->death_fd = pidfd_open(h->pid, 0);
    if (h->death_fd < 0) {
        return err_sys(err, "pidfd_open");
    }
    h->start_ticks = process_start_ticks(h->pid);
    TRY(record(s, spec, h, err));
    close_fd(&s->go[0]);
    close_fd(&s->report[1]); /* or the read below waits for ourselves */
    if (write(s->go[1], "g", 1) != 1) {
        rc = err_sys(err, "the pipe to a new worker");
        goto done;
    }
    TRY(exec_result(s->report[0], spec->argv[0], err));

done:
    return rc;
}

static void handle_free(LaunchHandle *h)
{
    if (h) {
        close_fd(&h->death_fd);
        close_fd(&h->news_fd);
        free(h);
    }
}

static ErrCode local_start(const LaunchSpec *spec, LaunchHandle **ret, Err *err)
{
    Start s = {
        .go = {-1, -1}, .report = {-1, -1}, .news = {-1, -1}, .in = -1, .out = -1, .err = -1};
    LaunchHandle *h = handle_new(err);
    ErrCode rc = h ? ERR_OK : err->code;
    pid_t parent = getpid();

    TRY(rc);
    TRY(open_all(&s, spec, err));
    h->pid = fork();
    if (h->pid < 0) {
        rc = err_sys(err, "fork");
        goto done;
    }
    if (h->pid == 0) {
        child_main(&s, parent, spec->argv);
    }
    h->is_child = true;
    (void)setpgid(h->pid, h->pid); /* both sides do: whoever is first */
    rc = release_child(&s, spec, h, err);
    if (rc != ERR_OK) {
        (void)kill(h->pid, SIGKILL); /* not reaped yet, so the number is still its own */
        (void)waitpid(h->pid, NULL, 0);
        goto done;
    }
    h->news_fd = s.news[0];
    s.news[0] = -1;
    *ret = h;
    h = NULL;

done:
    handle_free(h);
    start_release(&s);
    return rc;
}

static ErrCode local_poll(LaunchHandle *h, LaunchStatus *ret, Err *err)
{
    LaunchStatus s = {.phase = LAUNCH_RUNNING};
    if (!h->is_child) {
        if (h->pid < 0 || process_start_ticks(h->pid) != h->start_ticks) {
            s.phase = LAUNCH_GONE;
        }
        *ret = s;
        return ERR_OK;
    }
    siginfo_t info = {0};
    struct rusage used = {0};
    const int how = WEXITED | WNOHANG | WNOWAIT;
    if (syscall(SYS_waitid, P_PID, h->pid, &info, how, &used) != 0) { /* libc's leaves out `used` */
        return err_sys(err, "waitid %ld", (long)h->pid);
    }
    if (info.si_pid == h->pid) {
        s.phase = info.si_code == CLD_EXITED ? LAUNCH_EXITED : LAUNCH_SIGNALED;
        s.code = info.si_code == CLD_EXITED ? info.si_status : 0;
        s.signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
        s.peak_rss_bytes = (int64_t)used.ru_maxrss * 1024;
    }
    *ret = s;
    return ERR_OK;
}

static LaunchFds local_fds(const LaunchHandle *h)
{
    return h ? (LaunchFds){h->death_fd, h->news_fd} : (LaunchFds){-1, -1};
}

static bool local_hear(LaunchHandle *h)
{
    char waste[16384];
    ssize_t n;
    bool got = false;
    if (h->news_fd < 0) {
        return false;
    }
    while ((n = recv(h->news_fd, waste, sizeof waste, MSG_DONTWAIT)) > 0) {
        got = true;
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        close_fd(&h->news_fd);
    }
    return got;
}

static void local_tell(const LaunchHandle *h, const char *line, size_t n)
{
    if (h && h->news_fd >= 0) {
        (void)send(h->news_fd, line, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}

static const char *local_who(const LaunchHandle *h, char out[LAUNCH_NAME_BYTES])
{
    (void)snprintf(out, LAUNCH_NAME_BYTES, "process %ld", (long)h->pid);
    return out;
}

static ErrCode local_stop(const LaunchHandle *h, LaunchStop how, Err *err)
{
    int sig = how == LAUNCH_STOP_FORCE ? SIGKILL : SIGTERM;
    if (pidfd_send_signal(h->death_fd, sig, NULL, 0) != 0 && errno != ESRCH) {
        return err_sys(err, "signal to process %ld", (long)h->pid);
    }
    return ERR_OK;
}

/* Reaps a child that has ended: until then its number, which is its group's, is not given away.
 * Whatever it started and left behind in its group ends with it. */
static void local_release(LaunchHandle *h)
{
    siginfo_t info = {0};
    bool has_ended = h && h->is_child && h->pid > 0 &&
                     waitid(P_PID, (id_t)h->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
                     info.si_pid == h->pid;
    if (has_ended) {
        (void)kill(-h->pid, SIGKILL);
        (void)waitpid(h->pid, NULL, WNOHANG);
        while (waitpid(-h->pid, NULL, WNOHANG) > 0) { /* came to us, the subreaper */
        }
    }
    handle_free(h);
}

/* "key=" and a word into out [size]; moves *at past them and one space. */
static bool take_word(const char **at, const char *key, char *out, size_t size)
{
    size_t n_key = strlen(key);
    if (strncmp(*at, key, n_key) != 0) {
        return false;
    }
    const char *word = *at + n_key;
    size_t n = strcspn(word, " \n");
    if (n == 0 || n >= size) {
        return false;
    }
    memcpy(out, word, n);
    out[n] = '\0';
    *at = word + n + (word[n] == ' ');
    return true;
}

static bool take_number(const char **at, const char *key, int64_t *ret)
{
    char text[32];
    char *end = NULL;
    if (!take_word(at, key, text, sizeof text)) {
        return false;
    }
    errno = 0;
    *ret = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0' && *ret > 0;
}

static ErrCode local_parse(const char *text, LaunchHandle **ret, Err *err)
{
    int64_t pid = 0, start_ticks = 0;
    const char *at = text;
    char word[8], boot[PROCESS_BOOT_BYTES], host[PROCESS_HOST_BYTES];
    char my_boot[PROCESS_BOOT_BYTES], my_host[PROCESS_HOST_BYTES];
    if (!take_word(&at, "", word, sizeof word) || strcmp(word, "local") != 0 ||
        !take_number(&at, "pid=", &pid) || pid > INT32_MAX ||
        !take_number(&at, "start=", &start_ticks) || !take_word(&at, "boot=", boot, sizeof boot) ||
        !take_word(&at, "host=", host, sizeof host)) {
        return err_set(err, ERR_FORMAT, "\"%.200s\" does not name a local process", text);
    }
    if (strcmp(host, process_host(my_host)) != 0) {
        return err_set(err, ERR_CONFLICT, "process %" PRId64 " was started on host %s, this is %s",
                       pid, host, my_host);
    }
    LaunchHandle *h = handle_new(err);
    if (!h) {
        return err->code;
    }
    h->pid = (pid_t)pid;
    h->start_ticks = start_ticks;
    if (strcmp(boot, process_boot_id(my_boot)) == 0) {
        h->death_fd = pidfd_open(h->pid, 0);
    }
    /* The order matters: the descriptor first, then whether it is still the same process. */
    if (h->death_fd < 0 || process_start_ticks(h->pid) != h->start_ticks) {
        handle_free(h);
        return err_set(err, ERR_NOTFOUND, "process %" PRId64 " has ended", pid);
    }
    *ret = h;
    return ERR_OK;
}

static ErrCode local_probe(Err *err)
{
    int fd = pidfd_open(getpid(), 0);
    if (fd < 0) {
        (void)err_sys(err, "pidfd_open");
        return err->code = ERR_UNAVAILABLE;
    }
    (void)close(fd);
    return ERR_OK;
}

const LaunchOps launcher_local = {
    .name = "local",
    .summary = "processes of this machine",
    .probe = local_probe,
    .start = local_start,
    .fds = local_fds,
    .hear = local_hear,
    .tell = local_tell,
    .who = local_who,
    .poll = local_poll,
    .stop = local_stop,
    .print = local_print,
    .parse = local_parse,
    .release = local_release,
};
