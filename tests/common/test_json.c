#include <math.h>
#include <string.h>

#include "common/json.h"
#include "common/rng.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static void expect_canonical(const char *input, const char *want)
{
    json_t *v = json_loads(input, JSON_DECODE_ANY, NULL);
    ck_assert_ptr_nonnull(v);
    Buf b = BUF_INIT;
    json_canonical(v, &b);
    ck_assert_str_eq(buf_str(&b), want);
    buf_release(&b);
    json_decref(v);
}

START_TEST(canonical_text_sorts_keys_and_shortens_numbers)
{
    expect_canonical("{\"b\": [1, 2.50, true, null], \"a\": {\"z\": 3e-3, \"y\": 1e7}}",
                     "{\"a\":{\"y\":10000000,\"z\":0.003},\"b\":[1,2.5,true,null]}");
    expect_canonical("\"q\\\"\\\\\\n\\u00e9\"", "\"q\\\"\\\\\\u000a\xc3\xa9\"");
    expect_canonical("[0.1, 1e18, 1e300, -0.0, 123456789012345678]",
                     "[0.1,1e+18,1e+300,0,123456789012345678]");
    expect_canonical("{}", "{}");
    expect_canonical("[]", "[]");
}
END_TEST

START_TEST(numbers_read_back_to_the_same_bits)
{
    for (uint64_t i = 0; i < 20000; i++) {
        uint64_t bits = rng_u64(7, 7, i);
        double x;
        memcpy(&x, &bits, sizeof x);
        if (!isfinite(x)) {
            continue;
        }
        char text[32];
        json_number_text(x, text);
        double y = strtod(text, NULL);
        ck_assert_msg(x == y, "%a became %s", x, text);
    }
}
END_TEST

START_TEST(pretty_text_parses_to_the_same_value)
{
    const char *text = "{\"b\":[{\"x\":1},{\"x\":2.5}],\"a\":\"s\",\"e\":{},\"l\":[1,2]}";
    json_t *v = json_loads(text, 0, NULL);
    Buf b = BUF_INIT;
    json_pretty(v, &b);
    json_t *w = json_loads(buf_str(&b), 0, NULL);
    ck_assert(json_equal(v, w));
    ck_assert_int_eq(buf_str(&b)[b.len - 1], '\n');
    buf_release(&b);
    json_decref(v);
    json_decref(w);
}
END_TEST

START_TEST(files_say_where_they_are_wrong)
{
    TmpDir t = tmpdir_open();
    Err err = ERR_INIT;
    json_t *v = NULL;
    ck_assert_int_eq(json_read_file(tmpdir_write(&t, "a", "{\"x\":1,\n \"x\":2}"), &v, &err),
                     ERR_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.msg, ":2:"));
    ck_assert_int_eq(json_read_file("/no/such", &v, &err), ERR_NOTFOUND);
    ck_assert_int_eq(json_read_file(t.path, &v, &err), ERR_IO); /* a folder */
    json_t *good = json_pack("{s:f}", "x", 0.1);
    const char *path = tmpdir_write(&t, "b", "");
    ck_assert_int_eq(json_write_file(path, good, &err), ERR_OK);
    ck_assert_int_eq(json_read_file(path, &v, &err), ERR_OK);
    ck_assert(json_equal(v, good));
    json_decref(v);
    json_decref(good);
    tmpdir_close(&t);
}
END_TEST

START_TEST(members_are_checked_by_type)
{
    Err err = ERR_INIT;
    json_t *o =
        json_loads("{\"i\":3,\"r\":3.0,\"f\":3.5,\"b\":true,\"s\":\"t\",\"o\":{}}", 0, NULL);
    int64_t i = 0;
    double f = 0.0;
    bool b = false;
    const char *s = NULL;
    json_t *child = NULL;
    ck_assert_int_eq(json_get_i64(o, "i", &i, &err), ERR_OK);
    ck_assert_int_eq(json_get_i64(o, "r", &i, &err), ERR_OK); /* integral real */
    ck_assert_int_eq(json_get_i64(o, "f", &i, &err), ERR_FORMAT);
    ck_assert_int_eq(json_get_f64(o, "i", &f, &err), ERR_OK);
    ck_assert_int_eq(json_get_f64(o, "s", &f, &err), ERR_FORMAT);
    ck_assert_int_eq(json_get_bool(o, "b", &b, &err), ERR_OK);
    ck_assert_int_eq(json_get_bool(o, "i", &b, &err), ERR_FORMAT);
    ck_assert_int_eq(json_get_str(o, "s", &s, &err), ERR_OK);
    ck_assert_int_eq(json_get_str(o, "nope", &s, &err), ERR_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.msg, "\"nope\" is missing"));
    ck_assert_int_eq(json_get_obj(o, "o", &child, &err), ERR_OK);
    ck_assert_int_eq(json_get_obj(o, "s", &child, &err), ERR_FORMAT);
    json_decref(o);
}
END_TEST

START_TEST(non_finite_numbers_keep_their_names)
{
    const double value[] = {1.5, (double)NAN, (double)INFINITY, -(double)INFINITY};
    for (size_t i = 0; i < 4; i++) {
        json_t *v = json_real_or_name(value[i]);
        double back = 0.0;
        ck_assert(json_to_real(v, &back));
        ck_assert(isnan(value[i]) ? isnan(back) : back == value[i]);
        json_decref(v);
    }
    json_t *other = json_string("1.5");
    double back = 0.0;
    ck_assert(!json_to_real(other, &back));
    json_decref(other);
}
END_TEST

START_TEST(a_value_that_was_not_made_is_memory_that_was_short)
{
    Buf out = BUF_INIT;
    Err err = ERR_INIT;
    json_pretty(json_real(HUGE_VAL), &out); /* jansson makes no infinite number */
    ck_assert_int_eq(buf_ok(&out, &err), ERR_NOMEM);
    buf_release(&out);
    out = BUF_INIT;
    json_canonical(NULL, &out);
    ck_assert_int_eq(buf_ok(&out, &err), ERR_NOMEM);
    buf_release(&out);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "json"});
}
