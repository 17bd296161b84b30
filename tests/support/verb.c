#include "tests/support/verb.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fsx.h"
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

void slaw_says(const char *args, int status, const char *const *words)
{
    Buf out = BUF_INIT;
    int got = slaw(args, true, &out);
    for (; *words; words++) {
        ck_assert_msg(strstr(buf_str(&out), *words) != NULL, "%s lacks \"%s\": %.2000s", args,
                      *words, buf_str(&out));
    }
    ck_assert_msg(got == status, "%s: exit %d, not %d", args, got, status);
    buf_release(&out);
}

void check_mistakes(const char *verb)
{
    Buf path = BUF_INIT, text = BUF_INIT;
    Err err = ERR_INIT;
    buf_printf(&path, "%s/tests/cli/mistakes/%s.txt", SLAW_SOURCE_DIR, verb);
    ck_assert_msg(fsx_read(buf_str(&path), 1 << 20, &text, &err) == ERR_OK, "%s", err.msg);
    char *rest = text.data;
    for (char *line; (line = strsep(&rest, "\n")) && *line;) {
        char *arrow = strstr(line, " => "), *words = NULL;
        ck_assert_msg(arrow != NULL, "%s: no arrow in %s", verb, line);
        *arrow = '\0';
        long status = strtol(arrow + 4, &words, 10);
        ck_assert_msg(words[0] == ' ' && words[1], "%s: no words after %s", verb, line);
        CHECK_SLAW(line, (int)status, words + 1);
    }
    ck_assert_ptr_null(rest); /* the last line was read */
    buf_release(&path);
    buf_release(&text);
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

double hoffmann_loss(double n, double d)
{
    return 1.69 + 406.4 * pow(n, -0.34) + 410.7 * pow(d, -0.28);
}
