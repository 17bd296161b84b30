/* tmp.h -- the folder of the running test: .set_up = tmp_open, .tear_down = tmp_close. */
#ifndef TESTS_SUPPORT_TMP_H
#define TESTS_SUPPORT_TMP_H

#include "tests/support/tmpdir.h"

extern TmpDir tmp;

void tmp_open(void);
void tmp_close(void);

#endif
