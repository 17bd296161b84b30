#include "trainer/worker/sealed.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/fsx.h"
#include "common/json.h"
#include "trainer/worker/attempt.h"

static const char before_sum[] = ",\n  \"sum\": \"", after_sum[] = "\"\n}\n";
#define END_OF_OBJECT "\n}\n"
enum { SUM_DIGITS = 16, MAX_BYTES = 1 << 20 };
enum { TAIL_BYTES = sizeof before_sum - 1 + SUM_DIGITS + sizeof after_sum - 1 };

static void put_tail(const char *text, size_t n, char out[TAIL_BYTES + 1])
{
    (void)snprintf(out, TAIL_BYTES + 1, "%s%016" PRIx64 "%s", before_sum, hash_u64(text, n),
                   after_sum);
}

typedef struct Writer {
    const char *run_dir;
    int64_t attempt;
} Writer;

static ErrCode may_write(void *ctx, Err *err)
{
    const Writer *w = ctx;
    return attempt_check(w->run_dir, w->attempt, err);
}

ErrCode sealed_write(const char *path, json_t *v, const char *run_dir, int64_t attempt,
                     FileSum *ret, Err *err)
{
    Writer w = {run_dir, attempt};
    ErrCode rc = ERR_OK;
    Buf text = BUF_INIT;
    char tail[TAIL_BYTES + 1];
    if (!v) {
        return err_nomem(err, path);
    }
    json_pretty(v, &text);
    TRY(buf_ok(&text, err));
    text.len -= sizeof END_OF_OBJECT - 1; /* an object that has members ends so */
    put_tail(text.data, text.len, tail);
    buf_puts(&text, tail);
    TRY(buf_ok(&text, err));
    TRY(fsx_replace_gated(path, text.data, text.len, may_write, &w, err));
    ret->bytes = (int64_t)text.len;
    hash_xxh128(text.data, text.len, ret->xxh128);
done:
    buf_release(&text);
    json_decref(v);
    return rc;
}

static bool is_sealed(const Buf *text)
{
    char want[TAIL_BYTES + 1];
    if (text->len < TAIL_BYTES) {
        return false;
    }
    size_t n = text->len - TAIL_BYTES;
    put_tail(text->data, n, want);
    return memcmp(text->data + n, want, TAIL_BYTES) == 0;
}

static ErrCode check(const json_t *v, const Buf *text, Err *err)
{
    int64_t schema = 0;
    ErrCode rc = json_get_i64(v, "schema", &schema, err);
    if (rc == ERR_OK && (schema < 1 || schema > SEALED_SCHEMA)) {
        rc = err_set(err, ERR_FORMAT, "\"schema\" is %" PRId64 ", this program knows up to %d",
                     schema, SEALED_SCHEMA);
    }
    bool must_be = schema >= SEALED_SCHEMA || json_object_get(v, "sum");
    if (rc == ERR_OK && must_be && !is_sealed(text)) {
        rc = err_set(err, ERR_FORMAT, "is damaged (its sum differs)");
    }
    return rc;
}

ErrCode sealed_read(const char *path, json_t **ret, FileSum *ret_sum, Err *err)
{
    Buf text = BUF_INIT;
    json_t *v = NULL;
    json_error_t why;
    ErrCode rc = fsx_read(path, MAX_BYTES, &text, err);
    if (rc != ERR_OK) {
        rc = rc == ERR_INVALID ? (err->code = ERR_FORMAT) : rc; /* too large to be ours */
        goto done;
    }
    v = json_loadb(buf_str(&text), text.len, JSON_REJECT_DUPLICATES, &why);
    rc = v ? check(v, &text, err) : err_set(err, ERR_FORMAT, "%s", why.text);
    if (rc != ERR_OK) {
        rc = err_wrap(err, "%s", path);
        goto done;
    }
    if (ret_sum) {
        ret_sum->bytes = (int64_t)text.len;
        hash_xxh128(buf_str(&text), text.len, ret_sum->xxh128);
    }
    *ret = v;
    v = NULL;
done:
    json_decref(v);
    buf_release(&text);
    return rc;
}
