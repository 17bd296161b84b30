/* slaw report as a user runs it: the page is whole, refers to nothing, and obeys no one's text. */
#include <check.h>
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "tests/support/check_page.h"
#include "tests/support/json_at.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"
#include "tests/support/verb.h"

/* Two groups, one of them with a name that would like to be a script. */
static void write_csv(void)
{
    Buf text = BUF_INIT;
    buf_puts(&text, "N,D,loss,who\n");
    for (int i = 0; i < 96; i++) {
        double n = 1e7 * pow(3.0, i % 48 / 8), d = 2e8 * pow(2.5, i % 8);
        double loss = hoffmann_loss(n, d);
        buf_printf(&text, "%.17g,%.17g,%.17g,%s\n", n, d, loss * (1.0 + 0.004 * sin(7.7 * i * i)),
                   i < 48 ? "plain" : "\"<script>alert('\"\"')</script>&amp;\"");
    }
    (void)tmpdir_write(&tmp, "it's.csv", buf_str(&text));
    buf_release(&text);
}

enum { MAX_DEPTH = 64, NAME = 24 };

/* The name of the tag at p ("<name" or "</name"). */
static void tag_name(const char *p, char ret[NAME])
{
    size_t n = 0;
    p += p[1] == '/' ? 2 : 1;
    while (n + 1 < NAME && (isalnum((unsigned char)*p) || *p == '!')) {
        ret[n++] = *p++;
    }
    ret[n] = '\0';
}

static bool is_void(const char *name, const char *end)
{
    return strcmp(name, "meta") == 0 || strcmp(name, "!doctype") == 0 || end[-1] == '/';
}

/* Every tag is closed by its own, in order. */
static void check_balance(const char *page)
{
    char open[MAX_DEPTH][NAME];
    size_t depth = 0;
    for (const char *p = strchr(page, '<'); p; p = strchr(p, '<')) {
        char name[NAME];
        const char *end = strchr(p, '>');
        ck_assert_ptr_nonnull(end);
        tag_name(p, name);
        ck_assert_msg(name[0] != '\0', "no tag: %.40s", p);
        if (p[1] == '/') {
            ck_assert_msg(depth > 0 && strcmp(open[depth - 1], name) == 0, "</%s> closes <%s>",
                          name, depth ? open[depth - 1] : "nothing");
            depth--;
        } else if (!is_void(name, end)) {
            ck_assert_uint_lt(depth, MAX_DEPTH);
            memcpy(open[depth++], name, NAME);
        }
        p = end;
    }
    ck_assert_uint_eq(depth, 0);
}

/* Nothing is fetched, nothing runs: references go to ids of the page alone. */
static void check_alone(const char *page)
{
    static const char *const never[] = {"<script", "<link",   "<img",        "<iframe", "@import",
                                        " src=",   "<object", "javascript:", "onload"};
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) {
        ck_assert_msg(strstr(page, never[i]) == NULL, "%s", never[i]);
    }
    for (const char *p = page; (p = strstr(p, "href=")); p++) {
        ck_assert_msg(p[6] == '#', "%.40s", p);
    }
    for (const char *p = page; (p = strstr(p, "url(")); p++) {
        ck_assert_msg(p[4] == '#', "%.40s", p);
    }
    for (const char *p = page; (p = strstr(p, "http")); p++) { /* names of formats, not addresses */
        ck_assert_msg(strncmp(p, "http://www.w3.org/", 18) == 0, "%.60s", p);
    }
}

START_TEST(the_page_is_whole_and_alone)
{
    Buf out = BUF_INIT;
    write_csv();
    CHECK_SLAW("report \"it's.csv\" --by who --bootstrap 25 --starts 4 "
               "--where 'D>1' --out page.html",
               0, "page.html");
    tmp_read("page.html", &out);
    const char *page = buf_str(&out);
    check_balance(page);
    check_alone(page);
    static const char command[] = "slaw report &#39;it&#39;\\&#39;&#39;s.csv&#39; --law chinchilla "
                                  "--starts 4 --bootstrap 25 --resample auto --threads 1 --by who "
                                  "--where &#39;D&gt;1&#39; --task validation --convention 6nd "
                                  "--out page.html --seed 1</pre>";
    const char *const parts[] = {"<!doctype html>",
                                 "<h2>The answer</h2>",
                                 "ten times the compute is best spent on",
                                 "&lt;script&gt;alert(&#39;&quot;&#39;)&lt;/script&gt;&amp;amp;",
                                 "<h2>Pictures</h2>",
                                 "<h2>Warnings</h2>",
                                 "<h2>Method</h2>",
                                 "SHA-256 of the file: ",
                                 command};
    check_words(page, sizeof parts / sizeof parts[0], parts);
    buf_release(&out);
}
END_TEST

/* Without gnuplot the page says so; a refused law is no number in it, and the status is 1. */
START_TEST(what_is_missing_is_said)
{
    Buf out = BUF_INIT;
    write_csv();
    ck_assert_int_eq(slaw("report \"it's.csv\" --bootstrap 0 --where D=2e8 --starts 2", true, &out),
                     1);
    tmp_read("report.html", &out);
    check_balance(buf_str(&out));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "<strong>Refused:</strong> all: chinchilla "));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "different values of D"));
    buf_release(&out);
}
END_TEST

/* Five runs of 12 checkpoints: their residuals are weighted, runs are not drawn. */
static void write_runs(void)
{
    Buf text = BUF_INIT;
    buf_puts(&text, "run,N,D,loss\n");
    for (int i = 0; i < 60; i++) {
        double n = 1e7 * pow(3.0, i / 12), d = 2e8 * pow(1.5, i % 12);
        double loss = hoffmann_loss(n, d);
        buf_printf(&text, "r%d,%.17g,%.17g,%.17g\n", i / 12, n, d,
                   loss * (1.0 + 0.004 * sin(7.7 * i * i)));
    }
    (void)tmpdir_write(&tmp, "runs.csv", buf_str(&text));
    buf_release(&text);
}

START_TEST(the_page_says_what_was_done)
{
    Buf out = BUF_INIT;
    write_runs();
    json_t *v = slaw_json("report runs.csv --loss mse --bootstrap 25 --starts 4 --at-flops 1e19 "
                          "--isoflop --window 3 --json",
                          0);
    ck_assert_str_eq(text_at(v, "report"), "report.html");
    ck_assert(json_is_array(json_object_get(v, "pictures")));
    json_decref(v);
    tmp_read("report.html", &out);
    const char *page = buf_str(&out);
    ck_assert_ptr_nonnull(strstr(page, "25 bootstrap samples of residuals weighted at random."));
    ck_assert_ptr_null(strstr(page, "whole runs"));
    ck_assert_ptr_nonnull(strstr(page, "<td>mse over log residuals</td>"));
    ck_assert_ptr_null(strstr(page, "mse0"));
    ck_assert_ptr_nonnull(strstr(page, " --loss mse --at-flops 1e+19 --starts 4 --bootstrap 25 "));
    ck_assert_ptr_nonnull(strstr(page, " --isoflop --window 3 "));
    ck_assert_ptr_nonnull(strstr(page, "The best N and D for C = 6 N D"));
    buf_release(&out);
}
END_TEST

int main(void)
{
    return test_main(
        (TestPlan){.name = "cli/report_verb", .set_up = tmp_open, .tear_down = tmp_close});
}
