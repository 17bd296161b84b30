#include "orchestrator/exchange/outfile.h"

#include <errno.h>
#include <unistd.h>

ErrCode outfile_open(OutFile *o, const char *path, Err *err)
{
    *o = (OutFile){.is_stdout = path == NULL};
    if (!path) {
        o->f = stdout;
        return ERR_OK;
    }
    ErrCode rc = fsx_path(o->path, err, "%s", path);
    rc = rc == ERR_OK ? fsx_path(o->tmp, err, "%s.tmp.%ld", path, (long)getpid()) : rc;
    if (rc == ERR_OK && !(o->f = fopen(o->tmp, "wbe"))) {
        rc = err_sys(err, "create %s", path);
    }
    return rc;
}

void outfile_write(OutFile *o, const void *bytes, size_t n)
{
    (void)fwrite(bytes, 1, n, o->f); /* ferror() remembers */
}

ErrCode outfile_commit(OutFile *o, Err *err)
{
    bool is_bad = ferror(o->f) != 0;
    is_bad = fflush(o->f) != 0 || is_bad;
    if (o->is_stdout) {
        o->f = NULL;
        return is_bad ? err_sys(err, "write standard output") : ERR_OK;
    }
    is_bad = is_bad || (fsync(fileno(o->f)) != 0 && errno != EINVAL && errno != EROFS);
    ErrCode rc = is_bad ? err_sys(err, "write %s", o->path) : ERR_OK;
    if (fclose(o->f) != 0 && rc == ERR_OK) {
        rc = err_sys(err, "close %s", o->path);
    }
    o->f = NULL;
    if (rc == ERR_OK && rename(o->tmp, o->path) != 0) {
        rc = err_sys(err, "write %s", o->path);
    }
    if (rc != ERR_OK) {
        (void)unlink(o->tmp);
        return rc;
    }
    return fsx_sync_parent(o->path, err);
}

void outfile_abandon(OutFile *o)
{
    if (o->f && !o->is_stdout) {
        (void)fclose(o->f);
        (void)unlink(o->tmp);
    }
    o->f = NULL;
}
