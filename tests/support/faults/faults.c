#include "tests/support/faults/faults.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum {
    CALL_WRITE = 1 << 0,
    CALL_FSYNC = 1 << 1,
    CALL_RENAME = 1 << 2,
    CALL_OPEN = 1 << 3,
    CALL_MKDIR = 1 << 4,
    CALL_UNLINK = 1 << 5,
    CALL_FORK = 1 << 6,
    CALL_MMAP = 1 << 7,
    CALL_MALLOC = 1 << 8,
    CALL_TRUNCATE = 1 << 9,
    CALL_CLOSE = 1 << 10,
    CALL_READ = 1 << 11,
    CALL_CLOCK = 1 << 12,
    PATH_BYTES = 4096,
};

typedef enum Deed { DEED_NONE, DEED_ERRNO, DEED_SHORT, DEED_KILL_BEFORE, DEED_KILL_AFTER } Deed;

static struct {
    _Atomic uint64_t *calls, *fired, *by_class; /* NULL: do nothing */
    unsigned classes;
    Deed deed;
    int error;
    uint64_t at;
    bool stays, is_nfs;
    time_t clock_offset_s;
    char below[PATH_BYTES];
    size_t n_below;
} faults;

/* The C library's own, by their names inside of it: asking dlsym for them allocates. */
extern void *__libc_malloc(size_t n);             /* NOLINT: its name */
extern void *__libc_calloc(size_t n, size_t m);   /* NOLINT */
extern void *__libc_realloc(void *p, size_t n);   /* NOLINT */
extern void *__libc_memalign(size_t a, size_t n); /* NOLINT */

/* ---- settings ------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    unsigned classes;
} class_names[] = {
    {"write", CALL_WRITE},
    {"fsync", CALL_FSYNC},
    {"rename", CALL_RENAME},
    {"open", CALL_OPEN},
    {"mkdir", CALL_MKDIR},
    {"unlink", CALL_UNLINK},
    {"fork", CALL_FORK},
    {"mmap", CALL_MMAP},
    {"malloc", CALL_MALLOC},
    {"close", CALL_CLOSE},
    {"truncate", CALL_TRUNCATE},
    {"read", CALL_READ},
    {"files",
     CALL_WRITE | CALL_FSYNC | CALL_RENAME | CALL_OPEN | CALL_MKDIR | CALL_UNLINK | CALL_TRUNCATE},
};

static const struct {
    const char *name;
    Deed deed;
    int error;
} deed_names[] = {
    {"ENOSPC", DEED_ERRNO, ENOSPC},     {"EIO", DEED_ERRNO, EIO},
    {"EINTR", DEED_ERRNO, EINTR},       {"EMFILE", DEED_ERRNO, EMFILE},
    {"ENOMEM", DEED_ERRNO, ENOMEM},     {"EDQUOT", DEED_ERRNO, EDQUOT},
    {"short", DEED_SHORT, 0},           {"kill-before", DEED_KILL_BEFORE, 0},
    {"kill-after", DEED_KILL_AFTER, 0},
};

static const char *setting(const char *name)
{
    const char *v = getenv(name);
    return v ? v : "";
}

static bool is_in_list(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = list; *p; p += strcspn(p, ",")) {
        p += *p == ',';
        if (strcspn(p, ",") == n && memcmp(p, word, n) == 0) {
            return true;
        }
    }
    return false;
}

static void complain(const char *what)
{
    (void)dprintf(STDERR_FILENO, "slaw_faults: %s\n", what);
    _exit(126);
}

static void choose(void)
{
    const char *deed = setting("SLAW_FAULTS_DO"), *call = setting("SLAW_FAULTS_CALL");
    for (size_t i = 0; i < sizeof class_names / sizeof class_names[0]; i++) {
        faults.classes |= is_in_list(call, class_names[i].name) ? class_names[i].classes : 0;
    }
    for (size_t i = 0; i < sizeof deed_names / sizeof deed_names[0]; i++) {
        if (strcmp(deed, deed_names[i].name) == 0) {
            faults.deed = deed_names[i].deed;
            faults.error = deed_names[i].error;
        }
    }
    faults.at = strtoull(setting("SLAW_FAULTS_AT"), NULL, 10);
    faults.stays = setting("SLAW_FAULTS_STAY")[0] == '1';
    faults.is_nfs = strcmp(setting("SLAW_FAULTS_STATFS"), "nfs") == 0;
    (void)snprintf(faults.below, sizeof faults.below, "%s", setting("SLAW_FAULTS_BELOW"));
    faults.n_below = strlen(faults.below);
    faults.clock_offset_s = strtol(setting("SLAW_FAULTS_CLOCK"), NULL, 10);
    if (faults.clock_offset_s != 0) {
        faults.classes = CALL_CLOCK;
    }
    if ((call[0] && faults.classes == 0) || (deed[0] && faults.deed == DEED_NONE)) {
        complain("an unknown class or deed");
    }
}

static void __attribute__((constructor)) faults_open(void)
{
    const char *path = setting("SLAW_FAULTS_COUNTER"), *in = setting("SLAW_FAULTS_IN");
    if (!path[0] || (in[0] && !is_in_list(in, program_invocation_short_name))) {
        return;
    }
    choose();
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    void *p = fd < 0 ? NULL
                     : (void *)syscall(SYS_mmap, NULL, FAULTS_COUNTER_BYTES, PROT_READ | PROT_WRITE,
                                       MAP_SHARED, fd, 0);
    if (!p || p == MAP_FAILED) {
        complain("the counter file cannot be mapped");
    }
    (void)syscall(SYS_close, fd);
    char *base = p;
    faults.fired = (void *)(base + offsetof(FaultCounter, fired));
    faults.by_class = (void *)(base + offsetof(FaultCounter, by_class));
    faults.calls = (void *)(base + offsetof(FaultCounter, calls));
}

/* ---- deciding ------------------------------------------------------------------------------ */

