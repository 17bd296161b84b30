#include "orchestrator/exchange/line_in.h"

#include <errno.h>
#include <string.h>

#include "common/fsx.h"

ErrCode line_in_open(LineIn *r, const char *path, bool is_cr_end, Err *err)
{
    *r = (LineIn){.path = path, .is_cr_end = is_cr_end, .next = 1};
    if (fsx_is_dir(path)) {
        return err_set(err, ERR_INVALID, "%s is a folder", path);
    }
    r->f = fopen(path, "rbe");
    if (!r->f) {
        return errno == ENOENT ? fsx_no_such(path, path, err) : err_sys(err, "open %s", path);
    }
    unsigned char mark[3] = {0};
    if (fread(mark, 1, sizeof mark, r->f) != sizeof mark ||
        memcmp(mark, "\xef\xbb\xbf", sizeof mark) != 0) {
        rewind(r->f);
    }
    return ERR_OK;
}

/* Reads to the end of the line; false when there was nothing more.  *ret_long: it was cut. */
static bool read_line(LineIn *r, bool *ret_long)
{
    int c = line_in_byte(r->f);
    *ret_long = false;
    if (c == EOF) {
        return false;
    }
    for (; c != EOF && c != '\n'; c = line_in_byte(r->f)) {
        if (c == '\r') {
            int after = line_in_byte(r->f);
            if (after == '\n' || after == EOF) {
                c = after;
                break;
            }
            (void)ungetc(after, r->f);
            if (r->is_cr_end) {
                break;
            }
        }
        if (r->line.len >= LINE_IN_MAX) {
            *ret_long = true;
        } else {
            buf_putc(&r->line, (char)c);
        }
    }
    r->next += c == '\n' ? 1 : 0;
    return true;
}

bool line_in_next(LineIn *r)
{
    bool is_long;
    do {
        buf_clear(&r->line);
        r->number = r->next;
        if (!read_line(r, &is_long)) {
            return false;
        }
        r->n_long += is_long ? 1 : 0;
    } while (is_long);
    return !r->line.is_short;
}

ErrCode line_in_finish(const LineIn *r, Err *err)
{
    return ferror(r->f) ? err_sys(err, "read %s", r->path) : buf_ok(&r->line, err);
}

void line_in_close(LineIn *r)
{
    if (r->f) {
        (void)fclose(r->f);
    }
    buf_release(&r->line);
    *r = (LineIn){0};
}
