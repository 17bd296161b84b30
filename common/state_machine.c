#include "common/state_machine.h"

#include <string.h>

ErrCode state_next(const StateMachine *m, unsigned from, const char *from_name, unsigned event,
                   void *ret, Err *err)
{
    for (size_t i = 0; i < m->n_edges; i++) {
        if (m->edge[i].from == from && m->edge[i].event == event) {
            memcpy(ret, &m->edge[i].to, sizeof m->edge[i].to);
            return ERR_OK;
        }
    }
    return err_set(err, ERR_CONFLICT, "%s%s%s%s", m->before, from_name, m->between,
                   m->event_name[event]);
}
