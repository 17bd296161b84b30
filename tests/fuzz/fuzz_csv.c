/* Any bytes as the table that `slaw fit FILE.csv` reads: refused with a place in the file, or a
 * frame that says the same when it is written down and read again.  Then observations are
 * selected from it, which may refuse but not crash. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analysis/obs/frame_csv.h"
#include "analysis/obs/obs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ErrCode read_bytes(const void *bytes, size_t n, Frame *ret, Err *err)
{
    char path[64];
    int fd = memfd_create("table.csv", MFD_CLOEXEC);
    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n) {
        abort();
    }
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ErrCode rc = frame_read_csv(path, ret, err);
    (void)close(fd);
    return rc;
}

static void put_cell(Buf *out, const char *cell)
{
    buf_putc(out, '"');
    for (; *cell; cell++) {
        buf_puts(out, *cell == '"' ? "\"\"" : "");
        *cell == '"' ? (void)0 : buf_putc(out, *cell);
    }
    buf_putc(out, '"');
}

/* Cells that the frame holds, each in quotes: the same frame again. */
static void write_down(const Frame *f, Buf *out)
{
    for (size_t i = 0; i < (f->n_rows + 1) * f->n_columns; i++) {
        size_t column = i % f->n_columns, line = i / f->n_columns;
        put_cell(out, line == 0 ? frame_name(f, column) : frame_cell(f, line - 1, column));
        buf_putc(out, column + 1 == f->n_columns ? '\n' : ',');
    }
}

static void expect_same(const Frame *f)
{
    Buf text = BUF_INIT, again = BUF_INIT;
    Frame g = {0};
    Err err = ERR_INIT;
    write_down(f, &text);
    if (read_bytes(buf_str(&text), text.len, &g, &err) != ERR_OK || g.n_rows != f->n_rows ||
        g.n_columns != f->n_columns) {
        abort();
    }
    write_down(&g, &again);
    if (again.len != text.len || memcmp(buf_str(&again), buf_str(&text), text.len) != 0) {
        abort();
    }
    buf_release(&text);
    buf_release(&again);
    frame_release(&g);
}

static void select_from(const Frame *f)
{
    static const ObsOptions options[] = {
        {.n_where = 0},
        {.convention = OBS_6ND, .by = "architecture", .is_final_only = true},
        {.where = {"D>=1e3", "architecture!=x"}, .n_where = 2, .skip_fraction = 0.1},
        {.map = {"N=params", "D=tokens"}, .n_map = 2, .min_tokens = 10, .task = "validation"},
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        Obs o = {.n_groups = 0};
        Err err = ERR_INIT;
        if (obs_select(f, &options[i], &o, &err) != ERR_OK) {
            if (!err.msg[0]) {
                abort(); /* refused without a word */
            }
            continue;
        }
        if (o.n_used + o.n_where + o.n_task + o.n_diverged + o.n_early > o.n_read) {
            abort(); /* a row counted twice */
        }
        obs_release(&o);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Frame f = {0};
    Err err = ERR_INIT;
    if (read_bytes(data, size, &f, &err) == ERR_OK) {
        expect_same(&f);
        select_from(&f);
    } else if (!err.msg[0]) {
        abort();
    }
    frame_release(&f);
    return 0;
}
