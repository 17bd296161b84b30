#include "tests/support/suite.h"

enum { TIMEOUT_S = 60 };

/* The linker's names for where the section that holds the list begins and ends. */
extern const ListedTest __start_listed_tests[], __stop_listed_tests[]; /* NOLINT */

static int by_line(const void *a, const void *b)
{
    const ListedTest *x = a, *y = b;
    return (x->test->line > y->test->line) - (x->test->line < y->test->line);
}

static void add_listed(TCase *tc)
{
    size_t n = (size_t)(__stop_listed_tests - __start_listed_tests);
    ListedTest *sorted = calloc(n, sizeof *sorted);
    for (size_t i = 0; sorted && i < n; i++) {
        sorted[i] = __start_listed_tests[i];
    }
    if (!sorted) {
        abort();
    }
    qsort(sorted, n, sizeof *sorted, by_line);
    for (size_t i = 0; i < n; i++) {
        tcase_add_loop_test(tc, sorted[i].test, 0, sorted[i].times());
    }
    free(sorted);
}

int test_main(TestPlan plan)
{
    Suite *suite = suite_create(plan.name);
    TCase *tc = tcase_create(plan.name);
    tcase_set_timeout(tc, plan.timeout > 0.0 ? plan.timeout : TIMEOUT_S);
    tcase_add_checked_fixture(tc, plan.set_up, plan.tear_down);
    tcase_add_unchecked_fixture(tc, plan.open, plan.close);
    add_listed(tc);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
