/* The same tests in float, and those that only float needs: equal bits on every ISA. */
#include "tests/trainer/models/test_model.c"
