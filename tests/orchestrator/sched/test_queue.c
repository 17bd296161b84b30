/* The heap against sorting, on many random sequences. */
#include <check.h>
#include <stdlib.h>

#include "common/rng.h"
#include "orchestrator/sched/queue.h"
#include "tests/support/suite.h"

enum { N = 200, ROUNDS = 300 };

static RunSpec spec[N];
static Job job[N];

static void setup(void)
{
    for (size_t i = 0; i < N; i++) {
        spec[i] = (RunSpec){.steps = 100};
        job[i] = (Job){.spec = &spec[i], .index = i, .flops_per_step = 1.0};
    }
}

/* Adds and takes in random order; whatever is taken is the first of what was in it. */
static void check(QueueIsBefore is_before, uint64_t seed)
{
    Err err = ERR_INIT;
    Queue q;
    bool is_in[N] = {false};
    size_t n = 0, next = 0;
    ck_assert_int_eq(queue_init(&q, N, is_before, &err), ERR_OK);
    ck_assert_ptr_null(queue_take(&q));
    for (uint64_t k = 0; next < N || n > 0; k++) {
        if (next < N && rng_u64(seed, 1, k) % 3 != 0) {
            job[next].step = (int64_t)(rng_u64(seed, 2, next) % 20); /* often the same work */
            job[next].not_before = (MonoNs)(rng_u64(seed, 3, next) % 20);
            is_in[next] = true;
            queue_add(&q, &job[next++]);
            n++;
            continue;
        }
        const Job *first = queue_first(&q), *got = queue_take(&q);
        ck_assert_ptr_eq(first, got);
        ck_assert_int_eq(got != NULL, n > 0);
        size_t n_before = 0;
        for (size_t i = 0; got && i < N; i++) {
            n_before += is_in[i] && &job[i] != got && is_before(&job[i], got);
        }
        ck_assert_uint_eq(n_before, 0);
        if (got) {
            is_in[got->index] = false;
            n--;
        }
    }
    queue_release(&q);
}

START_TEST(what_comes_out_is_the_first_of_what_is_in)
{
    for (uint64_t i = 0; i < ROUNDS; i++) {
        check(i % 2 ? queue_by_work : queue_by_time, i);
    }
}
END_TEST

START_TEST(the_longest_comes_first_by_what_is_left)
{
    job[1].step = 50; /* 50 are left of it, 100 of the others */
    ck_assert(queue_by_work(&job[0], &job[1]));
    ck_assert(queue_by_work(&job[2], &job[1]));
    ck_assert(queue_by_work(&job[0], &job[2])); /* as much: the study's order */
    ck_assert(!queue_by_work(&job[2], &job[0]));
    job[0].state = CATALOG_RUN_DONE;
    ck_assert(queue_by_work(&job[1], &job[0]));
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "queue", .set_up = setup});
}
