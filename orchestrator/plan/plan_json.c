/* The plan as JSON, written cell by cell.  Most of a cell's text is that of the cell before, or of
 * another cell of its kind: what a kind has is made once and kept in a table. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "orchestrator/plan/plan.h"

enum { FLUSH_BYTES = 1 << 20, N_SLOTS = 4096 };

/* All numbers of a cell but its seed, and their texts. */
typedef struct KindText {
    const RunModel *model;
    int64_t batch, steps;
    int64_t checkpoints, disk_bytes, memory_bytes;
    double seconds;
    bool is_measured, is_made;
    Buf name, head, tail; /* "architecture" to "seed":; "N" to "checkpoints"; "steps" to } */
} KindText;

typedef struct Writer {
    Buf out;
    PlanSink sink;
    void *ctx;
    KindText *slot;          /* [N_SLOTS] */
    const char *state, *why; /* of the cell before, and its text: */
    Buf standing;
} Writer;

static void put(Buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

static void put_real(Buf *b, double x)
{
    char text[32];
    if (isfinite(x)) {
        json_number_text(x, text);
        put(b, text);
    } else {
        put(b, "null");
    }
}

static void put_number(Buf *b, int64_t n)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t left = n < 0 ? -(uint64_t)n : (uint64_t)n;
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (n < 0) {
        digits[--at] = '-';
    }
    buf_add(b, digits + at, sizeof digits - at);
}

static void put_count(Buf *b, const char *key, int64_t n)
{
    buf_printf(b, ",\"%s\":", key);
    put_number(b, n);
}

/* Of a number that 0 means nobody knows. */
static void put_bytes(Buf *b, const char *key, int64_t n)
{
    if (n > 0) {
        put_count(b, key, n);
    } else {
        buf_printf(b, ",\"%s\":null", key);
    }
}

static void put_flops(Buf *b, const char *key, PlanFlops f)
{
    buf_printf(b, ",\"%s\":{\"6nd\":", key);
    put_real(b, f.six_nd);
    put(b, ",\"exact\":");
    put_real(b, f.exact);
    put(b, ",\"paper\":");
    put_real(b, f.paper);
    put(b, "}");
}

static void put_string(Buf *b, const char *text)
{
    buf_putc(b, '"');
    size_t plain = strcspn(text, "\"\\\x01\x02\x03\x04\x05\x06\x07\b\t\n\x0b\f\r\x0e\x0f\x10\x11"
                                 "\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f");
    buf_add(b, text, plain);
    for (const char *p = text + plain; *p; p++) {
        if ((unsigned char)*p < 0x20) {
            buf_printf(b, "\\u%04x", (unsigned char)*p);
        } else {
            buf_puts(b, *p == '"' || *p == '\\' ? "\\" : "");
            buf_putc(b, *p);
        }
    }
    buf_putc(b, '"');
}

/* ---- kinds ------------------------------------------------------------------------------ */

static bool is_of(const KindText *k, const PlanCell *c)
{
    const RunSpec *r = c->run;
    return k->is_made && k->model == r->model && k->batch == r->batch_tokens &&
           k->steps == r->steps && k->checkpoints == r->checkpoints &&
           k->disk_bytes == plan_disk_bytes(r) && k->memory_bytes == c->memory_bytes &&
           (k->seconds == c->seconds || (isnan(k->seconds) && isnan(c->seconds))) &&
           k->is_measured == c->is_measured;
}

