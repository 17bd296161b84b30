/* Cells, columns and conditions over a table. */
#include "analysis/obs/where.h"

#include <string.h>

#include "analysis/obs/frame_csv.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static TmpDir tmp;
static Frame frame;

static void set_up(void)
{
    Err err = ERR_INIT;
    tmp = tmpdir_open();
    ck_assert_int_eq(
        frame_read_csv(tmpdir_write(&tmp, "t.csv", "size,loss\n20k,2.5\n1e3,inf\nbig,x\n"), &frame,
                       &err),
        ERR_OK);
}

static void tear_down(void)
{
    frame_release(&frame);
    tmpdir_close(&tmp);
}

START_TEST(a_column_is_found_or_the_nearest_named)
{
    Err err = ERR_INIT;
    size_t column = 99;
    ck_assert_int_eq(frame_column(&frame, "loss", &column, &err), ERR_OK);
    ck_assert_uint_eq(column, 1);
    ck_assert_int_eq(frame_column(&frame, "los", &column, &err), ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(err.hint, "\"loss\""));
    ck_assert_uint_eq(frame_find(&frame, "los"), FRAME_NONE);
}
END_TEST

START_TEST(a_cell_is_a_finite_number_or_refused_with_its_place)
{
    Err err = ERR_INIT;
    double x = 0.0;
    ck_assert_int_eq(frame_number(&frame, 0, 1, &x, &err), ERR_OK);
    ck_assert_double_eq(x, 2.5);
    ck_assert_int_eq(frame_number(&frame, 1, 1, &x, &err), ERR_INVALID);
    ck_assert_int_eq(frame_number(&frame, 2, 1, &x, &err), ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(err.msg, "t.csv:4: column \"loss\": \"x\""));
    ck_assert_int_eq(frame_bad_cell(&frame, 0, 0, "is odd", &err), ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(err.msg, "t.csv:2: column \"size\": \"20k\" is odd"));
}
END_TEST

START_TEST(a_condition_names_a_column_and_a_comparison)
{
    Err err = ERR_INIT;
    Where w;
    bool holds = false;
    ck_assert_int_eq(where_parse("size", &frame, &w, &err), ERR_USAGE);
    ck_assert_int_eq(where_parse("width=3", &frame, &w, &err), ERR_INVALID);
    ck_assert_int_eq(where_parse("size>=2000", &frame, &w, &err), ERR_OK);
    ck_assert_int_eq(where_holds(&w, &frame, 0, &holds, &err), ERR_OK);
    ck_assert(holds); /* 20k */
    ck_assert_int_eq(where_holds(&w, &frame, 1, &holds, &err), ERR_OK);
    ck_assert(!holds); /* 1e3 */
    ck_assert_int_eq(where_holds(&w, &frame, 2, &holds, &err), ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(err.msg, "t.csv:4: column \"size\": \"big\""));
}
END_TEST

START_TEST(a_folder_is_no_table)
{
    Err err = ERR_INIT;
    Frame f;
    ck_assert_int_eq(frame_read_csv(tmp.path, &f, &err), ERR_IO);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "where", .set_up = set_up, .tear_down = tear_down});
}
