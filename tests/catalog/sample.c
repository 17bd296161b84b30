#include "tests/catalog/sample.h"

#include <check.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog/stmt.h"
#include "common/hash.h"
#include "common/json.h"
#include "common/wire.h"

Sample sample_open(void)
{
    Sample s = {.tmp = tmpdir_open()};
    Err err = ERR_INIT;
    OK(fsx_join(s.db, s.tmp.path, CATALOG_FILE, &err));
    OK(catalog_open(s.db, &s.c, &err));
    return s;
}

void sample_close(Sample *s)
{
    catalog_close(s->c);
    tmpdir_close(&s->tmp);
}

static const char *const architectures[] = {"llama", "tnl", "hgrn2", "cosformer2"};

CatalogRun sample_run(int i)
{
    static char hash[10][65], name[10][32], dir[10][64], axes[10][96], config[10][512];
    memset(hash[i], '0' + i, 64);
    const char *architecture = architectures[i % 4];
    (void)snprintf(name[i], sizeof name[i], "%s-20k-%d", architecture, i);
    (void)snprintf(dir[i], sizeof dir[i], "runs/%s-%.12s", name[i], hash[i]);
    (void)snprintf(axes[i], sizeof axes[i],
                   "{\"architecture\":\"%s\",\"seed\":%d,\"size\":\"20k\"}", architecture, i);
    (void)snprintf(
        config[i], sizeof config[i],
        "{\"model\":{\"architecture\":\"%s\",\"layers\":2},\"name\":\"%s\",\"run\":\"%s\","
        "\"schema\":1,\"seed\":%d,\"size\":\"20k\"}",
        architecture, name[i], hash[i], i);
    return (CatalogRun){.hash = hash[i],
                        .name = name[i],
                        .dir = dir[i],
                        .architecture = architecture,
                        .size = "20k",
                        .seed = i,
                        .axes = axes[i],
                        .config = config[i],
                        .position = i,
                        .params = 20000 + 7 * i,
                        .params_total = 28192 + 7 * i,
                        .tokens = 4000,
                        .steps = 40,
                        .batch_tokens = 100,
                        .flops_6nd = 120042.5,
                        .flops_exact = 150000.25,
                        .flops_paper = 140000.125,
                        .checkpoints = 4};
}

int64_t sample_begin(Catalog *c, int i, int64_t attempt)
{
    Err err = ERR_INIT;
    CatalogRun r = sample_run(i);
    int64_t id = 0;
    OK(catalog_run_upsert(c, &r, 1000, &id, &err));
    OK(catalog_attempt_begin(c, id, attempt, CATALOG_NONE, 2000, &err));
    return id;
}

void sample_line(Buf *out, const char *hash, int64_t attempt, int64_t seq, json_t *body)
{
    Err err = ERR_INIT;
    char run[13];
    (void)snprintf(run, sizeof run, "%.12s", hash);
    WireHead head = {.seq = seq, .run = run, .attempt = attempt, .t = 1763900000000 + seq};
    OK(wire_format(head, body, out, &err));
}

static double loss_of(const CatalogRun *r, int64_t step)
{
    return 2.385 + 1.0 / (double)(step + r->seed + 1);
}

static json_t *manifest_of(const CatalogRun *r, int64_t step, const char *model, const char *config)
{
    char digest[2][XXH128_HEX_BYTES];
    hash_xxh128(model, strlen(model), digest[0]);
    hash_xxh128(config, strlen(config), digest[1]);
    return json_pack(
        "{s:i, s:s, s:I, s:I, s:f, s:[{s:s, s:f, s:f, s:i}], s:s, s:{s:{s:I, s:s}, s:{s:I, s:s}}}",
        "schema", 1, "run", r->hash, "step", (json_int_t)step, "tokens", (json_int_t)step * 100,
        "train_loss", loss_of(r, step) + 0.01, "evaluations", "task", "validation", "loss",
        loss_of(r, step) + 0.1, "bits_per_byte", loss_of(r, step) * 1.5, "items", 65535, "corpus",
        "abc", "files", "model.safetensors", "bytes", (json_int_t)strlen(model), "xxh128",
        digest[0], "config.json", "bytes", (json_int_t)strlen(config), "xxh128", digest[1]);
}

/* Text of the three files of a checkpoint. */
static void checkpoint_files(const CatalogRun *r, int64_t step, char model[64], Buf *manifest)
{
    (void)snprintf(model, 64, "weights of %.4s at %" PRId64, r->hash, step);
    json_t *m = manifest_of(r, step, model, r->config);
    json_pretty(m, manifest);
    json_decref(m);
}

void sample_write(const char *path, const char *text, size_t n)
{
    Err err = ERR_INIT;
    char dir[FSX_PATH_BYTES];
    OK(fsx_path(dir, &err, "%s", path));
    *strrchr(dir, '/') = '\0';
    OK(fsx_mkdirs(dir, &err));
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    ck_assert_int_ge(fd, 0);
    OK(fsx_write_all(fd, text, n, path, &err));
    ck_assert_int_eq(ftruncate(fd, (off_t)n), 0);
    ck_assert_int_eq(close(fd), 0);
}

