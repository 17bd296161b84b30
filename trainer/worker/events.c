#include "trainer/worker/events.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fsx.h"
#include "common/json.h"
#include "common/wire.h"

struct EventLog {
    char path[FSX_PATH_BYTES];
    char run[EVENTS_RUN_DIGITS + 1];
    int64_t attempt, seq;
    int fd;        /* events.jsonl */
    int64_t end;   /* of its last whole line [bytes] */
    bool is_torn;  /* half a line follows, which could not be cut off */
    int socket_fd; /* -1: none or lost */
    Buf line;
    Buf unsent; /* rest of a line that the socket took in part */
};

/* Back to the end of the last whole line, so that the next one does not run into half a line.
 * What is cut off was never read by anybody: readers wait for the newline. */
static bool cut(EventLog *log)
{
    int rc;
    do {
        rc = ftruncate(log->fd, log->end);
    } while (rc != 0 && errno == EINTR);
    return rc == 0;
}

/* seq and end of the whole lines that are there. */
static ErrCode find_end(EventLog *log, int64_t *ret_bytes, Err *err)
{
    enum { MAX_BYTES = 1 << 30 };
    Buf text = BUF_INIT;
    ErrCode rc = fsx_read(log->path, MAX_BYTES, &text, err);
    const char *start = buf_str(&text), *p = start, *newline;
    while (rc == ERR_OK && (newline = memchr(p, '\n', text.len - (size_t)(p - start))) != NULL) {
        json_t *event = NULL;
        Err damaged = ERR_INIT; /* a damaged line is the reader's to report */
        int64_t seq = 0;
        if (wire_parse(p, (size_t)(newline - p), &event, &damaged) == ERR_OK &&
            json_get_i64(event, "seq", &seq, &damaged) == ERR_OK && seq >= log->seq) {
            log->seq = seq + 1;
        }
        json_decref(event);
        p = newline + 1;
    }
    log->end = p - start;
    *ret_bytes = (int64_t)text.len;
    buf_release(&text);
    return rc;
}

/* What is in a file that was there already. */
static ErrCode take_up(EventLog *log, Err *err)
{
    struct stat st;
    int64_t bytes = 0;
    if (fstat(log->fd, &st) != 0) {
        return err_sys(err, "stat %s", log->path);
    }
    if (!S_ISREG(st.st_mode) || st.st_size == 0) { /* a pipe or a device, in tests */
        return ERR_OK;
    }
    ErrCode rc = find_end(log, &bytes, err);
    if (rc == ERR_OK && log->end < bytes && !cut(log)) {
        rc = err_sys(err, "cut the torn last line of %s", log->path);
    }
    return rc;
}

static ErrCode open_file(EventLog *log, const char *dir, Err *err)
{
    ErrCode rc = ERR_OK;
    TRY(fsx_mkdirs(dir, err));
    TRY(fsx_join(log->path, dir, "events.jsonl", err));
    do {
        log->fd = open(log->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    } while (log->fd < 0 && errno == EINTR);
    if (log->fd < 0) {
        rc = err_sys(err, "create %s", log->path);
        goto done;
    }
    TRY(fsx_sync_dir(dir, err));
    TRY(take_up(log, err));
done:
    return rc;
}

ErrCode event_log_open(const char *dir, const char *run, int64_t attempt, int socket_fd,
                       EventLog **ret, Err *err)
{
    EventLog *log = calloc(1, sizeof *log);
    if (!log) {
        return err_nomem(err, "the event log");
    }
    log->fd = -1;
    log->socket_fd = socket_fd;
    log->attempt = attempt;
    (void)snprintf(log->run, sizeof log->run, "%s", run);
    if (socket_fd >= 0) {
        (void)fcntl(socket_fd, F_SETFD, FD_CLOEXEC); /* fails only for a lost socket */
    }
    ErrCode rc = open_file(log, dir, err);
    if (rc != ERR_OK) {
        event_log_close(log);
        return rc;
    }
    *ret = log;
    return ERR_OK;
}

/* One attempt to send; false when the socket is gone. */
static bool send_some(EventLog *log, const char *bytes, size_t n, size_t *ret_sent)
{
    *ret_sent = 0;
    ssize_t k = send(log->socket_fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (k >= 0) {
        *ret_sent = (size_t)k;
        return true;
    }
    return errno == EAGAIN || errno == EINTR;
}

/* A line is sent whole, or its rest before the next line, or not at all. */
static void send_line(EventLog *log)
{
    if (log->socket_fd < 0) {
        return;
    }
    size_t sent = 0;
    bool is_alive = true;
    if (log->unsent.len > 0) {
        is_alive = send_some(log, log->unsent.data, log->unsent.len, &sent);
        size_t rest = log->unsent.len - sent;
        memmove(log->unsent.data, log->unsent.data + sent, rest);
        log->unsent.len = rest;
    }
    if (is_alive && log->unsent.len == 0) {
        is_alive = send_some(log, log->line.data, log->line.len, &sent);
        if (sent > 0) {
            buf_clear(&log->unsent);
            buf_add(&log->unsent, log->line.data + sent, log->line.len - sent);
        }
    }
    if (!is_alive || log->unsent.is_short) {
        (void)close(log->socket_fd);
        log->socket_fd = -1;
    }
}

/* One write(2), unless a signal or a full disk takes part of it.  When not all of it can be
 * written, none of it stays. */
static ErrCode append_line(EventLog *log, Err *err)
{
    size_t done = 0;
    if (log->is_torn && !cut(log)) {
        return err_sys(err, "cut the torn last line of %s", log->path);
    }
    log->is_torn = false;
    while (done < log->line.len) {
        ssize_t k = write(log->fd, log->line.data + done, log->line.len - done);
        if (k < 0 && errno == EINTR) {
            continue;
        }
        if (k <= 0) {
            errno = k == 0 ? ENOSPC : errno;
            ErrCode rc = err_sys(err, "write %s", log->path);
            log->is_torn = done > 0 && !cut(log);
            return rc;
        }
        done += (size_t)k;
    }
    log->end += (int64_t)done;
    return ERR_OK;
}

ErrCode event_log_emit(EventLog *log, json_t *body, Err *err)
{
    ErrCode rc = ERR_OK;
    WireHead head = {log->seq, log->run, log->attempt, clock_unix_ms()};
    buf_clear(&log->line);
    TRY(wire_format(head, body, &log->line, err));
    TRY(append_line(log, err));
    log->seq++;
    send_line(log);
done:
    return rc;
}

int event_log_socket(const EventLog *log)
{
    return log->socket_fd;
}

ErrCode event_log_sync(EventLog *log, Err *err)
{
    int rc;
    do {
        rc = fdatasync(log->fd);
    } while (rc != 0 && errno == EINTR);
    if (rc != 0 && errno != EINVAL) { /* EINVAL: a pipe or a device, in tests */
        return err_sys(err, "fdatasync %s", log->path);
    }
    return ERR_OK;
}

void event_log_close(EventLog *log)
{
    if (!log) {
        return;
    }
    if (log->fd >= 0) {
        (void)close(log->fd); /* synced before, where it matters */
    }
    if (log->socket_fd >= 0) {
        (void)close(log->socket_fd);
    }
    buf_release(&log->line);
    buf_release(&log->unsent);
    free(log);
}
