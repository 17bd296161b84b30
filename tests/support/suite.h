/* suite.h -- main() of a test file. */
#ifndef TESTS_SUPPORT_SUITE_H
#define TESTS_SUPPORT_SUITE_H

#include <check.h>
#include <stdlib.h>

/* Runs a suite and frees it; returns main()'s exit status. */
static inline int suite_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The same for the tests added by `fill`, as one suite of one case. */
static inline int suite_main(const char *name, void (*fill)(TCase *tc))
{
    Suite *suite = suite_create(name);
    TCase *tc = tcase_create(name);
    tcase_set_timeout(tc, 60.0);
    fill(tc);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}

#endif
