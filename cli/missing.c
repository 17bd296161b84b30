#include "cli/missing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* To the folder above; "" where the path names none. */
static void go_up(char *path)
{
    char *slash = strrchr(path, '/');
    *(slash ? slash : path) = '\0';
}

ErrCode missing_find(const char *dir, Missing *ret, Err *err)
{
    Missing m = {0};
    char path[FSX_PATH_BYTES];
    ErrCode rc = ERR_OK;
    TRY(fsx_path(path, err, "%s", dir));
    TRY(fsx_join(m.lock, dir, "lock", err));
    TRY(fsx_join(m.corpus, dir, "corpus", err));
    for (; path[0] && !fsx_exists(path); go_up(path)) {
        m.levels++;
    }
    if (fsx_exists(m.lock)) {
        m.lock[0] = '\0';
    }
    if (fsx_exists(m.corpus)) {
        m.corpus[0] = '\0';
    }
    *ret = m;
done:
    return rc;
}

void missing_restore(const char *dir, const Missing *m, bool has_lock)
{
    Err ignored = ERR_INIT;
    char path[FSX_PATH_BYTES];
    if (has_lock && m->corpus[0]) {
        (void)fsx_remove_tree(m->corpus, &ignored);
    }
    if (has_lock && m->lock[0]) {
        (void)unlink(m->lock);
    }
    (void)snprintf(path, sizeof path, "%s", dir);
    for (int i = 0; i < m->levels && path[0]; i++, go_up(path)) {
        if (rmdir(path) != 0 && errno != ENOENT) { /* "a/b/" names a/b twice */
            break;
        }
    }
}
