/* A team: everybody works once a run, barriers hold, shares cover everything once. */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "tests/support/suite.h"
#include "trainer/core/team.h"

enum { MANY = 4, ROUNDS = 60 };

typedef struct Count {
    Team team;
    size_t calls[TEAM_MAX]; /* written by its own thread alone */
    size_t round[TEAM_MAX];
    size_t late; /* rounds that somebody saw begin before all had ended the one before */
} Count;

/* Each round: write, wait, read what everybody wrote, wait. */
static void work(void *ctx, size_t number)
{
    Count *c = ctx;
    c->calls[number]++;
    for (size_t r = 1; r <= ROUNDS; r++) {
        c->round[number] = r;
        team_barrier(&c->team);
        for (size_t i = 0; number == 0 && i < c->team.active; i++) {
            c->late += c->round[i] != r;
        }
        team_barrier(&c->team);
    }
}

START_LOOP_TEST(a_barrier_holds_everybody, MANY + 1)
{
    static Count c;
    ck_assert_int_eq(team_start(&c.team, (size_t)_i), 0);
    ck_assert_uint_eq(c.team.threads, _i == 0 ? 1 : (size_t)_i);
    for (int run = 0; run < 5; run++) {
        team_run(&c.team, work, &c);
    }
    for (size_t i = 0; i < MANY; i++) {
        ck_assert_uint_eq(c.calls[i], i < c.team.threads ? 5 : 0);
    }
    ck_assert_uint_eq(c.late, 0);
    team_stop(&c.team);
}
END_TEST

START_TEST(fewer_than_all_may_work)
{
    static Count c;
    ck_assert_int_eq(team_start(&c.team, MANY), 0);
    const size_t active[] = {2, 4, 1, 3, 0, 99, 2};
    const size_t want[MANY] = {7, 5, 3, 2}; /* runs in which each takes part */
    for (size_t i = 0; i < sizeof active / sizeof active[0]; i++) {
        team_set_active(&c.team, active[i]);
        team_run(&c.team, work, &c);
    }
    for (size_t i = 0; i < MANY; i++) {
        ck_assert_uint_eq(c.calls[i], want[i]);
    }
    ck_assert_uint_eq(c.late, 0);
    team_stop(&c.team);
}
END_TEST

/* Stacks larger than the address space: the first thread of ours cannot be made. */
START_TEST(a_thread_that_cannot_start_is_reported)
{
    static Team t;
    pthread_attr_t attr;
    ck_assert_int_eq(pthread_attr_init(&attr), 0);
    ck_assert_int_eq(pthread_attr_setstacksize(&attr, (size_t)1 << 60), 0);
    ck_assert_int_eq(pthread_setattr_default_np(&attr), 0);
    ck_assert_int_eq(team_start(&t, 3), EAGAIN);
    ck_assert_uint_eq(t.threads, 1);
    ck_assert_int_eq(team_start(&t, 1), 0); /* alone it needs none */
    team_stop(&t);
}
END_TEST

START_TEST(shares_cover_everything_once)
{
    for (size_t n = 0; n < 70; n++) {
        for (size_t threads = 1; threads <= 5; threads++) {
            for (size_t unit = 1; unit <= 33; unit += 16) {
                size_t at = 0;
                for (size_t i = 0; i < threads; i++) {
                    Share s = team_share(n, unit, i, threads);
                    ck_assert_uint_eq(s.first, at);
                    ck_assert(s.first % unit == 0 || s.first == n);
                    at = s.end;
                }
                ck_assert_uint_eq(at, n);
            }
        }
    }
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "team"});
}
