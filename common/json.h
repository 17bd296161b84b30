/* json.h -- what we add to jansson: a canonical text and checked reading.
 *
 * Canonical form (what SHA-256 identities are computed over): keys sorted by
 * byte value, no white space, strings as UTF-8 with only ", \ and control
 * characters escaped, integers as decimal digits, reals as the shortest decimal
 * that reads back to the same double ("0.003", "1e+18"); a real whose value is an
 * integer below 2^53 is written as that integer, so 1e7, 10M and 10000000 agree.
 */
#ifndef COMMON_JSON_H
#define COMMON_JSON_H

#include <jansson.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

/* Appends the canonical text of v to out.  v NULL, which is how jansson says that memory was
 * short, marks out as short: buf_ok() reports it.  So do json_pretty() and json_line(). */
void json_canonical(const json_t *v, Buf *out);

/* Shortest text that strtod() reads back to exactly x, into out [32].  Finite x. */
void json_number_text(double x, char out[32]);

/* A value as people write it, appended: a string as it is, true or false, a number as above; nothing for
 * null or NULL; else the canonical form. */
void json_plain_text(const json_t *v, Buf *out);

/* Readable text with two-space indents and a final newline; reals as in the
 * canonical form.  Key order is insertion order. */
void json_pretty(const json_t *v, Buf *out);

/* Appends a string in quotes. */
void json_string_text(const char *s, Buf *out);

/* Asked for every value, with the blanks that its members are to stand after (0: all on one line);
 * true: it has written it. */
typedef bool (*JsonPutFn)(void *ctx, const json_t *v, int indent, Buf *out);
/* The text with so many blanks a level, 0: on one line. */
void json_put(const json_t *v, int indent, JsonPutFn own, void *ctx, Buf *out);

/* The text on one line, without white space; reals as in the canonical form.  Key order is
 * insertion order. */
void json_line(const json_t *v, Buf *out);

/* Parses a file (max 64 MiB).  ERR_NOTFOUND, ERR_IO, or ERR_FORMAT with line and
 * column.  The caller owns the result (json_decref). */
ErrCode json_read_file(const char *path, json_t **ret, Err *err);

/* Writes json_pretty() by fsx_replace(), or by fsx_note(). */
ErrCode json_write_file(const char *path, const json_t *v, Err *err);
ErrCode json_note_file(const char *path, const json_t *v, Err *err);

/* Object members by name; ERR_FORMAT naming the key when absent or of another
 * type.  Strings are borrowed from the object. */
ErrCode json_get_i64(const json_t *obj, const char *key, int64_t *ret, Err *err);
ErrCode json_get_f64(const json_t *obj, const char *key, double *ret, Err *err);
ErrCode json_get_bool(const json_t *obj, const char *key, bool *ret, Err *err);
ErrCode json_get_str(const json_t *obj, const char *key, const char **ret, Err *err);
ErrCode json_get_obj(const json_t *obj, const char *key, json_t **ret, Err *err);

/* jansson iterates over writable objects only; this is the same object, and the caller
 * must not change it. */
json_t *json_for_iteration(const json_t *v);

/* An array of n strings; NULL when memory is short. */
json_t *json_texts(const char *const *item, size_t n);

/* A string for s: what is not UTF-8 in it becomes question marks.  NULL when memory is short. */
json_t *json_string_any(const char *s);

/* A JSON value for x that survives NaN and infinities: a real when finite, else
 * the string "nan", "inf" or "-inf".  NULL when memory is short. */
json_t *json_real_or_name(double x);

/* The reverse; false if v is neither a number nor one of those names. */
bool json_to_real(const json_t *v, double *ret);

#endif
