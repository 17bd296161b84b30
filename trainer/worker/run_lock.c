#include "trainer/worker/run_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

enum { TRY_EVERY_MS = 50 };

static ErrCode wait_for(int fd, const char *run_dir, int wait_ms, bool (*should_stop)(void),
                        Err *err)
{
    for (int waited = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; waited += TRY_EVERY_MS) {
        if (errno == EINTR) {
            continue;
        }
        if (errno != EWOULDBLOCK) {
            return ERR_OK; /* no locks on this file system */
        }
        if (should_stop && should_stop()) {
            return err_set(err, ERR_INTERRUPTED, "stopped while another worker held %s", run_dir);
        }
        if (waited >= wait_ms) {
            return err_set(err, ERR_CONFLICT, "another worker is training in %s", run_dir);
        }
        (void)poll(NULL, 0, TRY_EVERY_MS); /* flock has no time limit of its own */
    }
    return ERR_OK;
}

ErrCode run_lock(const char *run_dir, int wait_ms, bool (*should_stop)(void), int *ret_fd, Err *err)
{
    int fd = open(run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        bool is_missing = errno == ENOENT;
        ErrCode rc = err_sys(err, "%s", run_dir);
        return is_missing ? (err->code = ERR_NOTFOUND) : rc;
    }
    ErrCode rc = wait_for(fd, run_dir, wait_ms, should_stop, err);
    if (rc != ERR_OK) {
        (void)close(fd);
        return rc;
    }
    *ret_fd = fd;
    return ERR_OK;
}
