#include "tests/support/verb.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/check_page.h"
#include "tests/support/json_at.h"
#include "tests/support/run_slaw.h"
#include "tests/support/tmp.h"

int slaw(const char *args, bool has_stderr, Buf *out)
{
    return run_slaw(tmp.path, args, SLAW_SOURCE_DIR, has_stderr ? "2>&1" : "2>/dev/null", out);
}

json_t *slaw_json(const char *args, int status)
{
    Buf out = BUF_INIT;
    json_error_t why;
    int got = slaw(args, false, &out);
    json_t *v = json_loads(buf_str(&out), 0, &why);
    ck_assert_msg(v != NULL, "%s: %s in %s", args, why.text, buf_str(&out));
    ck_assert_msg(got == status, "%s: exit %d, not %d: %s", args, got, status, buf_str(&out));
    ck_assert_int_eq(integer_at(v, "schema"), 1);
    buf_release(&out);
    return v;
}

void check_slaw(const char *args, int status, const char *words)
{
    Buf out = BUF_INIT;
    int got = slaw(args, true, &out);
    ck_assert_msg(strstr(buf_str(&out), words) != NULL, "%s lacks \"%s\": %.2000s", args, words,
                  buf_str(&out));
    ck_assert_msg(got == status, "%s: exit %d, not %d", args, got, status);
    buf_release(&out);
}

void check_mistakes(size_t n, const Mistake *mistake)
{
    for (size_t i = 0; i < n; i++) {
        check_slaw(mistake[i].args, mistake[i].status, mistake[i].words);
    }
}

void check_pages(const char *args)
{
    char line[512];
    Buf out = BUF_INIT;
    for (int width = 60; width <= 100; width += 20) {
        (void)snprintf(line, sizeof line, "%s --width %d", args, width);
        ck_assert_int_eq(slaw(line, true, &out), 0);
        check_fits(buf_str(&out), (size_t)width);
    }
    (void)snprintf(line, sizeof line, "%s --format latex", args);
    ck_assert_int_eq(slaw(line, true, &out), 0);
    check_latex(buf_str(&out));
    buf_release(&out);
}

void check_words(const char *text, size_t n, const char *const *words)
{
    for (size_t i = 0; i < n; i++) {
        ck_assert_msg(strstr(text, words[i]) != NULL, "no \"%s\" in\n%.4000s", words[i], text);
    }
}

double hoffmann_loss(double n, double d)
{
    return 1.69 + 406.4 * pow(n, -0.34) + 410.7 * pow(d, -0.28);
}
