/* The display on a pseudo-terminal, read back through a small terminal of our own: what a
 * person sees after every write must be whole. */
#include <check.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "cli/progress.h"
#include "tests/support/suite.h"

enum { ROWS = 12, COLS = 78, HISTORY = 200 };

static RunSpec spec[4];
static SchedRun runs[4];
static SchedView view;

static void setup(void)
{
    static const char *const name[] = {"llama-20k", "tnl-20k", "hgrn2-20k", "cosformer2-20k"};
    memset(runs, 0, sizeof runs);
    for (size_t i = 0; i < 4; i++) {
        spec[i] = (RunSpec){.name = name[i], .steps = 1220, .batch_tokens = 8192};
        runs[i] = (SchedRun){.spec = &spec[i],
                             .state = i < 2 ? CATALOG_RUN_RUNNING : CATALOG_RUN_WAITING,
                             .attempts = 1,
                             .step = 610,
                             .loss = 2.0138,
                             .tokens_per_s = 31234.0,
                             .validation_loss = 2.25};
    }
    view = (SchedView){.live = runs,
                       .n_live = 2,
                       .n_runs = 4,
                       .flops_done = 41.5,
                       .flops_total = 100.0,
                       .elapsed_s = 62.0,
                       .eta_s = 80.0};
    view.by_state[CATALOG_RUN_RUNNING] = view.by_state[CATALOG_RUN_WAITING] = 2;
}

/* ---- a terminal ------------------------------------------------------------------------ */

typedef struct Screen {
    char cell[HISTORY][COLS + 1]; /* all lines ever, so that nothing scrolls away */
    int row, col;
    bool has_wrapped; /* a line was longer than the terminal is wide */
} Screen;

static void clear_from(Screen *s, int row, int col)
{
    memset(s->cell[row] + col, ' ', (size_t)(COLS - col));
}

static const char *escape(Screen *s, const char *p)
{
    int n = 0;
    for (p += 2; *p >= '0' && *p <= '9'; p++) {
        n = 10 * n + (*p - '0');
    }
    ck_assert_msg(strchr("AKJm", *p), "an escape that this terminal does not know: %c", *p);
    if (*p == 'A') {
        s->row -= n;
        ck_assert_int_ge(s->row, 0);
    } else if (*p == 'K' || *p == 'J') {
        clear_from(s, s->row, s->col);
    }
    for (int r = s->row + 1; *p == 'J' && r < HISTORY; r++) {
        clear_from(s, r, 0);
    }
    return p + 1;
}

static void feed(Screen *s, const char *text, size_t n)
{
    const char *end = text + n;
    for (const char *p = text; p < end;) {
        if (*p == '\x1b') {
            p = escape(s, p);
            continue;
        }
        if (*p == '\n') {
            s->row++;
            s->col = 0; /* the line discipline turns \n into \r\n */
        } else if (*p == '\r') {
            s->col = 0;
        } else {
            s->has_wrapped = s->has_wrapped || s->col >= COLS;
            if (s->col < COLS) {
                s->cell[s->row][s->col++] = *p;
            }
        }
        ck_assert_int_lt(s->row, HISTORY);
        p++;
    }
}

static const char *screen_text(const Screen *s)
{
    static char text[HISTORY * (COLS + 1) + 1];
    size_t n = 0;
    for (int r = 0; r < s->row; r++) {
        int last = COLS;
        while (last > 0 && s->cell[r][last - 1] == ' ') {
            last--;
        }
        n += (size_t)snprintf(text + n, sizeof text - n, "%.*s\n", last, s->cell[r]);
    }
    text[n] = '\0';
    return text;
}

typedef struct Terminal {
    int ours, theirs;
    Screen screen;
} Terminal;

static void terminal_open(Terminal *t)
{
    struct winsize size = {.ws_row = ROWS, .ws_col = COLS};
    memset(t, 0, sizeof *t);
    memset(t->screen.cell, ' ', sizeof t->screen.cell);
    ck_assert_int_eq(openpty(&t->ours, &t->theirs, NULL, NULL, &size), 0);
    ck_assert_int_eq(fcntl(t->ours, F_SETFL, O_NONBLOCK), 0);
    ck_assert_int_eq(setenv("TERM", "xterm", 1), 0);
    ck_assert_int_eq(setenv("LC_ALL", "C", 1), 0);
}

static const char *terminal_text(Terminal *t)
{
    char bytes[65536];
    ssize_t n;
    while ((n = read(t->ours, bytes, sizeof bytes)) > 0) {
        feed(&t->screen, bytes, (size_t)n);
    }
    ck_assert_msg(!t->screen.has_wrapped, "a line was wider than the terminal");
    return screen_text(&t->screen);
}

static void terminal_close(Terminal *t)
{
    (void)close(t->ours);
    (void)close(t->theirs);
}

