/* team.h -- threads that work on one calculation together.
 *
 * team_run() calls the same function once on every thread, the caller's being number 0;
 * inside it team_barrier() waits for the others.  Who does what is a function of the
 * thread's number and of how many there are (team_share), never of timing, and no result
 * here may depend on it: threads split outputs, not sums.
 *
 * Between runs the threads sleep; at a barrier they spin for some microseconds before.
 */
#ifndef TRAINER_CORE_TEAM_H
#define TRAINER_CORE_TEAM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum { TEAM_MAX = 64 };

typedef struct Team Team;

/* What a thread of its own needs to know. */
typedef struct TeamMember {
    Team *team;
    size_t number;
    pthread_t thread;
} TeamMember;

/* One user at a time; its address must not change between start and stop. */
struct Team {
    size_t threads; /* started, the caller's included */
    size_t active;  /* that take part in a run, 1 .. threads */
    void (*work)(void *ctx, size_t number);
    void *ctx;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    atomic_size_t arrived;    /* at the barrier of this generation */
    atomic_size_t generation; /* of barriers */
    size_t run, run_active;   /* under lock: number of the newest run, and who takes part */
    bool is_stopping;         /* under lock */
    TeamMember member[TEAM_MAX];
};

/* A team of 1 .. TEAM_MAX threads, all active (others are taken as the nearest).  Returns 0,
 * or the errno of a thread that could not be started: then none is left. */
int team_start(Team *t, size_t threads);
void team_stop(Team *t);

/* Between runs: how many take part from now on. */
void team_set_active(Team *t, size_t active);

void team_run(Team *t, void (*work)(void *ctx, size_t number), void *ctx);

/* Everything written before by any member is seen after by all. */
void team_barrier(Team *t);

/* The part of 0 .. n that belongs to one of `threads`: whole units but for the last. */
typedef struct Share {
    size_t first, end;
} Share;

static inline Share team_share(size_t n, size_t unit, size_t number, size_t threads)
{
    size_t units = (n + unit - 1) / unit;
    size_t first = units * number / threads * unit, end = units * (number + 1) / threads * unit;
    return (Share){first < n ? first : n, end < n ? end : n};
}

#endif
