#include "trainer/core/team.h"

#include <signal.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { SPINS = 4000 }; /* some tens of microseconds */

static void pause_a_little(void)
{
#if defined(__x86_64__)
    _mm_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

void team_barrier(Team *t)
{
    if (t->active == 1) {
        return;
    }
    size_t generation = atomic_load_explicit(&t->generation, memory_order_acquire);
    if (atomic_fetch_add_explicit(&t->arrived, 1, memory_order_acq_rel) + 1 == t->active) {
        atomic_store_explicit(&t->arrived, 0, memory_order_relaxed);
        (void)pthread_mutex_lock(&t->lock); /* or a sleeper could miss it */
        atomic_store_explicit(&t->generation, generation + 1, memory_order_release);
        (void)pthread_cond_broadcast(&t->changed);
        (void)pthread_mutex_unlock(&t->lock);
        return;
    }
    for (size_t i = 0; i < SPINS; i++) {
        if (atomic_load_explicit(&t->generation, memory_order_acquire) != generation) {
            return;
        }
        pause_a_little();
    }
    (void)pthread_mutex_lock(&t->lock);
    while (atomic_load_explicit(&t->generation, memory_order_acquire) == generation) {
        (void)pthread_cond_wait(&t->changed, &t->lock);
    }
    (void)pthread_mutex_unlock(&t->lock);
}

/* Sleeps until there is a run after `seen`; false at the end.  A member that does not take
 * part may wake late, so the run keeps the number of those that do. */
static bool next_run(Team *t, size_t number, size_t *seen, bool *takes_part)
{
    (void)pthread_mutex_lock(&t->lock);
    while (t->run == *seen && !t->is_stopping) {
        (void)pthread_cond_wait(&t->changed, &t->lock);
    }
    *seen = t->run;
    *takes_part = number < t->run_active;
    bool goes_on = !t->is_stopping;
    (void)pthread_mutex_unlock(&t->lock);
    return goes_on;
}

static void *member_main(void *arg)
{
    const TeamMember *m = arg;
    Team *t = m->team;
    size_t seen = 0;
    bool takes_part = false;
    while (next_run(t, m->number, &seen, &takes_part)) {
        if (takes_part) {
            t->work(t->ctx, m->number);
            team_barrier(t); /* the end of the run */
        }
    }
    return NULL;
}

/* Signals are for the caller's thread. */
static int start_member(TeamMember *m)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&m->thread, NULL, member_main, m);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

int team_start(Team *t, size_t threads)
{
    size_t wanted = threads < 1 ? 1 : threads > TEAM_MAX ? TEAM_MAX : threads;
    *t = (Team){.threads = 1, .active = 1};
    (void)pthread_mutex_init(&t->lock, NULL);
    (void)pthread_cond_init(&t->changed, NULL);
    for (size_t i = 1; i < wanted; i++) {
        t->member[i].team = t;
        t->member[i].number = i;
        int rc = start_member(&t->member[i]);
        if (rc != 0) {
            team_stop(t);
            return rc;
        }
        t->threads = i + 1;
    }
    t->active = t->threads;
    return 0;
}

void team_stop(Team *t)
{
    (void)pthread_mutex_lock(&t->lock);
    t->is_stopping = true;
    (void)pthread_cond_broadcast(&t->changed);
    (void)pthread_mutex_unlock(&t->lock);
    for (size_t i = 1; i < t->threads; i++) {
        (void)pthread_join(t->member[i].thread, NULL);
    }
    (void)pthread_cond_destroy(&t->changed);
    (void)pthread_mutex_destroy(&t->lock);
    t->threads = t->active = 1;
}

void team_set_active(Team *t, size_t active)
{
    (void)pthread_mutex_lock(&t->lock);
    t->active = active < 1 ? 1 : active > t->threads ? t->threads : active;
    (void)pthread_mutex_unlock(&t->lock);
}

void team_run(Team *t, void (*work)(void *ctx, size_t number), void *ctx)
{
    if (t->active > 1) {
        (void)pthread_mutex_lock(&t->lock);
        t->work = work;
        t->ctx = ctx;
        t->run++;
        t->run_active = t->active;
        (void)pthread_cond_broadcast(&t->changed);
        (void)pthread_mutex_unlock(&t->lock);
    }
    work(ctx, 0);
    team_barrier(t);
}
