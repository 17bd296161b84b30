#include "orchestrator/exchange/tfevents.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "catalog/rows.h"
#include "common/arena.h"
#include "orchestrator/exchange/outfile.h"

#define CRC32C_POLYNOMIAL 0x82F63B78u /* reflected */
#define MASK_DELTA        0xa282ead8u

static uint32_t crc_table[256];
static pthread_once_t crc_once = PTHREAD_ONCE_INIT;

static void make_table(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int bit = 0; bit < 8; bit++) {
            c = c & 1u ? c >> 1 ^ CRC32C_POLYNOMIAL : c >> 1;
        }
        crc_table[i] = c;
    }
}

uint32_t crc32c(const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    uint32_t c = 0xFFFFFFFFu;
    (void)pthread_once(&crc_once, make_table);
    for (size_t i = 0; i < n; i++) {
        c = crc_table[(c ^ p[i]) & 0xFFu] ^ c >> 8;
    }
    return c ^ 0xFFFFFFFFu;
}

/* ---- bytes ---- */

static void put_fixed(Buf *out, uint64_t x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_putc(out, (char)(unsigned char)(x >> 8 * i));
    }
}

static void put_varint(Buf *out, uint64_t x)
{
    for (; x >= 0x80; x >>= 7) {
        buf_putc(out, (char)(unsigned char)(x | 0x80));
    }
    buf_putc(out, (char)(unsigned char)x);
}

enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

static void put_key(Buf *out, unsigned field, unsigned wire)
{
    put_varint(out, field << 3 | wire);
}

static void put_bytes(Buf *out, unsigned field, const void *bytes, size_t n)
{
    put_key(out, field, WIRE_BYTES);
    put_varint(out, n);
    buf_add(out, bytes, n);
}

static void put_crc(Buf *out, const void *bytes, size_t n)
{
    uint32_t c = crc32c(bytes, n);
    put_fixed(out, (uint32_t)((c >> 15 | c << 17) + MASK_DELTA), 4);
}

static void put_record(Buf *out, const Buf *event)
{
    size_t at = out->len;
    put_fixed(out, event->len, 8);
    if (!out->is_short) {
        unsigned char length[8];
        memcpy(length, out->data + at, sizeof length);
        put_crc(out, length, sizeof length);
    }
    buf_add(out, buf_str(event), event->len);
    put_crc(out, buf_str(event), event->len);
    out->is_short = out->is_short || event->is_short;
}

static void put_wall_time(Buf *event, double wall_time)
{
    uint64_t bits;
    memcpy(&bits, &wall_time, sizeof bits);
    put_key(event, 1, WIRE_FIXED64);
    put_fixed(event, bits, 8);
}

void tfevents_version(Buf *out, double wall_time)
{
    static const char version[] = "brain.Event:2";
    Buf event = BUF_INIT;
    put_wall_time(&event, wall_time);
    put_bytes(&event, 3, version, sizeof version - 1);
    put_record(out, &event);
    buf_release(&event);
}

void tfevents_scalar(Buf *out, double wall_time, int64_t step, const char *tag, float value)
{
    Buf event = BUF_INIT, one = BUF_INIT, summary = BUF_INIT;
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_bytes(&one, 1, tag, strlen(tag));
    put_key(&one, 2, WIRE_FIXED32);
    put_fixed(&one, bits, 4);
    put_bytes(&summary, 1, buf_str(&one), one.len);
    put_wall_time(&event, wall_time);
    put_key(&event, 2, WIRE_VARINT);
    put_varint(&event, (uint64_t)step);
    put_bytes(&event, 5, buf_str(&summary), summary.len);
    event.is_short = event.is_short || one.is_short || summary.is_short;
    put_record(out, &event);
    buf_release(&one);
    buf_release(&summary);
    buf_release(&event);
}

/* ---- a study ---- */

typedef struct TfRun {
    int64_t id;
    const char *name, *hash;
    double started; /* [s]; of its first attempt, 0 when it has none */
} TfRun;

typedef struct Writer {
    Catalog *c;
    OutFile file;
    Buf bytes; /* of a few events */
    int64_t n;
    /* the clock of metrics */
    int64_t attempt;
    double now, tokens;
} Writer;

static void flush(Writer *w)
{
    outfile_write(&w->file, buf_str(&w->bytes), w->bytes.len);
    buf_clear(&w->bytes);
}

static void put_scalar(Writer *w, double at, int64_t step, const char *tag, double value)
{
    tfevents_scalar(&w->bytes, at, step, tag, (float)value);
    w->n++;
    if (w->bytes.len > 1u << 16) {
        flush(w);
    }
}

static void put_known(Writer *w, double at, int64_t step, const char *tag, double value)
{
    if (!isnan(value)) {
        put_scalar(w, at, step, tag, value);
    }
}

