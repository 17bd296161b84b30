#define KERNEL_NAME kernel_base
#include "analysis/fit/kernel_lanes.inc"
