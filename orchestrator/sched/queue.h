/* queue.h -- runs in an order, the first one at hand: a binary heap.  Private to
 * orchestrator/sched.
 *
 * Two of them hold every run that waits: `ready`, the most work left first (longest
 * processing time first: at most 4/3 of the best possible makespan, Graham 1969), and
 * `delayed`, the earliest end of a back-off first.  Adding and taking cost O(log n).
 */
#ifndef ORCHESTRATOR_SCHED_QUEUE_H
#define ORCHESTRATOR_SCHED_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "orchestrator/sched/job.h"

typedef bool (*QueueIsBefore)(const Job *a, const Job *b);

/* The most work left; of as much, the one that comes first in the study. */
bool queue_by_work(const Job *a, const Job *b);
/* The one whose back-off ends first. */
bool queue_by_time(const Job *a, const Job *b);

typedef struct Queue {
    Job **job; /* [n] the heap; room for every run of the study */
    size_t n;
    QueueIsBefore is_before;
} Queue;

/* Room for n runs.  ERR_NOMEM. */
ErrCode queue_init(Queue *q, size_t n, QueueIsBefore is_before, Err *err);
void queue_release(Queue *q);

void queue_add(Queue *q, Job *j);
Job *queue_first(const Queue *q); /* NULL when it is empty */
Job *queue_take(Queue *q);        /* removes and returns it */

#endif
