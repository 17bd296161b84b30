#include "analysis/obs/csv.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/fsx.h"

#define MAX_CSV_BYTES ((size_t)1 << 30)

typedef struct Reader {
    const char *p, *end;
    size_t line; /* of p */
    const char *file;
    Buf field;
} Reader;

static bool at_end_of_line(const Reader *r)
{
    return r->p == r->end || *r->p == '\n' ||
           (*r->p == '\r' && r->p + 1 < r->end && r->p[1] == '\n');
}

static void skip_end_of_line(Reader *r)
{
    if (r->p < r->end && *r->p == '\r') {
        r->p++;
    }
    if (r->p < r->end) {
        r->p++;
        r->line++;
    }
}

/* The quoted field that starts at p, without its quotes, into r->field. */
static ErrCode quoted_field(Reader *r, Err *err)
{
    size_t first_line = r->line;
    r->p++;
    while (r->p < r->end) {
        if (*r->p == '"') {
            if (r->p + 1 == r->end || r->p[1] != '"') {
                r->p++;
                if (!at_end_of_line(r) && *r->p != ',') {
                    return err_set(err, ERR_FORMAT, "%s:%zu: text after a closing quote", r->file,
                                   r->line);
                }
                return ERR_OK;
            }
            r->p++;
        } else if (*r->p == '\n') {
            r->line++;
        }
        buf_putc(&r->field, *r->p++);
    }
    return err_set(err, ERR_FORMAT, "%s:%zu: a quote is never closed", r->file, first_line);
}

static ErrCode next_field(Reader *r, Err *err)
{
    buf_clear(&r->field);
    if (r->p < r->end && *r->p == '"') {
        return quoted_field(r, err);
    }
    while (!at_end_of_line(r) && *r->p != ',') {
        buf_putc(&r->field, *r->p++);
    }
    return ERR_OK;
}

/* One line's fields into f; *ret_n of them. */
static ErrCode read_record(Reader *r, Frame *f, size_t *ret_n, Err *err)
{
    size_t n = 0;
    for (;;) {
        ErrCode rc = next_field(r, err);
        if (rc != ERR_OK) {
            return rc;
        }
        frame_add(f, buf_str(&r->field), r->field.len);
        n++;
        if (r->p == r->end || *r->p != ',') {
            break;
        }
        r->p++;
    }
    skip_end_of_line(r);
    *ret_n = n;
    return ERR_OK;
}

static ErrCode note_line(Frame *f, size_t row, size_t line, Err *err)
{
    if ((row & (row - 1)) == 0) { /* at 0 and powers of two */
        size_t *grown = realloc(f->line, (row ? 2 * row : 1) * sizeof *grown);
        if (!grown) {
            return err_nomem(err, "table");
        }
        f->line = grown;
    }
    f->line[row] = line;
    return ERR_OK;
}

static ErrCode read_header(Reader *r, Frame *f, Err *err)
{
    ErrCode rc = read_record(r, f, &f->n_columns, err);
    for (size_t c = 0; rc == ERR_OK && c < f->n_columns; c++) {
        if (!frame_name(f, c)[0]) {
            rc = err_set(err, ERR_FORMAT, "%s:1: column %zu has no name", r->file, c + 1);
        } else if (frame_find(f, frame_name(f, c)) != c) {
            rc = err_set(err, ERR_FORMAT, "%s:1: two columns are named \"%s\"", r->file,
                         frame_name(f, c));
        }
    }
    return rc;
}

static ErrCode read_rows(Reader *r, Frame *f, Err *err)
{
    size_t row = 0;
    while (r->p < r->end) {
        if (at_end_of_line(r)) {
            skip_end_of_line(r);
            continue;
        }
        size_t line = r->line, n = 0;
        ErrCode rc = read_record(r, f, &n, err);
        if (rc == ERR_OK && n != f->n_columns) {
            rc = err_set(err, ERR_FORMAT, "%s:%zu: %zu fields, and the header has %zu", r->file,
                         line, n, f->n_columns);
        }
        if (rc == ERR_OK) {
            rc = note_line(f, row++, line, err);
        }
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return row ? ERR_OK : err_set(err, ERR_FORMAT, "%s: no rows below the header", r->file);
}

ErrCode csv_read(const char *path, Frame *ret, Err *err)
{
    Buf bytes = BUF_INIT;
    Frame f = {0};
    Reader r = {.file = path, .line = 1};
    ErrCode rc = ERR_OK;
    TRY(fsx_read(path, MAX_CSV_BYTES, &bytes, err));
    r.p = buf_str(&bytes);
    r.end = r.p + bytes.len;
    if (memchr(r.p, '\0', bytes.len)) {
        rc = err_set(err, ERR_FORMAT, "%s: not a text file", path);
        goto done;
    }
    if (bytes.len >= 3 && memcmp(r.p, "\xef\xbb\xbf", 3) == 0) {
        r.p += 3;
    }
    TRY(hash_sha256(buf_str(&bytes), bytes.len, f.digest, err));
    f.source = strdup(path);
    if (!f.source) {
        rc = err_nomem(err, "table");
        goto done;
    }
    TRY(read_header(&r, &f, err));
    TRY(read_rows(&r, &f, err));
    TRY(buf_ok(&r.field, err));
    TRY(frame_finish(&f, err));
    *ret = f;
    f = (Frame){0};
done:
    frame_release(&f);
    buf_release(&r.field);
    buf_release(&bytes);
    return rc;
}
