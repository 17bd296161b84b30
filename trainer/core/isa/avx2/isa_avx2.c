/* Compiled with baseline flags: it runs on CPUs that lack AVX2. */
#include "trainer/core/isa.h"
#include "trainer/core/isa/avx2/kern_avx2.h"

static bool supported(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static void install(Kern *k)
{
    *k = kern_avx2;
}

static void install_bf16(Kern *k)
{
    *k = kern_avx2_bf16;
}

const KernIsa kern_isa_avx2 = {
    .name = "avx2", .supported = supported, .install = install, .install_bf16 = install_bf16};
