#include <check.h>
#include <string.h>

#include "analysis/obs/frame_csv.h"
#include "analysis/validate/conditions.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static TmpDir tmp;
static Frame frame;
static const size_t row[] = {0, 1, 2, 3};

static void open_frame(void)
{
    Err err = ERR_INIT;
    tmp = tmpdir_open();
    const char *path = tmpdir_write(
        &tmp, "f.csv", "M,N,model\n20,1e6,d=96\n20,1e9,big\n320,1e6,d=96\n640,1e9,big\n");
    ck_assert_int_eq(frame_read_csv(path, &frame, &err), ERR_OK);
}

static void close_frame(void)
{
    frame_release(&frame);
    tmpdir_close(&tmp);
}

static const char *marks(const char *const *alternative, size_t n)
{
    static char text[5];
    bool is_in[4];
    Err err = ERR_INIT;
    ck_assert_msg(conditions_mark(&frame, alternative, n, row, 4, is_in, &err) == ERR_OK, "%s",
                  err.msg);
    for (size_t i = 0; i < 4; i++) {
        text[i] = is_in[i] ? '1' : '0';
    }
    return text;
}

START_TEST(all_of_one_and_any_of_several)
{
    open_frame();
    ck_assert_str_eq(marks((const char *[]){"M=20"}, 1), "1100");
    ck_assert_str_eq(marks((const char *[]){"M=20&N<1e8"}, 1), "1000");
    ck_assert_str_eq(marks((const char *[]){" M = 20 & N < 1e8 "}, 1), "1000");
    ck_assert_str_eq(marks((const char *[]){"M=20&N<1e8", "M=320"}, 2), "1010");
    ck_assert_str_eq(marks((const char *[]){"model=d=96"}, 1), "1010");
    ck_assert_str_eq(marks(NULL, 0), "0000");
    close_frame();
}
END_TEST

START_TEST(what_is_no_condition_is_refused)
{
    bool is_in[4];
    Err err = ERR_INIT;
    const char *bad[] = {"M=20&"}, *unknown[] = {"width=3"}, *text[] = {"model<big"};
    open_frame();
    ck_assert_int_eq(conditions_mark(&frame, bad, 1, row, 4, is_in, &err), ERR_USAGE);
    ck_assert_int_eq(conditions_mark(&frame, unknown, 1, row, 4, is_in, &err), ERR_INVALID);
    ck_assert_int_eq(conditions_mark(&frame, text, 1, row, 4, is_in, &err), ERR_INVALID);
    char many[256] = "M=20";
    for (int i = 0; i < 16; i++) {
        (void)strcat(many, "&M=20");
    }
    const char *too_many[] = {many};
    ck_assert_int_eq(conditions_mark(&frame, too_many, 1, row, 4, is_in, &err), ERR_USAGE);
    close_frame();
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "conditions"});
}
