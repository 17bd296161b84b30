#include "trainer/worker/attempt.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* "attempt-012" -> 12; -1 for anything else. */
static int64_t number_of(const char *name)
{
    static const char prefix[] = "attempt-";
    const char *digits = name + sizeof prefix - 1;
    if (strncmp(name, prefix, sizeof prefix - 1) != 0 || !digits[0] ||
        strspn(digits, "0123456789") != strlen(digits) || strlen(digits) > 15) {
        return -1;
    }
    return strtoll(digits, NULL, 10);
}

ErrCode attempt_newest(const char *run_dir, int64_t *ret, Err *err)
{
    int64_t newest = -1;
    DIR *d = opendir(run_dir);
    if (!d) {
        return err_sys(err, "open %s", run_dir);
    }
    for (;;) {
        errno = 0;
        const struct dirent *e = readdir(d); /* NOLINT(concurrency-mt-unsafe): a DIR of our own */
        if (!e) {
            break;
        }
        int64_t n = number_of(e->d_name);
        newest = n > newest ? n : newest;
    }
    ErrCode rc = errno != 0 ? err_sys(err, "read %s", run_dir) : ERR_OK;
    (void)closedir(d);
    if (rc == ERR_OK) {
        *ret = newest;
    }
    return rc;
}

ErrCode attempt_dir(const char *run_dir, int64_t attempt, char out[FSX_PATH_BYTES], Err *err)
{
    return fsx_path(out, err, "%s/attempt-%03" PRId64, run_dir, attempt);
}

ErrCode attempt_check(const char *run_dir, int64_t attempt, Err *err)
{
    int64_t newest = -1;
    if (attempt < 0) {
        return ERR_OK;
    }
    ErrCode rc = attempt_newest(run_dir, &newest, err);
    if (rc == ERR_OK && newest > attempt) {
        rc = err_set(err, ERR_INTERRUPTED, "superseded by attempt %" PRId64, newest);
    }
    return rc;
}
