#include "common/fsx.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/quantity.h"

ErrCode fsx_path(char out[FSX_PATH_BYTES], Err *err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(out, FSX_PATH_BYTES, fmt, ap);
    va_end(ap);
    if (n < 0 || n >= FSX_PATH_BYTES) {
        return err_set(err, ERR_INVALID, "path is longer than %d bytes: %.200s...",
                       FSX_PATH_BYTES - 1, out);
    }
    return ERR_OK;
}

ErrCode fsx_join(char out[FSX_PATH_BYTES], const char *a, const char *b, Err *err)
{
    return fsx_path(out, err, "%s/%s", a, b);
}

bool fsx_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

bool fsx_is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

ErrCode fsx_mkdirs(const char *path, Err *err)
{
    char part[FSX_PATH_BYTES];
    ErrCode rc = fsx_path(part, err, "%s", path);
    if (rc != ERR_OK) {
        return rc;
    }
    for (char *p = part + 1;; p++) {
        if (*p != '/' && *p != '\0') {
            continue;
        }
        bool is_last = *p == '\0';
        *p = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST) {
            return err_sys(err, "mkdir %s", part);
        }
        if (is_last) {
            break;
        }
        *p = '/';
    }
    if (!fsx_is_dir(path)) {
        return err_set(err, ERR_CONFLICT, "%s exists and is not a folder", path);
    }
    return ERR_OK;
}

ErrCode fsx_write_all(int fd, const void *bytes, size_t n, const char *name, Err *err)
{
    const char *p = bytes;
    while (n > 0) {
        ssize_t k = write(fd, p, n);
        if (k < 0 && errno == EINTR) {
            continue;
        }
        if (k <= 0) {
            errno = k == 0 ? ENOSPC : errno; /* nothing was taken, and no reason given */
            return err_sys(err, "write %s", name);
        }
        p += k;
        n -= (size_t)k;
    }
    return ERR_OK;
}

