#include "tests/support/tmp.h"

#include <check.h>

#include "common/fsx.h"

TmpDir tmp;

void tmp_open(void)
{
    tmp = tmpdir_open();
}

void tmp_close(void)
{
    tmpdir_close(&tmp);
}

const char *tmp_path(const char *name)
{
    static char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_path(path, &err, "%s/%s", tmp.path, name), ERR_OK);
    return path;
}

const char *tmp_folder(const char *name)
{
    const char *path = tmp_path(name);
    Err err = ERR_INIT;
    ck_assert_msg(fsx_mkdirs(path, &err) == ERR_OK, "%s", err.msg);
    return path;
}

bool tmp_has(const char *name)
{
    return fsx_exists(tmp_path(name));
}

void tmp_read(const char *name, Buf *out)
{
    Err err = ERR_INIT;
    buf_clear(out);
    ck_assert_msg(fsx_read(tmp_path(name), 1 << 26, out, &err) == ERR_OK, "%s", err.msg);
}
