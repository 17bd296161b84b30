#include "analysis/obs/csv.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/obs/csv_bytes.h"
#include "common/fsx.h"

typedef struct Reader {
    char *base, *p, *end; /* base: the file's bytes, in which cells are made */
    size_t line;          /* of p */
    const char *file;
    char stop; /* what ended the last field: ',', '\n', or 0 at the end of the file */
} Reader;

static void skip_blanks(Reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t')) {
        r->p++;
    }
}

/* Steps over what ends a field, and notes it. */
static void take_stop(Reader *r)
{
    r->stop = '\0';
    if (r->p < r->end) {
        r->stop = *r->p == ',' ? ',' : '\n';
        r->p += *r->p == '\r' && r->p + 1 < r->end && r->p[1] == '\n' ? 2 : 1;
        r->line += r->stop == '\n' ? 1 : 0;
    }
}

static bool at_stop(const Reader *r)
{
    return r->p == r->end || *r->p == ',' || *r->p == '\n' || *r->p == '\r';
}

/* The quoted field that starts at p; its text moves over the quotes. */
static ErrCode quoted_field(Reader *r, char **ret_end, Err *err)
{
    size_t first_line = r->line;
    char *to = r->p++;
    for (;; r->p++) {
        if (r->p == r->end) {
            (void)err_set(err, ERR_FORMAT, "%s:%zu: a quote is never closed", r->file, first_line);
            return err_hint(err, "a quote inside quotes is written twice: \"\"");
        }
        if (*r->p == '"') {
            r->p++;
            if (r->p == r->end || *r->p != '"') {
                break;
            }
        }
        r->line += *r->p == '\n' || (*r->p == '\r' && r->p[1] != '\n') ? 1 : 0;
        *to++ = *r->p;
    }
    skip_blanks(r);
    *ret_end = to;
    if (!at_stop(r)) {
        (void)err_set(err, ERR_FORMAT, "%s:%zu: text after a closing quote", r->file, r->line);
        return err_hint(err, "a quote inside quotes is written twice: \"\"");
    }
    return ERR_OK;
}

/* One field as a cell of f, and the separator after it. */
static ErrCode next_field(Reader *r, Frame *f, Err *err)
{
    ErrCode rc = ERR_OK;
    skip_blanks(r);
    char *first = r->p, *last = first;
    if (r->p < r->end && *r->p == '"') {
        rc = quoted_field(r, &last, err);
    } else {
        while (!at_stop(r)) {
            r->p++;
        }
        last = r->p;
        while (last > first && (last[-1] == ' ' || last[-1] == '\t')) {
            last--;
        }
    }
    take_stop(r);
    *last = '\0'; /* on the separator, or before it */
    if (rc == ERR_OK && !frame_point(f, (size_t)(first - r->base))) {
        rc = f->n_at >= CSV_MAX_CELLS
                 ? err_set(err, ERR_INVALID, "%s:%zu: more than %zu cells are more than is read",
                           r->file, r->line, CSV_MAX_CELLS)
                 : err_nomem(err, "table");
    }
    return rc;
}

