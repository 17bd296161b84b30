#include <string.h>

#include "common/quantity.h"
#include "tests/support/suite.h"

START_TEST(units_multiply)
{
    static const struct {
        const char *text;
        QuantityUnit unit;
        double want;
    } row[] = {
        {"10M", QUANTITY_COUNT, 1e7},      {"1e18", QUANTITY_COUNT, 1e18},
        {"2.5k", QUANTITY_COUNT, 2500.0},  {"-3", QUANTITY_COUNT, -3.0},
        {".5", QUANTITY_COUNT, 0.5},       {"300G", QUANTITY_COUNT, 3e11},
        {"2GiB", QUANTITY_BYTES, 0x1p31},  {"2 GB", QUANTITY_BYTES, 2e9},
        {"90min", QUANTITY_SECONDS, 5400}, {"2h", QUANTITY_SECONDS, 7200},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        double x = -1.0;
        ck_assert_msg(quantity_parse(row[i].text, row[i].unit, &x), "%s", row[i].text);
        ck_assert_msg(x == row[i].want, "%s: %.17g", row[i].text, x);
    }
}
END_TEST

START_TEST(everything_else_is_refused)
{
    static const char *const bad[] = {"",   "M",     "1x",  "inf", "nan", "0x10", "1e999",
                                      " 1", "10 M!", "1 2", "10m", "--1", "1e5k5"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        double x = 0.0;
        ck_assert_msg(!quantity_parse(bad[i], QUANTITY_COUNT, &x), "\"%s\" gave %g", bad[i], x);
    }
}
END_TEST

START_TEST(whole_numbers_must_be_whole)
{
    int64_t n = 0;
    ck_assert(quantity_parse_i64("1.1M", QUANTITY_COUNT, &n));
    ck_assert_int_eq(n, 1100000);
    ck_assert(!quantity_parse_i64("1.5", QUANTITY_COUNT, &n));
    ck_assert(!quantity_parse_i64("1e18", QUANTITY_COUNT, &n)); /* above 2^53 */
}
END_TEST

START_TEST(what_was_meant_is_guessed_only_where_it_is_plain)
{
    static const struct {
        const char *text, *want; /* NULL: nobody can say */
    } row[] = {
        {"1B", "1G"},
        {"1b", "1G"},
        {"1m", "1M"},
        {"10K", "10k"},
        {"1.5 million", "1.5M"},
        {"2 billions", "2G"},
        {"10MM", "10M"},
        {"1_000_000", "1000000"},
        {"10,000", "10000"},
        {"1,234,567", "1234567"},
        {"1'000", "1000"},
        {"1 000 000", "1000000"},
        {"0,003", "0.003"},
        {"1,5M", "1.5M"},
        {"1M tokens", "1M"},
        {"3E-3x", NULL},
        {"10M", NULL}, /* it is right as it is */
        {"many", NULL},
        {"", NULL},
        {"-", NULL},
        {"1.2.3", NULL},
        {"12345678901234567890123456789012345678901234567890", NULL},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        char out[QUANTITY_TEXT_BYTES] = "";
        bool is = quantity_suggest(row[i].text, QUANTITY_COUNT, out);
        ck_assert_msg(is == (row[i].want != NULL), "%s: %s", row[i].text, out);
        if (row[i].want) {
            ck_assert_str_eq(out, row[i].want);
        }
    }
    char out[QUANTITY_TEXT_BYTES];
    ck_assert(quantity_suggest("2gib", QUANTITY_BYTES, out));
    ck_assert_str_eq(out, "2GiB");
}
END_TEST

START_TEST(people_read_three_digits)
{
    char t[QUANTITY_TEXT_BYTES];
    ck_assert_str_eq(quantity_count_text(334080.0, t), "334k");
    ck_assert_str_eq(quantity_count_text(6509600.0, t), "6.51M");
    ck_assert_str_eq(quantity_count_text(42.0, t), "42");
    ck_assert_str_eq(quantity_count_text(3e11, t), "300G");
    ck_assert_str_eq(quantity_count_text(9.99e17, t), "9.99e+17");
    ck_assert_str_eq(quantity_bytes_text(12.34e6, t), "12.3 MB");
}
END_TEST

START_TEST(the_nearest_name_is_a_likely_misspelling)
{
    static const char *const key[] = {"training", "matrix", "sizes", "seed", "clip"};
    ck_assert_str_eq(nearest_name("trainign", key, 5), "training");
    ck_assert_str_eq(nearest_name("Size", key, 5), "sizes");
    ck_assert_str_eq(nearest_name("sede", key, 5), "seed");
    ck_assert_ptr_null(nearest_name("optimizer", key, 5));
    static char big[200];
    memset(big, 'q', sizeof big - 1);
    ck_assert_ptr_null(nearest_name(big, key, 5));
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "quantity"});
}
