/* tmp.h -- the folder of the running test: .set_up = tmp_open, .tear_down = tmp_close. */
#ifndef TESTS_SUPPORT_TMP_H
#define TESTS_SUPPORT_TMP_H

#include <stdbool.h>

#include "common/buf.h"
#include "tests/support/tmpdir.h"

extern TmpDir tmp;

void tmp_open(void);
void tmp_close(void);

/* The path of `name` in it; lives until the next call. */
const char *tmp_path(const char *name);
/* The same of a folder, which is made. */
const char *tmp_folder(const char *name);
bool tmp_has(const char *name);
/* The whole of a file in place of what is in *out. */
void tmp_read(const char *name, Buf *out);

#endif
