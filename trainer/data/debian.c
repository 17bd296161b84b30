#include "trainer/data/debian.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/subprocess.h"

enum { MAX_PACKAGES = 16 };

/* Makes base/suffix the cache. */
static ErrCode use_dir(DebianCache *c, const char *base, const char *suffix, Err *err)
{
    ErrCode rc = fsx_join(c->dir, base, suffix, err);
    return rc == ERR_OK ? fsx_mkdirs(c->dir, err) : rc;
}

static ErrCode choose_dir(const char *corpus_dir, DebianCache *c, Err *err)
{
    /* getenv is read before any thread starts. NOLINTBEGIN(concurrency-mt-unsafe) */
    const char *xdg = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    /* NOLINTEND(concurrency-mt-unsafe) */
    Err ignored = ERR_INIT;
    if (xdg && xdg[0] == '/') { /* the XDG specification ignores relative paths */
        ErrCode rc = use_dir(c, xdg, "slaw/packages", err);
        return rc == ERR_OK ? rc : err_hint(err, "XDG_CACHE_HOME is where downloads are kept");
    }
    if (home && home[0] == '/' && use_dir(c, home, ".cache/slaw/packages", &ignored) == ERR_OK) {
        return ERR_OK;
    }
    c->is_private = true; /* no home, or none to write to */
    return use_dir(c, corpus_dir, "packages", err);
}

ErrCode debian_cache_open(const char *corpus_dir, DebianCache *ret, Err *err)
{
    DebianCache c = DEBIAN_CACHE_INIT;
    char lock[FSX_PATH_BYTES];
    ErrCode rc = choose_dir(corpus_dir, &c, err);
    if (rc == ERR_OK) {
        rc = fsx_join(lock, c.dir, ".lock", err);
    }
    if (rc != ERR_OK) {
        return rc;
    }
    c.lock_fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (c.lock_fd < 0) {
        return err_sys(err, "open %s", lock);
    }
    while (flock(c.lock_fd, LOCK_EX) != 0) {
        if (errno != EINTR) {
            rc = err_sys(err, "lock %s", lock);
            (void)close(c.lock_fd);
            return rc;
        }
    }
    *ret = c;
    return ERR_OK;
}

/* Folders of one call; the lock makes them ours, so leftovers of a killed process go too. */
static ErrCode work_dir(const DebianCache *c, const char *name, char out[FSX_PATH_BYTES], Err *err)
{
    ErrCode rc = fsx_join(out, c->dir, name, err);
    if (rc == ERR_OK) {
        rc = fsx_remove_tree(out, err);
    }
    return rc == ERR_OK ? fsx_mkdirs(out, err) : rc;
}

void debian_cache_close(DebianCache *c)
{
    if (c->lock_fd < 0) {
        return;
    }
    char path[FSX_PATH_BYTES];
    Err ignored = ERR_INIT; /* what stays behind is removed by the next call */
    static const char *const names[] = {"download", "unpack"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (fsx_join(path, c->dir, names[i], &ignored) == ERR_OK) {
            (void)fsx_remove_tree(path, &ignored);
        }
    }
    if (c->is_private) {
        (void)fsx_remove_tree(c->dir, &ignored);
    }
    (void)close(c->lock_fd);
    c->lock_fd = -1;
}

/* Whether `file` is "<name>_<version>_<arch>.deb". */
static bool is_deb_of(const char *file, const char *name)
{
    size_t n = strlen(name), n_file = strlen(file);
    return n_file > n + 5 && strncmp(file, name, n) == 0 && file[n] == '_' &&
           strcmp(file + n_file - 4, ".deb") == 0;
}

