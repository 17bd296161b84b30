#include "trainer/core/pack.h"

#include <stdalign.h>

static _Thread_local alignas(64) float buffer[PACK_K * PACK_N];

float *pack_buffer(void)
{
    return buffer;
}
