/* control.h -- what the scheduler tells a worker while it runs (common/wire.h, commands).
 *
 * A command is a wish: lines that are torn, unknown or wrong are passed over, and one that
 * is lost costs speed, never a result.
 */
#ifndef TRAINER_WORKER_CONTROL_H
#define TRAINER_WORKER_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/machine.h"

typedef struct Control {
    Buf line; /* the part of a line that has arrived */
} Control;

#define CONTROL_INIT ((Control){.line = BUF_INIT})

/* How many threads to work with, and where. */
typedef struct ControlShare {
    size_t threads;
    bool has_cores;
    CoreSet cores;
} ControlShare;

/* Reads what has arrived on the socket, without waiting; -1 is fine.  True when there was a
 * command about threads: the last one is in *ret. */
bool control_poll(Control *c, int socket_fd, ControlShare *ret);

/* One line without its newline.  False when it is no such command. */
bool control_parse(const char *line, size_t n, ControlShare *ret);

void control_release(Control *c);

#endif