static _Noreturn void die(void)
{
    for (;;) {
        (void)syscall(SYS_kill, (pid_t)syscall(SYS_getpid), SIGKILL);
    }
}

/* Counts a call of this class; what shall become of it. */
static Deed decide(unsigned class)
{
    if (!faults.calls) {
        return DEED_NONE;
    }
    (void)atomic_fetch_add(&faults.by_class[__builtin_ctz(class)], 1);
    if (!(faults.classes & class)) {
        return DEED_NONE;
    }
    uint64_t n = atomic_fetch_add(faults.calls, 1) + 1;
    if (faults.at == 0 || n < faults.at || (n > faults.at && !faults.stays)) {
        return DEED_NONE;
    }
    (void)atomic_fetch_add(faults.fired, 1);
    if (faults.deed == DEED_KILL_BEFORE) {
        die();
    }
    errno = faults.error;
    return faults.deed;
}

static bool is_below(const char *path)
{
    return faults.n_below == 0 || strncmp(path, faults.below, faults.n_below) == 0;
}

/* An empty path when the kernel does not know one. */
static void path_of_fd(int fd, char out[PATH_BYTES])
{
    char link[64];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = (ssize_t)syscall(SYS_readlink, link, out, PATH_BYTES - 1);
    out[n > 0 ? n : 0] = '\0';
}

static Deed decide_fd(unsigned class, int fd)
{
    if (!faults.calls) {
        return DEED_NONE;
    }
    char path[PATH_BYTES];
    int saved = errno;
    path_of_fd(fd, path);
    errno = saved;
    return is_below(path) ? decide(class) : DEED_NONE;
}

static Deed decide_path(unsigned class, int dir, const char *path)
{
    if (!faults.calls) {
        return DEED_NONE;
    }
    char whole[PATH_BYTES + 2];
    int saved = errno;
    if (path[0] == '/') {
        (void)snprintf(whole, sizeof whole, "%s", path);
    } else {
        char at[PATH_BYTES] = "";
        if (dir == AT_FDCWD) {
            (void)syscall(SYS_getcwd, at, sizeof at);
        } else {
            path_of_fd(dir, at);
        }
        (void)snprintf(whole, sizeof whole, "%.2000s/%.2000s", at, path);
    }
    errno = saved;
    return is_below(whole) ? decide(class) : DEED_NONE;
}

/* The result of the call that was made, unless it was to be the process's last. */
static long after(Deed d, long result)
{
    if (d == DEED_KILL_AFTER) {
        die();
    }
    return result;
}

/* Makes the system call unless it is to fail. */
#define GIVE(deed, ...) ((deed) == DEED_ERRNO ? -1 : after((deed), syscall(__VA_ARGS__)))

/* ---- writing and reading -------------------------------------------------------------------- */

