#include <string.h>

#include "common/buf.h"
#include "tests/support/suite.h"

START_TEST(text_grows_and_stays_terminated)
{
    Buf b = BUF_INIT;
    ck_assert_str_eq(buf_str(&b), "");
    for (int i = 0; i < 1000; i++) {
        buf_printf(&b, "%d,", i);
    }
    ck_assert_uint_eq(b.len, strlen(buf_str(&b)));
    ck_assert_ptr_nonnull(strstr(buf_str(&b), ",998,999,"));
    buf_clear(&b);
    ck_assert_uint_eq(b.len, 0);
    buf_puts(&b, "x");
    buf_putc(&b, 'y');
    buf_add(&b, "\0z", 2);
    ck_assert_uint_eq(b.len, 4);
    ck_assert_mem_eq(b.data, "xy\0z", 5);
    buf_release(&b);
}
END_TEST

START_TEST(detaching_hands_over_the_text)
{
    Buf b = BUF_INIT;
    char *empty = buf_detach(&b);
    ck_assert_str_eq(empty, "");
    free(empty);
    buf_puts(&b, "kept");
    char *s = buf_detach(&b);
    ck_assert_str_eq(s, "kept");
    ck_assert_uint_eq(b.len, 0);
    free(s);
}
END_TEST

START_TEST(a_failed_growth_sticks)
{
    Buf b = BUF_INIT;
    Err err = ERR_INIT;
    b.len = SIZE_MAX / 2; /* as if it were full: no allocation can follow */
    buf_puts(&b, "x");
    b.len = 0;
    buf_puts(&b, "y");
    ck_assert_int_eq(buf_ok(&b, &err), ERR_NOMEM);
    ck_assert_ptr_null(buf_detach(&b));
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "buf"});
}
