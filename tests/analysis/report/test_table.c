#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "analysis/report/table.h"
#include "tests/support/suite.h"

static const TableColumn column[] = {{"name", false}, {"loss", true}, {"note", false}};

static void print(TableFormat format, const char *want)
{
    Table t;
    Buf out = BUF_INIT;
    Err err = ERR_INIT;
    table_init(&t, column, 3);
    table_text(&t, "llama");
    table_decimals(&t, 3, 2.71828182845904523);
    table_text(&t, "a, \"b\"");
    table_text(&t, "t\xc3\xa9");
    table_digits(&t, 2, 12.0);
    table_text(&t, "");
    table_both(&t, "10M", "10000000");
    table_digits(&t, 2, (double)NAN);
    table_text(&t, "x");
    ck_assert_int_eq(table_print(&t, format, &out, &err), ERR_OK);
    ck_assert_str_eq(buf_str(&out), want);
    buf_release(&out);
    table_release(&t);
}

START_TEST(text_is_aligned)
{
    print(TABLE_TEXT, "name    loss  note\n"
                      "-----  -----  ------\n"
                      "llama  2.718  a, \"b\"\n"
                      "t\xc3\xa9        12\n"
                      "10M           x\n");
}
END_TEST

START_TEST(markdown_has_its_rule)
{
    print(TABLE_MARKDOWN, "| name  |  loss | note   |\n"
                          "|-------|------:|--------|\n"
                          "| llama | 2.718 | a, \"b\" |\n"
                          "| t\xc3\xa9    |    12 |        |\n"
                          "| 10M   |       | x      |\n");
}
END_TEST

START_TEST(csv_is_in_full_and_quoted)
{
    print(TABLE_CSV, "name,loss,note\n"
                     "llama,2.718281828459045,\"a, \"\"b\"\"\"\n"
                     "t\xc3\xa9,12,\n"
                     "10000000,,x\n");
}
END_TEST

START_TEST(formats_are_named)
{
    TableFormat f;
    Err err = ERR_INIT;
    ck_assert_int_eq(table_format_parse("markdown", &f, &err), ERR_OK);
    ck_assert_int_eq(f, TABLE_MARKDOWN);
    ck_assert_int_eq(table_format_parse("latex", &f, &err), ERR_USAGE);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, text_is_aligned);
    tcase_add_test(tc, markdown_has_its_rule);
    tcase_add_test(tc, csv_is_in_full_and_quoted);
    tcase_add_test(tc, formats_are_named);
}

int main(void)
{
    return suite_main("analysis/report/table", fill);
}
