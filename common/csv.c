#include "common/csv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/csv_bytes.h"
#include "common/fsx.h"
#include "common/map.h"

enum { WINDOW_BYTES = 1 << 16 };

/* ---- the window ------------------------------------------------------------------------------ */

/* Moves the record to the front of the window and makes room behind it. */
static ErrCode make_room(Csv *r, Err *err)
{
    size_t kept = r->end - r->start, size = r->size;
    if (kept > CSV_MAX_RECORD) {
        return err_set(err, ERR_FORMAT, "%s:%zu: a record of more than 16 MiB", r->path, r->line);
    }
    if (kept && r->start) {
        memmove(r->bytes, r->bytes + r->start, kept);
    }
    r->passed += r->start;
    r->at -= r->start;
    r->start = 0;
    r->end = kept;
    if (size - kept < WINDOW_BYTES) {
        size += size + WINDOW_BYTES;
        char *wide = realloc(r->bytes, size + 1);
        if (!wide) {
            return err_nomem(err, "table");
        }
        r->bytes = wide;
        r->size = size;
    }
    return ERR_OK;
}

/* Reads until byte at + k is in the window.  False at the end of the file, and on a failure, which r->rc
 * has then. */
static bool read_on(Csv *r, size_t k)
{
    while (r->fd >= 0 && r->rc == ERR_OK && r->at + k >= r->end) {
        r->rc = make_room(r, r->err);
        if (r->rc != ERR_OK) {
            break;
        }
        ssize_t n = read(r->fd, r->bytes + r->end, r->size - r->end);
        if (n > 0) {
            r->end += (size_t)n;
        } else if (n < 0 && errno != EINTR) {
            r->rc = err_sys(r->err, "read %s", r->path);
        } else if (n == 0) {
            (void)close(r->fd);
            r->fd = -1;
        }
    }
    return r->rc == ERR_OK && r->at + k < r->end;
}

/* Byte at + k, or EOF. */
static inline int peek(Csv *r, size_t k)
{
    return r->at + k < r->end || read_on(r, k) ? (unsigned char)r->bytes[r->at + k] : EOF;
}

static ErrCode begin(Csv *r, Err *err)
{
    size_t mark = 0;
    ErrCode rc = r->rc;
    if (rc == ERR_OK) {
        rc = csv_bytes_head(r->path, r->bytes, r->end, &mark, err);
    }
    r->start = r->at = mark;
    r->line = r->next_line = 1;
    if (rc != ERR_OK) {
        csv_close(r);
    }
    return rc;
}

ErrCode csv_open(Csv *ret, const char *path, Err *err)
{
    *ret = (Csv){.path = path, .is_file = true, .err = err, .fd = -1};
    if (fsx_is_dir(path)) {
        return err_set(err, ERR_INVALID, "%s is a folder", path);
    }
    ret->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (ret->fd < 0) {
        return errno == ENOENT ? err_set(err, ERR_NOTFOUND, "%s: there is no such file", path)
                               : err_sys(err, "open %s", path);
    }
    (void)read_on(ret, 3); /* what csv_bytes_head() must see; less in a shorter file */
    return begin(ret, err);
}

/* A field is made whole in place. NOLINTNEXTLINE(readability-non-const-parameter) */
ErrCode csv_open_bytes(Csv *ret, const char *path, char *bytes, size_t n, Err *err)
{
    *ret = (Csv){.path = path, .bytes = bytes, .end = n, .fd = -1};
    return begin(ret, err);
}

void csv_close(Csv *r)
{
    if (r->is_file && r->fd >= 0) {
        (void)close(r->fd);
    }
    if (r->is_file) {
        free(r->bytes);
    }
    free(r->field);
    *r = (Csv){.fd = -1};
}

/* ---- a record -------------------------------------------------------------------------------- */

static bool is_blank(int c)
{
    return c == ' ' || c == '\t';
}

static bool is_stop(int c)
{
    return c == ',' || c == '\n' || c == '\r' || c == EOF;
}

