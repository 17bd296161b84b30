#include <errno.h>
#include <string.h>

#include "common/err.h"
#include "common/exit_code.h"
#include "tests/support/suite.h"

START_TEST(context_reads_outermost_first)
{
    Err err = ERR_INIT;
    ck_assert_int_eq(err_set(&err, ERR_INVALID, "heads must divide width (%d / %d)", 96, 5),
                     ERR_INVALID);
    ck_assert_int_eq(err_wrap(&err, "%s:%d", "a.yaml", 12), ERR_INVALID);
    ck_assert_str_eq(err.msg, "a.yaml:12: heads must divide width (96 / 5)");
    ck_assert_int_eq(err_hint(&err, "use %d", 4), ERR_INVALID);
    ck_assert_str_eq(err.hint, "use 4");
    ck_assert_str_eq(err.msg, "a.yaml:12: heads must divide width (96 / 5)");
}
END_TEST

START_TEST(a_system_error_names_its_reason)
{
    Err err = ERR_INIT;
    errno = ENOSPC;
    ck_assert_int_eq(err_sys(&err, "write %s", "f"), ERR_IO);
    ck_assert_int_eq(err.sys_errno, ENOSPC);
    ck_assert_str_eq(err.msg, "write f: No space left on device");
}
END_TEST

START_TEST(long_messages_are_cut_not_overrun)
{
    Err err = ERR_INIT;
    char big[4096];
    memset(big, 'a', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    (void)err_set(&err, ERR_IO, "%s", big);
    (void)err_wrap(&err, "%s", big);
    ck_assert_uint_eq(strlen(err.msg), sizeof err.msg - 1);
}
END_TEST

START_TEST(every_code_has_a_name_and_an_exit_status)
{
    for (int c = ERR_OK; c <= ERR_INTERRUPTED; c++) {
        ck_assert_ptr_nonnull(err_code_name((ErrCode)c));
    }
    ck_assert_int_eq(err_exit_status(ERR_USAGE), EXIT_USAGE);
    ck_assert_int_eq(err_exit_status(ERR_INVALID), EXIT_BAD_INPUT);
    ck_assert_int_eq(err_exit_status(ERR_CONFLICT), EXIT_UNAVAILABLE);
    ck_assert_int_eq(err_exit_status(ERR_IO), EXIT_IO);
    ck_assert_int_eq(err_exit_status(ERR_INTERRUPTED), EXIT_RESUMABLE);
}
END_TEST

START_TEST(a_full_disk_is_told_from_other_failures)
{
    Err err = ERR_INIT;
    ck_assert(!err_is_no_space(&err));
    errno = ENOSPC;
    (void)err_sys(&err, "write x");
    ck_assert(err_is_no_space(&err));
    (void)err_wrap(&err, "tnl-20k");
    ck_assert(err_is_no_space(&err));
    errno = EDQUOT;
    (void)err_sys(&err, "write x");
    ck_assert(err_is_no_space(&err));
    errno = EIO;
    (void)err_sys(&err, "write x");
    ck_assert(!err_is_no_space(&err));
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "err"});
}
