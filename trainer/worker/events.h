/* events.h -- the event log of an attempt (common/wire.h has the lines).
 *
 * Every line goes to ATTEMPT/events.jsonl by one write(2), so that a reader never
 * sees half a line of a living worker, and then the same bytes go to the inherited
 * socket, which only saves latency: when it is full its lines are skipped, when it
 * is lost the log goes on without it.
 *
 * A line that cannot be written whole (a full disk) is cut off again, so that the next one, a
 * bye perhaps, does not run into half of it.  A file that exists already (the same attempt
 * started again by hand) is continued: `seq` goes on, and a torn last line is cut off first.
 */
#ifndef TRAINER_WORKER_EVENTS_H
#define TRAINER_WORKER_EVENTS_H

#include <jansson.h>
#include <stdint.h>

#include "common/err.h"

enum { EVENTS_RUN_DIGITS = 12 };

typedef struct EventLog EventLog;

/* Opens (creates) dir/events.jsonl; `run` is the run's hash, of which the first 12 digits
 * are sent; socket_fd -1: none.  Takes the socket over.  ERR_IO, ERR_NOMEM. */
ErrCode event_log_open(const char *dir, const char *run, int64_t attempt, int socket_fd,
                       EventLog **ret, Err *err);

/* Writes one event; steals `body` (wire_format).  ERR_IO, ERR_NOMEM, ERR_INVALID. */
ErrCode event_log_emit(EventLog *log, json_t *body, Err *err);

/* The socket, -1 without one or when it was lost; it stays the log's. */
int event_log_socket(const EventLog *log);

/* fdatasync of the file. */
ErrCode event_log_sync(EventLog *log, Err *err);

/* Closes; NULL is fine. */
void event_log_close(EventLog *log);

#endif
