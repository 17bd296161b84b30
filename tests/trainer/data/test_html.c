#include <string.h>

#include "tests/support/suite.h"
#include "trainer/data/html.h"
#include "trainer/data/normalise.h"

static void expect(const char *html, const char *want)
{
    static const NormaliseOptions o = {.joins_lines = true};
    Buf text = BUF_INIT, out = BUF_INIT;
    html_to_text(html, strlen(html), "navigation", &text);
    normalise_text(buf_str(&text), text.len, &o, &out);
    ck_assert_str_eq(buf_str(&out), want);
    buf_release(&text);
    buf_release(&out);
}

START_TEST(blocks_are_paragraphs_and_inline_tags_vanish)
{
    expect("<p>One <i>\"two\"</i>\n\n\nthree</p><P CLASS=x>four<br/>five<blockquote><p>six</p>"
           "</blockquote>seven",
           "One \"two\" three\n\nfour five\n\nsix\n\nseven\n");
}
END_TEST

START_TEST(what_is_no_text_goes)
{
    expect(
        "<!DOCTYPE html><html><head><title>T</title><script>if (a < b) {\"</p>\"}</script></head>"
        "<body><!-- <p>no</p> --><style>p {}</style>yes</body></html>",
        "yes\n");
}
END_TEST

START_TEST(navigation_goes_with_nested_elements)
{
    expect("a<div class=\"x navigation y\"><div>b</div>c</div>d<div class=\"navigation-2\">e</div>",
           "a\n\nd\n\ne\n");
}
END_TEST

START_TEST(references_become_characters)
{
    expect("&lt;p&gt; &amp;amp; caf&eacute; &#233;&#xE9; &#8220;x&rdquo;&nbsp;&hellip;",
           "<p> &amp; cafe ee \"x\" ...\n");
    expect("AT&T &c. &bogus; &#xD800; &#99999999999; &",
           "AT&T &c. &bogus; &#xD800; &#99999999999; &\n");
}
END_TEST

START_TEST(broken_markup_does_no_harm)
{
    expect("a < b <3 c", "a < b <3 c\n");
    expect("x<p", "x\n");
    expect("x<!-- never closed", "x\n");
    expect("x<script>never closed", "x\n");
    expect("x<div class=\"navigation\">y<", "x\n");
    expect("x<div class=\"navigation", "x\n");
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "html"});
}
