#include <string.h>

#include "common/subprocess.h"
#include "tests/support/suite.h"

START_TEST(arguments_arrive_as_they_are)
{
    const char *argv[] = {"printf", "%s|", "a b", "$HOME", "'; echo \"", NULL};
    Buf out = BUF_INIT;
    Err err = ERR_INIT;
    int status = -1;
    ck_assert_int_eq(subprocess_run(argv, NULL, &out, &status, &err), ERR_OK);
    ck_assert_int_eq(status, 0);
    ck_assert_str_eq(buf_str(&out), "a b|$HOME|'; echo \"|");
    buf_release(&out);
}
END_TEST

START_TEST(folder_locale_and_both_outputs_are_set)
{
    const char *argv[] = {"sh", "-c", "pwd; echo $LC_ALL >&2; cat", NULL};
    Buf out = BUF_INIT;
    Err err = ERR_INIT;
    int status = -1;
    (void)setenv("LC_ALL", "tlh", 1); /* NOLINT(concurrency-mt-unsafe): a process of its own */
    ck_assert_int_eq(subprocess_run(argv, "/usr", &out, &status, &err), ERR_OK);
    ck_assert_str_eq(buf_str(&out), "/usr\nC\n");
    buf_release(&out);
}
END_TEST

START_TEST(failure_and_death_are_told_apart)
{
    const char *fails[] = {"sh", "-c", "exit 7", NULL};
    const char *dies[] = {"sh", "-c", "kill -9 $$", NULL};
    Buf out = BUF_INIT;
    Err err = ERR_INIT;
    int status = -1;
    ck_assert_int_eq(subprocess_run(fails, NULL, &out, &status, &err), ERR_OK);
    ck_assert_int_eq(status, 7);
    ck_assert_int_eq(subprocess_run(dies, NULL, &out, &status, &err), ERR_OK);
    ck_assert_int_eq(status, 128 + 9);
    buf_release(&out);
}
END_TEST

/* It does not start: the status stays as it was. */
static void check_no_start(const char *program, const char *dir, ErrCode want, const char *words)
{
    const char *argv[] = {program, NULL};
    Buf out = BUF_INIT;
    Err err = ERR_INIT;
    int status = -1;
    ck_assert_int_eq(subprocess_run(argv, dir, &out, &status, &err), want);
    ck_assert_ptr_nonnull(strstr(err.msg, words));
    ck_assert_int_eq(status, -1);
    buf_release(&out);
}

START_TEST(what_cannot_be_started_is_named)
{
    check_no_start("no-such-program-here", NULL, ERR_UNAVAILABLE, "no-such-program-here");
    check_no_start("true", "/no/such/folder", ERR_IO, "/no/such/folder");
}
END_TEST

START_TEST(a_question_is_read_and_answered)
{
    const char *argv[] = {"sh", "-c", "tr a-z A-Z; echo noise >&2; exit 4", NULL};
    enum { BYTES = 1 << 20 }; /* more than a pipe holds */
    Buf question = BUF_INIT, out = BUF_INIT;
    Err err = ERR_INIT;
    int status = -1;
    for (int i = 0; i < BYTES; i++) {
        buf_putc(&question, 'q');
    }
    SubprocessAsk ask = {question.data, question.len, 20000, 2 * BYTES};
    ck_assert_msg(subprocess_ask(argv, &ask, &out, &status, &err) == ERR_OK, "%s", err.msg);
    ck_assert_int_eq(status, 4);
    ck_assert_uint_eq(out.len, BYTES); /* standard error is not in it */
    ck_assert_uint_eq(strspn(buf_str(&out), "Q"), BYTES);
    buf_release(&question);
    buf_release(&out);
}
END_TEST

START_TEST(patience_and_room_end)
{
    const char *sleeps[] = {"sleep", "100", NULL}, *talks[] = {"yes", NULL};
    const char *missing[] = {"no-such-program-here", NULL};
    Buf out = BUF_INIT;
    Err err = ERR_INIT;
    int status = -1;
    SubprocessAsk ask = {"", 0, 50, 100000};
    ck_assert_int_eq(subprocess_ask(sleeps, &ask, &out, &status, &err), ERR_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.msg, "sleep does not answer"));
    ask.patience_ms = 20000;
    ck_assert_int_eq(subprocess_ask(talks, &ask, &out, &status, &err), ERR_UNAVAILABLE);
    ck_assert_uint_lt(out.len, 200000);
    ck_assert_int_eq(subprocess_ask(missing, &ask, &out, &status, &err), ERR_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.msg, "no-such-program-here"));
    buf_release(&out);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "subprocess"});
}
