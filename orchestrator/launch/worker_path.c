#include "orchestrator/launch/worker_path.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char name[] = "slaw-worker";

static bool is_program(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* The folder of the running program, without a final slash; "" when /proc cannot say. */
static void own_dir(char out[FSX_PATH_BYTES])
{
    ssize_t n = readlink("/proc/self/exe", out, FSX_PATH_BYTES - 1);
    out[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(out, '/');
    if (slash) {
        *slash = '\0';
    }
}

static bool find_in_path(char out[FSX_PATH_BYTES])
{
    /* Read before any thread starts. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *path = getenv("PATH");
    Err ignored = ERR_INIT;
    while (path && *path) {
        size_t n = strcspn(path, ":");
        if (n > 0 && fsx_path(out, &ignored, "%.*s/%s", (int)n, path, name) == ERR_OK &&
            is_program(out)) {
            return true;
        }
        path += n + (path[n] == ':');
    }
    return false;
}

ErrCode worker_path(char out[FSX_PATH_BYTES], Err *err)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *asked = getenv("SLAW_WORKER");
    if (asked && asked[0]) {
        if (!is_program(asked)) {
            return err_set(err, ERR_UNAVAILABLE,
                           "SLAW_WORKER names %s, which is not a program that can be executed",
                           asked);
        }
        return fsx_path(out, err, "%s", asked);
    }
    char dir[FSX_PATH_BYTES];
    own_dir(dir);
    static const char *const below[] = {"", "/../libexec/slaw"};
    for (size_t i = 0; dir[0] && i < sizeof below / sizeof below[0]; i++) {
        ErrCode rc = fsx_path(out, err, "%s%s/%s", dir, below[i], name);
        if (rc != ERR_OK) {
            return rc;
        }
        if (is_program(out)) {
            return ERR_OK;
        }
    }
    if (find_in_path(out)) {
        return ERR_OK;
    }
    (void)err_set(err, ERR_UNAVAILABLE,
                  "the trainer program %s is neither in %s, nor in %s/../libexec/slaw, nor in PATH",
                  name, dir, dir);
    return err_hint(err, "set SLAW_WORKER to its path");
}
