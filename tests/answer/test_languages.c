/* LaTeX, Markdown, HTML: what a reader's program would take as its own is made plain. */
#include <check.h>
#include <string.h>

#include "answer/render.h"
#include "tests/support/check_page.h"
#include "tests/support/suite.h"

START_TEST(mathematics_becomes_latex)
{
    static const char *const row[][2] = {
        {"L = E + A N^-alpha + B D^-beta", "L = E + A N^{-\\alpha } + B D^{-\\beta }"},
        {"L = 1.69 + 406.4 N^-0.339", "L = 1.69 + 406.4 N^{-0.339}"},
        {"1.2e-05 x", "1.2 \\times 10^{-5} x"},
        {"3e+11", "3 \\times 10^{11}"},
        {"ln N_opt = a ln C", "\\ln  N_{\\mathrm{opt}} = a \\ln  C"},
        {"(x + y)^(1/gamma)", "(x + y)^{1/\\gamma }"},
        {"a * b <= c", "a  \\cdot  b \\le  c"},
        {"x^", "x^{}"},
        {"", ""},
    };
    check_texts(sizeof row / sizeof row[0], row, latex_math);
}
END_TEST

/* An answer with what each language would misread, in every place. */
static void build(Answer *a, const char *nasty)
{
    const Interval between = {0.01, -0.02, 1e-5, NULL};
    Column column[] = {{.key = "name", .heading = nasty},
                       {.key = "alpha", .heading = "alpha", .is_symbol = true},
                       {.key = "note", .heading = "note", .help = nasty}};
    AnswerNode *top = answer_top(a);
    answer_say(top, NULL, SAY_PLAIN, "%s", nasty);
    answer_say(top, NULL, SAY_FORMULA, "%s: L = 2 N^-0.5", nasty);
    answer_show(top, &(Column){.key = "x", .heading = nasty}, value_text(nasty));
    AnswerNode *t = answer_table(top, "rows", nasty, column, 3);
    answer_row(t, value_text(nasty), value_between(0.001, &between), value_text("[x]"));
    answer_row(t, value_text("[y]"), value_real(-1.5e-7), value_text("*"));
}

static const char *render(const char *nasty, AnswerFormat format, Buf *out)
{
    Answer a = ANSWER_INIT;
    Err err = ERR_INIT;
    buf_clear(out);
    build(&a, nasty);
    ck_assert_int_eq(answer_render(&a, format, &(AnswerStyle){0}, out, &err), ERR_OK);
    answer_release(&a);
    return buf_str(out);
}

START_TEST(latex_is_plain_but_for_its_own)
{
    Buf out = BUF_INIT;
    const char *s = render("a%b_c$d&e#f{g}\\h~i^j", FORMAT_LATEX, &out);
    ck_assert_ptr_nonnull(strstr(s,
                                 "a\\%b\\_c\\$d\\&e\\#f\\{g\\}\\textbackslash{}h\\textasciitilde{}i"
                                 "\\textasciicircum{}j & $\\alpha $ & note \\\\\n\\midrule"));
    ck_assert_ptr_nonnull(strstr(s, "& {[}-0.020, 0.000{]}") ? s : strstr(s, "[$-0.020$, 0.000]"));
    ck_assert_ptr_nonnull(strstr(s, "\n{}[y] & $-1.5 \\times 10^{-7}$ & * \\\\"));
    ck_assert_ptr_nonnull(strstr(s, ": $L = 2 N^{-0.5}$\\par"));
    for (const char *line = s; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        /* prose is a comment: no line of it begins with a word of the text */
        ck_assert(line[0] != 'a' || strstr(line, "&"));
    }
    buf_release(&out);
}
END_TEST

START_TEST(markdown_and_html_are_plain)
{
    Buf out = BUF_INIT;
    const char *s = render("<b>|x|`y`_z_*", FORMAT_MARKDOWN, &out);
    ck_assert_ptr_null(strstr(s, " <b>|x|`y`_z_*"));
    ck_assert_ptr_nonnull(
        strstr(s, "| \\<b\\>\\|x\\|\\`y\\`\\_z\\_\\* | 0.001 \\[-0.020, 0.000\\] |"));
    ck_assert_ptr_nonnull(strstr(s, "|---|---:|---|"));
    s = render("<script>&\"'", FORMAT_HTML, &out);
    ck_assert_ptr_null(strstr(s, "<script>"));
    ck_assert_ptr_nonnull(strstr(s, "<td>&lt;script&gt;&amp;&quot;&#39;</td>"));
    ck_assert_int_eq(strncmp(s, "<!doctype html>\n<html lang=\"en\">", 32), 0);
    buf_release(&out);
}
END_TEST

/* A table for the page: what is too long for its line is broken into several. */
START_TEST(latex_breaks_long_prose)
{
    static const Column column[] = {{.heading = "run"}, {.heading = "why", .is_prose = true}};
    Answer a = ANSWER_INIT;
    Buf out = BUF_INIT;
    Err err = ERR_INIT;
    AnswerNode *t = answer_table(answer_top(&a), NULL, NULL, column, 2);
    (void)answer_row(t, value_text("a"), value_text("short"));
    ck_assert_int_eq(answer_render(&a, FORMAT_LATEX, &(AnswerStyle){0}, &out, &err), ERR_OK);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "{@{}ll@{}}"));
    (void)answer_row(t, value_text("b"),
                     value_text("a sentence that is as long as two lines of a page are, and then "
                                "goes on for yet another while until there is no room for it"));
    buf_clear(&out);
    ck_assert_int_eq(answer_render(&a, FORMAT_LATEX, &(AnswerStyle){0}, &out, &err), ERR_OK);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "{@{}lp{"));
    buf_release(&out);
    answer_release(&a);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "languages"});
}
