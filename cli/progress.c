#include "cli/progress.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/fsx.h"
#include "common/quantity.h"

enum { BAR_MIN_CHARS = 5, BAR_MAX_CHARS = 20, NAME_MAX_CHARS = 40, LINES_KEPT = 2 };
static const MonoNs redraw_every = NS_PER_S / 10, line_every = 60 * NS_PER_S;

/* ---- text ----------------------------------------------------------------------------- */

/* "done 3 of 12, 2 running, ..." */
static void progress_totals(const SchedView *v, Buf *out)
{
    char elapsed[CLOCK_TEXT_BYTES], eta[CLOCK_TEXT_BYTES];
    int64_t failed = v->by_state[CATALOG_RUN_FAILED], diverged = v->by_state[CATALOG_RUN_DIVERGED];
    buf_printf(out, "done %" PRId64 " of %zu", v->by_state[CATALOG_RUN_DONE], v->n_runs);
    if (v->by_state[CATALOG_RUN_RUNNING] > 0) {
        buf_printf(out, ", %" PRId64 " running", v->by_state[CATALOG_RUN_RUNNING]);
    }
    if (v->by_state[CATALOG_RUN_WAITING] > 0) {
        buf_printf(out, ", %" PRId64 " waiting", v->by_state[CATALOG_RUN_WAITING]);
    }
    if (failed > 0) {
        buf_printf(out, ", %" PRId64 " failed", failed);
    }
    if (diverged > 0) {
        buf_printf(out, ", %" PRId64 " diverged", diverged);
    }
    double share = v->flops_total > 0.0 ? v->flops_done / v->flops_total : 1.0;
    buf_printf(out, " | %.0f%% of the work | %s", floor(100.0 * share),
               clock_duration(v->elapsed_s, elapsed));
    if (v->stop_requests > 0) {
        buf_puts(out, ", stopping");
    } else if (isfinite(v->eta_s) && v->eta_s > 0.0) {
        buf_printf(out, ", %s to go", clock_duration(v->eta_s, eta));
    }
}

/* "tnl-85k: done, 1220 steps, validation 2.0142 nats/token, 2.9058 bits/byte" */
static void progress_run(const SchedRun *r, const ProgressStyle *st, Buf *out)
{
    buf_printf(out, "%s: done, %" PRId64 " steps", r->spec->name, r->spec->steps);
    if (isfinite(r->validation_loss)) {
        buf_printf(out, ", validation %.4f nats/token", r->validation_loss);
        if (st->bytes_per_token > 0.0) {
            buf_printf(out, ", %.4f bits/byte",
                       r->validation_loss / log(2.0) / st->bytes_per_token);
        }
    }
}

/* ---- the block ------------------------------------------------------------------------ */

/* Control characters would move the cursor, or worse. */
static void put_char(char c, Buf *out)
{
    if ((unsigned char)c < 0x20 && c != '\n') {
        buf_putc(out, ' ');
    } else {
        buf_putc(out, c);
    }
}

/* Appends at most `width` characters of UTF-8 text; returns how many. */
static int put_cut(const char *text, int width, Buf *out)
{
    int n = 0;
    const char *p = text;
    while (*p) {
        bool is_start = ((unsigned char)*p & 0xc0) != 0x80;
        if (is_start && n == width) {
            break;
        }
        n += is_start;
        put_char(*p, out);
        p++;
    }
    return n;
}

static void put_bar(double share, int chars, const ProgressStyle *st, Buf *out)
{
    int full = (int)(share * chars);
    full = full < 0 ? 0 : full > chars ? chars : full;
    const char *on = st->has_unicode ? "━" : "=", *off = st->has_unicode ? "─" : ".";
    buf_puts(out, st->has_color ? "\x1b[36m" : "");
    for (int i = 0; i < full; i++) {
        buf_puts(out, on);
    }
    buf_puts(out, st->has_color ? "\x1b[2m" : "");
    for (int i = full; i < chars; i++) {
        buf_puts(out, off);
    }
    buf_puts(out, st->has_color ? "\x1b[0m" : "");
}

