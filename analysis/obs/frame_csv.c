#include "analysis/obs/frame_csv.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/csv.h"
#include "common/fsx.h"

/* The record's fields as cells of f. */
static ErrCode add_cells(const Csv *r, Frame *f, Err *err)
{
    for (size_t i = 0; i < r->n; i++) {
        if (frame_point(f, (size_t)(csv_field(r, i) - f->text.data))) {
            continue;
        }
        return f->n_at >= FRAME_CSV_MAX_CELLS
                   ? err_set(err, ERR_INVALID, "%s:%zu: more than %zu cells are more than is read",
                             r->path, r->line, FRAME_CSV_MAX_CELLS)
                   : err_nomem(err, "table");
    }
    return ERR_OK;
}

static ErrCode note_line(Frame *f, size_t row, size_t line, Err *err)
{
    if ((row & (row - 1)) == 0) { /* at 0 and powers of two */
        uint32_t *grown = realloc(f->line, (row ? 2 * row : 1) * sizeof *grown);
        if (!grown) {
            return err_nomem(err, "table");
        }
        f->line = grown;
    }
    f->line[row] = (uint32_t)line;
    return ERR_OK;
}

static ErrCode read_header(Csv *r, Frame *f, Err *err)
{
    bool has = false;
    ErrCode rc = csv_next(r, &has, err);
    f->n_columns = r->n;
    for (size_t c = 0; rc == ERR_OK && c < r->n; c++) {
        if (!csv_field(r, c)[0]) {
            (void)err_set(err, ERR_FORMAT, "%s:%zu: column %zu has no name", r->path, r->line,
                          c + 1);
            return err_hint(err, "the first line names the columns: N,D,loss");
        }
    }
    rc = rc == ERR_OK ? csv_check_header(r, err) : rc;
    return rc == ERR_OK ? add_cells(r, f, err) : rc;
}

static ErrCode read_rows(Csv *r, Frame *f, Err *err)
{
    size_t row = 0;
    bool has = false;
    ErrCode rc;
    while ((rc = csv_next(r, &has, err)) == ERR_OK && has) {
        rc = csv_check_length(r, f->n_columns, err);
        if (rc == ERR_OK) {
            rc = add_cells(r, f, err);
        }
        if (rc == ERR_OK) {
            rc = note_line(f, row++, r->line, err);
        }
        if (rc != ERR_OK) {
            break;
        }
    }
    if (rc == ERR_OK && row == 0) {
        (void)err_set(err, ERR_FORMAT, "%s: no rows below the header", r->path);
        return err_hint(err, "the first line names the columns, each other line is an observation");
    }
    return rc;
}

/* Before it is read: a regular file beyond the bound. */
static ErrCode check_size(const char *path, Err *err)
{
    struct stat st;
    if (stat(path, &st) != 0 && errno == ENOENT) {
        return fsx_no_such(path, path, err);
    }
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || (size_t)st.st_size <= FRAME_CSV_MAX_BYTES) {
        return ERR_OK; /* what cannot be read is fsx_read's to say */
    }
    (void)err_set(err, ERR_INVALID, "%s: %.1f GB is more than the %.1f GB that are read", path,
                  (double)st.st_size * 1e-9, (double)FRAME_CSV_MAX_BYTES * 1e-9);
    return err_hint(err, "keep the columns that are needed: cut -d, -f1-4 %s > small.csv", path);
}

ErrCode frame_read_csv(const char *path, Frame *ret, Err *err)
{
    Frame f = {0};
    Csv r = {0};
    ErrCode rc = ERR_OK;
    TRY(check_size(path, err));
    TRY(fsx_read(path, FRAME_CSV_MAX_BYTES, &f.text, err));
    TRY(hash_sha256(buf_str(&f.text), f.text.len, f.digest, err));
    TRY(csv_open_bytes(&r, path, f.text.data, f.text.len, err));
    f.source = strdup(path);
    if (!f.source) {
        rc = err_nomem(err, "table");
        goto done;
    }
    TRY(read_header(&r, &f, err));
    TRY(read_rows(&r, &f, err));
    TRY(frame_finish(&f, err));
    *ret = f;
    f = (Frame){0};
done:
    if (rc == ERR_FORMAT && !err->hint[0]) {
        (void)err_hint(err, "a CSV file with a header, a study's folder or a catalog.db is read");
    }
    csv_close(&r);
    frame_release(&f);
    return rc;
}
