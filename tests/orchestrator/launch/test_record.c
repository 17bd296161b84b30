/* The two files that say how an attempt was started. */
#include "orchestrator/launch/record.h"

#include <string.h>

#include "common/fsx.h"
#include "common/subprocess.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static TmpDir tmp;

static void set_up(void)
{
    tmp = tmpdir_open();
}

static void tear_down(void)
{
    tmpdir_close(&tmp);
}

/* The shell itself says whether the words were quoted as they must be. */
START_TEST(the_command_runs_again_as_it_is_written)
{
    const char *const argv[] = {"printf", "%s|", "a b", "it's", "$HOME", "", "plain", NULL};
    Err err = ERR_INIT;
    Buf out = BUF_INIT;
    int status = -1;
    ck_assert_int_eq(record_write_command(tmp.path, argv, "local 17 99", &err), ERR_OK);
    const char *again[] = {"sh", "command", NULL};
    ck_assert_int_eq(subprocess_run(again, tmp.path, &out, &status, &err), ERR_OK);
    ck_assert_str_eq(buf_str(&out), "a b|it's|$HOME||plain|");
    buf_clear(&out);
    ck_assert_int_eq(record_read_handle(tmp.path, &out, &err), ERR_OK);
    ck_assert_str_eq(buf_str(&out), "local 17 99");
    buf_release(&out);
}
END_TEST

START_TEST(only_what_changes_a_worker_is_kept_and_sorted)
{
    char token[] = "API_TOKEN=secret", path[] = "PATH=/bin", isa[] = "SLAW_ISA=scalar",
         lang[] = "LANG=C", near[] = "PATHS=no";
    char *const envp[] = {token, path, isa, lang, near, NULL};
    Err err = ERR_INIT;
    Buf out = BUF_INIT;
    char file[FSX_PATH_BYTES];
    ck_assert_int_eq(record_write_environment(tmp.path, envp, &err), ERR_OK);
    ck_assert_int_eq(fsx_join(file, tmp.path, "environment", &err), ERR_OK);
    ck_assert_int_eq(fsx_read(file, 1 << 16, &out, &err), ERR_OK);
    ck_assert_str_eq(buf_str(&out), "LANG=C\nPATH=/bin\nSLAW_ISA=scalar\n");
    buf_release(&out);
}
END_TEST

START_TEST(a_folder_that_is_not_there_cannot_be_written)
{
    const char *const argv[] = {"true", NULL};
    char *const envp[] = {NULL};
    Err err = ERR_INIT;
    ck_assert_int_eq(record_write_command("/proc/no/such", argv, "h", &err), ERR_IO);
    ck_assert_int_eq(record_write_environment("/proc/no/such", envp, &err), ERR_IO);
}
END_TEST

START_TEST(a_handle_is_missing_damaged_or_unreadable)
{
    Err err = ERR_INIT;
    Buf out = BUF_INIT;
    char folder[FSX_PATH_BYTES];
    ck_assert_int_eq(record_read_handle(tmp.path, &out, &err), ERR_NOTFOUND);
    (void)tmpdir_write(&tmp, "command", "#!/bin/sh\ntrue\n");
    ck_assert_int_eq(record_read_handle(tmp.path, &out, &err), ERR_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.msg, "/command"));
    ck_assert_int_eq(fsx_join(folder, tmp.path, "x/command", &err), ERR_OK);
    ck_assert_int_eq(fsx_mkdirs(folder, &err), ERR_OK);
    ck_assert_int_eq(fsx_join(folder, tmp.path, "x", &err), ERR_OK);
    ck_assert_int_eq(record_read_handle(folder, &out, &err), ERR_IO); /* a folder */
    ck_assert_uint_eq(out.len, 0);
    buf_release(&out);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "record", .set_up = set_up, .tear_down = tear_down});
}
