/* Compiled with baseline flags: it runs on CPUs that lack AVX-512. */
#include "trainer/core/isa.h"
#include "trainer/core/isa/avx512/kern_avx512.h"

static bool supported(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
}

static void install(Kern *k)
{
    *k = kern_avx512;
}

static void install_bf16(Kern *k)
{
    *k = kern_avx512_bf16;
}

const KernIsa kern_isa_avx512 = {
    .name = "avx512", .supported = supported, .install = install, .install_bf16 = install_bf16};
