#include "common/excerpt.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

/* The two lines for a place of a text. */
static const char *shown(const char *text, int line, int column, int width)
{
    static Buf out;
    buf_release(&out);
    excerpt_text(text, strlen(text), (TextPos){line, column}, (TextStyle){.width = width}, &out);
    return buf_str(&out);
}

START_TEST(the_caret_stands_under_the_place)
{
    const char *text = "a: 1\nbc: [2, x]\n";
    ck_assert_str_eq(shown(text, 1, 1, 80), "    1 | a: 1\n      | ^\n");
    ck_assert_str_eq(shown(text, 2, 9, 80), "    2 | bc: [2, x]\n      |         ^\n");
    ck_assert_str_eq(shown(text, 2, 11, 80), "    2 | bc: [2, x]\n      |           ^\n");
    ck_assert_str_eq(shown(text, 3, 1, 80), "    3 | \n      | ^\n"); /* where the text ends */
    ck_assert_str_eq(shown(text, 4, 1, 80), "");
    ck_assert_str_eq(shown(text, 0, 0, 80), ""); /* the file as a whole */
}
END_TEST

START_TEST(tabs_and_wide_characters_take_their_columns)
{
    /* a tab reaches column 8; e acute is one column, a combining accent none, CJK two */
    ck_assert_str_eq(shown("a:\tx", 1, 4, 80), "    1 | a:      x\n      |         ^\n");
    ck_assert_str_eq(shown("\tx", 1, 1, 80), "    1 |         x\n      | ^\n");
    ck_assert_str_eq(shown("\xC3\xA9: x", 1, 4, 80), "    1 | \xC3\xA9: x\n      |    ^\n");
    ck_assert_str_eq(shown("e\xCC\x81: x", 1, 5, 80), "    1 | e\xCC\x81: x\n      |    ^\n");
    ck_assert_str_eq(shown("\xE6\x97\xA5\xE6\x9C\xAC: x", 1, 5, 80),
                     "    1 | \xE6\x97\xA5\xE6\x9C\xAC: x\n      |       ^\n");
}
END_TEST

START_TEST(lines_end_as_yaml_has_them)
{
    const char *text = "\xEF\xBB\xBF"
                       "a\r\nb\rc\xC2\x85"
                       "d\xE2\x80\xA8"
                       "e\n";
    const char *want[] = {"a", "b", "c", "d", "e"};
    for (int i = 0; i < 5; i++) {
        size_t n = 0;
        const char *line = excerpt_line(text, strlen(text), i + 1, &n);
        ck_assert_ptr_nonnull(line);
        ck_assert_uint_eq(n, 1);
        ck_assert_int_eq(line[0], want[i][0]);
    }
}
END_TEST

START_TEST(nothing_that_a_terminal_would_obey_is_printed)
{
    ck_assert_str_eq(shown("a\x1b[31m\xC2\x9B\xE2\x80\xAE\xFFz", 1, 10, 80),
                     "    1 | a?[31m???z\n      |          ^\n");
}
END_TEST

START_TEST(a_long_line_is_cut_around_the_caret)
{
    char text[1001];
    for (int i = 0; i < 1000; i++) {
        text[i] = (char)('0' + i % 10);
    }
    text[1000] = '\0';
    for (int column = 1; column <= 1001; column += 50) {
        const char *two = shown(text, 1, column, 48);
        const char *caret = strchr(two, '^'), *second = strchr(two, '\n') + 1;
        ck_assert_int_le((int)(second - 1 - two), 48);
        ck_assert_int_lt((int)(caret - second), 48);
        char above = two[caret - second];
        ck_assert_int_eq(above, column <= 1000 ? '0' + (column - 1) % 10 : '\n');
    }
    ck_assert_str_eq(shown("0123456789012345678901234567890123456789", 1, 20, 30),
                     "    1 | ...1234567890123456...\n      |            ^\n");
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "excerpt"});
}
