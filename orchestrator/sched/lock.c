#include "orchestrator/sched/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/fsx.h"
#include "common/json.h"
#include "orchestrator/launch/process.h"

static ErrCode write_holder(int fd, const char *path, Err *err)
{
    char host[PROCESS_HOST_BYTES], since[CLOCK_TEXT_BYTES];
    json_t *v = json_pack("{s:i,s:i,s:s,s:s}", "schema", 1, "pid", (int)getpid(), "host",
                          process_host(host), "since", clock_iso8601(clock_unix_ms(), since));
    Buf text = BUF_INIT;
    if (v) {
        json_canonical(v, &text);
        json_decref(v);
    }
    buf_putc(&text, '\n');
    ErrCode rc = buf_ok(&text, err);
    if (rc == ERR_OK && ftruncate(fd, 0) != 0) {
        rc = err_sys(err, "%s", path);
    }
    if (rc == ERR_OK) {
        rc = fsx_write_all(fd, buf_str(&text), text.len, path, err);
    }
    buf_release(&text);
    return rc;
}

/* What the file says; fields stay empty where it says nothing. */
static void read_holder(const char *path, LockHolder *ret)
{
    Err ignored = ERR_INIT;
    json_t *v = NULL;
    *ret = (LockHolder){.host = "?", .since = "?"};
    if (json_read_file(path, &v, &ignored) != ERR_OK) {
        return; /* its holder is about to write it */
    }
    int64_t pid = 0;
    const char *host = "?", *since = "?";
    if (json_get_i64(v, "pid", &pid, &ignored) == ERR_OK && pid > 0 && pid <= INT32_MAX) {
        ret->pid = (pid_t)pid;
    }
    (void)json_get_str(v, "host", &host, &ignored);
    (void)json_get_str(v, "since", &since, &ignored);
    (void)snprintf(ret->host, sizeof ret->host, "%s", host);
    (void)snprintf(ret->since, sizeof ret->since, "%s", since);
    json_decref(v);
}

static ErrCode is_held(const char *path, Err *err)
{
    LockHolder h;
    read_holder(path, &h);
    if (h.pid == 0) {
        (void)err_set(err, ERR_UNAVAILABLE, "another process is starting to work on this study");
    } else {
        (void)err_set(err, ERR_UNAVAILABLE,
                      "process %ld on host %s has been working on this study since %s", (long)h.pid,
                      h.host, h.since);
    }
    return err_hint(err, "slaw status shows how far it is; slaw stop ends it");
}

static struct flock whole_file(short kind)
{
    return (struct flock){.l_type = kind, .l_whence = SEEK_SET};
}

/* The file names who holds the lock now: not nobody yet, and not one that is dead. */
static bool is_named(const char *path)
{
    LockHolder h;
    char host[PROCESS_HOST_BYTES];
    read_holder(path, &h);
    bool is_here = strcmp(h.host, process_host(host)) == 0;
    return h.pid > 0 && !(is_here && kill(h.pid, 0) != 0 && errno == ESRCH);
}

/* A holder writes its name just after it has the lock and wipes it just before it gives it back:
 * in between we wait a moment, for the name or for the lock. */
static ErrCode take(int fd, const char *path, Err *err)
{
    enum { TRIES = 200, WAIT_MS = 5 };
    struct flock want = whole_file(F_WRLCK);
    for (int i = 0; fcntl(fd, F_OFD_SETLK, &want) != 0; i++) {
        if (errno != EAGAIN && errno != EACCES) {
            return err_sys(err, "lock %s", path);
        }
        if (i == TRIES || is_named(path)) {
            return is_held(path, err);
        }
        (void)poll(NULL, 0, WAIT_MS);
    }
    return ERR_OK;
}

ErrCode lock_acquire(const char *dir, Lock *ret, Err *err)
{
    ErrCode rc = ERR_OK;
    char path[FSX_PATH_BYTES];
    int fd = -1;

    TRY(fsx_join(path, dir, "lock", err));
    fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0) {
        rc = err_sys(err, "%s", path);
        goto done;
    }
    TRY(take(fd, path, err));
    rc = write_holder(fd, path, err);
    if (err_is_no_space(err)) { /* a lock without a name on it; slaw gc must be able to make room */
        *err = ERR_INIT;
        rc = ERR_OK;
    }
    TRY(rc);
    ret->fd = fd;
    fd = -1;

done:
    if (fd >= 0) {
        (void)close(fd);
    }
    return rc;
}

void lock_release(Lock *l)
{
    if (l->fd >= 0) {
        (void)!ftruncate(l->fd, 0); /* so that nobody reads an old name */
        (void)close(l->fd);
        l->fd = -1;
    }
}

ErrCode lock_holder(const char *dir, LockHolder *ret, Err *err)
{
    char path[FSX_PATH_BYTES];
    struct flock ask = whole_file(F_RDLCK);
    ErrCode rc = fsx_join(path, dir, "lock", err);
    if (rc != ERR_OK) {
        return rc;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT) {
        return err_sys(err, "%s", path);
    }
    bool is_free = fd < 0;
    if (fd >= 0) {
        if (fcntl(fd, F_OFD_GETLK, &ask) != 0) {
            rc = err_sys(err, "lock %s", path);
        }
        is_free = ask.l_type == F_UNLCK;
        (void)close(fd);
    }
    if (rc == ERR_OK && is_free) {
        return err_set(err, ERR_NOTFOUND, "no scheduler is working on this study");
    }
    if (rc == ERR_OK) {
        read_holder(path, ret);
    }
    return rc;
}
