#include "tests/support/tmpdir.h"

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/fsx.h"

TmpDir tmpdir_open(void)
{
    TmpDir t;
    const char *base = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe): tests set no variables */
    (void)snprintf(t.path, sizeof t.path, "%s/slaw-test-XXXXXX", base && base[0] ? base : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(t.path));
    return t;
}

void tmpdir_close(TmpDir *t)
{
    Err err = ERR_INIT;
    ck_assert_msg(fsx_remove_tree(t->path, &err) == ERR_OK, "%s", err.msg);
}

const char *tmpdir_write(const TmpDir *t, const char *name, const char *text)
{
    static char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_join(path, t->path, name, &err), ERR_OK);
    ck_assert_msg(fsx_replace(path, text, strlen(text), &err) == ERR_OK, "%s", err.msg);
    return path;
}

static int64_t tree_total; /* nftw has no user argument */

static int add_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)path;
    (void)ftw;
    if (kind == FTW_F) {
        tree_total += st->st_size;
    }
    return 0;
}

int64_t tree_bytes(const char *path)
{
    tree_total = 0;
    (void)nftw(path, add_one, 32, FTW_PHYS); /* a missing path counts nothing */
    return tree_total;
}
