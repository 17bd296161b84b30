#include "catalog/fit_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog/rows.h"
#include "common/fsx.h"
#include "common/hash.h"
#include "common/json.h"
#include "common/order.h"

enum { FIT_LOG_VERSION = 1, MAX_BYTES = 1 << 30, SUM_DIGITS = 16 };

static const char sum_key[] = ",\"sum\":\"";

static void put_text(const char *key, const char *text, Buf *out)
{
    json_t *v = json_string(text);
    buf_printf(out, ",\"%s\":", key);
    json_canonical(v, out);
    json_decref(v);
}

static void put_line(const CatalogFit *f, Buf *out)
{
    size_t start = out->len;
    buf_printf(out, "{\"v\":%d,\"id\":%" PRId64 ",\"created_ms\":%" PRId64, FIT_LOG_VERSION, f->id,
               f->created_ms);
    put_text("law", f->law, out);
    put_text("group", f->group, out);
    buf_printf(out, ",\"result\":%s", f->result);
    uint64_t sum = out->is_short ? 0 : hash_u64(out->data + start, out->len - start);
    buf_printf(out, "%s%016" PRIx64 "\"}\n", sum_key, sum);
}

/* A file that does not end with a newline was torn while something was appended. */
static ErrCode end_torn_line(int fd, const char *path, Buf *out, Err *err)
{
    char last = '\n';
    off_t end = lseek(fd, 0, SEEK_END);
    if (end < 0 || (end > 0 && pread(fd, &last, 1, end - 1) != 1)) {
        return err_sys(err, "read %s", path);
    }
    if (last != '\n') {
        buf_putc(out, '\n');
    }
    return ERR_OK;
}

ErrCode fit_log_append(const char *study_dir, const CatalogFit *fits, size_t n, Err *err)
{
    char path[FSX_PATH_BYTES], dir[FSX_PATH_BYTES];
    Buf text = BUF_INIT;
    int fd = -1;
    bool is_new = false;
    ErrCode rc = ERR_OK;
    TRY(fsx_join(dir, study_dir, "reports", err));
    TRY(fsx_join(path, study_dir, FIT_LOG_FILE, err));
    TRY(fsx_mkdirs(dir, err));
    is_new = !fsx_exists(path);
    fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0) {
        rc = err_sys(err, "open %s", path);
        goto done;
    }
    TRY(end_torn_line(fd, path, &text, err));
    for (size_t i = 0; i < n; i++) {
        put_line(&fits[i], &text);
    }
    TRY(buf_ok(&text, err));
    TRY(fsx_write_all(fd, buf_str(&text), text.len, path, err));
    if (fdatasync(fd) != 0) {
        rc = err_sys(err, "sync %s", path);
        goto done;
    }
    if (is_new) {
        TRY(fsx_sync_dir(dir, err));
    }

done:
    if (fd >= 0) {
        (void)close(fd); /* synced, or failed already */
    }
    buf_release(&text);
    return rc;
}

static bool sum_matches(const char *line, size_t n)
{
    char want[sizeof sum_key + SUM_DIGITS + 3];
    size_t tail = sizeof sum_key - 1 + SUM_DIGITS + 2; /* and "} */
    if (n < tail) {
        return false;
    }
    (void)snprintf(want, sizeof want, "%s%016" PRIx64 "\"}", sum_key, hash_u64(line, n - tail));
    return memcmp(line + n - tail, want, tail) == 0;
}

static ErrCode copy(Arena *a, const char *text, const char **ret, Err *err)
{
    *ret = arena_strdup(a, text);
    return *ret ? ERR_OK : err_nomem(err, "a fit");
}

static ErrCode read_line(const char *line, size_t n, Arena *a, CatalogFit *f, Err *err)
{
    ErrCode rc = ERR_OK;
    const char *law = NULL, *group = NULL;
    int64_t version = 0;
    json_t *v = NULL, *result = NULL;
    Buf text = BUF_INIT;
    if (!sum_matches(line, n)) {
        return err_set(err, ERR_FORMAT, "torn or damaged");
    }
    v = json_loadb(line, n, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(v)) {
        rc = err_set(err, ERR_FORMAT, "not a JSON object");
        goto done;
    }
    TRY(json_get_i64(v, "v", &version, err));
    if (version != FIT_LOG_VERSION) {
        rc = err_set(err, ERR_FORMAT, "of version %" PRId64, version);
        goto done;
    }
    TRY(json_get_i64(v, "id", &f->id, err));
    TRY(json_get_i64(v, "created_ms", &f->created_ms, err));
    TRY(json_get_str(v, "law", &law, err));
    TRY(json_get_str(v, "group", &group, err));
    TRY(json_get_obj(v, "result", &result, err));
    json_canonical(result, &text);
    TRY(buf_ok(&text, err));
    TRY(copy(a, law, &f->law, err));
    TRY(copy(a, group, &f->group, err));
    TRY(copy(a, buf_str(&text), &f->result, err));

done:
    buf_release(&text);
    json_decref(v);
    return rc;
}

static int by_id(const void *a, const void *b)
{
    const CatalogFit *x = a, *y = b;
    return ORDER(x->id, y->id);
}

/* Puts f in place of the one with its id, or at the end.  Fits are few. */
static ErrCode keep(Rows *rows, const CatalogFit *f, Err *err)
{
    CatalogFit *have = rows->data, *place = NULL;
    for (size_t i = 0; i < rows->n && !place; i++) {
        place = have[i].id == f->id ? &have[i] : NULL;
    }
    place = place ? place : rows_add(rows);
    if (!place) {
        return err_nomem(err, "the fits");
    }
    *place = *f;
    return ERR_OK;
}

ErrCode fit_log_read(const char *study_dir, FitLogDamage damage, void *ctx, Arena *a,
                     CatalogFit **ret, size_t *ret_n, Err *err)
{
    char path[FSX_PATH_BYTES];
    Buf text = BUF_INIT;
    Rows rows = {.arena = a, .size = sizeof(CatalogFit)};
    size_t number = 0;
    ErrCode rc = fsx_join(path, study_dir, FIT_LOG_FILE, err);
    if (rc == ERR_OK) {
        rc = fsx_read(path, MAX_BYTES, &text, err);
    }
    if (rc == ERR_NOTFOUND) {
        *err = ERR_INIT;
        rc = ERR_OK;
    }
    for (const char *at = buf_str(&text), *end = at + text.len; rc == ERR_OK && at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((newline ? newline : end) - at);
        CatalogFit f = {0};
        Err why = ERR_INIT;
        number++;
        rc = read_line(at, n, a, &f, &why);
        if (rc == ERR_FORMAT && damage) {
            damage(ctx, number, why.msg);
        }
        if (rc == ERR_OK) {
            rc = keep(&rows, &f, err);
        } else if (rc == ERR_FORMAT) {
            rc = ERR_OK;
        } else {
            *err = why;
        }
        at += n + (newline != NULL);
    }
    buf_release(&text);
    if (rc != ERR_OK) {
        return rc;
    }
    if (rows.n > 0) {
        qsort(rows.data, rows.n, sizeof(CatalogFit), by_id);
    }
    *ret = rows.data;
    *ret_n = rows.n;
    return ERR_OK;
}
