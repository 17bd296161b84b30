#include "tests/answer/fixture.h"

#include <check.h>

Answer a;
Buf out;
Err err;

void fixture_open(void)
{
    a = ANSWER_INIT;
    out = BUF_INIT;
    err = ERR_INIT;
}

void fixture_close(void)
{
    buf_release(&out);
    answer_release(&a);
}

const char *rendered(AnswerFormat format, AnswerStyle style, ErrCode want)
{
    buf_clear(&out);
    ck_assert_int_eq(answer_render(&a, format, &style, &out, &err), want);
    return buf_str(&out);
}
