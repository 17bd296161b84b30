#include "trainer/core/pack.h"

static _Thread_local PackBuffer buffer;

PackBuffer *pack_buffer(void)
{
    return &buffer;
}
