/* The page: gnuplot's SVG made fit to stand beside others. */
#include <check.h>

#include "analysis/report/html.h"
#include "tests/support/suite.h"

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

int main(void)
{
    return test_main((TestPlan){.name = "analysis/report/html"});
}
