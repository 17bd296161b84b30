#include "common/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fsx.h"
#include "common/utf8.h"

void json_number_text(double x, char out[32])
{
    if (x == 0.0) {
        x = 0.0; /* no negative zero in an identity */
    }
    if (fabs(x) < 0x1p53 && x == floor(x)) {
        (void)snprintf(out, 32, "%.0f", x);
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        (void)snprintf(out, 32, "%.*g", digits, x);
        if (strtod(out, NULL) == x) {
            return;
        }
    }
}

void json_string_text(const char *s, Buf *out)
{
    buf_putc(out, '"');
    while (s && *s) {
        size_t n = 0;
        while ((unsigned char)s[n] >= 0x20 && s[n] != '"' && s[n] != '\\') {
            n++;
        }
        buf_add(out, s, n);
        s += n;
        if (*s == '"' || *s == '\\') {
            buf_putc(out, '\\');
            buf_putc(out, *s++);
        } else if (*s) {
            buf_printf(out, "\\u%04x", (unsigned char)*s++);
        }
    }
    buf_putc(out, '"');
}

static void put_scalar(const json_t *v, Buf *out)
{
    char number[32];
    switch (json_typeof(v)) {
    case JSON_STRING:
        json_string_text(json_string_value(v), out);
        break;
    case JSON_INTEGER:
        buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
        break;
    case JSON_REAL:
        json_number_text(json_real_value(v), number);
        buf_puts(out, number);
        break;
    case JSON_TRUE:
        buf_puts(out, "true");
        break;
    case JSON_FALSE:
        buf_puts(out, "false");
        break;
    case JSON_NULL:
    case JSON_OBJECT:
    case JSON_ARRAY:
        buf_puts(out, "null");
        break;
    }
}

typedef struct Style {
    bool is_sorted;
    int indent;    /* spaces a level; 0: all on one line */
    JsonPutFn own; /* NULL: none */
    void *ctx;
} Style;

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void new_line(Style st, int level, Buf *out)
{
    if (st.indent > 0) {
        buf_printf(out, "\n%*s", st.indent * level, "");
    }
}

static void put(const json_t *v, Style st, int level, Buf *out);

json_t *json_for_iteration(const json_t *v)
{
    union {
        const json_t *in;
        json_t *out;
    } same = {.in = v};
    return same.out;
}

static void put_object(const json_t *v, Style st, int level, Buf *out)
{
    size_t n = json_object_size(v);
    const char **key = calloc(n + 1, sizeof *key);
    if (!key) {
        out->is_short = true;
        return;
    }
    size_t i = 0;
    const char *k;
    json_t *child;
    json_t *object = json_for_iteration(v);
    json_object_foreach(object, k, child)
    {
        key[i++] = k;
    }
    if (st.is_sorted) {
        qsort(key, n, sizeof *key, by_name);
    }
    buf_putc(out, '{');
    for (i = 0; i < n; i++) {
        if (i > 0) {
            buf_putc(out, ',');
        }
        new_line(st, level + 1, out);
        json_string_text(key[i], out);
        buf_puts(out, st.indent > 0 ? ": " : ":");
        put(json_object_get(v, key[i]), st, level + 1, out);
    }
    if (n > 0) {
        new_line(st, level, out);
    }
    buf_putc(out, '}');
    free(key);
}

static void put_array(const json_t *v, Style st, int level, Buf *out)
{
    bool has_nested = false;
    for (size_t i = 0; i < json_array_size(v); i++) {
        has_nested = has_nested || json_is_object(json_array_get(v, i));
    }
    Style inner = st;
    inner.indent = has_nested ? st.indent : 0;
    buf_putc(out, '[');
    for (size_t i = 0; i < json_array_size(v); i++) {
        if (i > 0) {
            buf_puts(out, st.indent > 0 && !has_nested ? ", " : ",");
        }
        new_line(inner, level + 1, out);
        put(json_array_get(v, i), inner, level + 1, out);
    }
    if (json_array_size(v) > 0) {
        new_line(inner, level, out);
    }
    buf_putc(out, ']');
}

static void put(const json_t *v, Style st, int level, Buf *out)
{
    if (st.own && st.own(st.ctx, v, st.indent * (level + 1), out)) {
        return;
    }
    if (json_is_object(v)) {
        put_object(v, st, level, out);
    } else if (json_is_array(v)) {
        put_array(v, st, level, out);
    } else {
        put_scalar(v, out);
    }
}

static void put_whole(const json_t *v, Style st, Buf *out)
{
    if (v) {
        put(v, st, 0, out);
    } else {
        out->is_short = true;
    }
}

void json_canonical(const json_t *v, Buf *out)
{
    put_whole(v, (Style){.is_sorted = true}, out);
}

void json_put(const json_t *v, int indent, JsonPutFn own, void *ctx, Buf *out)
{
    put_whole(v, (Style){.indent = indent, .own = own, .ctx = ctx}, out);
}

void json_line(const json_t *v, Buf *out)
{
    put_whole(v, (Style){.indent = 0}, out);
}

void json_plain_text(const json_t *v, Buf *out)
{
    char number[32];
    if (json_is_string(v)) {
        buf_puts(out, json_string_value(v));
    } else if (json_is_number(v)) {
        json_number_text(json_number_value(v), number);
        buf_puts(out, number);
    } else if (v && !json_is_null(v)) {
        json_canonical(v, out);
    }
}

