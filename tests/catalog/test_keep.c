#include <string.h>

#include "catalog/keep.h"
#include "tests/support/suite.h"

typedef struct Row {
    const char *text, *says;
    int64_t weights;
    bool states;
} Row;

static const Row rows[] = {
    {"all", "all", INT64_MAX, true},
    {"weights", "weights", INT64_MAX, false},
    {"none", "none", 0, false},
    {"last", "last: 1", 1, false},
    {"last: 3", "last: 3", 3, false},
    {"last:12", "last: 12", 12, false},
    {"last=999999999", "last: 999999999", 999999999, false},
};

START_TEST(words_become_rules_and_words_again)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Keep k = {0};
        Err err = ERR_INIT;
        char text[KEEP_TEXT_BYTES];
        ck_assert_msg(keep_parse(rows[i].text, &k, &err) == ERR_OK, "%s", err.msg);
        ck_assert_int_eq(k.weights, rows[i].weights);
        ck_assert_int_eq(k.states, rows[i].states);
        ck_assert_str_eq(keep_text(k, text), rows[i].says);
    }
}
END_TEST

START_TEST(other_words_are_refused)
{
    static const char *const wrong[] = {"",        "Last",    "last:",    "last: 0",
                                        "last:-1", "last: x", "last: 3x", "last:9999999999",
                                        "last 3",  "every"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        Keep k = {0};
        Err err = ERR_INIT;
        ck_assert_msg(keep_parse(wrong[i], &k, &err) == ERR_USAGE, "%s", wrong[i]);
        ck_assert_ptr_nonnull(strstr(err.hint, "last:3"));
    }
}
END_TEST

START_TEST(a_configuration_says_it_as_word_or_object)
{
    Keep k = {0};
    Err err = ERR_INIT;
    ck_assert_int_eq(keep_from_json(NULL, &k, &err), ERR_OK);
    ck_assert_int_eq(k.weights, INT64_MAX);
    ck_assert(!k.states);
    json_t *word = json_string("none"), *last = json_pack("{s:i}", "last", 4);
    json_t *zero = json_pack("{s:i}", "last", 0), *odd = json_pack("{s:i, s:i}", "last", 4, "x", 1);
    json_t *number = json_integer(4), *other = json_string("most");
    ck_assert_int_eq(keep_from_json(word, &k, &err), ERR_OK);
    ck_assert_int_eq(k.weights, 0);
    ck_assert_int_eq(keep_from_json(last, &k, &err), ERR_OK);
    ck_assert_int_eq(k.weights, 4);
    ck_assert_int_eq(keep_from_json(zero, &k, &err), ERR_FORMAT);
    ck_assert_int_eq(keep_from_json(odd, &k, &err), ERR_FORMAT);
    ck_assert_int_eq(keep_from_json(number, &k, &err), ERR_FORMAT);
    ck_assert_int_eq(keep_from_json(other, &k, &err), ERR_FORMAT);
    json_decref(word);
    json_decref(last);
    json_decref(zero);
    json_decref(odd);
    json_decref(number);
    json_decref(other);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "keep"});
}