static ErrCode put_metrics(Writer *w, const TfRun *r, Err *err)
{
    Stmt q = stmt_kept(&w->c->stmts,
                       "SELECT m.step, m.tokens, m.attempt, a.started_ms, m.loss, m.loss_status,"
                       " m.grad_norm, m.lr, m.tokens_per_s FROM metric m LEFT JOIN attempt a"
                       " ON a.run_id = m.run_id AND a.number = m.attempt WHERE m.run_id = ?1"
                       " ORDER BY m.step");
    stmt_bind_i64(&q, r->id);
    w->attempt = -1;
    w->tokens = 0.0;
    while (stmt_row(&q)) {
        int64_t step = stmt_col_i64(&q);
        double tokens = (double)stmt_col_i64(&q);
        int64_t attempt = stmt_col_i64(&q);
        double started = (double)stmt_col_i64(&q) / 1e3, loss = stmt_col_loss(&q);
        double norm = stmt_col_f64(&q), lr = stmt_col_f64(&q), speed = stmt_col_f64(&q);
        if (attempt != w->attempt) {
            w->attempt = attempt;
            w->now = started > w->now ? started : w->now;
        }
        w->now += speed > 0.0 && tokens > w->tokens ? (tokens - w->tokens) / speed : 0.0;
        w->tokens = tokens;
        put_scalar(w, w->now, step, "train/loss", loss);
        put_known(w, w->now, step, "train/grad_norm", norm);
        put_known(w, w->now, step, "train/lr", lr);
        put_known(w, w->now, step, "train/tokens_per_s", speed);
        put_scalar(w, w->now, step, "train/tokens", tokens);
    }
    return stmt_finish(&q, err);
}

static ErrCode put_evaluations(Writer *w, const TfRun *r, Err *err)
{
    Stmt q = stmt_kept(&w->c->stmts,
                       "SELECT e.step, c.created_ms, e.loss, e.loss_status, e.bits_per_byte,"
                       " e.task FROM evaluation e LEFT JOIN checkpoint c ON c.run_id = e.run_id AND"
                       " c.step = e.step WHERE e.run_id = ?1 ORDER BY e.step, e.task");
    stmt_bind_i64(&q, r->id);
    while (stmt_row(&q)) {
        char tag[256];
        int64_t step = stmt_col_i64(&q);
        double at = (double)stmt_col_i64(&q) / 1e3, loss = stmt_col_loss(&q);
        double bits = stmt_col_f64(&q);
        const char *task = stmt_col_view(&q);
        (void)snprintf(tag, sizeof tag, "%s/loss", task ? task : "");
        put_scalar(w, at, step, tag, loss);
        (void)snprintf(tag, sizeof tag, "%s/bits_per_byte", task ? task : "");
        put_known(w, at, step, tag, bits);
    }
    return stmt_finish(&q, err);
}

static ErrCode put_run(Writer *w, const TfRun *r, const char *dir, TfTotals *totals, Err *err)
{
    char folder[FSX_PATH_BYTES], path[FSX_PATH_BYTES];
    ErrCode rc = ERR_OK;
    TRY(fsx_path(folder, err, "%s/%s-%.12s", dir, r->name, r->hash));
    TRY(fsx_mkdirs(folder, err));
    TRY(fsx_path(path, err, "%s/events.out.tfevents.%010" PRId64 ".slaw", folder,
                 (int64_t)r->started));
    TRY(outfile_open(&w->file, path, err));
    w->n = 0;
    w->now = r->started;
    tfevents_version(&w->bytes, r->started);
    TRY(put_metrics(w, r, err));
    TRY(put_evaluations(w, r, err));
    flush(w);
    TRY(buf_ok(&w->bytes, err));
    TRY(outfile_commit(&w->file, err));
    totals->runs++;
    totals->scalars += w->n;
done:
    outfile_abandon(&w->file);
    return rc;
}

static ErrCode list_runs(Catalog *c, Rows *rows, Err *err)
{
    Stmt q = stmt_begin(
        c->db, "SELECT r.id, r.name, r.hash,"
               " (SELECT min(a.started_ms) FROM attempt a WHERE a.run_id = r.id) FROM run r"
               " WHERE EXISTS (SELECT 1 FROM metric m WHERE m.run_id = r.id) OR"
               " EXISTS (SELECT 1 FROM evaluation e WHERE e.run_id = r.id)"
               " ORDER BY r.position, r.id");
    for (TfRun *r; (r = rows_next(rows, &q)) != NULL;) {
        r->id = stmt_col_i64(&q);
        r->name = stmt_col_text(&q, rows->arena);
        r->hash = stmt_col_text(&q, rows->arena);
        r->started = (double)stmt_col_i64(&q) / 1e3;
    }
    return stmt_finish(&q, err);
}

ErrCode tfevents_export(Catalog *c, const char *dir, TfTotals *ret, Err *err)
{
    Arena arena = ARENA_INIT;
    Rows runs = {.arena = &arena, .size = sizeof(TfRun)};
    Writer w = {.c = c};
    ErrCode rc = ERR_OK;
    *ret = (TfTotals){0};
    TRY(catalog_begin_reading(c, err));
    TRY(list_runs(c, &runs, err));
    for (size_t i = 0; i < runs.n; i++) {
        TRY(put_run(&w, (const TfRun *)runs.data + i, dir, ret, err));
    }
done:
    catalog_rollback(c);
    buf_release(&w.bytes);
    arena_release(&arena);
    return rc;
}