static void skip_blanks(Csv *r)
{
    while (is_blank(peek(r, 0))) {
        r->at++;
    }
}

/* Steps over what ends a field.  True: it was a comma. */
static bool take_stop(Csv *r)
{
    int c = peek(r, 0);
    if (c == EOF) {
        return false;
    }
    size_t width = c == '\r' && peek(r, 1) == '\n' ? 2 : 1;
    r->at += width;
    r->next_line += c == ',' ? 0 : 1;
    return c == ',';
}

/* A failure to read on is told before what its end looks like. */
static ErrCode bad(const Csv *r, size_t line, const char *what, Err *err)
{
    if (r->rc != ERR_OK) {
        return r->rc;
    }
    (void)err_set(err, ERR_FORMAT, "%s:%zu: %s", r->path, line, what);
    return err_hint(err, "a quote inside quotes is written twice: \"\"");
}

/* The quoted field that starts at `at`. */
static ErrCode quoted_field(Csv *r, CsvField *f, Err *err)
{
    size_t opened = r->next_line;
    int c;
    r->at++;
    f->at = r->at - r->start;
    for (;; r->at++) {
        c = peek(r, 0);
        if (c == EOF) {
            return bad(r, opened, "a quote is never closed", err);
        }
        if (c == '"' && peek(r, 1) != '"') {
            break;
        }
        if (c == '"') {
            f->has_doubled = true;
            r->at++;
        }
        r->next_line += c == '\n' || (c == '\r' && peek(r, 1) != '\n') ? 1 : 0;
    }
    f->n = r->at - r->start - f->at;
    r->at++;
    skip_blanks(r);
    return is_stop(peek(r, 0)) ? r->rc : bad(r, r->next_line, "text after a closing quote", err);
}

static ErrCode plain_field(Csv *r, CsvField *f)
{
    f->at = r->at - r->start;
    while (!is_stop(peek(r, 0))) {
        r->at++;
    }
    const char *text = r->bytes + r->start + f->at;
    f->n = r->at - r->start - f->at;
    while (f->n > 0 && is_blank(text[f->n - 1])) {
        f->n--;
    }
    return r->rc;
}

static ErrCode next_field(Csv *r, Err *err)
{
    if (r->n == r->room) {
        size_t room = r->room ? 2 * r->room : 32;
        CsvField *wide = reallocarray(r->field, room, sizeof *wide);
        if (!wide) {
            return err_nomem(err, "table");
        }
        r->field = wide;
        r->room = room;
    }
    CsvField *f = &r->field[r->n++];
    *f = (CsvField){0};
    skip_blanks(r);
    return peek(r, 0) == '"' ? quoted_field(r, f, err) : plain_field(r, f);
}

/* Is `at` at an empty line?  Then steps over it. */
static bool skip_empty(Csv *r)
{
    size_t blanks = 0;
    while (is_blank(peek(r, blanks))) {
        blanks++;
    }
    int c = peek(r, blanks);
    if (c == ',' || !is_stop(c) || (c == EOF && blanks == 0)) {
        return false;
    }
    r->at += blanks;
    (void)take_stop(r);
    r->start = r->at;
    return true;
}

/* The fields as texts: doubled quotes become one, and a NUL goes on what ends each. */
static void make_texts(Csv *r)
{
    for (size_t i = 0; i < r->n; i++) {
        CsvField *f = &r->field[i];
        char *text = r->bytes + r->start + f->at, *to = text;
        for (size_t k = 0; f->has_doubled && k < f->n; k++) {
            *to++ = text[k];
            k += text[k] == '"' ? 1 : 0;
        }
        *(f->has_doubled ? to : text + f->n) = '\0';
    }
}

