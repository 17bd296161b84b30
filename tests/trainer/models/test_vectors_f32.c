/* The same vectors in float: how far its rounding carries. */
#include "tests/trainer/models/test_vectors.c"