/* One line's fields into f; *ret_n of them. */
static ErrCode read_record(Reader *r, Frame *f, size_t *ret_n, Err *err)
{
    size_t n = 0;
    ErrCode rc;
    do {
        rc = next_field(r, f, err);
        n++;
    } while (rc == ERR_OK && r->stop == ',');
    *ret_n = n;
    return rc;
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

/* One column whose name holds semicolons or tabs: the file is separated by these. */
static ErrCode check_separator(const Reader *r, const Frame *f, Err *err)
{
    const char *name = frame_name(f, 0);
    bool has_semicolon = strchr(name, ';') != NULL;
    if (f->n_columns > 1 || (!has_semicolon && !strchr(name, '\t'))) {
        return ERR_OK;
    }
    (void)err_set(err, ERR_FORMAT, "%s:1: the fields are separated by %s, not by commas", r->file,
                  has_semicolon ? "semicolons" : "tabs");
    return has_semicolon
               ? err_hint(err, "tr ',;' '.,' < %s > new.csv (decimal commas become points)",
                          r->file)
               : err_hint(err, "tr '\\t' ',' < %s > new.csv", r->file);
}

static ErrCode read_header(Reader *r, Frame *f, Err *err)
{
    ErrCode rc = read_record(r, f, &f->n_columns, err);
    rc = rc == ERR_OK ? check_separator(r, f, err) : rc;
    for (size_t c = 0; rc == ERR_OK && c < f->n_columns; c++) {
        if (!frame_name(f, c)[0]) {
            (void)err_set(err, ERR_FORMAT, "%s:1: column %zu has no name", r->file, c + 1);
            rc = err_hint(err, "the first line names the columns: N,D,loss");
        } else if (frame_find(f, frame_name(f, c)) != c) {
            (void)err_set(err, ERR_FORMAT, "%s:1: two columns are named \"%s\" (%zu and %zu)",
                          r->file, frame_name(f, c), frame_find(f, frame_name(f, c)) + 1, c + 1);
            rc = err_hint(err, "rename or remove one of them: a name must say which is meant");
        }
    }
    return rc;
}

static ErrCode bad_length(const Reader *r, size_t line, size_t n, size_t want, Err *err)
{
    (void)err_set(err, ERR_FORMAT, "%s:%zu: %zu fields, and the header has %zu", r->file, line, n,
                  want);
    return err_hint(err, n > want ? "a comma inside a value needs quotes around the value, and "
                                    "numbers have a decimal point"
                                  : "an empty value keeps its comma; a line that was cut off has "
                                    "to be removed");
}

/* Is p at an empty line?  Then steps over it. */
static bool skip_empty(Reader *r)
{
    char *begin = r->p;
    skip_blanks(r);
    if (r->p < r->end && (*r->p == ',' || !at_stop(r))) {
        r->p = begin;
        return false;
    }
    take_stop(r);
    return true;
}

static ErrCode read_rows(Reader *r, Frame *f, Err *err)
{
    size_t row = 0;
    while (r->p < r->end) {
        if (skip_empty(r)) {
            continue;
        }
        size_t line = r->line, n = 0;
        ErrCode rc = read_record(r, f, &n, err);
        if (rc == ERR_OK && n != f->n_columns) {
            rc = bad_length(r, line, n, f->n_columns, err);
        }
        if (rc == ERR_OK) {
            rc = note_line(f, row++, line, err);
        }
        if (rc != ERR_OK) {
            return rc;
        }
    }
    if (row == 0) {
        (void)err_set(err, ERR_FORMAT, "%s: no rows below the header", r->file);
        return err_hint(err, "the first line names the columns, each other line is an observation");
    }
    return ERR_OK;
}

/* Before it is read: a regular file beyond the bound. */
static ErrCode check_size(const char *path, Err *err)
{
    struct stat st;
    if (stat(path, &st) != 0 && errno == ENOENT) {
        return fsx_no_such(path, path, err);
    }
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || (size_t)st.st_size <= CSV_MAX_BYTES) {
        return ERR_OK; /* what cannot be read is fsx_read's to say */
    }
    (void)err_set(err, ERR_INVALID, "%s: %.1f GB is more than the %.1f GB that are read", path,
                  (double)st.st_size * 1e-9, (double)CSV_MAX_BYTES * 1e-9);
    return err_hint(err, "keep the columns that are needed: cut -d, -f1-4 %s > small.csv", path);
}

ErrCode csv_read(const char *path, Frame *ret, Err *err)
{
    Frame f = {0};
    Reader r = {.file = path, .line = 1};
    size_t mark = 0;
    ErrCode rc = ERR_OK;
    TRY(check_size(path, err));
    TRY(fsx_read(path, CSV_MAX_BYTES, &f.text, err));
    TRY(csv_bytes_check(path, buf_str(&f.text), f.text.len, &mark, err));
    TRY(hash_sha256(buf_str(&f.text), f.text.len, f.digest, err));
    r.base = f.text.data;
    r.p = r.base + mark;
    r.end = r.base + f.text.len;
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
    frame_release(&f);
    return rc;
}
