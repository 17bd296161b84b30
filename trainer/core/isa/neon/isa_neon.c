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

static void install_bf16(Kern *k)
{
    *k = kern_neon_bf16;
}

const KernIsa kern_isa_neon = {
    .name = "neon", .supported = supported, .install = install, .install_bf16 = install_bf16};
