#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/report/table.h"
#include "tests/support/check_page.h"
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

START_TEST(latex_has_the_rules_of_booktabs)
{
    print(TABLE_LATEX, "\\begin{tabular}{@{}lrl@{}}\n"
                       "\\toprule\n"
                       "name & loss & note \\\\\n"
                       "\\midrule\n"
                       "llama & 2.718 & a, ''b'' \\\\\n"
                       "t\xc3\xa9 & 12 &  \\\\\n"
                       "10M &  & x \\\\\n"
                       "\\bottomrule\n"
                       "\\end{tabular}\n");
}
END_TEST

static void latex_text(const char *given, Buf *out)
{
    table_latex_text(out, given);
}

START_TEST(latex_escapes_what_it_would_obey)
{
    static const char *const c[][2] = {
        {"a_b & 5% $x #1", "a\\_b \\& 5\\% \\$x \\#1"},
        {"\\input{/etc/passwd}", "\\textbackslash{}input\\{/etc/passwd\\}"},
        {"x^2~y", "x\\textasciicircum{}2\\textasciitilde{}y"},
        {"<1 >2 |3", "\\textless{}1 \\textgreater{}2 \\textbar{}3"},
        {"`a` a--b", "\\`{}a\\`{} a-{}-b"},
        {"a\nb\tc\x7f", "a b c "},
        {"\xce\xb1", "\xce\xb1"},
    };
    check_texts(sizeof c / sizeof c[0], c, latex_text);
}
END_TEST

/* One row of one column of numbers and one of text. */
static void row_is(TableFormat format, const char *number, const char *text, const char *want)
{
    static const TableColumn two[] = {{"text", false}, {"x", true}};
    Table t;
    Buf out = BUF_INIT;
    Err err = ERR_INIT;
    table_init(&t, two, 2);
    table_text(&t, text);
    table_text(&t, number);
    ck_assert_int_eq(table_print(&t, format, &out, &err), ERR_OK);
    ck_assert_msg(strstr(buf_str(&out), want) != NULL, "no %s in\n%s", want, buf_str(&out));
    buf_release(&out);
    table_release(&t);
}

START_TEST(latex_writes_numbers_as_numbers)
{
    row_is(TABLE_LATEX, "0.3 [-0.2, 1e-05]", "-1", "-1 & 0.3 [$-0.2$, $1 \\times 10^{-5}$] \\\\\n");
    row_is(TABLE_LATEX, "-1.5e+20", "[a]", "{}[a] & $-1.5 \\times 10^{20}$ \\\\\n");
    row_is(TABLE_LATEX, "2.8M", "x", "x & 2.8M \\\\\n");
    row_is(TABLE_LATEX, "refused_", "x", "x & refused\\_ \\\\\n");
}
END_TEST

START_TEST(a_name_cannot_break_a_table)
{
    row_is(TABLE_MARKDOWN, "1", "a|b\nc", "| a\\|b c |   1 |\n");
    row_is(TABLE_TEXT, "1", "a|b\nc", "a|b c    1\n");
    row_is(TABLE_CSV, "1", "a\nb", "\"a\nb\",1\n");
}
END_TEST

START_TEST(formats_are_named)
{
    TableFormat f;
    Err err = ERR_INIT;
    ck_assert_int_eq(table_format_parse("markdown", &f, &err), ERR_OK);
    ck_assert_int_eq(f, TABLE_MARKDOWN);
    ck_assert_int_eq(table_format_parse("latex", &f, &err), ERR_OK);
    ck_assert_int_eq(f, TABLE_LATEX);
    ck_assert_int_eq(table_format_parse("tex", &f, &err), ERR_USAGE);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "analysis/report/table"});
}
