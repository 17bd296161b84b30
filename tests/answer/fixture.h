/* fixture.h -- an answer, what is rendered of it, and what went wrong:
 * .set_up = fixture_open, .tear_down = fixture_close. */
#ifndef TESTS_ANSWER_FIXTURE_H
#define TESTS_ANSWER_FIXTURE_H

#include "answer/render.h"

extern Answer a;
extern Buf out;
extern Err err;

void fixture_open(void);
void fixture_close(void);

/* The answer in place of what is in out; fails the running test unless rendering it gives `want`. */
const char *rendered(AnswerFormat format, AnswerStyle style, ErrCode want);

#endif