static size_t cut(Deed d, size_t n)
{
    return d == DEED_SHORT && n > 1 ? n / 2 : n;
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    Deed d = decide_fd(CALL_WRITE, fd);
    return GIVE(d, SYS_write, fd, bytes, cut(d, n));
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    Deed d = decide_fd(CALL_WRITE, fd);
    return GIVE(d, SYS_pwrite64, fd, bytes, cut(d, n), at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
    return pwrite(fd, bytes, n, at);
}

ssize_t writev(int fd, const struct iovec *v, int n)
{
    Deed d = decide_fd(CALL_WRITE, fd);
    return GIVE(d, SYS_writev, fd, v, d == DEED_SHORT && n > 1 ? n / 2 : n);
}

ssize_t read(int fd, void *bytes, size_t n)
{
    Deed d = decide_fd(CALL_READ, fd);
    return GIVE(d, SYS_read, fd, bytes, cut(d, n));
}

ssize_t pread(int fd, void *bytes, size_t n, off_t at)
{
    Deed d = decide_fd(CALL_READ, fd);
    return GIVE(d, SYS_pread64, fd, bytes, cut(d, n), at);
}

ssize_t pread64(int fd, void *bytes, size_t n, off64_t at)
{
    return pread(fd, bytes, n, at);
}

int fsync(int fd)
{
    Deed d = decide_fd(CALL_FSYNC, fd);
    return (int)GIVE(d, SYS_fsync, fd);
}

int fdatasync(int fd)
{
    Deed d = decide_fd(CALL_FSYNC, fd);
    return (int)GIVE(d, SYS_fdatasync, fd);
}

int ftruncate(int fd, off_t n)
{
    Deed d = decide_fd(CALL_TRUNCATE, fd);
    return (int)GIVE(d, SYS_ftruncate, fd, n);
}

int ftruncate64(int fd, off64_t n)
{
    return ftruncate(fd, n);
}

int fallocate(int fd, int mode, off_t at, off_t n)
{
    Deed d = decide_fd(CALL_TRUNCATE, fd);
    return (int)GIVE(d, SYS_fallocate, fd, mode, at, n);
}

int fallocate64(int fd, int mode, off64_t at, off64_t n)
{
    return fallocate(fd, mode, at, n);
}

int posix_fallocate(int fd, off_t at, off_t n)
{
    return fallocate(fd, 0, at, n) == 0 ? 0 : errno;
}

int posix_fallocate64(int fd, off64_t at, off64_t n)
{
    return posix_fallocate(fd, at, n);
}

int close(int fd)
{
    Deed d = decide_fd(CALL_CLOSE, fd);
    long rc = after(d, syscall(SYS_close, fd));
    if (d == DEED_ERRNO) { /* it is closed all the same */
        errno = faults.error;
        return -1;
    }
    return (int)rc;
}

/* ---- names ----------------------------------------------------------------------------------- */

static int open_at(int dir, const char *path, int flags, mode_t mode)
{
    Deed d = decide_path(CALL_OPEN, dir, path);
    return (int)GIVE(d, SYS_openat, dir, path, flags, mode);
}

#define MODE_ARGUMENT(flags, mode)               \
    mode_t mode = 0;                             \
    if ((flags) & (O_CREAT | __O_TMPFILE)) {     \
        va_list ap;                              \
        va_start(ap, flags);                     \
        mode = (mode_t)va_arg(ap, unsigned int); \
        va_end(ap);                              \
    }

int open(const char *path, int flags, ...)
{
    MODE_ARGUMENT(flags, mode)
    return open_at(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    MODE_ARGUMENT(flags, mode)
    return open_at(AT_FDCWD, path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
    MODE_ARGUMENT(flags, mode)
    return open_at(dir, path, flags, mode);
}

int openat64(int dir, const char *path, int flags, ...)
{
    MODE_ARGUMENT(flags, mode)
    return open_at(dir, path, flags, mode);
}

int creat(const char *path, mode_t mode)
{
    return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

/* What a program that is built with _FORTIFY_SOURCE calls. */
int __open_2(const char *path, int flags);   /* NOLINT: its name */
int __open64_2(const char *path, int flags); /* NOLINT */

int __open_2(const char *path, int flags)
{
    return open_at(AT_FDCWD, path, flags, 0);
}

int __open64_2(const char *path, int flags)
{
    return open_at(AT_FDCWD, path, flags, 0);
}

/* The next library's function of this name; memcpy because ISO C has no such cast. */
#define NEXT(type, name)                            \
    type name##_next;                               \
    {                                               \
        void *found = dlsym(RTLD_NEXT, #name);      \
        memcpy(&name##_next, &found, sizeof found); \
    }

typedef FILE *(*FopenFn)(const char *, const char *);
typedef DIR *(*OpendirFn)(const char *);
typedef pid_t (*ForkFn)(void);
typedef int (*StatfsFn)(const char *, struct statfs *);
typedef int (*FstatfsFn)(int, struct statfs *);

FILE *fopen(const char *path, const char *mode)
{
    NEXT(FopenFn, fopen)
    Deed d = decide_path(CALL_OPEN, AT_FDCWD, path);
    FILE *f = d == DEED_ERRNO ? NULL : fopen_next(path, mode);
    (void)after(d, 0);
    return f;
}

FILE *fopen64(const char *path, const char *mode)
{
    return fopen(path, mode);
}

DIR *opendir(const char *path)
{
    NEXT(OpendirFn, opendir)
    Deed d = decide_path(CALL_OPEN, AT_FDCWD, path);
    DIR *dir = d == DEED_ERRNO ? NULL : opendir_next(path);
    (void)after(d, 0);
    return dir;
}

int mkdir(const char *path, mode_t mode)
{
    Deed d = decide_path(CALL_MKDIR, AT_FDCWD, path);
    return (int)GIVE(d, SYS_mkdir, path, mode);
}

int mkdirat(int dir, const char *path, mode_t mode)
{
    Deed d = decide_path(CALL_MKDIR, dir, path);
    return (int)GIVE(d, SYS_mkdirat, dir, path, mode);
}

int unlinkat(int dir, const char *path, int flags)
{
    Deed d = decide_path(CALL_UNLINK, dir, path);
    return (int)GIVE(d, SYS_unlinkat, dir, path, flags);
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char *path)
{
    return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int remove(const char *path)
{
    struct stat st;
    bool is_dir = lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
    return is_dir ? rmdir(path) : unlink(path);
}

static int rename_at(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    Deed d = decide_path(CALL_RENAME, to_dir, to);
    return (int)GIVE(d, SYS_renameat2, from_dir, from, to_dir, to, flags);
}

int rename(const char *from, const char *to)
{
    return rename_at(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    return rename_at(from_dir, from, to_dir, to, 0);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned int flags)
{
    return rename_at(from_dir, from, to_dir, to, flags);
}

/* ---- processes and memory -------------------------------------------------------------------- */

pid_t fork(void)
{
    NEXT(ForkFn, fork)
    Deed d = decide(CALL_FORK);
    if (d == DEED_ERRNO) {
        return -1;
    }
    pid_t pid = fork_next();
    return pid > 0 ? (pid_t)after(d, pid) : pid;
}

void *mmap(void *addr, size_t n, int prot, int flags, int fd, off_t at)
{
    Deed d = fd < 0 ? decide(CALL_MMAP) : decide_fd(CALL_MMAP, fd);
    if (d == DEED_ERRNO) {
        return MAP_FAILED;
    }
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): what a system call gives */
    return (void *)after(d, syscall(SYS_mmap, addr, n, prot, flags, fd, at));
}

void *mmap64(void *addr, size_t n, int prot, int flags, int fd, off64_t at)
{
    return mmap(addr, n, prot, flags, fd, at);
}

void *malloc(size_t n)
{
    return decide(CALL_MALLOC) == DEED_ERRNO ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t m)
{
    return decide(CALL_MALLOC) == DEED_ERRNO ? NULL : __libc_calloc(n, m);
}

void *realloc(void *p, size_t n)
{
    return decide(CALL_MALLOC) == DEED_ERRNO ? NULL : __libc_realloc(p, n);
}

void *aligned_alloc(size_t alignment, size_t n)
{
    return decide(CALL_MALLOC) == DEED_ERRNO ? NULL : __libc_memalign(alignment, n);
}

int posix_memalign(void **ret, size_t alignment, size_t n)
{
    void *p = aligned_alloc(alignment, n);
    *ret = p ? p : *ret;
    return p ? 0 : ENOMEM;
}

/* ---- file systems and clocks ------------------------------------------------------------------ */

int statfs(const char *path, struct statfs *ret)
{
    NEXT(StatfsFn, statfs)
    int rc = statfs_next(path, ret);
    if (rc == 0 && faults.is_nfs && is_below(path)) {
        ret->f_type = NFS_SUPER_MAGIC;
    }
    return rc;
}

int statfs64(const char *path, struct statfs64 *ret)
{
    return statfs(path, (struct statfs *)ret); /* the same on 64 bits */
}

int fstatfs(int fd, struct statfs *ret)
{
    NEXT(FstatfsFn, fstatfs)
    char path[PATH_BYTES];
    int rc = fstatfs_next(fd, ret);
    path_of_fd(fd, path);
    if (rc == 0 && faults.is_nfs && is_below(path)) {
        ret->f_type = NFS_SUPER_MAGIC;
    }
    return rc;
}

int fstatfs64(int fd, struct statfs64 *ret)
{
    return fstatfs(fd, (struct statfs *)ret);
}

static time_t clock_is_off(void)
{
    if (faults.clock_offset_s == 0 || !faults.calls) {
        return 0;
    }
    uint64_t n = atomic_fetch_add(faults.calls, 1) + 1;
    if (faults.at == 0 || n < faults.at) {
        return 0;
    }
    (void)atomic_fetch_add(faults.fired, 1);
    return faults.clock_offset_s;
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
    int rc = (int)syscall(SYS_clock_gettime, clock, ret);
    if (rc == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        ret->tv_sec += clock_is_off();
    }
    return rc;
}

int gettimeofday(struct timeval *ret, void *zone)
{
    int rc = (int)syscall(SYS_gettimeofday, ret, zone);
    ret->tv_sec += rc == 0 ? clock_is_off() : 0;
    return rc;
}

time_t time(time_t *ret)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_REALTIME, &t);
    if (ret) {
        *ret = t.tv_sec;
    }
    return t.tv_sec;
}
