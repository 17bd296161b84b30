#include "tests/trainer/worker/tiny_fixture.h"

Tiny tiny;

void tiny_set_up(void)
{
    tiny = tiny_open();
}

void tiny_tear_down(void)
{
    tiny_close(&tiny);
}
