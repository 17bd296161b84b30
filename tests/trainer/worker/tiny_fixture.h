/* tiny_fixture.h -- a corpus for every test, or one for all: .set_up or .open = tiny_set_up,
 * .tear_down or .close = tiny_tear_down. */
#ifndef TESTS_TRAINER_WORKER_TINY_FIXTURE_H
#define TESTS_TRAINER_WORKER_TINY_FIXTURE_H

#include "tests/trainer/worker/tiny.h"

extern Tiny tiny;

void tiny_set_up(void);
void tiny_tear_down(void);

#endif