void sample_checkpoint(const char *run_dir, const CatalogRun *r, int64_t step)
{
    Err err = ERR_INIT;
    char model[64], path[FSX_PATH_BYTES];
    Buf manifest = BUF_INIT;
    checkpoint_files(r, step, model, &manifest);
    OK(fsx_path(path, &err, "%s/checkpoints/step-%08" PRId64 "/model.safetensors", run_dir, step));
    sample_write(path, model, strlen(model));
    OK(fsx_path(path, &err, "%s/checkpoints/step-%08" PRId64 "/config.json", run_dir, step));
    sample_write(path, r->config, strlen(r->config));
    OK(fsx_path(path, &err, "%s/checkpoints/step-%08" PRId64 "/manifest.json", run_dir, step));
    sample_write(path, buf_str(&manifest), manifest.len);
    buf_release(&manifest);
}

static json_t *checkpoint_event(const CatalogRun *r, int64_t step)
{
    char model[64], path[64], digest[XXH128_HEX_BYTES];
    Buf manifest = BUF_INIT;
    checkpoint_files(r, step, model, &manifest);
    hash_xxh128(buf_str(&manifest), manifest.len, digest);
    size_t bytes = strlen(model) + strlen(r->config) + manifest.len;
    buf_release(&manifest);
    (void)snprintf(path, sizeof path, "checkpoints/step-%08" PRId64, step);
    return json_pack("{s:s, s:I, s:I, s:s, s:I, s:s, s:f}", "event", "checkpoint", "step",
                     (json_int_t)step, "tokens", (json_int_t)step * 100, "path", path, "bytes",
                     (json_int_t)bytes, "digest", digest, "train_loss", loss_of(r, step) + 0.01);
}

void sample_events(Buf *out, const CatalogRun *r, int64_t attempt, int64_t from, int64_t to,
                   const char *status)
{
    int64_t seq = 0;
    sample_line(out, r->hash, attempt, seq++,
                json_pack("{s:s, s:s, s:i, s:s, s:s, s:I, s:I}", "event", "hello", "version",
                          "0.1.0", "pid", 4321, "host", "alba", "isa", "avx2", "parameters",
                          (json_int_t)r->params, "resumed_step", (json_int_t)(from - 10)));
    for (int64_t step = from; step <= to; step += 10) {
        sample_line(out, r->hash, attempt, seq++,
                    json_pack("{s:s, s:I, s:I, s:f, s:f, s:f, s:f}", "event", "step", "step",
                              (json_int_t)step, "tokens", (json_int_t)step * 100, "loss",
                              loss_of(r, step), "grad_norm", 0.7071, "lr", 3e-3, "tokens_per_s",
                              1000.5 + (double)attempt));
        sample_line(out, r->hash, attempt, seq++,
                    json_pack("{s:s, s:I, s:I, s:s, s:f, s:f, s:i}", "event", "evaluation", "step",
                              (json_int_t)step, "tokens", (json_int_t)step * 100, "task",
                              "validation", "loss", loss_of(r, step) + 0.1, "bits_per_byte",
                              loss_of(r, step) * 1.5, "items", 65535));
        sample_line(out, r->hash, attempt, seq++, checkpoint_event(r, step));
    }
    if (status) {
        sample_line(out, r->hash, attempt, seq,
                    json_pack("{s:s, s:s, s:I, s:s}", "event", "bye", "status", status, "step",
                              (json_int_t)to, "reason",
                              strcmp(status, "done") == 0 ? "" : "asked to stop"));
    }
}

static void dump_table(sqlite3 *db, const char *sql, Buf *out)
{
    Err err = ERR_INIT;
    Stmt q = stmt_begin(db, sql);
    while (stmt_row(&q)) {
        for (int i = 0; i < sqlite3_column_count(q.raw); i++) {
            const char *text = (const char *)sqlite3_column_text(q.raw, i);
            buf_printf(out, "%s%s", i > 0 ? "|" : "", text ? text : "NULL");
        }
        buf_putc(out, '\n');
    }
    OK(stmt_finish(&q, &err));
    buf_puts(out, "--\n");
}

char *sample_dump(Catalog *c)
{
    Buf out = BUF_INIT;
    dump_table(c->db, "SELECT name, source_path, source_sha256, resolved, slaw_version FROM study",
               &out);
    dump_table(c->db, "SELECT * FROM corpus ORDER BY digest", &out);
    dump_table(c->db,
               "SELECT id, hash, name, dir, architecture, size, seed, axes, config, position,"
               " params, params_total, tokens, steps, batch_tokens, flops_6nd, flops_exact,"
               " flops_paper, checkpoints, state, reason FROM run ORDER BY id",
               &out);
    dump_table(c->db,
               "SELECT run_id, number, state, pid, host, isa, resumed_step, exit_code, exit_signal,"
               " reason, ingested_bytes, ingested_seq, damaged_lines FROM attempt"
               " ORDER BY run_id, number",
               &out);
    dump_table(c->db,
               "SELECT run_id, step, attempt, tokens, path, bytes, digest, train_loss,"
               " train_loss_status, state FROM checkpoint ORDER BY run_id, step",
               &out);
    dump_table(c->db, "SELECT * FROM metric ORDER BY run_id, step", &out);
    dump_table(c->db, "SELECT * FROM evaluation ORDER BY run_id, step, task", &out);
    return buf_detach(&out);
}
