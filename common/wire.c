#include "common/wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "common/json.h"

static const char sum_key[] = ",\"sum\":\"";
enum { SUM_DIGITS = 16, SUM_TAIL = (int)sizeof sum_key - 1 + SUM_DIGITS + 2 }; /* and "} */

/* Writes v with shortest round-trip reals and no white space; order kept. */
static void put_members(const json_t *body, Buf *out)
{
    const char *key;
    json_t *v;
    json_t *object = json_for_iteration(body);
    json_object_foreach(object, key, v)
    {
        buf_printf(out, ",\"%s\":", key);
        json_canonical(v, out);
    }
}

ErrCode wire_format(WireHead head, json_t *body, Buf *out, Err *err)
{
    if (!json_is_object(body) || !json_object_get(body, "event")) {
        json_decref(body);
        return err_nomem(err, "an event"); /* the builder ran out of memory half-way */
    }
    size_t start = out->len;
    buf_printf(
        out, "{\"v\":%d,\"seq\":%" PRId64 ",\"run\":\"%s\",\"attempt\":%" PRId64 ",\"t\":%" PRId64,
        WIRE_VERSION, head.seq, head.run, head.attempt, head.t);
    put_members(body, out);
    json_decref(body);
    if (buf_ok(out, err) != ERR_OK) {
        return ERR_NOMEM;
    }
    uint64_t sum = hash_u64(out->data + start, out->len - start);
    buf_printf(out, "%s%016" PRIx64 "\"}\n", sum_key, sum);
    if (out->len - start > WIRE_LINE_BYTES) {
        return err_set(err, ERR_INVALID, "an event line is longer than %d bytes", WIRE_LINE_BYTES);
    }
    return buf_ok(out, err);
}

static bool sum_matches(const char *line, size_t n)
{
    if (n < (size_t)SUM_TAIL || line[n - 1] != '}' || line[n - 2] != '"') {
        return false;
    }
    size_t body = n - (size_t)SUM_TAIL;
    if (memcmp(line + body, sum_key, sizeof sum_key - 1) != 0) {
        return false;
    }
    char digits[SUM_DIGITS + 1];
    memcpy(digits, line + n - 2 - SUM_DIGITS, SUM_DIGITS);
    digits[SUM_DIGITS] = '\0';
    char want[SUM_DIGITS + 1];
    (void)snprintf(want, sizeof want, "%016" PRIx64, hash_u64(line, body));
    return memcmp(digits, want, SUM_DIGITS) == 0;
}

ErrCode wire_parse(const char *line, size_t n, json_t **ret, Err *err)
{
    if (!sum_matches(line, n)) {
        return err_set(err, ERR_FORMAT, "event line is torn or damaged");
    }
    json_error_t why;
    json_t *v = json_loadb(line, n, JSON_REJECT_DUPLICATES, &why);
    if (!json_is_object(v)) {
        json_decref(v);
        return err_set(err, ERR_FORMAT, "event line is not a JSON object: %s", why.text);
    }
    int64_t version = 0;
    ErrCode rc = json_get_i64(v, "v", &version, err);
    if (rc == ERR_OK && version != WIRE_VERSION) {
        rc = err_set(err, ERR_FORMAT, "event line has protocol version %" PRId64 ", not %d",
                     version, WIRE_VERSION);
    }
    if (rc != ERR_OK) {
        json_decref(v);
        return rc;
    }
    *ret = v;
    return ERR_OK;
}
