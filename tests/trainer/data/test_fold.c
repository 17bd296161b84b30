#include <string.h>

#include "tests/support/suite.h"
#include "trainer/data/fold.h"

/* Bases from Unicode's decompositions; the rest is custom. */
START_TEST(letters_lose_accents_and_punctuation_becomes_ascii)
{
    static const struct {
        uint32_t c;
        const char *want;
    } cases[] = {{0xC0, "A"},     {0xE9, "e"},   {0xFF, "y"},    {0x100, "A"},  {0x17F, "s"},
                 {0x1E00, "A"},   {0x1EF9, "y"}, {0xC6, "AE"},   {0x153, "oe"}, {0xDF, "ss"},
                 {0x142, "l"},    {0x2018, "'"}, {0x201D, "\""}, {0x2013, "-"}, {0x2014, "--"},
                 {0x2026, "..."}, {0xA0, " "},   {0xFEFF, ""},   {0x301, ""},   {0xAD, ""},
                 {0xFB03, "ffi"}, {0x1E99, "y"}, {0x16A, "U"},   {0x1DD, NULL}, {0x3B1, NULL},
                 {0x1F600, NULL}, {0xD7, "x"},   {0xF7, NULL},   {0x110, "D"},  {0x2009, " "}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *got = fold_ascii(cases[i].c);
        if (!cases[i].want) {
            ck_assert_msg(got == NULL, "U+%04X gave \"%s\"", cases[i].c, got);
        } else {
            ck_assert_msg(got && strcmp(got, cases[i].want) == 0, "U+%04X gave \"%s\"", cases[i].c,
                          got ? got : "(none)");
        }
    }
}
END_TEST

START_TEST(every_form_is_printable_ascii)
{
    for (uint32_t c = 0x80; c <= 0x10FFFF; c++) {
        for (const char *p = fold_ascii(c); p && *p; p++) {
            if (*p < ' ' || *p >= 0x7F) {
                ck_abort_msg("U+%04X", c);
            }
        }
    }
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "fold"});
}
