#include <string.h>

#include "common/words.h"
#include "tests/support/suite.h"

START_TEST(lists_are_cut_into_words)
{
    const char *rest = "alpha, beta ,,N=1*2,";
    char word[WORD_BYTES];
    static const char *const want[] = {"alpha", "beta", "", "N=1*2"};
    for (size_t i = 0; i < 4; i++) {
        ck_assert(words_next(&rest, ',', word));
        ck_assert_str_eq(word, want[i]);
    }
    ck_assert(!words_next(&rest, ',', word));
    ck_assert(!words_next(&rest, ',', word));
    rest = NULL;
    ck_assert(!words_next(&rest, ',', word));
    ck_assert(words_have("one, two", ',', "two"));
    ck_assert(!words_have("one, two", ',', "tw"));
}
END_TEST

START_TEST(a_long_word_is_cut)
{
    char list[2 * WORD_BYTES], word[WORD_BYTES];
    const char *rest = list;
    memset(list, 'x', sizeof list);
    memcpy(list + sizeof list - 3, ",y", 3);
    ck_assert(words_next(&rest, ',', word));
    ck_assert_uint_eq(strlen(word), WORD_BYTES - 1);
    ck_assert(words_next(&rest, ',', word));
    ck_assert_str_eq(word, "y");
}
END_TEST

static const char *const kinds[] = {"auto", "cases", "wild"};

static const struct {
    ErrCode (*choose)(const char *of, const char *text, const char *const *name, size_t n,
                      size_t *ret, Err *err);
    const char *of, *text;
    ErrCode want;
    size_t i; /* what was there, 9, unless it is found */
    const char *message, *hint;
} choice[] = {
    {words_enum, "resample", "wild", ERR_OK, 2, "", ""},
    {words_enum, "resample", "case", ERR_USAGE, 9,
     "--resample takes auto, cases or wild, not \"case\"", "did you mean \"cases\"?"},
    {words_enum, "resample", "bootstrap", ERR_USAGE, 9,
     "--resample takes auto, cases or wild, not \"bootstrap\"", ""},
    {words_find, "law", "cases", ERR_OK, 1, "", ""},
    {words_find, "law", "cses", ERR_USAGE, 9, "there is no law \"cses\"",
     "did you mean \"cases\"?"},
    {words_find, "law", "gamma", ERR_USAGE, 9, "there is no law \"gamma\"",
     "the laws are: auto, cases, wild"},
};

START_LOOP_TEST(one_of_the_names, sizeof choice / sizeof choice[0])
{
    Err err = ERR_INIT;
    size_t i = 9;
    ck_assert_int_eq(choice[_i].choose(choice[_i].of, choice[_i].text, kinds, 3, &i, &err),
                     choice[_i].want);
    ck_assert_uint_eq(i, choice[_i].i);
    ck_assert_str_eq(err.msg, choice[_i].message);
    ck_assert_str_eq(err.hint, choice[_i].hint);
}
END_TEST

START_TEST(positive_numbers_with_commas)
{
    Err err = ERR_INIT;
    double x[3];
    size_t n = 9;
    ck_assert_int_eq(words_numbers("N", "7e9, 70G,1k", 3, x, &n, &err), ERR_OK);
    ck_assert(n == 3 && x[0] == 7e9 && x[1] == 70e9 && x[2] == 1e3);
    ck_assert_int_eq(words_numbers("N", NULL, 3, x, &n, &err), ERR_OK);
    ck_assert_uint_eq(n, 0);
    ck_assert_int_eq(words_numbers("N", "1,0", 3, x, &n, &err), ERR_USAGE);
    ck_assert_str_eq(err.msg, "--N takes up to 3 positive numbers with commas, not \"0\"");
    ck_assert_int_eq(words_numbers("N", "1,2,3,4", 3, x, &n, &err), ERR_USAGE);
    ck_assert_int_eq(words_numbers("N", "nan", 3, x, &n, &err), ERR_USAGE);
    ck_assert_int_eq(words_numbers("budget", "1,2", 1, x, &n, &err), ERR_USAGE);
    ck_assert_str_eq(err.msg, "--budget takes a positive number, not \"2\"");
}
END_TEST

START_TEST(numbers_within_bounds)
{
    Err err = ERR_INIT;
    double x = 7.0;
    ck_assert_int_eq(words_number("chance", "0.25", 0.0, 1.0, &x, &err), ERR_OK);
    ck_assert(x == 0.25);
    ck_assert_int_eq(words_number("chance", "1", 0.0, 1.0, &x, &err), ERR_USAGE);
    ck_assert_str_eq(err.msg, "--chance takes a number from 0 to below 1, not \"1\"");
    ck_assert_int_eq(words_number("chance", "x", 0.0, 1.0, &x, &err), ERR_USAGE);
    ck_assert(x == 0.25);
    ck_assert_int_eq(words_check_number("reach", 1.0, 1.0, 2.0, &err), ERR_OK);
    ck_assert_int_eq(words_check_number("reach", 2.0, 1.0, 2.0, &err), ERR_USAGE);
    ck_assert_int_eq(words_check_whole("starts", 1, 1, 9, &err), ERR_OK);
    ck_assert_int_eq(words_check_whole("starts", 10, 1, 9, &err), ERR_USAGE);
    ck_assert_str_eq(err.msg, "--starts takes 1 to 9, not 10");
    ck_assert_int_eq(words_check_whole("seed", -1, 0, INT64_MAX, &err), ERR_USAGE);
    ck_assert_str_eq(err.msg, "--seed takes 0 or more, not -1");
}
END_TEST

START_TEST(shares_in_percent_or_not)
{
    Err err = ERR_INIT;
    double x;
    ck_assert_int_eq(words_share("noise", "0.3%", &x, &err), ERR_OK);
    ck_assert(x == 0.3 / 100.0);
    ck_assert_int_eq(words_share("noise", "0.25", &x, &err), ERR_OK);
    ck_assert(x == 0.25);
    static const char *const bad[] = {"", "100%", "-1%", "1 %", "x", "nan"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_int_eq(words_share("noise", bad[i], &x, &err), ERR_USAGE);
    }
}
END_TEST

START_TEST(a_setting_has_a_name_and_a_value)
{
    Err err = ERR_INIT;
    char name[WORD_BYTES];
    const char *value = NULL;
    ck_assert_int_eq(words_setting("map", "NAME=COLUMN", "N = a=b", name, &value, &err), ERR_OK);
    ck_assert_str_eq(name, "N");
    ck_assert_str_eq(value, " a=b");
    static const char *const bad[] = {"N", "=x", "N=", " =x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_int_eq(words_setting("map", "NAME=COLUMN", bad[i], name, &value, &err),
                         ERR_USAGE);
        ck_assert_ptr_nonnull(strstr(err.msg, "--map takes NAME=COLUMN, not "));
    }
}
END_TEST

START_TEST(a_column_may_be_scaled)
{
    char name[WORD_BYTES];
    double factor = 0.0;
    ck_assert(words_scaled("tokens*1e9", name, &factor));
    ck_assert_str_eq(name, "tokens");
    ck_assert(factor == 1e9);
    ck_assert(words_scaled("a*b*2k", name, &factor));
    ck_assert_str_eq(name, "a*b");
    ck_assert(factor == 2000.0);
    ck_assert(!words_scaled("a*b", name, &factor));
    ck_assert_str_eq(name, "a*b");
    ck_assert(factor == 1.0);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "words"});
}
