/* The same tests in float, where the tolerance is the question and not the algebra. */
#include "tests/trainer/models/test_model.c"
