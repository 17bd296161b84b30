#define KERNEL_NAME kernel_avx2
#include "analysis/fit/kernel_lanes.inc"
