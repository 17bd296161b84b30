/* Compiled with baseline flags: it runs on CPUs that lack AVX-512 BF16. */
#include "trainer/core/isa.h"
#include "trainer/core/isa/avx512bf16/kern_avx512bf16.h"

static bool supported(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("fma");
}

static void install(Kern *k)
{
    *k = kern_avx512bf16;
}

static void install_bf16(Kern *k)
{
    *k = kern_avx512bf16_bf16;
}

const KernIsa kern_isa_avx512bf16 = {
    .name = "avx512bf16", .supported = supported, .install = install, .install_bf16 = install_bf16};
