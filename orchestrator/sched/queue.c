#include "orchestrator/sched/queue.h"

#include <stdlib.h>

bool queue_by_work(const Job *a, const Job *b)
{
    double x = job_work_left(a), y = job_work_left(b);
    return x != y ? x > y : a->index < b->index;
}

bool queue_by_time(const Job *a, const Job *b)
{
    return a->not_before != b->not_before ? a->not_before < b->not_before : a->index < b->index;
}

ErrCode queue_init(Queue *q, size_t n, QueueIsBefore is_before, Err *err)
{
    *q = (Queue){.job = calloc(n + 1, sizeof(Job *)), .is_before = is_before};
    return q->job ? ERR_OK : err_nomem(err, "runs");
}

void queue_release(Queue *q)
{
    free(q->job);
    *q = (Queue){0};
}

void queue_add(Queue *q, Job *j)
{
    size_t at = q->n++;
    while (at > 0 && q->is_before(j, q->job[(at - 1) / 2])) {
        q->job[at] = q->job[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    q->job[at] = j;
}

Job *queue_first(const Queue *q)
{
    return q->n > 0 ? q->job[0] : NULL;
}

Job *queue_take(Queue *q)
{
    if (q->n == 0) {
        return NULL;
    }
    Job *first = q->job[0], *last = q->job[--q->n];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= q->n) {
            break;
        }
        if (child + 1 < q->n && q->is_before(q->job[child + 1], q->job[child])) {
            child++;
        }
        if (!q->is_before(q->job[child], last)) {
            break;
        }
        q->job[at] = q->job[child];
        at = child;
    }
    q->job[at] = last;
    return first;
}
