#include "tests/support/tmp.h"

TmpDir tmp;

void tmp_open(void)
{
    tmp = tmpdir_open();
}

void tmp_close(void)
{
    tmpdir_close(&tmp);
}
