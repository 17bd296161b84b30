#include "trainer/core/isa.h"
#include "trainer/core/isa/neon/kern_neon.h"

/* The calling convention of AArch64 passes floats in these registers: every CPU has them. */
static bool supported(void)
{
    return true;
}

static void install(Kern *k)
{
    *k = kern_neon;
}

const KernIsa kern_isa_neon = {.name = "neon", .supported = supported, .install = install};
