/* What a terminal sees of the verbs of a study: widths, colours, the watch, and a full disk. */
#include <check.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/cli/sample_study.h"
#include "tests/support/suite.h"

/* What the watch wrote last: the frame, its lines parted by \n, without colours; waits for one. */
static void read_frame(int fd, Buf *frame)
{
    Buf all = BUF_INIT;
    const char *begin = NULL, *end = NULL;
    while (!end) {
        char piece[4096];
        struct pollfd p = {.fd = fd, .events = POLLIN};
        ck_assert_int_eq(poll(&p, 1, 20000), 1);
        ssize_t n = read(fd, piece, sizeof piece);
        ck_assert_int_gt(n, 0);
        buf_add(&all, piece, (size_t)n);
        begin = strstr(buf_str(&all), "\033[H");
        end = begin ? strstr(begin, "\033[J") : NULL;
    }
    buf_clear(frame);
    for (const char *c = begin; c < end; c++) {
        if (*c == '\033') {
            c += strcspn(c, "HKmhl");
        } else if (*c != '\r') {
            buf_putc(frame, *c);
        }
    }
    buf_release(&all);
}

/* The terminal cuts what cannot be broken: one longer word. */
static void check_frame(const Buf *frame, size_t rows, size_t columns)
{
    size_t n = 0;
    for (const char *line = buf_str(frame); *line; line += strcspn(line, "\n") + 1, n++) {
        size_t first = strspn(line, " "), n_line = strcspn(line, "\n");
        bool is_word = first + strcspn(line + first, " \n") == n_line;
        ck_assert_msg(n_line <= columns || is_word, "%s", buf_str(frame));
    }
    ck_assert_msg(n < rows, "%zu lines in %zu: %s", n, rows, buf_str(frame));
    HAS(buf_str(frame), "Study sample in ");
}

/* The interval is so long that only the new size can have made the second frame. */
START_TEST(a_watch_fits_its_window_and_follows_its_size)
{
    Sample s = open_study();
    Buf frame = BUF_INIT;
    int terminal = -1;
    add_waiting(&s, 30);
    struct winsize size = {.ws_row = 26, .ws_col = 60};
    pid_t pid = forkpty(&terminal, NULL, NULL, &size);
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        (void)unsetenv("COLUMNS");
        (void)setenv("TERM", "xterm", 1);
        (void)execl(SLAW_BIN_DIR "/slaw", "slaw", "status", s.tmp.path, "--watch", "--interval",
                    "600", (char *)NULL);
        _exit(127);
    }
    read_frame(terminal, &frame);
    check_frame(&frame, 26, 60);
    HAS(buf_str(&frame), "llama-20k-0");
    HAS(buf_str(&frame), "more runs are not shown, for want of room.");
    size = (struct winsize){.ws_row = 14, .ws_col = 40};
    ck_assert_int_eq(ioctl(terminal, TIOCSWINSZ, &size), 0);
    read_frame(terminal, &frame);
    check_frame(&frame, 14, 40);
    size = (struct winsize){.ws_row = 60, .ws_col = 110};
    ck_assert_int_eq(ioctl(terminal, TIOCSWINSZ, &size), 0);
    read_frame(terminal, &frame);
    check_frame(&frame, 60, 110);
    HAS(buf_str(&frame), "more-29");
    HAS(buf_str(&frame), "slaw retry");
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    (void)close(terminal);
    buf_release(&frame);
    sample_close(&s);
}
END_TEST

START_TEST(states_have_colours_on_request)
{
    Sample s = open_study();
    Buf out = BUF_INIT;
    ck_assert_int_eq(slaw(&s, "ls @ --color always", &out), 0);
    HAS(buf_str(&out), "\033[32mdone\033[0m");
    HAS(buf_str(&out), "\033[31mfailed\033[0m");
    HAS(buf_str(&out), "\033[2mwaiting\033[0m");
    ck_assert_int_eq(slaw(&s, "ls @", &out), 0);
    ck_assert_ptr_null(strchr(buf_str(&out), '\033'));
    buf_release(&out);
    sample_close(&s);
}
END_TEST

START_TEST(nothing_passes_the_width)
{
    static const char *const args[] = {"status @",          "ls @",           "show @ tnl-20k-1",
                                       "verify @",          "gc @ --dry-run", "reindex @",
                                       "doctor --measure 0"};
    Sample s = open_study();
    Buf out = BUF_INIT;
    add_waiting(&s, 3);
    for (size_t i = 0; i < sizeof args / sizeof args[0]; i++) {
        for (int width = 60; width <= 100; width += 20) {
            char line[128];
            (void)snprintf(line, sizeof line, "%s --width %d", args[i], width);
            (void)slaw(&s, line, &out);
            for (const char *p = buf_str(&out); *p; p += strcspn(p, "\n") + 1) {
                size_t n = strcspn(p, "\n"), last = n;
                while (last > 0 && p[last - 1] != ' ') { /* but for one longer word */
                    last--;
                }
                ck_assert_msg(n <= (size_t)width || last <= 22, "%s: %.*s", line, (int)n, p);
            }
        }
    }
    buf_release(&out);
    sample_close(&s);
}
END_TEST

/* Each of these verbs notices that nobody got its answer. */
START_TEST(an_answer_that_does_not_arrive_is_an_error)
{
    static const char *const args[] = {
        "status @",
        "status @ --json",
        "ls @",
        "ls @ --format csv",
        "show @ tnl-20k-1",
        "logs @ tnl-20k-1 --events",
        "logs @ tnl-20k-1 --json",
        "verify @",
        "reindex @",
        "gc @ --dry-run",
        "retry @",
        "export @",
        "export @ --format jsonl",
        "doctor --measure 0",
        "version",
        "schema",
        "check " SLAW_SOURCE_DIR "/experiments/quickstart.yaml",
        "plan " SLAW_SOURCE_DIR "/experiments/quickstart.yaml --measure 0",
        "plan " SLAW_SOURCE_DIR "/experiments/quickstart.yaml --measure 0 --json",
        "import --csv @/points.csv --out @/theirs.csv",
        "corpus --text @/text.txt --validation 512 --dir @/prepared"};
    Sample s = open_study();
    Buf out = BUF_INIT, text = BUF_INIT;
    for (int i = 0; i < 2000; i++) {
        buf_printf(&text, "The %d lines of a text are %d words long.\n", i, i * 7 % 100);
    }
    (void)tmpdir_write(&s.tmp, "text.txt", buf_str(&text));
    (void)tmpdir_write(&s.tmp, "points.csv", "model,N,D,loss\na,1e6,1e7,3\n");
    for (size_t i = 0; i < sizeof args / sizeof args[0]; i++) {
        int status = run_slaw(s.tmp.path, args[i], s.tmp.path, "2>&1 >/dev/full", &out);
        ck_assert_msg(status == 74, "%s: exit %d", args[i], status);
        ck_assert_msg(strstr(buf_str(&out), "standard output") != NULL, "%s: %s", args[i],
                      buf_str(&out));
    }
    buf_release(&out);
    buf_release(&text);
    sample_close(&s);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "screen"});
}