static void make_kind(KindText *k, const PlanCell *c)
{
    const RunSpec *r = c->run;
    k->model = r->model;
    k->batch = r->batch_tokens;
    k->steps = r->steps;
    k->checkpoints = r->checkpoints;
    k->disk_bytes = plan_disk_bytes(r);
    k->memory_bytes = c->memory_bytes;
    k->seconds = c->seconds;
    k->is_measured = c->is_measured;
    k->is_made = true;
    buf_clear(&k->name);
    put(&k->name, ",\"architecture\":");
    put_string(&k->name, r->model->shape.arch->name);
    put(&k->name, ",\"size\":");
    put_string(&k->name, r->model->size);
    put(&k->name, ",\"seed\":");
    buf_clear(&k->head);
    put_count(&k->head, "N", r->model->params);
    put_count(&k->head, "N_total", r->model->params_total);
    put_count(&k->head, "D", run_spec_tokens(r));
    put_flops(&k->head, "flops_per_token", plan_flops_per_token(r));
    put_flops(&k->head, "flops_per_step", plan_flops_per_step(r));
    put_count(&k->head, "checkpoints", r->checkpoints);
    buf_clear(&k->tail);
    put_count(&k->tail, "steps", r->steps);
    put_count(&k->tail, "batch", r->batch_tokens);
    put_flops(&k->tail, "flops_total", plan_flops_total(r));
    put(&k->tail, ",\"flops_per_token_head\":");
    put_real(&k->tail, r->model->flops_head);
    put_count(&k->tail, "disk_bytes", k->disk_bytes);
    put(&k->tail, ",\"seconds\":");
    put_real(&k->tail, c->seconds);
    put_bytes(&k->tail, "memory_bytes", c->memory_bytes);
    put(&k->tail, c->is_measured ? ",\"measured\":true}" : ",\"measured\":false}");
}

static KindText *kind_of(Writer *w, const PlanCell *c)
{
    const RunSpec *r = c->run;
    uint64_t bits;
    memcpy(&bits, &c->seconds, sizeof bits);
    const uint64_t key[] = {(uint64_t)(uintptr_t)r->model, (uint64_t)r->batch_tokens,
                            (uint64_t)r->steps, (uint64_t)r->checkpoints, bits};
    KindText *k = &w->slot[hash_u64(key, sizeof key) % N_SLOTS];
    if (!is_of(k, c)) {
        make_kind(k, c);
    }
    return k;
}

/* ---- cells ------------------------------------------------------------------------------ */

static ErrCode flush(Writer *w, Err *err)
{
    ErrCode rc = buf_ok(&w->out, err);
    if (rc == ERR_OK) {
        rc = w->sink(w->ctx, buf_str(&w->out), w->out.len, err);
    }
    buf_clear(&w->out);
    return rc;
}

/* ,"state":...,"why":...,"id":" of a cell: the same for most of them. */
static const Buf *standing_of(Writer *w, const PlanCell *c)
{
    if (w->state != c->state || w->why != c->why) {
        buf_clear(&w->standing);
        put(&w->standing, ",\"state\":");
        put_string(&w->standing, c->state);
        put(&w->standing, ",\"why\":");
        put_string(&w->standing, c->why);
        put(&w->standing, ",\"id\":\"");
        w->state = c->state;
        w->why = c->why;
    }
    return &w->standing;
}

/* Names have no character that JSON wants escaped: words of the schema, numbers, hyphens. */
static ErrCode put_cell(Writer *w, const Study *study, const PlanCell *c, Err *err)
{
    static const char run[] = "    {\"run\":\"", dir[] = "\",\"dir\":\"runs/",
                      axes[] = "\",\"axes\":";
    const RunSpec *r = c->run;
    const KindText *k = kind_of(w, c);
    const Buf *standing = standing_of(w, c);
    char hash[SHA256_HEX_BYTES];
    Buf *b = &w->out;
    size_t name_bytes = strlen(r->name);
    run_spec_hash(r, hash);
    buf_add(b, run, sizeof run - 1);
    buf_add(b, r->name, name_bytes);
    buf_putc(b, '"');
    buf_add(b, k->name.data, k->name.len);
    put_number(b, r->seed);
    buf_add(b, k->head.data, k->head.len);
    buf_add(b, standing->data, standing->len);
    buf_add(b, hash, SHA256_HEX_BYTES - 1);
    buf_add(b, dir, sizeof dir - 1);
    buf_add(b, r->name, name_bytes);
    buf_putc(b, '-');
    buf_add(b, hash, RUN_HASH_SHOWN);
    buf_add(b, axes, sizeof axes - 1);
    ErrCode rc = study_run_axes_line(study, (size_t)(r - study->runs), b, err);
    buf_add(b, k->tail.data, k->tail.len);
    if (rc == ERR_OK &&
        (k->name.is_short || k->head.is_short || k->tail.is_short || standing->is_short)) {
        rc = err_nomem(err, "the plan");
    }
    return rc == ERR_OK && b->len >= FLUSH_BYTES ? flush(w, err) : rc;
}

