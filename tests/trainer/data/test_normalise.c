#include <string.h>

#include "common/rng.h"
#include "tests/support/suite.h"
#include "trainer/data/normalise.h"

static const NormaliseOptions keep_lines = {0};
static const NormaliseOptions join = {.joins_lines = true, .is_ascii_only = true, .drop = "_"};

static void expect(const char *in, const NormaliseOptions *o, const char *want)
{
    Buf out = BUF_INIT;
    normalise_text(in, strlen(in), o, &out);
    ck_assert_str_eq(buf_str(&out), want);
    buf_release(&out);
}

START_TEST(white_space_is_reduced)
{
    expect("  one \t two\r\nthree\rfour  \n\n \n\t\n five\n\n\n", &keep_lines,
           "one two\nthree\nfour\n\nfive\n");
    expect("a\xC2\xA0\xC2\xA0 b", &keep_lines, "a b\n");
    expect("a\xE2\x80\xA9z", &keep_lines, "a\n\nz\n"); /* paragraph separator */
    expect(" \n \r\n\t", &keep_lines, "");
    expect("", &keep_lines, "");
}
END_TEST

START_TEST(control_characters_and_marks_go)
{
    expect("\xEF\xBB\xBFle\x01gal\x7F\x1B[0m \xC2\x9B x\xC2\xADy", &keep_lines, "legal[0m xy\n");
}
END_TEST

START_TEST(typography_becomes_ascii)
{
    expect("\xE2\x80\x9CNa\xC3\xAFve,\xE2\x80\x9D he said \xE2\x80\x94 caf\x65\xCC\x81\xE2\x80\xA6",
           &keep_lines, "\"Naive,\" he said -- cafe...\n");
}
END_TEST

START_TEST(other_scripts_stay_unless_ascii_is_asked_for)
{
    expect("\xCE\xB1 \xD0\x96 a", &keep_lines, "\xCE\xB1 \xD0\x96 a\n");
    expect("\xCE\xB1 \xD0\x96 a", &join, "a\n");
}
END_TEST

START_TEST(hard_wraps_are_joined_in_paragraphs)
{
    expect("It is a truth\nuniversally  \n acknowledged,\n\nthat a _single_\nman", &join,
           "It is a truth universally acknowledged,\n\nthat a single man\n");
    /* a tight hyphen or dash at the end of a line was the place of the break; a spaced one was not */
    expect("drawing-\nroom so--\nand then --\nyes -\nno", &join,
           "drawing-room so--and then -- yes - no\n");
}
END_TEST

START_TEST(bytes_outside_utf8_are_left_out)
{
    expect("a\xFF\xC3 b\xE2\x82", &keep_lines, "a b\n");
}
END_TEST

/* Random bytes rich in what the normaliser acts on: the result is fixed, clean and valid. */
START_TEST(normalising_again_changes_nothing)
{
    static const char *const bits[] = {"a",        "-",        " ",    "\n", "\r",
                                       "\t",       "\xC2\xA0", "\xC3", "\0", "\xC3\xA9",
                                       "\xCE\xB1", "\x0C",     "_"};
    enum { N_BITS = sizeof bits / sizeof bits[0] };
    for (uint64_t trial = 0; trial < 2000; trial++) {
        Buf in = BUF_INIT, once = BUF_INIT, twice = BUF_INIT;
        for (uint64_t i = 0; i < 40; i++) {
            const char *bit = bits[rng_u64(7, trial, i) % N_BITS];
            buf_add(&in, bit, bit[0] ? strlen(bit) : 1);
        }
        const NormaliseOptions *o = trial % 2 ? &join : &keep_lines;
        normalise_text(in.data, in.len, o, &once);
        normalise_text(buf_str(&once), once.len, o, &twice);
        ck_assert_str_eq(buf_str(&once), buf_str(&twice));
        ck_assert_ptr_null(strstr(buf_str(&once), "  "));
        ck_assert_ptr_null(strstr(buf_str(&once), "\n\n\n"));
        ck_assert_ptr_null(strstr(buf_str(&once), " \n"));
        buf_release(&in);
        buf_release(&once);
        buf_release(&twice);
    }
}
END_TEST

static void expect_refused(const char *bytes, size_t n, const char *words)
{
    Err err = ERR_INIT;
    ck_assert_int_eq(normalise_check(bytes, n, "notes/x.txt", &err), ERR_INVALID);
    ck_assert_msg(strstr(err.msg, "notes/x.txt") && strstr(err.msg, words), "%s", err.msg);
}

START_TEST(empty_and_binary_files_are_refused_by_name)
{
    Err err = ERR_INIT;
    expect_refused("", 0, "is empty");
    expect_refused("text\0more", 9, "NUL byte at offset 4");
    expect_refused("caf\xE9 cr\xE8me", 10, "not UTF-8 text: 2 of its 10 bytes");
    ck_assert_int_eq(normalise_check("caf\xC3\xA9", 5, "x", &err), ERR_OK);
}
END_TEST

START_TEST(one_bad_byte_in_a_thousand_passes)
{
    Err err = ERR_INIT;
    char text[1000];
    memset(text, 'a', sizeof text);
    text[500] = '\xFF';
    ck_assert_int_eq(normalise_check(text, 1000, "x", &err), ERR_OK);
    ck_assert_int_eq(normalise_check(text, 999, "x", &err), ERR_INVALID);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "normalise"});
}
