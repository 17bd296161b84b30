#include "common/problems.h"

#include <string.h>

#include "tests/support/suite.h"

START_TEST(they_print_in_order_of_place)
{
    Problems p = PROBLEMS_INIT;
    problems_of(&p, "a.yaml", NULL);
    problems_add(&p, (TextPos){7, 2}, NULL, "second");
    problems_add(&p, (TextPos){3, 9}, "do %s", "first %d", 1);
    problems_add(&p, (TextPos){7, 2}, "not kept twice", "second");
    problems_sort(&p);
    Buf out = BUF_INIT;
    problems_text(&p, TEXT_STYLE_PLAIN, &out);
    ck_assert_str_eq(buf_str(&out), "a.yaml:3:9: first 1\n  hint: do %s\na.yaml:7:2: second\n");
    Err err = ERR_INIT;
    ck_assert_int_eq(problems_err(&p, &err), ERR_INVALID);
    ck_assert_str_eq(err.msg, "a.yaml has 2 problems");
    json_t *j = problems_json(&p);
    ck_assert_uint_eq(json_array_size(j), 2);
    ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(j, 0), "column")), 9);
    json_decref(j);
    buf_release(&out);
    problems_release(&p);
}
END_TEST

START_TEST(the_list_has_an_end)
{
    Problems p = PROBLEMS_INIT;
    problems_of(&p, "a.yaml", NULL);
    Err err = ERR_INIT;
    ck_assert_int_eq(problems_err(&p, &err), ERR_OK);
    for (int i = 0; i < 3 * PROBLEMS_MAX; i++) {
        problems_add(&p, (TextPos){i + 1, 1}, NULL, "one");
    }
    ck_assert_uint_eq(p.n, PROBLEMS_MAX);
    ck_assert(problems_full(&p));
    ck_assert_int_eq(problems_err(&p, &err), ERR_INVALID);
    ck_assert_str_eq(err.msg, "a.yaml has more than 100 problems");
    problems_release(&p);
}
END_TEST

START_TEST(what_users_write_cannot_break_the_line)
{
    Problems p = PROBLEMS_INIT;
    problems_of(&p, "a.yaml", NULL);
    char many[2 * PROBLEM_TEXT_BYTES + 1];
    for (size_t i = 0; i + 1 < sizeof many; i += 2) {
        memcpy(many + i, "\xc3\xa9", 3); /* e acute: two bytes */
    }
    problems_add(&p, (TextPos){1, 1}, "a\tb", "not \"%s\"", "x\n\x1b[31m\x7fy");
    problems_add(&p, (TextPos){2, 1}, NULL, "%s", many);
    problems_add(&p, (TextPos){3, 1}, NULL, "1%s", many); /* cut at the other parity */
    Buf out = BUF_INIT;
    problems_text(&p, TEXT_STYLE_PLAIN, &out);
    const char *want = "a.yaml:1:1: not \"x??[31m?y\"\n  hint: a?b\n";
    ck_assert_int_eq(strncmp(buf_str(&out), want, strlen(want)), 0);
    json_t *j = problems_json(&p); /* jansson refuses text that is no UTF-8 */
    ck_assert_uint_eq(json_array_size(j), 3);
    json_decref(j);
    buf_release(&out);
    problems_release(&p);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "problems"});
}
