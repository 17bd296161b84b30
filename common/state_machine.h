/* state_machine.h -- the life of a thing as a list of the changes that are allowed. */
#ifndef COMMON_STATE_MACHINE_H
#define COMMON_STATE_MACHINE_H

#include <stddef.h>

#include "common/err.h"

typedef struct StateEdge {
    unsigned from, event, to; /* values of enumerations */
} StateEdge;

typedef struct StateMachine {
    const StateEdge *edge; /* [n_edges] */
    size_t n_edges;
    const char *const *event_name;
    const char *before, *between; /* of an error: before, the state, between, the event */
} StateMachine;

/* Of an array of edges. */
#define STATE_MACHINE(edges, events, before_state, before_event)                          \
    {                                                                                     \
        (edges), sizeof(edges) / sizeof((edges)[0]), (events), before_state, before_event \
    }

/* Sets *ret, a variable of the states' enumeration; ERR_CONFLICT when `from`, which is called
 * from_name, has no such event. */
ErrCode state_next(const StateMachine *m, unsigned from, const char *from_name, unsigned event,
                   void *ret, Err *err);

#endif
