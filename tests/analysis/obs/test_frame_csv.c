#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/obs/frame_csv.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static TmpDir tmp;

static ErrCode read_text(const char *text, Frame *f, Err *err)
{
    return frame_read_csv(tmpdir_write(&tmp, "t.csv", text), f, err);
}

START_TEST(quotes_crlf_mark_and_empty_lines_are_read)
{
    Frame f;
    Err err = ERR_INIT;
    tmp = tmpdir_open();
    ck_assert_msg(read_text("\xef\xbb\xbf"
                            "N,\"the \"\"loss\"\"\",note\r\n1,2.5,\"a, b\r\nc\"\r\n\r\n3,,x",
                            &f, &err) == ERR_OK,
                  "%s", err.msg);
    ck_assert_uint_eq(f.n_columns, 3);
    ck_assert_uint_eq(f.n_rows, 2);
    ck_assert_str_eq(frame_name(&f, 0), "N");
    ck_assert_str_eq(frame_name(&f, 1), "the \"loss\"");
    ck_assert_str_eq(frame_cell(&f, 0, 2), "a, b\r\nc");
    ck_assert_str_eq(frame_cell(&f, 1, 1), "");
    ck_assert_uint_eq(f.line[0], 2);
    ck_assert_uint_eq(f.line[1], 5);
    frame_release(&f);
    tmpdir_close(&tmp);
}
END_TEST

START_TEST(damaged_files_are_refused_with_their_line)
{
    const struct {
        const char *text, *words;
    } bad[] = {
        {"a,b\n1,2\n3\n", "t.csv:3: 1 fields, and the header has 2"},
        {"a,b\n1,2,3\n", "t.csv:2: 3 fields"},
        {"a,b\n1,\"2\n3,4\n", "t.csv:2: a quote is never closed"},
        {"a,b\n1,\"2\"x\n", "t.csv:2: text after a closing quote"},
        {"a,,c\n1,2,3\n", "t.csv:1: column 2 has no name"},
        {"a,b,a\n1,2,3\n", "two columns are named \"a\""},
        {"a,b\n", "no rows"},
        {"", "the file is empty"},
    };
    tmp = tmpdir_open();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        Frame f;
        Err err = ERR_INIT;
        ck_assert_int_eq(read_text(bad[i].text, &f, &err), ERR_FORMAT);
        ck_assert_msg(strstr(err.msg, bad[i].words) != NULL, "%s", err.msg);
    }
    Frame f;
    Err err = ERR_INIT;
    ck_assert_int_eq(frame_read_csv("/nonexistent/t.csv", &f, &err), ERR_NOTFOUND);
    tmpdir_close(&tmp);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "analysis/obs/csv"});
}