ErrCode csv_next(Csv *r, bool *ret, Err *err)
{
    ErrCode rc;
    r->err = err;
    r->start = r->at;
    r->n = 0;
    *ret = false;
    while (skip_empty(r)) {
    }
    r->line = r->next_line;
    if (peek(r, 0) == EOF) {
        return r->rc;
    }
    do {
        rc = next_field(r, err);
    } while (rc == ERR_OK && take_stop(r));
    rc = rc == ERR_OK ? r->rc : rc;
    if (rc == ERR_OK) {
        rc = csv_bytes_check(r->path, r->bytes + r->start, r->at - r->start, r->line,
                             r->passed + r->start, err);
    }
    if (rc == ERR_OK) {
        make_texts(r);
        *ret = true;
    }
    return rc;
}

const char *csv_field(const Csv *r, size_t i)
{
    return r->bytes + r->start + r->field[i].at;
}

/* ---- what a table asks of its records -------------------------------------------------------- */

/* One column whose name holds semicolons or tabs: the file is separated by these. */
static ErrCode check_separator(const Csv *r, Err *err)
{
    const char *name = csv_field(r, 0);
    bool has_semicolon = strchr(name, ';') != NULL;
    if (r->n > 1 || (!has_semicolon && !strchr(name, '\t'))) {
        return ERR_OK;
    }
    (void)err_set(err, ERR_FORMAT, "%s:%zu: the fields are separated by %s, not by commas", r->path,
                  r->line, has_semicolon ? "semicolons" : "tabs");
    return has_semicolon
               ? err_hint(err, "tr ',;' '.,' < %s > new.csv (decimal commas become points)",
                          r->path)
               : err_hint(err, "tr '\\t' ',' < %s > new.csv", r->path);
}

ErrCode csv_check_header(const Csv *r, Err *err)
{
    Map names = MAP_INIT(NULL);
    if (r->n == 0) {
        (void)err_set(err, ERR_FORMAT, "%s: the file has empty lines only", r->path);
        return err_hint(err, "the first line names the columns: N,D,loss");
    }
    ErrCode rc = check_separator(r, err);
    for (size_t i = 0; rc == ERR_OK && i < r->n; i++) {
        size_t first = map_add_text(&names, csv_field(r, i));
        if (first < i) {
            (void)err_set(err, ERR_FORMAT, "%s:%zu: two columns are named \"%.80s\" (%zu and %zu)",
                          r->path, r->line, csv_field(r, i), first + 1, i + 1);
            rc = err_hint(err, "rename or remove one of them: a name must say which is meant");
        }
    }
    rc = rc == ERR_OK ? map_ok(&names, "header", err) : rc;
    map_release(&names);
    return rc;
}

ErrCode csv_check_length(const Csv *r, size_t n_columns, Err *err)
{
    if (r->n == n_columns) {
        return ERR_OK;
    }
    (void)err_set(err, ERR_FORMAT, "%s:%zu: %zu fields, and the header has %zu", r->path, r->line,
                  r->n, n_columns);
    return err_hint(err, r->n > n_columns
                             ? "a comma inside a value needs quotes around the value, and "
                               "numbers have a decimal point"
                             : "an empty value keeps its comma; a line that was cut off has "
                               "to be removed");
}

/* ---- writing --------------------------------------------------------------------------------- */

void csv_put_cell(Buf *out, const char *text)
{
    size_t n = strlen(text);
    bool has_edge = n > 0 && (is_blank(text[0]) || is_blank(text[n - 1]));
    if (!has_edge && !strpbrk(text, ",\"\r\n")) {
        buf_add(out, text, n);
        return;
    }
    buf_putc(out, '"');
    for (const char *p = text; *p; p++) {
        if (*p == '"') {
            buf_putc(out, '"');
        }
        buf_putc(out, *p);
    }
    buf_putc(out, '"');
}

void csv_put_row(Buf *out, const char *const *cell, size_t n)
{
    bool is_blank_line = n == 1 && cell[0][0] == '\0'; /* which a reader would pass over */
    buf_puts(out, is_blank_line ? "\"\"" : "");
    for (size_t i = 0; i < n; i++) {
        csv_put_cell(out, cell[i]);
        buf_putc(out, i + 1 < n ? ',' : '\n');
    }
}
