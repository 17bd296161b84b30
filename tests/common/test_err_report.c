#include "common/err_report.h"

#include <string.h>

#include "common/json.h"
#include "tests/support/suite.h"

static json_t *reported(const Err *err, const Problems *p)
{
    Buf out = BUF_INIT;
    err_report_json(err, p, &out);
    json_t *v = json_loads(buf_str(&out), 0, NULL);
    ck_assert_msg(v != NULL, "%s", buf_str(&out));
    ck_assert_int_eq(json_integer_value(json_object_get(v, "schema")), 1);
    buf_release(&out);
    return v;
}

static void expect_text(const json_t *v, const char *key, const char *want)
{
    const json_t *got = json_object_get(v, key);
    if (want) {
        ck_assert_str_eq(json_string_value(got), want);
    } else {
        ck_assert(json_is_null(got));
    }
}

START_TEST(a_failure_is_one_object)
{
    Err err = ERR_INIT;
    (void)err_set(&err, ERR_NOTFOUND, "a.csv: no such file");
    json_t *v = reported(&err, NULL);
    const json_t *e = json_object_get(v, "error");
    ck_assert_uint_eq(json_object_size(v), 2);
    expect_text(e, "kind", "not_found");
    expect_text(e, "message", "a.csv: no such file");
    expect_text(e, "hint", NULL);
    expect_text(e, "file", NULL);
    expect_text(e, "line", NULL);
    expect_text(e, "column", NULL);
    json_decref(v);

    (void)err_hint(&err, "did you mean b.csv?");
    ck_assert_int_eq(err_place(&err, "a.csv", (TextPos){3, 0}), ERR_NOTFOUND);
    v = reported(&err, NULL);
    e = json_object_get(v, "error");
    expect_text(e, "hint", "did you mean b.csv?");
    expect_text(e, "file", "a.csv");
    ck_assert_int_eq(json_integer_value(json_object_get(e, "line")), 3);
    expect_text(e, "column", NULL);
    json_decref(v);
}
END_TEST

START_TEST(a_name_that_is_not_utf8_is_reported_all_the_same)
{
    Err err = ERR_INIT;
    (void)err_set(&err, ERR_IO, "read caf\xE9.csv");
    json_t *v = reported(&err, NULL);
    expect_text(json_object_get(v, "error"), "message", "read caf?.csv");
    json_decref(v);
}
END_TEST

START_TEST(a_path_that_is_too_long_is_left_out_not_cut)
{
    Err err = ERR_INIT;
    char path[2 * ERR_FILE_BYTES];
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    (void)err_set(&err, ERR_IO, "read it");
    (void)err_place(&err, path, (TextPos){1, 1});
    json_t *v = reported(&err, NULL);
    expect_text(json_object_get(v, "error"), "file", NULL);
    json_decref(v);
}
END_TEST

START_TEST(the_problems_of_a_file_are_the_failure)
{
    Err err = ERR_INIT;
    Buf source = BUF_INIT, out = BUF_INIT;
    Problems p = PROBLEMS_INIT;
    buf_puts(&source, "a: 1\nb: 2\n");
    problems_of(&p, "s.yaml", &source);
    problems_add(&p, (TextPos){2, 4}, "write 3", "b must be 3");
    problems_add(&p, (TextPos){1, 1}, NULL, "no a here");
    problems_sort(&p);
    ck_assert_int_eq(problems_err(&p, &err), ERR_INVALID);
    ck_assert_str_eq(err.in_file, "s.yaml");
    json_t *v = reported(&err, &p);
    const json_t *e = json_object_get(v, "error"), *all = json_object_get(v, "problems");
    expect_text(e, "message", "no a here");
    expect_text(e, "kind", "invalid");
    expect_text(e, "file", "s.yaml");
    ck_assert_uint_eq(json_array_size(all), 2);
    expect_text(json_array_get(all, 1), "hint", "write 3");
    json_decref(v);

    err_report_text(&err, &p, TEXT_STYLE_PLAIN, &out);
    ck_assert_str_eq(buf_str(&out), "s.yaml:1:1: no a here\n"
                                    "    1 | a: 1\n      | ^\n"
                                    "s.yaml:2:4: b must be 3\n"
                                    "    2 | b: 2\n      |    ^\n  hint: write 3\n"
                                    "slaw: s.yaml has 2 problems\n");
    buf_clear(&out);
    err_report_text(&err, &p, (TextStyle){.has_color = true, .width = 80}, &out);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "\x1b[1ms.yaml:1:1:\x1b[0m no a here\n"));

    (void)err_set(&err, ERR_IO, "read x"); /* another failure, after them */
    v = reported(&err, &p);
    expect_text(json_object_get(v, "error"), "message", "read x");
    ck_assert_ptr_null(json_object_get(v, "problems"));
    json_decref(v);
    buf_release(&out);
    problems_release(&p);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "err_report"});
}
