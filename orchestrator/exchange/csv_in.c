#include "orchestrator/exchange/csv_in.h"

#include <inttypes.h>
#include <string.h>

#include "orchestrator/exchange/line_in.h"

#define MAX_RECORD ((size_t)16 << 20)

ErrCode csv_in_open(CsvIn *r, const char *path, Err *err)
{
    LineIn opened;
    ErrCode rc = line_in_open(&opened, path, false, err); /* skips the byte order mark */
    if (rc != ERR_OK) {
        return rc;
    }
    r->f = opened.f;
    r->path = path;
    r->text = BUF_INIT;
    r->n = 0;
    r->line = r->next = 1;
    return ERR_OK;
}

static ErrCode bad(const CsvIn *r, int64_t line, const char *what, Err *err)
{
    return err_set(err, ERR_FORMAT, "%s:%" PRId64 ": %s", r->path, line, what);
}

static void end_field(CsvIn *r)
{
    buf_add(&r->text, "", 1);
    if (r->n < CSV_IN_MAX_FIELDS) {
        r->n++;
    }
    if (r->n < CSV_IN_MAX_FIELDS) {
        r->at[r->n] = r->text.len;
    }
}

/* LF, or CR LF; a lone CR is text. */
static bool is_end(CsvIn *r, int *c)
{
    if (*c == '\r') {
        int after = line_in_byte(r->f);
        if (after == '\n' || after == EOF) {
            *c = after;
        } else {
            (void)ungetc(after, r->f);
        }
    }
    return *c == '\n' || *c == EOF;
}

/* After the opening quote, to the byte after the closing one (*c). */
static ErrCode quoted(CsvIn *r, int *c, Err *err)
{
    int64_t opened = r->next;
    for (;;) {
        *c = line_in_byte(r->f);
        if (*c == EOF) {
            return bad(r, opened, "a quote is never closed", err);
        }
        if (*c == '"') {
            *c = line_in_byte(r->f);
            if (*c != '"') {
                break;
            }
        }
        if (*c == '\0') {
            return bad(r, r->next, "a NUL byte: not a text file", err);
        }
        if (r->text.len > MAX_RECORD) {
            return bad(r, opened, "a record of more than 16 MiB; is a quote never closed?", err);
        }
        r->next += *c == '\n' ? 1 : 0;
        buf_putc(&r->text, (char)*c);
    }
    return is_end(r, c) || *c == ',' ? ERR_OK : bad(r, r->next, "text after a closing quote", err);
}

/* One field and the byte that ends it. */
static ErrCode field(CsvIn *r, int *c, Err *err)
{
    if (*c == '"') {
        return quoted(r, c, err);
    }
    while (!is_end(r, c) && *c != ',') {
        if (*c == '\0') {
            return bad(r, r->next, "a NUL byte: not a text file", err);
        }
        if (r->text.len > MAX_RECORD) {
            return bad(r, r->next, "a record of more than 16 MiB", err);
        }
        buf_putc(&r->text, (char)*c);
        *c = line_in_byte(r->f);
    }
    return ERR_OK;
}

ErrCode csv_in_next(CsvIn *r, bool *ret, Err *err)
{
    int c = line_in_byte(r->f);
    *ret = false;
    while (c != EOF && is_end(r, &c)) { /* empty lines */
        r->next += c == '\n' ? 1 : 0;
        c = c == EOF ? EOF : line_in_byte(r->f);
    }
    if (c == EOF) {
        return ferror(r->f) ? err_sys(err, "read %s", r->path) : ERR_OK;
    }
    buf_clear(&r->text);
    r->n = 0;
    r->at[0] = 0;
    r->line = r->next;
    for (;;) {
        ErrCode rc = field(r, &c, err);
        if (rc != ERR_OK) {
            return rc;
        }
        if (r->n == CSV_IN_MAX_FIELDS) {
            return bad(r, r->line, "more than 4096 fields", err);
        }
        end_field(r);
        if (c != ',') {
            break;
        }
        c = line_in_byte(r->f);
    }
    r->next += c == '\n' ? 1 : 0;
    *ret = true;
    return ferror(r->f) ? err_sys(err, "read %s", r->path) : buf_ok(&r->text, err);
}

const char *csv_in_field(const CsvIn *r, size_t i)
{
    return r->text.data + r->at[i];
}

void csv_in_close(CsvIn *r)
{
    if (r->f) {
        (void)fclose(r->f);
        buf_release(&r->text);
        r->f = NULL;
    }
}