static void put_numbers(const SchedRun *r, Buf *out)
{
    const RunSpec *c = r->spec;
    char speed[QUANTITY_TEXT_BYTES], eta[CLOCK_TEXT_BYTES], steps[48];
    (void)snprintf(steps, sizeof steps, "%" PRId64 "/%" PRId64, r->step, c->steps);
    buf_printf(out, "  %-11s", steps);
    if (!isnan(r->loss)) {
        buf_printf(out, "  loss %-6.4g", r->loss);
    } else {
        buf_printf(out, "  %-11s", r->attempts > 1 ? "resuming" : "starting");
    }
    if (r->is_stopping) {
        buf_puts(out, "  stopping");
    } else if (isfinite(r->tokens_per_s) && r->tokens_per_s > 0.0) {
        double left_s = (double)((c->steps - r->step) * c->batch_tokens) / r->tokens_per_s;
        buf_printf(out, "  %5s tok/s  %s", quantity_count_text(r->tokens_per_s, speed),
                   clock_duration(left_s, eta));
    }
}

static int name_width(const SchedView *v)
{
    int widest = 0;
    for (size_t i = 0; i < v->n_live; i++) {
        int n = (int)strlen(v->live[i].spec->name);
        widest = n > widest ? n : widest;
    }
    return widest < NAME_MAX_CHARS ? widest : NAME_MAX_CHARS;
}

/* Name, bar (where there is room), numbers: cut to the width, colours not counted. */
static void put_worker(const SchedRun *r, int name_chars, const ProgressStyle *st, Buf *out)
{
    Buf numbers = BUF_INIT;
    int room = st->width - 1;
    put_numbers(r, &numbers);
    int n = put_cut(r->spec->name, name_chars < room ? name_chars : room, out);
    for (; n < name_chars && n < room; n++) {
        buf_putc(out, ' ');
    }
    int bar = room - n - 2 - (int)numbers.len;
    if (bar >= BAR_MIN_CHARS) {
        bar = bar < BAR_MAX_CHARS ? bar : BAR_MAX_CHARS;
        buf_puts(out, "  ");
        put_bar((double)r->step / (double)r->spec->steps, bar, st, out);
        n += 2 + bar;
    }
    (void)put_cut(buf_str(&numbers), room - n, out);
    buf_putc(out, '\n');
    buf_release(&numbers);
}

int progress_block(const SchedView *v, const ProgressStyle *st, Buf *out)
{
    int n = 0, most = st->height - LINES_KEPT, chars = name_width(v);
    int64_t hidden = 0;
    for (size_t i = 0; i < v->n_live; i++) {
        if (n < most) {
            put_worker(&v->live[i], chars, st, out);
            n++;
        } else {
            hidden++;
        }
    }
    Buf totals = BUF_INIT;
    if (hidden > 0) {
        buf_printf(&totals, "(%" PRId64 " more) ", hidden);
    }
    progress_totals(v, &totals);
    (void)put_cut(buf_str(&totals), st->width - 1, out);
    buf_putc(out, '\n');
    buf_release(&totals);
    return n + 1;
}

/* ---- the screen ------------------------------------------------------------------------ */

static const char *variable(const char *name)
{
    /* Read before any thread starts. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *v = getenv(name);
    return v ? v : "";
}

static bool locale_is_utf8(void)
{
    static const char *const name[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof name / sizeof name[0]; i++) {
        const char *v = variable(name[i]);
        if (v[0]) { /* the first that is set decides */
            return strstr(v, "UTF-8") || strstr(v, "utf8") || strstr(v, "utf-8");
        }
    }
    return false;
}

void progress_init(Progress *p, int fd, bool is_quiet, bool is_log)
{
    *p = (Progress){.fd = fd, .is_quiet = is_quiet, .is_log = is_log};
    p->is_terminal = !is_log && isatty(fd) == 1 && strcmp(variable("TERM"), "dumb") != 0;
    p->style = (ProgressStyle){.width = 80,
                               .height = 24,
                               .has_color = p->is_terminal && !variable("NO_COLOR")[0],
                               .has_unicode = locale_is_utf8()};
    p->last_drawn = clock_mono_ns() - redraw_every;
    if (!p->is_terminal) {
        p->last_drawn = clock_mono_ns();
    }
}

bool progress_is_wanted(const Progress *p)
{
    return !p->is_quiet && (p->is_terminal || p->is_log);
}

