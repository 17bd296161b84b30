#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/fsx.h"
#include "common/json.h"
#include "common/wire.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"
#include "trainer/worker/events.h"

static const char run_hash[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static void emit(EventLog *log, int step)
{
    Err err = ERR_INIT;
    json_t *body = json_pack("{s:s, s:i}", "event", "step", "step", step);
    ck_assert_msg(event_log_emit(log, body, &err) == ERR_OK, "%s", err.msg);
}

static EventLog *open_log(const TmpDir *t, int socket_fd)
{
    Err err = ERR_INIT;
    EventLog *log = NULL;
    ck_assert_msg(event_log_open(t->path, run_hash, 3, socket_fd, &log, &err) == ERR_OK, "%s",
                  err.msg);
    return log;
}

static Buf read_log(const TmpDir *t)
{
    Err err = ERR_INIT;
    Buf text = BUF_INIT;
    char path[FSX_PATH_BYTES];
    ck_assert_int_eq(fsx_join(path, t->path, "events.jsonl", &err), ERR_OK);
    ck_assert_int_eq(fsx_read(path, 1 << 24, &text, &err), ERR_OK);
    return text;
}

/* Every line parses, and seq counts from 0 without a gap; returns the number of lines. */
static int64_t check_lines(const Buf *text)
{
    int64_t n = 0;
    for (const char *p = buf_str(text), *end; (end = strchr(p, '\n')) != NULL; p = end + 1) {
        Err err = ERR_INIT;
        json_t *v = NULL;
        int64_t seq = -1, attempt = -1;
        const char *run = NULL;
        ck_assert_msg(wire_parse(p, (size_t)(end - p), &v, &err) == ERR_OK, "%s", err.msg);
        ck_assert_int_eq(json_get_i64(v, "seq", &seq, &err), ERR_OK);
        ck_assert_int_eq(json_get_i64(v, "attempt", &attempt, &err), ERR_OK);
        ck_assert_int_eq(json_get_str(v, "run", &run, &err), ERR_OK);
        ck_assert_int_eq(seq, n++);
        ck_assert_int_eq(attempt, 3);
        ck_assert_str_eq(run, "0123456789ab");
        json_decref(v);
    }
    return n;
}

START_TEST(file_and_socket_get_the_same_bytes)
{
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    EventLog *log = open_log(&tmp, pair[0]);
    Err err = ERR_INIT;
    for (int i = 0; i < 5; i++) {
        emit(log, i);
    }
    ck_assert_int_eq(event_log_sync(log, &err), ERR_OK);
    Buf file = read_log(&tmp);
    char got[4096];
    ssize_t n = recv(pair[1], got, sizeof got, 0);
    ck_assert_int_eq(n, (ssize_t)file.len);
    ck_assert_int_eq(memcmp(got, file.data, file.len), 0);
    ck_assert_int_eq(check_lines(&file), 5);
    ck_assert_int_ne(fcntl(pair[0], F_GETFD) & FD_CLOEXEC, 0);
    event_log_close(log);
    buf_release(&file);
    (void)close(pair[1]);
}
END_TEST

START_TEST(a_lost_socket_changes_nothing)
{
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    EventLog *log = open_log(&tmp, pair[0]);
    emit(log, 0);
    (void)close(pair[1]);
    emit(log, 1); /* would raise SIGPIPE */
    emit(log, 2);
    event_log_close(log);
    Buf file = read_log(&tmp);
    ck_assert_int_eq(check_lines(&file), 3);
    buf_release(&file);
}
END_TEST

/* Nobody reads for a while: the writer never waits, and what arrives is whole lines. */
START_TEST(a_full_socket_skips_lines_and_tears_none)
{
    enum { LINES = 4000 };
    int pair[2], small = 4096;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    ck_assert_int_eq(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
    EventLog *log = open_log(&tmp, pair[0]);
    Buf got = BUF_INIT;
    for (int i = 0; i < LINES; i++) {
        emit(log, i);
        char part[3000];
        ssize_t n = i % 50 == 0 ? recv(pair[1], part, sizeof part, MSG_DONTWAIT) : 0;
        buf_add(&got, part, n > 0 ? (size_t)n : 0);
    }
    Buf file = read_log(&tmp);
    ck_assert_int_eq(check_lines(&file), LINES);
    int n_lines = 0;
    for (const char *p = buf_str(&got), *end; (end = strchr(p, '\n')) != NULL; p = end + 1) {
        Err err = ERR_INIT;
        json_t *v = NULL;
        ck_assert_msg(wire_parse(p, (size_t)(end - p), &v, &err) == ERR_OK, "%s", err.msg);
        json_decref(v);
        n_lines++;
    }
    ck_assert_int_gt(n_lines, 100);
    ck_assert_int_lt(n_lines, LINES);
    event_log_close(log);
    buf_release(&got);
    buf_release(&file);
    (void)close(pair[1]);
}
END_TEST

START_TEST(an_existing_log_is_continued)
{
    EventLog *log = open_log(&tmp, -1);
    emit(log, 0);
    emit(log, 1);
    event_log_close(log);
    Buf before = read_log(&tmp);
    before.len -= 7; /* a torn last line */
    before.data[before.len] = '\0';
    (void)tmpdir_write(&tmp, "events.jsonl", buf_str(&before));
    log = open_log(&tmp, -1);
    emit(log, 1);
    event_log_close(log);
    Buf after = read_log(&tmp);
    ck_assert_int_eq(check_lines(&after), 2); /* nothing of the torn line is left */
    buf_release(&before);
    buf_release(&after);
}
END_TEST

START_TEST(errors_are_reported)
{
    Err err = ERR_INIT;
    EventLog *log = NULL;
    ck_assert_int_eq(event_log_open("/proc/none", run_hash, 0, -1, &log, &err), ERR_IO);
    log = open_log(&tmp, -1);
    char *big = malloc(WIRE_LINE_BYTES + 1);
    ck_assert_ptr_nonnull(big);
    memset(big, 'x', WIRE_LINE_BYTES);
    big[WIRE_LINE_BYTES] = '\0';
    json_t *body = json_pack("{s:s, s:s}", "event", "bye", "reason", big);
    ck_assert_int_eq(event_log_emit(log, body, &err), ERR_INVALID);
    emit(log, 0); /* the log is still good */
    Buf file = read_log(&tmp);
    ck_assert_int_eq(check_lines(&file), 1);
    buf_release(&file);
    event_log_close(log);
    free(big);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "events", .set_up = tmp_open, .tear_down = tmp_close});
}