/* Name of the package's .deb in dir; the greatest by strcmp if there are several.  Empty if none. */
static ErrCode find_deb(const char *dir, const char *name, char out[256], Err *err)
{
    out[0] = '\0';
    DIR *d = opendir(dir);
    if (!d) {
        return err_sys(err, "open %s", dir);
    }
    /* readdir is called on this function's own stream. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    for (const struct dirent *e = readdir(d); e; e = readdir(d)) {
        if (is_deb_of(e->d_name, name) && strcmp(e->d_name, out) > 0) {
            (void)snprintf(out, 256, "%s", e->d_name);
        }
    }
    (void)closedir(d);
    return ERR_OK;
}

/* The last line of what a program said that begins with `prefix`, into out; empty if none. */
static void last_line(const Buf *output, const char *prefix, char *out, size_t n_out)
{
    out[0] = '\0';
    for (const char *p = buf_str(output); *p;) {
        const char *end = strchrnul(p, '\n');
        if (strncmp(p, prefix, strlen(prefix)) == 0) {
            (void)snprintf(out, n_out, "%.*s", (int)(end - p), p);
        }
        p = *end ? end + 1 : end;
    }
}

static ErrCode download_failed(const Buf *output, int status, Err *err)
{
    char line[300];
    last_line(output, "E:", line, sizeof line);
    (void)err_set(err, ERR_UNAVAILABLE,
                  "the default corpus comes from Debian packages, and apt-get download ended with "
                  "status %d%s%s",
                  status, line[0] ? ": " : "", line);
    return err_hint(err, "run apt-get update as root and see that the network is up; or name files "
                         "of your own as the text of the corpus");
}

/* Moves dir/file into the cache. */
static ErrCode keep_deb(const DebianCache *c, const char *dir, const char *name, Err *err)
{
    char file[256], from[FSX_PATH_BYTES], to[FSX_PATH_BYTES];
    ErrCode rc = ERR_OK;
    TRY(find_deb(dir, name, file, err));
    if (!file[0]) {
        return err_set(err, ERR_UNAVAILABLE, "apt-get download brought no package %s", name);
    }
    TRY(fsx_join(from, dir, file, err));
    TRY(fsx_join(to, c->dir, file, err));
    if (rename(from, to) != 0) {
        rc = err_sys(err, "rename %s to %s", from, to);
    }
done:
    return rc;
}

static ErrCode download(const DebianCache *c, const char *const *names, size_t n, Err *err)
{
    /* One retry and short time-outs: without a network it must end soon. */
    const char *argv[MAX_PACKAGES + 8] = {
        "apt-get", "-q", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=15", "download"};
    size_t n_args = 0;
    while (argv[n_args]) {
        n_args++;
    }
    memcpy(argv + n_args, names, n * sizeof *names);
    char dir[FSX_PATH_BYTES];
    Buf output = BUF_INIT;
    int status = 0;
    ErrCode rc = ERR_OK;
    TRY(work_dir(c, "download", dir, err));
    rc = subprocess_run(argv, dir, &output, &status, err);
    if (rc == ERR_UNAVAILABLE) {
        (void)err_wrap(err, "the default corpus comes from Debian packages");
        (void)err_hint(err, "name files of your own as the text of the corpus");
        goto done;
    }
    TRY(rc);
    if (status != 0) {
        rc = download_failed(&output, status, err);
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        TRY(keep_deb(c, dir, names[i], err));
    }
done:
    buf_release(&output);
    return rc;
}

/* "fortunes_1%3a1.99.1-7.3_all.deb": the part between the underscores, with its colon back. */
static void version_of(const char *file, char out[DEBIAN_VERSION_BYTES])
{
    const char *p = strchr(file, '_') + 1;
    const char *end = strrchr(file, '_');
    size_t n = 0;
    while (p < end && n + 1 < DEBIAN_VERSION_BYTES) {
        bool is_colon = strncmp(p, "%3a", 3) == 0;
        out[n] = *p;
        if (is_colon) {
            out[n] = ':';
        }
        n++;
        p += is_colon ? 3 : 1;
    }
    out[n] = '\0';
}

static ErrCode extract(const char *deb, const char *root, Err *err)
{
    const char *argv[] = {"dpkg-deb", "-x", deb, root, NULL};
    Buf output = BUF_INIT;
    int status = 0;
    ErrCode rc = subprocess_run(argv, NULL, &output, &status, err);
    if (rc == ERR_OK && status != 0) {
        char line[300];
        last_line(&output, "dpkg-deb: error:", line, sizeof line);
        (void)err_set(err, ERR_FORMAT, "%s cannot be unpacked: %s", deb,
                      line[0] ? line : "dpkg-deb gave no reason");
        rc = err_hint(err, "remove that file and run again: it is downloaded anew");
    }
    buf_release(&output);
    return rc;
}

static ErrCode unpack(const DebianCache *c, const char *unpack_dir, DebianPackage *p, Err *err)
{
    char deb[FSX_PATH_BYTES];
    struct stat st;
    ErrCode rc = ERR_OK;
    TRY(fsx_join(deb, c->dir, p->file, err));
    TRY(fsx_join(p->root, unpack_dir, p->name, err));
    TRY(fsx_mkdirs(p->root, err));
    TRY(hash_sha256_file(deb, p->sha256, err));
    if (stat(deb, &st) != 0) {
        rc = err_sys(err, "%s", deb);
        goto done;
    }
    p->n_bytes = st.st_size;
    version_of(p->file, p->version);
    TRY(extract(deb, p->root, err));
done:
    return rc;
}

static void tell(CorpusProgress progress, void *ctx, const char *verb, const char *what)
{
    char text[300];
    if (progress) {
        (void)snprintf(text, sizeof text, "%s %s", verb, what);
        progress(ctx, text);
    }
}

ErrCode debian_fetch(DebianCache *c, DebianPackage *packages, size_t n, CorpusProgress progress,
                     void *ctx, Err *err)
{
    const char *missing[MAX_PACKAGES];
    size_t n_missing = 0;
    Buf names = BUF_INIT;
    char unpack_dir[FSX_PATH_BYTES];
    ErrCode rc = ERR_OK;
    for (size_t i = 0; i < n && i < MAX_PACKAGES; i++) {
        TRY(find_deb(c->dir, packages[i].name, packages[i].file, err));
        if (!packages[i].file[0]) {
            missing[n_missing++] = packages[i].name;
            buf_printf(&names, "%s%s", n_missing > 1 ? ", " : "", packages[i].name);
        }
    }
    if (n_missing > 0) {
        tell(progress, ctx, "downloading", buf_str(&names));
        TRY(download(c, missing, n_missing, err));
    }
    TRY(work_dir(c, "unpack", unpack_dir, err));
    for (size_t i = 0; i < n && i < MAX_PACKAGES; i++) {
        tell(progress, ctx, "unpacking", packages[i].name);
        TRY(find_deb(c->dir, packages[i].name, packages[i].file, err));
        TRY(unpack(c, unpack_dir, &packages[i], err));
    }
done:
    buf_release(&names);
    return rc;
}
