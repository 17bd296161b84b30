#include "common/utf8.h"

#include <stdbool.h>
#include <string.h>

#include "tests/support/suite.h"

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

int main(void)
{
    return test_main((TestPlan){.name = "utf8"});
}
