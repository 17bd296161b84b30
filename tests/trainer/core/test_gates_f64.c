/* HGRN2's gates with Real = double. */
#include "tests/trainer/core/test_gates.c" /* NOLINT(bugprone-suspicious-include) */
