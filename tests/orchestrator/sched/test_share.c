/* Cores among attempts, on machines that are numbers. */
#include "orchestrator/sched/share.h"

#include <string.h>

#include "tests/support/suite.h"

enum { MOST = 8 };
static Share s[MOST];

static void at_work(size_t n, const double *work_left, size_t most)
{
    memset(s, 0, sizeof s);
    for (size_t i = 0; i < n; i++) {
        s[i] = (Share){.work_left = work_left[i], .most = most};
    }
}

static void expect_threads(size_t n, const size_t *want)
{
    for (size_t i = 0; i < n; i++) {
        ck_assert_msg(s[i].threads == want[i], "attempt %zu has %zu threads, not %zu", i,
                      s[i].threads, want[i]);
    }
}

static const char *cores_of(const Share *x)
{
    static char text[64];
    CoreSet set = {.n = 0};
    for (int i = 0; i < 16; i++) {
        if (CPU_ISSET((size_t)i, &x->cores)) {
            set.core[set.n++] = i;
        }
    }
    return core_set_text(&set, text, sizeof text);
}

START_TEST(everyone_has_one_while_there_are_enough)
{
    at_work(4, (const double[]){9, 1, 5, 2}, 4);
    share_threads(s, 4, 4, 0);
    expect_threads(4, (const size_t[]){1, 1, 1, 1});
    share_threads(s, 4, 2, 0);
    expect_threads(4, (const size_t[]){1, 1, 1, 1});
    share_threads(s, 4, 2, 3);
    expect_threads(4, (const size_t[]){3, 3, 3, 3});
    share_threads(s, 0, 2, 0);
}
END_TEST

START_TEST(idle_cores_go_to_those_who_would_end_last)
{
    at_work(2, (const double[]){10, 4}, 8);
    share_threads(s, 2, 4, 0); /* 10/1, then 10/2 > 4 */
    expect_threads(2, (const size_t[]){3, 1});
    share_threads(s, 2, 5, 0); /* then 4 > 10/3 */
    expect_threads(2, (const size_t[]){3, 2});
    at_work(2, (const double[]){10, 4}, 2); /* opened for two */
    share_threads(s, 2, 8, 0);
    expect_threads(2, (const size_t[]){2, 2});
    at_work(1, (const double[]){0}, 4); /* its work is done but for the checkpoint */
    share_threads(s, 1, 4, 0);
    expect_threads(1, (const size_t[]){4});
}
END_TEST

START_TEST(cores_are_distinct_and_stay)
{
    const CoreSet allowed = {.core = {2, 3, 8, 9}, .n = 4};
    at_work(3, (const double[]){9, 4, 3}, 4);
    share_threads(s, 3, 4, 0);
    share_cores(s, 3, &allowed);
    ck_assert_str_eq(cores_of(&s[0]), "2-3");
    ck_assert_str_eq(cores_of(&s[1]), "8");
    ck_assert_str_eq(cores_of(&s[2]), "9");
    s[0] = s[1]; /* the first has ended */
    s[1] = s[2];
    share_threads(s, 2, 4, 0);
    share_cores(s, 2, &allowed);
    ck_assert_str_eq(cores_of(&s[0]), "2,8");
    ck_assert_str_eq(cores_of(&s[1]), "3,9");
    ck_assert(s[0].is_pinned && s[1].is_pinned);
    memset(&s[2], 0, 2 * sizeof *s); /* two begin */
    s[2].most = s[3].most = 4;
    share_threads(s, 4, 4, 0);
    share_cores(s, 4, &allowed);
    ck_assert_str_eq(cores_of(&s[0]), "2");
    ck_assert_str_eq(cores_of(&s[1]), "3");
    ck_assert_str_eq(cores_of(&s[2]), "8");
    ck_assert_str_eq(cores_of(&s[3]), "9");
}
END_TEST

START_TEST(nobody_is_kept_anywhere_while_cores_are_idle)
{
    const CoreSet allowed = {.core = {0, 1, 2}, .n = 3};
    at_work(2, (const double[]){1, 1}, 1);
    share_threads(s, 2, 3, 1);
    share_cores(s, 2, &allowed);
    ck_assert(!s[0].is_pinned && !s[1].is_pinned);
    ck_assert_str_eq(cores_of(&s[1]), "0-2");
}
END_TEST

START_TEST(too_many_attempts_share_evenly)
{
    const CoreSet allowed = {.core = {0, 1}, .n = 2};
    at_work(4, (const double[]){1, 1, 1, 1}, 1);
    share_threads(s, 4, 2, 1);
    share_cores(s, 4, &allowed);
    int n[2] = {0};
    for (int i = 0; i < 4; i++) {
        n[0] += CPU_ISSET(0, &s[i].cores) != 0;
        n[1] += CPU_ISSET(1, &s[i].cores) != 0;
    }
    ck_assert(n[0] == 2 && n[1] == 2);
    at_work(1, (const double[]){1}, 9); /* more threads than cores */
    share_threads(s, 1, 2, 9);
    share_cores(s, 1, &allowed);
    ck_assert_str_eq(cores_of(&s[0]), "0-1");
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "share"});
}
