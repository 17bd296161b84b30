#include "trainer/worker/events.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/fsx.h"
#include "common/json.h"
#include "common/wire.h"

struct EventLog {
    char path[FSX_PATH_BYTES];
    char run[EVENTS_RUN_DIGITS + 1];
    int64_t attempt, seq;
    int fd;        /* events.jsonl */
    int socket_fd; /* -1: none or lost */
    Buf line;
    Buf unsent; /* rest of a line that the socket took in part */
};

/* seq after the lines that are there, and whether the last one lacks its newline. */
static ErrCode find_end(EventLog *log, bool *ret_is_torn, Err *err)
{
    enum { MAX_BYTES = 1 << 30 };
    Buf text = BUF_INIT;
    ErrCode rc = fsx_read(log->path, MAX_BYTES, &text, err);
    const char *p = buf_str(&text), *end = p + text.len;
    *ret_is_torn = rc == ERR_OK && text.len > 0 && end[-1] != '\n';
    while (rc == ERR_OK && p < end) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        size_t n = (size_t)((newline ? newline : end) - p);
        json_t *event = NULL;
        Err damaged = ERR_INIT; /* a damaged line is the reader's to report */
        int64_t seq = 0;
        if (wire_parse(p, n, &event, &damaged) == ERR_OK &&
            json_get_i64(event, "seq", &seq, &damaged) == ERR_OK && seq >= log->seq) {
            log->seq = seq + 1;
        }
        json_decref(event);
        p += newline ? n + 1 : n;
    }
    buf_release(&text);
    return rc;
}

static ErrCode open_file(EventLog *log, const char *dir, Err *err)
{
    ErrCode rc = ERR_OK;
    bool is_torn = false;
    TRY(fsx_mkdirs(dir, err));
    TRY(fsx_join(log->path, dir, "events.jsonl", err));
    log->fd = open(log->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (log->fd < 0) {
        rc = err_sys(err, "create %s", log->path);
        goto done;
    }
    TRY(fsx_sync_dir(dir, err));
    TRY(find_end(log, &is_torn, err));
    if (is_torn) {
        TRY(fsx_write_all(log->fd, "\n", 1, log->path, err));
    }
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

/* One write(2).  A regular file takes all of it or the disk is full. */
static ErrCode append_line(EventLog *log, Err *err)
{
    ssize_t k;
    do {
        k = write(log->fd, log->line.data, log->line.len);
    } while (k < 0 && errno == EINTR);
    if (k >= 0 && (size_t)k < log->line.len) {
        errno = ENOSPC;
        k = -1;
    }
    return k < 0 ? err_sys(err, "write %s", log->path) : ERR_OK;
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
    if (fdatasync(log->fd) != 0 && errno != EINVAL) { /* EINVAL: a pipe or a device, in tests */
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