/* Network file systems may be interrupted where local ones are not. */
static int open_again(const char *path, int flags)
{
    int fd;
    do {
        fd = open(path, flags | O_CLOEXEC, 0666);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

static int fsync_again(int fd)
{
    int rc;
    do {
        rc = fsync(fd);
    } while (rc != 0 && errno == EINTR);
    return rc;
}

ErrCode fsx_sync_dir(const char *path, Err *err)
{
    int fd = open_again(path, O_RDONLY | O_DIRECTORY);
    if (fd < 0) {
        return err_sys(err, "open %s", path);
    }
    ErrCode rc = ERR_OK;
    if (fsync_again(fd) != 0 && errno != EINVAL &&
        errno != EROFS) { /* some file systems have no such fsync */
        rc = err_sys(err, "fsync %s", path);
    }
    (void)close(fd);
    return rc;
}

ErrCode fsx_sync_file(const char *path, Err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? ERR_OK : err_sys(err, "open %s", path);
    }
    ErrCode rc = fsync(fd) != 0 && errno != EINVAL && errno != EROFS
                     ? err_sys(err, "fsync %s", path)
                     : ERR_OK;
    (void)close(fd);
    return rc;
}

ErrCode fsx_sync_parent(const char *path, Err *err)
{
    char dir[FSX_PATH_BYTES];
    ErrCode rc = fsx_path(dir, err, "%s", path);
    if (rc != ERR_OK) {
        return rc;
    }
    char *slash = strrchr(dir, '/');
    if (!slash) {
        return fsx_sync_dir(".", err);
    }
    slash[slash == dir ? 1 : 0] = '\0';
    return fsx_sync_dir(dir, err);
}

typedef enum Durability { NOTED, DURABLE } Durability;

static ErrCode write_pieces(int fd, const Span *piece, size_t n, const char *name, Durability d,
                            Err *err)
{
    for (size_t i = 0; i < n; i++) {
        ErrCode rc = fsx_write_all(fd, piece[i].bytes, piece[i].n, name, err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return d == DURABLE && fsync_again(fd) != 0 ? err_sys(err, "fsync %s", name) : ERR_OK;
}

typedef struct Gate {
    FsxGate ask; /* NULL: always open */
    void *ctx;
} Gate;

static ErrCode replace(const char *path, const Span *piece, size_t n, Durability d, Gate gate,
                       Err *err)
{
    ErrCode rc = ERR_OK;
    char tmp[FSX_PATH_BYTES];
    int fd = -1, closed = 0;
    bool has_tmp = false;

    TRY(fsx_path(tmp, err, "%s.tmp.%ld", path, (long)getpid()));
    fd = open_again(tmp, O_WRONLY | O_CREAT | O_TRUNC);
    if (fd < 0) {
        rc = err_sys(err, "create %s", path);
        goto done;
    }
    has_tmp = true;
    TRY(write_pieces(fd, piece, n, path, d, err));
    closed = close(fd);
    fd = -1;
    if (closed != 0) {
        rc = err_sys(err, "close %s", path);
        goto done;
    }
    if (gate.ask) {
        TRY(gate.ask(gate.ctx, err));
    }
    if (rename(tmp, path) != 0) {
        rc = err_sys(err, "write %s", path);
        goto done;
    }
    has_tmp = false;
    if (d == DURABLE) {
        rc = fsx_sync_parent(path, err);
    }

done:
    if (fd >= 0) {
        (void)close(fd);
    }
    if (has_tmp) {
        (void)unlink(tmp);
    }
    return rc;
}

ErrCode fsx_replace(const char *path, const void *bytes, size_t n, Err *err)
{
    const Span whole = {bytes, n};
    return replace(path, &whole, 1, DURABLE, (Gate){0}, err);
}

ErrCode fsx_replace_gated(const char *path, const void *bytes, size_t n, FsxGate gate, void *ctx,
                          Err *err)
{
    const Span whole = {bytes, n};
    return replace(path, &whole, 1, DURABLE, (Gate){gate, ctx}, err);
}

ErrCode fsx_replace_spans(const char *path, const Span *piece, size_t n, Err *err)
{
    return replace(path, piece, n, DURABLE, (Gate){0}, err);
}

ErrCode fsx_note(const char *path, const void *bytes, size_t n, Err *err)
{
    const Span whole = {bytes, n};
    return replace(path, &whole, 1, NOTED, (Gate){0}, err);
}

ErrCode fsx_each_block(const char *path, FsxSink sink, void *ctx, Err *err)
{
    static _Thread_local unsigned char block[1 << 18];
    int fd = open_again(path, O_RDONLY);
    if (fd < 0 && errno == ENOENT) {
        (void)err_set(err, ERR_NOTFOUND, "%s: no such file", path);
        err->sys_errno = ENOENT;
        return err_place(err, path, (TextPos){0, 0});
    }
    if (fd < 0) {
        return err_sys(err, "%s", path);
    }
    ErrCode rc = ERR_OK;
    while (rc == ERR_OK) {
        ssize_t n = read(fd, block, sizeof block);
        if (n == 0) {
            break;
        }
        if (n > 0) {
            rc = sink(ctx, block, (size_t)n, err);
        } else if (errno != EINTR) {
            rc = err_sys(err, "read %s", path);
        }
    }
    (void)close(fd);
    return rc;
}

typedef struct Appending {
    const char *path;
    size_t n, max;
    Buf *to;
} Appending;

static ErrCode append_block(void *ctx, const void *bytes, size_t n, Err *err)
{
    Appending *a = ctx;
    a->n += n;
    if (a->n > a->max) {
        return err_set(err, ERR_INVALID, "%s: larger than %zu bytes", a->path, a->max);
    }
    buf_add(a->to, bytes, n);
    return buf_ok(a->to, err);
}

ErrCode fsx_read(const char *path, size_t max_bytes, Buf *ret, Err *err)
{
    Appending a = {.path = path, .max = max_bytes, .to = ret};
    ErrCode rc = buf_ok(ret, err);
    return rc == ERR_OK ? fsx_each_block(path, append_block, &a, err) : rc;
}

static int is_shown(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static const char *ending_of(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? dot : "";
}

/* The name of `candidate` if it is nearer to `base` than `best` (NULL: none): whole names are
 * compared, and names of one ending without it. */
static const char *nearer(const char *base, const char *best, const char *candidate)
{
    enum { STEM_BYTES = 64 };
    char stem[STEM_BYTES], other[STEM_BYTES];
    bool is_kind = strcmp(ending_of(base), ending_of(candidate)) == 0;
    size_t n_ending = is_kind ? strlen(ending_of(base)) : 0;
    (void)snprintf(stem, sizeof stem, "%.*s", (int)(strlen(base) - n_ending), base);
    (void)snprintf(other, sizeof other, "%.*s", (int)(strlen(candidate) - n_ending), candidate);
    const char *name = other, *pair[] = {best, candidate};
    bool is_near = nearest_name(stem, &name, 1) != NULL;
    return !is_near ? best : !best ? candidate : nearest_name(base, pair, 2);
}

/* A file beside the one that is missing: of similar name, else the first few of its kind. */
static void hint_near(const char *base, const char *prefix, int n_prefix, struct dirent **list,
                      size_t n, Err *err)
{
    enum { SHOWN = 3 };
    const char *near = NULL;
    Buf some = BUF_INIT;
    size_t n_some = 0;
    for (size_t i = 0; i < n; i++) {
        near = nearer(base, near, list[i]->d_name);
        if (ending_of(base)[0] && strcmp(ending_of(base), ending_of(list[i]->d_name)) == 0 &&
            n_some++ < SHOWN) {
            buf_printf(&some, "%s%s", n_some > 1 ? ", " : "", list[i]->d_name);
        }
    }
    if (near) {
        (void)err_hint(err, "did you mean %.*s%s?", n_prefix, prefix, near);
    } else if (n_some > 0) {
        (void)err_hint(err, "in that folder %s %s%s", n_some > 1 ? "are" : "is", buf_str(&some),
                       n_some > SHOWN ? ", ..." : "");
    }
    buf_release(&some);
}

ErrCode fsx_no_such(const char *path, const char *name, Err *err)
{
    const char *slash = strrchr(path, '/'), *in_name = strrchr(name, '/');
    const char *base = slash ? slash + 1 : path;
    int n_prefix = in_name ? (int)(in_name + 1 - name) : 0;
    char dir[FSX_PATH_BYTES];
    struct dirent **list = NULL;
    (void)snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - path) + 1 : 1,
                   slash ? path : ".");
    (void)err_set(err, ERR_NOTFOUND, "%s: no such file", name);
    int n = scandir(dir, &list, is_shown, alphasort);
    if (n < 0 && (errno == ENOENT || errno == ENOTDIR)) {
        (void)err_hint(err, "there is no folder %.*s", n_prefix > 1 ? n_prefix - 1 : n_prefix,
                       name);
    }
    if (n > 0) {
        hint_near(base, name, n_prefix, list, (size_t)n, err);
    }
    for (int i = 0; i < n; i++) {
        free(list[i]);
    }
    free(list);
    return err_place(err, name, (TextPos){0, 0});
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static ErrCode collect(DIR *d, const char *dir, Arena *a, const char ***ret, size_t *ret_n,
                       Err *err)
{
    const char **list = NULL;
    size_t n = 0, cap = 0;
    for (;;) {
        errno = 0;
        const struct dirent *e = readdir(d); /* NOLINT(concurrency-mt-unsafe): a DIR of our own */
        if (!e) {
            break;
        }
        if (e->d_name[0] == '.') {
            continue;
        }
        if (n == cap) {
            const char **more = arena_array(a, cap = cap > 0 ? 2 * cap : 32, sizeof *more);
            if (!more) {
                return err_nomem(err, dir);
            }
            if (n > 0) {
                memcpy(more, list, n * sizeof *more);
            }
            list = more;
        }
        list[n] = arena_strdup(a, e->d_name);
        if (!list[n++]) {
            return err_nomem(err, dir);
        }
    }
    if (errno != 0) {
        return err_sys(err, "read %s", dir);
    }
    if (n > 0) {
        qsort(list, n, sizeof *list, by_text);
    }
    *ret = list;
    *ret_n = n;
    return ERR_OK;
}

ErrCode fsx_list(const char *dir, Arena *a, const char ***ret, size_t *ret_n, Err *err)
{
    *ret = NULL;
    *ret_n = 0;
    DIR *d = opendir(dir);
    if (!d) {
        return errno == ENOENT || errno == ENOTDIR ? ERR_OK : err_sys(err, "open %s", dir);
    }
    ErrCode rc = collect(d, dir, a, ret, ret_n, err);
    (void)closedir(d);
    return rc;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

ErrCode fsx_remove_tree(const char *path, Err *err)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): it changes no folder; ours has one walking thread */
    if (nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT) {
        return err_sys(err, "remove %s", path);
    }
    return ERR_OK;
}
