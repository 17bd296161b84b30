#include <stdbool.h>
#include <string.h>

#include "tests/support/suite.h"
#include "trainer/data/fold.h"

START_TEST(utf8_round_trips_for_every_code_point)
{
    char bytes[4];
    bool is_good = true; /* Check's own assertions cost microseconds; there are millions here */
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        if (c >= 0xD800 && c <= 0xDFFF) {
            continue;
        }
        uint32_t back = 0;
        size_t n = utf8_encode(c, bytes);
        is_good = is_good && utf8_decode((const unsigned char *)bytes, n, &back) == n && back == c;
        for (size_t cut = 0; cut < n; cut++) {
            is_good = is_good && utf8_decode((const unsigned char *)bytes, cut, &back) == 0;
        }
        if (!is_good) {
            ck_abort_msg("U+%04X", c);
        }
    }
}
END_TEST

/* Unicode 15, table 3-7: what is not well-formed. */
START_TEST(overlong_surrogate_and_stray_bytes_are_refused)
{
    static const char *const bad[] = {"\x80",         "\xC0\xAF",         "\xC1\xBF",
                                      "\xE0\x80\xAF", "\xED\xA0\x80",     "\xF0\x80\x80\xAF",
                                      "\xFF",         "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
                                      "\xC3(",        "\xE2\x82(",        "\xF0\x9F\x98("};
    uint32_t c = 0;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_uint_eq(utf8_decode((const unsigned char *)bad[i], strlen(bad[i]), &c), 0);
    }
}
END_TEST

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