static void measure(Progress *p)
{
    struct winsize w = {0};
    if (ioctl(p->fd, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 && w.ws_row > 0) {
        p->style.width = w.ws_col;
        p->style.height = w.ws_row;
    }
}

/* A screen that cannot be written any more is no reason to stop a study. */
static void write_out(const Progress *p, const Buf *text)
{
    Err ignored = ERR_INIT;
    (void)fsx_write_all(p->fd, buf_str(text), text->len, "standard error", &ignored);
}

/* Characters of a line of the block, colours not counted. */
static int visible_width(const char *line, size_t bytes)
{
    int n = 0;
    for (size_t i = 0; i < bytes; i++) {
        if (line[i] == '\x1b') {
            i += strcspn(line + i, "m");
        } else {
            n += ((unsigned char)line[i] & 0xc0) != 0x80;
        }
    }
    return n;
}

/* To the first line of the block: in a window that became narrower each of its lines takes several. */
static void put_up(const Progress *p, Buf *out)
{
    int rows = 0;
    for (const char *line = buf_str(&p->block); p->n_drawn > 0 && *line;) {
        size_t bytes = strcspn(line, "\n");
        int n = visible_width(line, bytes);
        rows += n > p->style.width ? (n + p->style.width - 1) / p->style.width : 1;
        line += bytes + (line[bytes] == '\n');
    }
    if (rows > 0) {
        buf_printf(out, "\x1b[%dA\r", rows);
    }
}

/* The block, every line cleared to its end, and whatever was below it. */
static void put_block(const Progress *p, Buf *out)
{
    for (const char *line = buf_str(&p->block); *line;) {
        size_t n = strcspn(line, "\n");
        buf_add(out, line, n);
        buf_puts(out, "\x1b[K\n");
        line += n + (line[n] == '\n');
    }
    buf_puts(out, "\x1b[J");
}

static void redraw(Progress *p, const SchedView *v)
{
    Buf out = BUF_INIT;
    measure(p);
    put_up(p, &out);
    buf_clear(&p->block);
    p->n_drawn = progress_block(v, &p->style, &p->block);
    put_block(p, &out);
    write_out(p, &out);
    buf_release(&out);
    p->last_drawn = clock_mono_ns();
}

/* Above the block, and the block again below it, in one write. */
static void progress_message(Progress *p, const char *text)
{
    Buf out = BUF_INIT;
    const int width = p->style.width;
    measure(p);
    put_up(p, &out);
    buf_puts(&out, p->n_drawn > 0 ? "\x1b[J" : "");
    for (const char *c = text; *c; c++) {
        put_char(*c, &out);
    }
    buf_putc(&out, '\n');
    if (p->style.width < width) {
        p->n_drawn = 0; /* it is too wide now; the next change draws another */
    }
    if (p->n_drawn > 0) {
        put_block(p, &out);
    }
    write_out(p, &out);
    buf_release(&out);
}

static void on_changed(void *ctx, const SchedView *v)
{
    Progress *p = ctx;
    MonoNs since = clock_mono_ns() - p->last_drawn;
    if (!progress_is_wanted(p)) {
        return;
    }
    if (p->is_terminal && since >= redraw_every) {
        redraw(p, v);
    } else if (!p->is_terminal && since >= line_every) {
        Buf line = BUF_INIT;
        progress_totals(v, &line);
        progress_message(p, buf_str(&line));
        buf_release(&line);
        p->last_drawn = clock_mono_ns();
    }
}

static void on_message(void *ctx, const char *text)
{
    progress_message(ctx, text);
}

static void on_settled(void *ctx, const SchedView *v, const SchedRun *r)
{
    Progress *p = ctx;
    if (!progress_is_wanted(p) || r->state != CATALOG_RUN_DONE) {
        return; /* the scheduler's message has said how the others ended */
    }
    Buf line = BUF_INIT;
    progress_run(r, &p->style, &line);
    bool is_due = clock_mono_ns() - p->last_drawn >= redraw_every;
    if (p->is_terminal && is_due) { /* or the next change does: thousands may end in a second */
        redraw(p, v);
    }
    progress_message(p, buf_str(&line));
    buf_release(&line);
}

SchedObserver progress_observer(Progress *p)
{
    return (SchedObserver){
        .ctx = p, .message = on_message, .changed = on_changed, .settled = on_settled};
}

void progress_release(Progress *p)
{
    if (p->n_drawn > 0) {
        Buf out = BUF_INIT;
        measure(p);
        put_up(p, &out);
        buf_puts(&out, "\x1b[J");
        write_out(p, &out);
        buf_release(&out);
    }
    p->n_drawn = 0;
    buf_release(&p->block);
}
