#include "analysis/obs/frame.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/json.h"
#include "common/quantity.h"
#include "common/words.h"

enum { MAX_HINTED_COLUMNS = 256, MAX_CELLS = 1 << 27 };

void frame_release(Frame *f)
{
    free(f->source);
    for (size_t c = 0; f->number && c < f->n_columns; c++) {
        free(f->number[c]);
    }
    free(f->number);
    if (f->made) {
        arena_release(f->made);
        free(f->made);
    }
    buf_release(&f->text);
    free(f->at);
    free(f->line);
    *f = (Frame){0};
}

bool frame_point(Frame *f, size_t offset)
{
    if (offset > UINT32_MAX || f->n_at == MAX_CELLS) {
        f->text.is_short = true;
        return false;
    }
    if (f->n_at == f->cap_at) {
        size_t cap = f->cap_at ? 2 * f->cap_at : 256;
        uint32_t *at = realloc(f->at, cap * sizeof *at);
        if (!at) {
            f->text.is_short = true;
            return false;
        }
        f->at = at;
        f->cap_at = cap;
    }
    f->at[f->n_at++] = (uint32_t)offset;
    return true;
}

void frame_add(Frame *f, const char *cell, size_t n)
{
    if (frame_point(f, f->text.len)) {
        buf_add(&f->text, cell, n);
        buf_add(&f->text, "", 1);
    }
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

ErrCode frame_set_numbers(Frame *f, size_t column, double *values, Err *err)
{
    f->number = f->number ? f->number : calloc(f->n_columns + 1, sizeof *f->number);
    f->made = f->made ? f->made : calloc(1, sizeof *f->made);
    if (!f->number || !f->made) {
        free(values);
        return err_nomem(err, "table");
    }
    free(f->number[column]);
    f->number[column] = values;
    return ERR_OK;
}

const char *frame_cell(const Frame *f, size_t row, size_t column)
{
    if (f->number && f->number[column]) {
        char text[32] = "";
        if (!isnan(f->number[column][row])) {
            json_number_text(f->number[column][row], text);
        }
        const char *made = *text ? arena_strdup(f->made, text) : "";
        return made ? made : ""; /* short of memory: as if it were empty, which is refused */
    }
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

static ErrCode no_column(const Frame *f, const char *name, Err *err)
{
    const char *known[MAX_HINTED_COLUMNS];
    size_t n = 0;
    for (; n < f->n_columns && n < MAX_HINTED_COLUMNS; n++) {
        known[n] = frame_name(f, n);
    }
    (void)err_set(err, ERR_INVALID, "%s: there is no column \"%s\"", f->source, name);
    return words_hint("its column", name, known, n, err);
}

static ErrCode several_columns(const Frame *f, const char *name, Err *err)
{
    Buf list = BUF_INIT;
    for (size_t c = 0; c < f->n_columns; c++) {
        const char *own = frame_name(f, c);
        if (strcmp(own, name) == 0 || words_is_ending(own, name)) {
            buf_printf(&list, "%s%s", list.len ? ", " : "", own);
        }
    }
    (void)err_set(err, ERR_INVALID, "%s: \"%s\" may mean several columns", f->source, name);
    (void)err_hint(err, "name one in full: %.400s", buf_str(&list));
    buf_release(&list);
    return err->code;
}

ErrCode frame_column(const Frame *f, const char *name, size_t *ret, Err *err)
{
    size_t exact = frame_find(f, name), by_end = FRAME_NONE, n_ends = 0, n_axes = 0;
    for (size_t c = 0; c < f->n_columns; c++) {
        if (words_is_ending(frame_name(f, c), name)) {
            by_end = c;
            n_ends++;
            n_axes += c >= f->first_axis && c - f->first_axis < f->n_axes ? 1 : 0;
        }
    }
    if (exact != FRAME_NONE ? n_axes > 0 : n_ends > 1) {
        return several_columns(f, name, err);
    }
    if (exact == FRAME_NONE && n_ends == 0) {
        return no_column(f, name, err);
    }
    *ret = exact != FRAME_NONE ? exact : by_end;
    return ERR_OK;
}

ErrCode frame_scaled(const Frame *f, const char *text, size_t *ret_column, double *ret_factor,
                     Err *err)
{
    char name[WORD_BYTES];
    double factor = 1.0;
    size_t c = frame_find(f, text);
    ErrCode rc = ERR_OK;
    if (c == FRAME_NONE) {
        rc = frame_column(f, words_scaled(text, name, &factor) ? name : text, &c, err);
    }
    if (rc == ERR_OK) {
        *ret_column = c;
        *ret_factor = factor;
    }
    return rc;
}

ErrCode frame_bad_cell(const Frame *f, size_t row, size_t column, const char *rule, Err *err)
{
    const char *cell = frame_cell(f, row, column);
    if (f->line) {
        return err_set(err, ERR_INVALID, "%s:%u: column \"%s\": \"%.60s\" %s", f->source,
                       f->line[row], frame_name(f, column), cell, rule);
    }
    return err_set(err, ERR_INVALID, "%s: row %zu, column \"%s\": \"%.60s\" %s", f->source, row + 1,
                   frame_name(f, column), cell, rule);
}

/* "1,000" or "1.000.000": digits in threes. */
static bool has_thousands(const char *s, char separator)
{
    const char *p = strchr(s, separator);
    bool is_one = p && p > s && p - s <= 3;
    for (; is_one && p && *p == separator; p += 4) {
        is_one = strspn(p + 1, "0123456789") == 3;
    }
    return is_one;
}

static bool has_word(const char *s, const char *const *word, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcasecmp(s + (*s == '-' || *s == '+'), word[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Why a cell is no number, and what to do. */
static ErrCode not_a_number(const Frame *f, size_t row, size_t column, Err *err)
{
    static const char *const missing[] = {"nan", "na", "n/a", "null", "none", "-"};
    static const char *const infinite[] = {"inf", "infinity"};
    const char *cell = frame_cell(f, row, column), *name = frame_name(f, column);
    const char *digits = cell + (*cell == '-' || *cell == '+');
    if (!*cell) {
        (void)frame_bad_cell(f, row, column, "is empty", err);
        return err_hint(err, "leave such rows out: --where '%s!='", name);
    }
    if (has_word(cell, missing, 6) || has_word(cell, infinite, 2)) {
        (void)frame_bad_cell(f, row, column, "is not a finite number", err);
        return err_hint(err, "leave such rows out: --where '%s!=%s'", name, cell);
    }
    if (strncasecmp(digits, "0x", 2) == 0) {
        (void)frame_bad_cell(f, row, column, "is not a decimal number", err);
        return err_hint(err, "hexadecimal is not read; write it as a decimal number");
    }
    char *end;
    if (!isfinite(strtod(cell, &end)) && end > cell) {
        (void)frame_bad_cell(f, row, column, "is beyond the largest number (1.8e308)", err);
        return err_hint(err, "choose a larger unit, or leave such rows out: --where '%s!=%s'", name,
                        cell);
    }
    (void)frame_bad_cell(f, row, column, "is not a number", err);
    if (has_thousands(digits, ',')) {
        return err_hint(err, "write it without separators of thousands");
    }
    if (strchr(cell, ',')) {
        return err_hint(err, "numbers have a decimal point, not a comma");
    }
    return (unsigned char)*digits >= 0x80
               ? err_hint(err, "digits are those of ASCII, 0 to 9")
               : err_hint(err, "leave such rows out: --where '%s!=%s'", name, cell);
}

ErrCode frame_number(const Frame *f, size_t row, size_t column, double *ret, Err *err)
{
    if (f->number && f->number[column] && isfinite(f->number[column][row])) {
        *ret = f->number[column][row];
        return ERR_OK;
    }
    const char *cell = frame_cell(f, row, column);
    return quantity_parse(cell, QUANTITY_COUNT, ret) ? ERR_OK : not_a_number(f, row, column, err);
}