static void progress_begin(Progress *p, int fd)
{
    progress_init(p, fd, false, false);
    p->style.bytes_per_token = 1.0;
}

/* ---- tests ------------------------------------------------------------------------------- */

START_TEST(the_block_is_redrawn_in_place_and_messages_stay_above_it)
{
    Terminal t;
    Progress p;
    terminal_open(&t);
    progress_begin(&p, t.theirs);
    SchedObserver o = progress_observer(&p);
    for (int i = 0; i < 5; i++) {
        p.last_drawn = 0; /* as if a second had gone by */
        o.changed(o.ctx, &view);
    }
    const char *got = terminal_text(&t);
    ck_assert_msg(strncmp(got, "llama-20k  =======........  610/1220 ", 37) == 0, "%s", got);
    char before[2048], want[4096];
    (void)snprintf(before, sizeof before, "%s", got);
    o.message(o.ctx, "tnl-20k: attempt 0 ended\x1b[2J at once");
    (void)snprintf(want, sizeof want, "tnl-20k: attempt 0 ended [2J at once\n%s", before);
    ck_assert_str_eq(terminal_text(&t), want);
    runs[0].state = CATALOG_RUN_DONE;
    view.live = &runs[1];
    view.n_live = 1;
    p.last_drawn = 0;
    o.settled(o.ctx, &view, &runs[0]);
    got = terminal_text(&t);
    ck_assert_msg(strstr(got, "at once\nllama-20k: done, 1220 steps, validation 2.2500"), "%s",
                  got);
    ck_assert_ptr_null(strstr(got, "llama-20k  ="));
    progress_release(&p);
    got = terminal_text(&t);
    ck_assert_msg(!strstr(got, "tok/") && strstr(got, "at once"), "%s", got);
    terminal_close(&t);
}
END_TEST

START_TEST(at_most_ten_redraws_a_second)
{
    Terminal t;
    Progress p;
    terminal_open(&t);
    progress_begin(&p, t.theirs);
    SchedObserver o = progress_observer(&p);
    MonoNs began = clock_mono_ns();
    int n_drawn = 0;
    MonoNs last = 0;
    for (int i = 0; i < 20000; i++) {
        o.changed(o.ctx, &view);
        n_drawn += p.last_drawn != last;
        last = p.last_drawn;
        if (i % 1000 == 0) {
            (void)terminal_text(&t);
        }
    }
    double seconds = (double)(clock_mono_ns() - began) / (double)NS_PER_S;
    ck_assert_double_le(n_drawn, 2.0 + 10.0 * seconds);
    progress_release(&p);
    terminal_close(&t);
}
END_TEST

START_TEST(lines_are_cut_to_the_terminal_and_its_height)
{
    static const int width[] = {200, 80, 60, 40, 20, 10, 2};
    for (size_t w = 0; w < sizeof width / sizeof width[0]; w++) {
        ProgressStyle st = {.width = width[w], .height = 3};
        Buf out = BUF_INIT;
        int n = progress_block(&view, &st, &out);
        ck_assert_int_eq(n, 2); /* one worker fits, and the totals */
        const char *line = buf_str(&out);
        for (int i = 0; i < n; i++) {
            size_t len = strcspn(line, "\n");
            ck_assert_uint_lt(len, (size_t)width[w]);
            line += len + 1;
        }
        if (width[w] >= 60) {
            ck_assert_ptr_nonnull(strstr(buf_str(&out), "(1 more) done 0 of 4"));
        }
        buf_release(&out);
    }
}
END_TEST

START_TEST(colour_is_only_for_those_who_want_it)
{
    ProgressStyle st = {.width = 80, .height = 24, .has_color = true, .has_unicode = true};
    Buf out = BUF_INIT;
    (void)progress_block(&view, &st, &out);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "\x1b[36m━━"));
    buf_release(&out);
    Terminal t;
    Progress p;
    terminal_open(&t);
    ck_assert_int_eq(setenv("NO_COLOR", "1", 1), 0);
    progress_begin(&p, t.theirs);
    ck_assert(!p.style.has_color && p.is_terminal);
    ck_assert_int_eq(unsetenv("NO_COLOR"), 0);
    progress_begin(&p, t.theirs);
    ck_assert(p.style.has_color);
    ck_assert_int_eq(setenv("TERM", "dumb", 1), 0);
    progress_begin(&p, t.theirs);
    ck_assert(!p.is_terminal && !p.style.has_color);
    terminal_close(&t);
}
END_TEST