static ErrCode put_retired(Writer *w, const PlanRetired *x, Err *err)
{
    char hash[SHA256_HEX_BYTES];
    Buf *b = &w->out;
    hash_hex(x->run->sha256, SHA256_BYTES, hash);
    put(b, "    {\"run\": ");
    put_string(b, x->run->name);
    buf_printf(b, ", \"id\": \"%s\", \"dir\": ", hash);
    put_string(b, x->run->dir);
    put(b, ", \"state\": ");
    put_string(b, x->run->state);
    put(b, ", \"why\": ");
    put_string(b, x->why);
    put(b, "}");
    return b->len >= FLUSH_BYTES ? flush(w, err) : ERR_OK;
}

static void put_totals(const Plan *p, const Study *study, Buf *b)
{
    put(b, "{\n  \"schema\": 1,\n  \"study\": ");
    put_string(b, study->name);
    buf_printf(b,
               ",\n  \"runs\": %zu,\n  \"checkpoints\": %" PRId64 ",\n  \"tokens\": %" PRId64
               ",\n  \"flops\": {\"6nd\": ",
               p->n_cells, p->checkpoints, p->tokens);
    put_real(b, p->flops.six_nd);
    put(b, ", \"exact\": ");
    put_real(b, p->flops.exact);
    put(b, ", \"paper\": ");
    put_real(b, p->flops.paper);
    buf_printf(b, "},\n  \"disk_bytes\": %" PRId64 ",\n  \"seconds\": ", p->disk_bytes);
    put_real(b, p->seconds);
    if (p->memory_bytes > 0) {
        buf_printf(b, ",\n  \"memory_bytes\": %" PRId64, p->memory_bytes);
    } else {
        put(b, ",\n  \"memory_bytes\": null");
    }
    buf_printf(b, ",\n  \"todo\": %zu,\n  \"cells\": [", p->n_todo);
}

static ErrCode put_all(Writer *w, const Plan *p, const Study *study, Err *err)
{
    ErrCode rc = ERR_OK;
    put_totals(p, study, &w->out);
    for (size_t i = 0; i < p->n_cells; i++) {
        put(&w->out, i > 0 ? ",\n" : "\n");
        TRY(put_cell(w, study, &p->cells[i], err));
    }
    put(&w->out, p->n_cells > 0 ? "\n  ],\n  \"retired\": [" : "],\n  \"retired\": [");
    for (size_t i = 0; i < p->n_retired; i++) {
        put(&w->out, i > 0 ? ",\n" : "\n");
        TRY(put_retired(w, &p->retired[i], err));
    }
    put(&w->out, p->n_retired > 0 ? "\n  ]\n}\n" : "]\n}\n");
    TRY(flush(w, err));
done:
    return rc;
}

ErrCode plan_json(const Plan *p, const Study *study, PlanSink sink, void *ctx, Err *err)
{
    Writer w = {.sink = sink, .ctx = ctx, .slot = calloc(N_SLOTS, sizeof *w.slot)};
    ErrCode rc = w.slot ? put_all(&w, p, study, err) : err_nomem(err, "the plan");
    for (size_t i = 0; w.slot && i < N_SLOTS; i++) {
        buf_release(&w.slot[i].name);
        buf_release(&w.slot[i].head);
        buf_release(&w.slot[i].tail);
    }
    free(w.slot);
    buf_release(&w.standing);
    buf_release(&w.out);
    return rc;
}