void json_pretty(const json_t *v, Buf *out)
{
    put_whole(v, (Style){.indent = 2}, out);
    buf_putc(out, '\n');
}

ErrCode json_read_file(const char *path, json_t **ret, Err *err)
{
    enum { MAX_BYTES = 64 << 20 };
    Buf text = BUF_INIT;
    ErrCode rc = fsx_read(path, MAX_BYTES, &text, err);
    if (rc == ERR_OK) {
        json_error_t why;
        json_t *v = json_loadb(buf_str(&text), text.len, JSON_REJECT_DUPLICATES, &why);
        if (v) {
            *ret = v;
        } else {
            (void)err_set(err, ERR_FORMAT, "%s:%d:%d: %s", path, why.line, why.column, why.text);
            rc = err_place(err, path, (TextPos){why.line, why.column});
        }
    }
    buf_release(&text);
    return rc;
}

static ErrCode write_pretty(const char *path, const json_t *v,
                            ErrCode (*write)(const char *, const void *, size_t, Err *), Err *err)
{
    Buf text = BUF_INIT;
    json_pretty(v, &text);
    ErrCode rc = buf_ok(&text, err);
    if (rc == ERR_OK) {
        rc = write(path, buf_str(&text), text.len, err);
    }
    buf_release(&text);
    return rc;
}

ErrCode json_write_file(const char *path, const json_t *v, Err *err)
{
    return write_pretty(path, v, fsx_replace, err);
}

ErrCode json_note_file(const char *path, const json_t *v, Err *err)
{
    return write_pretty(path, v, fsx_note, err);
}

static ErrCode wrong(const json_t *v, const char *key, const char *want, Err *err)
{
    return v ? err_set(err, ERR_FORMAT, "\"%s\" must be %s", key, want)
             : err_set(err, ERR_FORMAT, "\"%s\" is missing; it must be %s", key, want);
}

ErrCode json_get_i64(const json_t *obj, const char *key, int64_t *ret, Err *err)
{
    const json_t *v = json_object_get(obj, key);
    if (json_is_integer(v)) {
        *ret = json_integer_value(v);
        return ERR_OK;
    }
    double x = json_is_real(v) ? json_real_value(v) : 0.5;
    if (x == floor(x) && fabs(x) < 0x1p53) {
        *ret = (int64_t)x;
        return ERR_OK;
    }
    return wrong(v, key, "an integer", err);
}

ErrCode json_get_f64(const json_t *obj, const char *key, double *ret, Err *err)
{
    const json_t *v = json_object_get(obj, key);
    if (!json_is_number(v)) {
        return wrong(v, key, "a number", err);
    }
    *ret = json_number_value(v);
    return ERR_OK;
}

ErrCode json_get_bool(const json_t *obj, const char *key, bool *ret, Err *err)
{
    const json_t *v = json_object_get(obj, key);
    if (!json_is_boolean(v)) {
        return wrong(v, key, "true or false", err);
    }
    *ret = json_is_true(v);
    return ERR_OK;
}

ErrCode json_get_str(const json_t *obj, const char *key, const char **ret, Err *err)
{
    const json_t *v = json_object_get(obj, key);
    if (!json_is_string(v)) {
        return wrong(v, key, "a string", err);
    }
    *ret = json_string_value(v);
    return ERR_OK;
}

ErrCode json_get_obj(const json_t *obj, const char *key, json_t **ret, Err *err)
{
    json_t *v = json_object_get(obj, key);
    if (!json_is_object(v)) {
        return wrong(v, key, "an object", err);
    }
    *ret = v;
    return ERR_OK;
}

json_t *json_texts(const char *const *item, size_t n)
{
    json_t *a = json_array();
    for (size_t i = 0; i < n; i++) {
        (void)json_array_append_new(a, json_string(item[i]));
    }
    return a;
}

json_t *json_string_any(const char *s)
{
    size_t n = strlen(s);
    json_t *v = json_stringn(s, n);
    char *copy = v ? NULL : malloc(n + 1);
    for (size_t i = 0; copy && i < n;) {
        uint32_t c = 0;
        size_t k = utf8_decode((const unsigned char *)s + i, n - i, &c);
        memcpy(copy + i, k ? s + i : "?", k ? k : 1);
        i += k ? k : 1;
    }
    if (copy) {
        v = json_stringn(copy, n);
        free(copy);
    }
    return v;
}

json_t *json_real_or_name(double x)
{
    if (isnan(x)) {
        return json_string("nan");
    }
    if (isinf(x)) {
        return json_string(x > 0.0 ? "inf" : "-inf");
    }
    return json_real(x);
}

bool json_to_real(const json_t *v, double *ret)
{
    if (json_is_number(v)) {
        *ret = json_number_value(v);
        return true;
    }
    const char *s = json_string_value(v);
    if (s && strcmp(s, "nan") == 0) {
        *ret = (double)NAN;
    } else if (s && strcmp(s, "inf") == 0) {
        *ret = (double)INFINITY;
    } else if (s && strcmp(s, "-inf") == 0) {
        *ret = -(double)INFINITY;
    } else {
        return false;
    }
    return true;
}
