#include "trainer/worker/run_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/fsx.h"

enum { TRY_EVERY_MS = 50 };

/* 0, or the errno that says why not; EWOULDBLOCK when somebody holds it. */
static int lock_folder(int fd)
{
    return flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
}

static int lock_file(int fd)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_OFD_SETLK, &whole) == 0) {
        return 0;
    }
    return errno == EACCES || errno == EAGAIN ? EWOULDBLOCK : errno;
}

typedef struct Wait {
    const char *run_dir;
    int ms;
    bool (*should_stop)(void);
} Wait;

/* ERR_UNAVAILABLE when this file system has no such lock. */
static ErrCode wait_for(int fd, int (*lock)(int fd), const Wait *w, Err *err)
{
    int waited = 0;
    for (int why; (why = lock(fd)) != 0;) {
        if (why == EINTR) {
            continue;
        }
        if (why != EWOULDBLOCK) {
            return err_set(err, ERR_UNAVAILABLE, "%s: no locks here", w->run_dir);
        }
        if (w->should_stop && w->should_stop()) {
            return err_set(err, ERR_INTERRUPTED, "stopped while another worker held %s",
                           w->run_dir);
        }
        if (waited >= w->ms) {
            (void)err_set(err, ERR_CONFLICT, "another worker is training in %s", w->run_dir);
            return err_hint(err, "the file `command` of its newest attempts names process and "
                                 "host; it may hang there");
        }
        (void)poll(NULL, 0, TRY_EVERY_MS); /* the locks have no time limit of their own */
        waited += TRY_EVERY_MS;
    }
    return ERR_OK;
}

static ErrCode keep(ErrCode rc, int fd, int *ret_fd)
{
    if (rc == ERR_OK) {
        *ret_fd = fd;
    } else {
        (void)close(fd);
    }
    return rc;
}

ErrCode run_lock_by_file(const char *run_dir, int wait_ms, bool (*should_stop)(void), int *ret_fd,
                         Err *err)
{
    const Wait w = {run_dir, wait_ms, should_stop};
    char path[FSX_PATH_BYTES];
    ErrCode rc = fsx_join(path, run_dir, "lock", err);
    if (rc != ERR_OK) {
        return rc;
    }
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) {
        return err_sys(err, "%s", path);
    }
    rc = wait_for(fd, lock_file, &w, err);
    return keep(rc == ERR_UNAVAILABLE ? ERR_OK : rc, fd, ret_fd);
}

ErrCode run_lock(const char *run_dir, int wait_ms, bool (*should_stop)(void), int *ret_fd, Err *err)
{
    const Wait w = {run_dir, wait_ms, should_stop};
    int fd = open(run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        bool is_missing = errno == ENOENT;
        ErrCode rc = err_sys(err, "%s", run_dir);
        return is_missing ? (err->code = ERR_NOTFOUND) : rc;
    }
    ErrCode rc = keep(wait_for(fd, lock_folder, &w, err), fd, ret_fd);
    if (rc == ERR_UNAVAILABLE) {
        *err = ERR_INIT;
        rc = run_lock_by_file(run_dir, wait_ms, should_stop, ret_fd, err);
    }
    return rc;
}
