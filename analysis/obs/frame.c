#include "analysis/obs/frame.h"

#include <stdlib.h>
#include <string.h>

#include "common/quantity.h"

enum { MAX_HINTED_COLUMNS = 256 };

void frame_release(Frame *f)
{
    free(f->source);
    buf_release(&f->text);
    free(f->at);
    free(f->line);
    *f = (Frame){0};
}

void frame_add(Frame *f, const char *cell, size_t n)
{
    if (f->n_at == f->cap_at) {
        size_t cap = f->cap_at ? 2 * f->cap_at : 256;
        size_t *at = realloc(f->at, cap * sizeof *at);
        if (!at) {
            f->text.is_short = true;
            return;
        }
        f->at = at;
        f->cap_at = cap;
    }
    f->at[f->n_at++] = f->text.len;
    buf_add(&f->text, cell, n);
    buf_add(&f->text, "", 1);
}

ErrCode frame_finish(Frame *f, Err *err)
{
    ErrCode rc = buf_ok(&f->text, err);
    if (rc == ERR_OK && f->n_columns) {
        f->n_rows = f->n_at / f->n_columns - 1;
    }
    return rc;
}

const char *frame_name(const Frame *f, size_t column)
{
    return f->text.data + f->at[column];
}

const char *frame_cell(const Frame *f, size_t row, size_t column)
{
    return f->text.data + f->at[(row + 1) * f->n_columns + column];
}

size_t frame_find(const Frame *f, const char *name)
{
    for (size_t c = 0; c < f->n_columns; c++) {
        if (strcmp(frame_name(f, c), name) == 0) {
            return c;
        }
    }
    return FRAME_NONE;
}

ErrCode frame_column(const Frame *f, const char *name, size_t *ret, Err *err)
{
    size_t c = frame_find(f, name);
    if (c != FRAME_NONE) {
        *ret = c;
        return ERR_OK;
    }
    const char *known[MAX_HINTED_COLUMNS];
    size_t n = 0;
    for (; n < f->n_columns && n < MAX_HINTED_COLUMNS; n++) {
        known[n] = frame_name(f, n);
    }
    (void)err_set(err, ERR_INVALID, "%s: there is no column \"%s\"", f->source, name);
    const char *near = nearest_name(name, known, n);
    if (near) {
        return err_hint(err, "did you mean \"%s\"?", near);
    }
    Buf list = BUF_INIT;
    for (size_t i = 0; i < n; i++) {
        buf_printf(&list, "%s%s", i ? ", " : "", known[i]);
    }
    (void)err_hint(err, "its columns are: %.400s", buf_str(&list));
    buf_release(&list);
    return err->code;
}

ErrCode frame_bad_cell(const Frame *f, size_t row, size_t column, const char *rule, Err *err)
{
    const char *cell = frame_cell(f, row, column);
    if (f->line) {
        return err_set(err, ERR_INVALID, "%s:%zu: column \"%s\": \"%.60s\" %s", f->source,
                       f->line[row], frame_name(f, column), cell, rule);
    }
    return err_set(err, ERR_INVALID, "%s: row %zu, column \"%s\": \"%.60s\" %s", f->source, row + 1,
                   frame_name(f, column), cell, rule);
}

ErrCode frame_number(const Frame *f, size_t row, size_t column, double *ret, Err *err)
{
    if (!quantity_parse(frame_cell(f, row, column), QUANTITY_COUNT, ret)) {
        return frame_bad_cell(f, row, column, "is not a number", err);
    }
    return ERR_OK;
}
