/* The kernels of linear attention with Real = double. */
#include "tests/trainer/core/test_decay.c" /* NOLINT(bugprone-suspicious-include) */
