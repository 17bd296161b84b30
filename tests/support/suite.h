/* suite.h -- the tests of a file, and its main().
 *
 * A test is written with START_TEST or START_LOOP_TEST and is thereby on the list that test_main()
 * runs, in the order of the file: there is no second list to keep.
 */
#ifndef TESTS_SUPPORT_SUITE_H
#define TESTS_SUPPORT_SUITE_H

#include <check.h>
#include <stdlib.h>

typedef struct ListedTest {
    const TTest *test;
    int (*times)(void);
} ListedTest;

/* A test that runs once; in place of Check's own. */
#undef START_TEST
#define START_TEST(name) START_LOOP_TEST(name, 1)

/* A test that runs with _i = 0 .. count - 1; count is an expression. */
#define START_LOOP_TEST(name, count)                                                    \
    static void name##_fn(int _i);                                                      \
    static int name##_times(void)                                                       \
    {                                                                                   \
        return (int)(count);                                                            \
    }                                                                                   \
    static const TTest name##_ttest = {#name, name##_fn, __FILE__, __LINE__};           \
    static const ListedTest name##_listed                                               \
        __attribute__((used, section("listed_tests"))) = {&name##_ttest, name##_times}; \
    static void name##_fn(int _i CK_ATTRIBUTE_UNUSED)

typedef struct TestPlan {
    const char *name;
    void (*set_up)(void), (*tear_down)(void); /* around every test; NULL: nothing */
    void (*open)(void), (*close)(void);       /* once around all; NULL: nothing */
    double timeout;                           /* of one test [s]; 0: 60 */
} TestPlan;

/* Runs the tests of the file; returns main()'s exit status. */
int test_main(TestPlan plan);

#endif
