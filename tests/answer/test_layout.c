/* Text never passes its width. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer/grid.h"
#include "tests/answer/fixture.h"
#include "tests/support/suite.h"

static const char *text(AnswerStyle style)
{
    return rendered(FORMAT_TEXT, style, ERR_OK);
}

static const Column column[] = {
    {.key = "name", .heading = "name", .help = "what it is called"},
    {.key = "alpha", .heading = "alpha"},
    {.key = "beta", .heading = "beta", .rank = 1},
    {.key = "C", .heading = "C", .unit = "FLOP", .rank = 2, .help = "compute"},
    {.key = "empty", .heading = "always empty", .rank = 3},
};
enum { N = sizeof column / sizeof column[0] };

static void build(void)
{
    const Interval between = {0.01, 0.32, 0.36, "bootstrap"};
    AnswerNode *t = answer_table(answer_top(&a), "rows", "Exponents", column, N);
    answer_row(t, value_text("llama"), value_between(0.339, &between), value_real(0.28),
               value_real(5.76e23), value_none());
    answer_row(t,
               value_text("gr\xC3\xB6\xC3\x9F"
                          "e"),
               value_real(0.5), value_none(), value_real(1e3), value_none());
}

START_TEST(a_table_gives_way_step_by_step)
{
    build();
    ck_assert_str_eq(text((AnswerStyle){.width = 80}),
                     "Exponents\n\n"
                     "name                  alpha  beta  C [FLOP]\n"
                     "-----  --------------------  ----  --------\n"
                     "llama  0.339 [0.320, 0.360]  0.28  5.76e+23\n"
                     "gr\xC3\xB6\xC3\x9F"
                     "e                   0.5            1000\n\n"
                     "  name      what it is called\n"
                     "  C [FLOP]  compute\n");
}
END_TEST

/* The longest line, in characters, of those that hold more than one word. */
static size_t widest(const char *s)
{
    size_t most = 0;
    while (*s) {
        size_t n = strcspn(s, "\n"), at = strspn(s, " "), w = shown_width(s, n);
        bool is_one_word = strcspn(s + at, " \n") + at >= n;
        most = !is_one_word && w > most ? w : most;
        s += n + (s[n] == '\n');
    }
    return most;
}

/* A pseudo-random table: the same on every machine. */
static void build_random(unsigned seed)
{
    Column c[12] = {0};
    char heading[12][40];
    size_t n = 1 + seed % 11;
    unsigned x = seed * 2654435761u + 1u;
    for (size_t i = 0; i < n; i++) {
        x = x * 1664525u + 1013904223u;
        (void)snprintf(heading[i], sizeof heading[i], "%.*s", (int)(1 + (x >> 8) % 24),
                       "a heading of some length");
        c[i] = (Column){.key = "k",
                        .heading = heading[i],
                        .rank = (int)((x >> 20) % 4),
                        .is_prose = (x >> 24) % 7 == 0};
    }
    AnswerNode *t = answer_table(answer_top(&a), "rows", "A title that is not short at all", c, n);
    for (size_t r = 0; r < 5; r++) {
        Value v[12];
        Interval between[12];
        for (size_t i = 0; i < n; i++) {
            x = x * 1664525u + 1013904223u;
            double value = (double)(x % 100000u) / 997.0;
            between[i] = (Interval){0.1, value - 0.2, value + 0.2, NULL};
            v[i] = c[i].is_prose ? value_text("some words that may be broken into many lines")
                   : (x >> 28) % 3 == 0 ? value_between(value, &between[i])
                                        : value_real(value);
        }
        answer_row_of(t, v, n);
    }
    answer_say(answer_top(&a), NULL, SAY_WARNING, "a sentence that is longer than a line may be %u",
               seed);
}

START_TEST(no_line_passes_the_width)
{
    for (unsigned seed = 0; seed < 300; seed++) {
        build_random(seed);
        for (int width = 40; width <= 160; width += 20) {
            const char *s = text((AnswerStyle){.width = width});
            ck_assert_msg(widest(s) <= (size_t)width, "seed %u at %d: %zu\n%s", seed, width,
                          widest(s), s);
        }
        answer_release(&a);
    }
}
END_TEST

START_TEST(wide_shows_every_column_and_narrow_names_the_missing)
{
    build();
    const char *narrow = text((AnswerStyle){.width = 30});
    ck_assert_ptr_nonnull(
        strstr(narrow, "Left out to fit the width: C\n[FLOP]. --wide shows them."));
    ck_assert_ptr_nonnull(strstr(narrow, "\n       [0.320, 0.360]\n")); /* on a line of its own */
    const char *wide = text((AnswerStyle){.width = 30, .is_wide = true});
    ck_assert_ptr_nonnull(strstr(wide, "0.339 [0.320, 0.360]"));
    ck_assert_ptr_null(strstr(wide, "Left out"));
    ck_assert_ptr_null(strstr(wide, "always empty"));
}
END_TEST

START_TEST(too_wide_for_any_choice_is_one_block_a_row)
{
    static const Column long_columns[] = {{.key = "a", .heading = "first"},
                                          {.key = "b", .heading = "second"}};
    AnswerNode *t = answer_table(answer_top(&a), "rows", NULL, long_columns, 2);
    for (int i = 0; i < 2; i++) {
        answer_row(t, value_text("a text of twenty-odd letters"),
                   value_text("another that is as long"));
    }
    ck_assert_str_eq(text((AnswerStyle){.width = 40}), "first   a text of twenty-odd letters\n"
                                                       "second  another that is as long\n\n"
                                                       "first   a text of twenty-odd letters\n"
                                                       "second  another that is as long\n");
}
END_TEST

START_TEST(colour_marks_states_and_moves_nothing)
{
    Buf stripped = BUF_INIT;
    static const Column state[] = {{.key = "state", .heading = "state"},
                                   {.key = "n", .heading = "n"}};
    AnswerNode *t = answer_table(answer_top(&a), "rows", NULL, state, 2);
    answer_row(t, value_toned(value_text("done"), TONE_GOOD), value_count(1));
    answer_row(t, value_toned(value_text("failed"), TONE_BAD), value_count(2));
    const char *colored = text((AnswerStyle){.width = 40, .has_color = true});
    ck_assert_ptr_nonnull(strstr(colored, "\033[31mfailed\033[0m"));
    for (const char *s = colored; *s; s++) {
        if (*s == '\033') {
            s = strchr(s, 'm');
        } else {
            buf_putc(&stripped, *s);
        }
    }
    ck_assert_str_eq(buf_str(&stripped), text((AnswerStyle){.width = 40}));
    buf_release(&stripped);
}
END_TEST

START_TEST(a_table_without_rows_says_so_or_is_not_there)
{
    (void)answer_table(answer_top(&a), "none", "Nothing", column, N);
    AnswerNode *t = answer_table(answer_top(&a), "some", "Runs", column, N);
    answer_table_empty(t, "No run has failed.");
    ck_assert_str_eq(text((AnswerStyle){0}), "Runs\n\nNo run has failed.\n");
}
END_TEST

int main(void)
{
    return test_main(
        (TestPlan){.name = "layout", .set_up = fixture_open, .tear_down = fixture_close});
}