START_TEST(a_log_has_one_line_a_minute_and_one_a_run)
{
    int pipe_fd[2];
    char text[4096];
    Progress p;
    ck_assert_int_eq(pipe(pipe_fd), 0);
    progress_init(&p, pipe_fd[1], false, true);
    p.style.bytes_per_token = 1.0;
    SchedObserver o = progress_observer(&p);
    for (int i = 0; i < 100; i++) {
        o.changed(o.ctx, &view);
    }
    p.last_drawn -= 61 * NS_PER_S;
    o.changed(o.ctx, &view);
    runs[3].state = CATALOG_RUN_DONE;
    o.settled(o.ctx, &view, &runs[3]);
    o.message(o.ctx, "a message");
    progress_release(&p);
    ssize_t n = read(pipe_fd[0], text, sizeof text - 1);
    ck_assert_int_gt(n, 0);
    text[n] = '\0';
    /* 2.25 nats are 2.25 / ln 2 = 3.2461 bits. */
    ck_assert_str_eq(text, "done 0 of 4, 2 running, 2 waiting | 41% of the work | 1 min 02 s, "
                           "1 min 20 s to go\n"
                           "cosformer2-20k: done, 1220 steps, validation 2.2500 nats/token, "
                           "3.2461 bits/byte\n"
                           "a message\n");
    (void)close(pipe_fd[0]);
    (void)close(pipe_fd[1]);
}
END_TEST

static void resize(const Terminal *t, int columns)
{
    struct winsize size = {.ws_row = ROWS, .ws_col = (unsigned short)columns};
    ck_assert_int_eq(ioctl(t->theirs, TIOCSWINSZ, &size), 0);
}

/* What was written since the last look; the kernel hands it over a little later. */
static const char *written(const Terminal *t)
{
    static char bytes[65536];
    size_t n = 0;
    struct pollfd p = {.fd = t->ours, .events = POLLIN};
    while (poll(&p, 1, 200) == 1) {
        ssize_t more = read(t->ours, bytes + n, sizeof bytes - 1 - n);
        n += more > 0 ? (size_t)more : 0;
    }
    bytes[n] = '\0';
    return bytes;
}

/* Of a block of two workers and the totals, 77 characters each at most, in a window of 30: each line
 * has become up to three, and all of them are cleared. */
START_TEST(a_window_that_shrinks_leaves_no_torn_lines)
{
    Terminal t;
    Progress p;
    terminal_open(&t);
    progress_begin(&p, t.theirs);
    SchedObserver o = progress_observer(&p);
    for (int is_message = 0; is_message < 2; is_message++) {
        int rows = 0;
        resize(&t, COLS);
        p.last_drawn = 0;
        o.changed(o.ctx, &view);
        (void)written(&t);
        for (const char *line = buf_str(&p.block); *line; line += strcspn(line, "\n") + 1) {
            size_t n = 0, bytes = strcspn(line, "\n");
            for (size_t i = 0; i < bytes; i++) { /* colours take no room */
                i += line[i] == '\x1b' ? strcspn(line + i, "m") : 0;
                n += line[i] != 'm';
            }
            rows += n > 60 ? 3 : n > 30 ? 2 : 1;
        }
        ck_assert_int_gt(rows, p.n_drawn);
        resize(&t, 30);
        p.last_drawn = 0;
        if (is_message) {
            o.message(o.ctx, "trouble");
        } else {
            o.changed(o.ctx, &view);
        }
        char want[32];
        (void)snprintf(want, sizeof want, "\x1b[%dA\r", rows);
        const char *got = written(&t);
        ck_assert_msg(strncmp(got, want, strlen(want)) == 0, "wanted %d up: %s", rows, got + 1);
        ck_assert_int_eq(p.style.width, 30);
        for (const char *line = buf_str(&p.block); !is_message && *line;
             line += strcspn(line, "\n") + 1) {
            ck_assert_uint_lt(strcspn(line, "\n"), 60); /* 29 and its colours */
        }
        ck_assert_int_eq(p.n_drawn, is_message ? 0 : 3);
        progress_release(&p);
        progress_begin(&p, t.theirs);
    }
    progress_release(&p);
    terminal_close(&t);
}
END_TEST

/* With --quiet, and where there is neither a terminal nor a log. */
START_TEST(quiet_or_off_a_terminal_there_are_only_messages)
{
    for (int is_quiet = 0; is_quiet < 2; is_quiet++) {
        int pipe_fd[2];
        char text[256];
        Progress p;
        ck_assert_int_eq(pipe(pipe_fd), 0);
        progress_init(&p, pipe_fd[1], is_quiet == 1, is_quiet == 1);
        SchedObserver o = progress_observer(&p);
        p.last_drawn -= 61 * NS_PER_S;
        o.changed(o.ctx, &view);
        runs[0].state = CATALOG_RUN_DONE;
        o.settled(o.ctx, &view, &runs[0]);
        o.message(o.ctx, "trouble");
        progress_release(&p);
        ssize_t n = read(pipe_fd[0], text, sizeof text - 1);
        ck_assert_int_eq(n, 8);
        (void)close(pipe_fd[0]);
        (void)close(pipe_fd[1]);
    }
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "progress", .set_up = setup});
}
