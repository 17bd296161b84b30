/* The page: gnuplot's SVG made fit to stand beside others, text that stays text. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/report/html.h"
#include "analysis/report/table.h"
#include "tests/support/suite.h"

START_TEST(text_of_the_user_stays_text)
{
    Buf out = BUF_INIT;
    table_html_text(&out, "<script>alert('\"&\")</script>\x01\n");
    ck_assert_str_eq(buf_str(&out),
                     "&lt;script&gt;alert(&#39;&quot;&amp;&quot;)&lt;/script&gt; \n");
    buf_release(&out);
}
END_TEST

START_TEST(pictures_can_stand_beside_each_other)
{
    Buf out = BUF_INIT;
    ck_assert(html_svg(&out,
                       "<?xml version=\"1.0\"?>\n<!DOCTYPE svg>\n<svg width=\"1\">"
                       "<g id=\"gnuplot_canvas\"><circle id='gpDot' r='1'/>"
                       "<use xlink:href='#gpDot' fill='url(#box)'/>"
                       "<text> id='a' href='#b'</text></g></svg>\n trailing",
                       "p-"));
    ck_assert_str_eq(buf_str(&out), "<svg width=\"1\"><g><circle id='p-gpDot' r='1'/>"
                                    "<use xlink:href='#p-gpDot' fill='url(#p-box)'/>"
                                    "<text> id='a' href='#b'</text></g></svg>\n");
    buf_clear(&out);
    ck_assert(!html_svg(&out, "no picture", "p-"));
    ck_assert(!html_svg(&out, "<svg>", "p-"));
    ck_assert_uint_eq(out.len, 0);
    buf_release(&out);
}
END_TEST

START_TEST(a_table_is_one_of_html)
{
    static const TableColumn column[] = {{"a<b", false}, {"x", true}};
    Table t;
    Buf out = BUF_INIT;
    Err err = ERR_INIT;
    table_init(&t, column, 2);
    table_text(&t, "<i>");
    table_digits(&t, 3, 0.5);
    ck_assert_int_eq(table_print(&t, TABLE_HTML, &out, &err), ERR_OK);
    ck_assert_str_eq(
        buf_str(&out),
        "<table>\n<thead>\n<tr><th>a&lt;b</th><th class=\"num\">x</th></tr>\n</thead>\n"
        "<tbody>\n<tr><td>&lt;i&gt;</td><td class=\"num\">0.5</td></tr>\n</tbody>\n"
        "</table>\n");
    buf_clear(&out);
    ck_assert_int_eq(table_print(&t, TABLE_JSON, &out, &err), ERR_OK);
    json_t *v = json_loads(buf_str(&out), 0, NULL);
    const json_t *row = json_array_get(json_object_get(v, "rows"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(row, "a<b")), "<i>");
    ck_assert_double_eq(json_number_value(json_object_get(row, "x")), 0.5);
    json_decref(v);
    buf_release(&out);
    table_release(&t);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "analysis/report/html"});
}
