/* stop.h -- signals as flags that the training loop looks at once a step.
 *
 *   SIGTERM, SIGINT   finish the step, write a state, leave: stop_requested()
 *   SIGUSR1           write a state now and go on: stop_take_save()
 *
 * The only global state of the worker, because a signal handler has no argument.
 */
#ifndef TRAINER_WORKER_STOP_H
#define TRAINER_WORKER_STOP_H

#include <stdbool.h>

/* Installs the handlers; ignores SIGPIPE and SIGXFSZ, so that write(2) reports instead. */
void stop_install(void);

/* True from the first SIGTERM or SIGINT on. */
bool stop_requested(void);

/* "SIGTERM", ... or "" while none came. */
const char *stop_name(void);

/* True once after each SIGUSR1. */
bool stop_take_save(void);

/* Asks the kernel for a SIGTERM when the parent dies, so that an orphan stops with its
 * state saved; `socket_fd` is the event socket, whose other end the parent holds: if it is
 * closed already, the parent died before this call, and a stop is requested at once. */
void stop_with_parent(int socket_fd);

#endif
