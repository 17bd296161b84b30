#include "analysis/fit/parallel.h"

#include <pthread.h>
#include <stdbool.h>

enum { MAX_THREADS = 64 };

typedef struct Share {
    size_t worker, stride, n;
    ParallelItem item;
    void *ctx;
} Share;

static void *run_share(void *arg)
{
    const Share *s = arg;
    for (size_t i = s->worker; i < s->n; i += s->stride) {
        s->item(s->ctx, s->worker, i);
    }
    return NULL;
}

void parallel_for(size_t threads, size_t n, ParallelItem item, void *ctx)
{
    size_t stride = threads < 1 ? 1 : threads > MAX_THREADS ? MAX_THREADS : threads;
    Share share[MAX_THREADS];
    pthread_t thread[MAX_THREADS];
    bool is_running[MAX_THREADS] = {false};
    for (size_t w = 0; w < stride; w++) {
        share[w] = (Share){w, stride, n, item, ctx};
        is_running[w] = w > 0 && pthread_create(&thread[w], NULL, run_share, &share[w]) == 0;
    }
    for (size_t w = 0; w < stride; w++) {
        if (!is_running[w]) {
            (void)run_share(&share[w]);
        }
    }
    for (size_t w = 0; w < stride; w++) {
        if (is_running[w]) {
            (void)pthread_join(thread[w], NULL);
        }
    }
}
