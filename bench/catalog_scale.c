/* A study of any size: its catalog, filled by plain inserts. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/bench_catalog.h"
#include "catalog/run.h"
#include "catalog/stmt.h"
#include "catalog/study.h"
#include "common/fsx.h"

static const char *const architectures[] = {"llama", "tnl", "hgrn2", "cosformer2"};

/* As long as a real one: the configuration is what makes the table of runs large. */
static void put_config(char *out, size_t n, const char *hash, const char *architecture, int64_t i)
{
    (void)snprintf(out, n,
                   "{\"checkpoints\":{\"count\":10,\"first\":100000,\"keep\":\"weights\","
                   "\"spacing\":\"log\"},\"corpus\":{\"digest\":\"%s\",\"epochs\":1,"
                   "\"validation\":65536},\"evaluation\":[\"validation\"],\"model\":{"
                   "\"architecture\":\"%s\",\"heads\":8,\"layers\":8,\"width\":256,%0600d},"
                   "\"seed\":%lld}",
                   hash, architecture, 0, (long long)i);
}

/* One in a hundred failed or diverged, eight run, two thirds are done. */
static CatalogRunState state_of(int64_t i, int64_t n)
{
    if (i % 200 == 7) {
        return CATALOG_RUN_FAILED;
    }
    if (i % 200 == 107) {
        return CATALOG_RUN_DIVERGED;
    }
    if (i < 2 * n / 3) {
        return CATALOG_RUN_DONE;
    }
    return i < 2 * n / 3 + 8 ? CATALOG_RUN_RUNNING : CATALOG_RUN_WAITING;
}

static ErrCode add_run(Catalog *c, int64_t i, int64_t n, Err *err)
{
    char hash[65], name[48], dir[80], axes[96], config[1600];
    const char *architecture = architectures[i % 4];
    int64_t id = 0;
    (void)snprintf(hash, sizeof hash, "%016llx%048d", (unsigned long long)i * 0x9e3779b97f4a7c15u,
                   0);
    (void)snprintf(name, sizeof name, "%s-20k-seed%lld", architecture, (long long)i);
    (void)snprintf(dir, sizeof dir, "runs/%s-%.12s", name, hash);
    (void)snprintf(axes, sizeof axes, "{\"architecture\":\"%s\",\"seed\":%lld,\"size\":\"20k\"}",
                   architecture, (long long)i);
    put_config(config, sizeof config, hash, architecture, i);
    CatalogRun r = {.hash = hash,
                    .name = name,
                    .dir = dir,
                    .architecture = architecture,
                    .size = "20k",
                    .seed = i,
                    .axes = axes,
                    .config = config,
                    .position = i,
                    .params = 20000,
                    .params_total = 28192,
                    .tokens = 8192000,
                    .steps = 1000,
                    .batch_tokens = 8192,
                    .flops_6nd = 120000,
                    .flops_exact = 150000,
                    .flops_paper = 140000,
                    .checkpoints = 10};
    ErrCode rc = catalog_run_upsert(c, &r, 1, &id, err);
    CatalogRunState state = state_of(i, n);
    bool is_bad = state == CATALOG_RUN_FAILED || state == CATALOG_RUN_DIVERGED;
    return rc == ERR_OK ? catalog_run_set_state(
                              c, id, state, is_bad ? "signal 9 (Killed) at step 400" : NULL, 2, err)
                        : rc;
}

/* Rows below the runs, by SQL over a list of numbers. */
static ErrCode add_rows(Catalog *c, const ScaleBench *b, Err *err)
{
    char sql[2048];
    (void)snprintf(
        sql, sizeof sql,
        "INSERT INTO attempt (run_id, number, state, pid, host, isa, resumed_step, started_ms,"
        " threads) SELECT id, 0, 'done', 1, 'alba', 'avx2', 0, 1, 1 FROM run"
        " WHERE state <> 'waiting';"
        "WITH RECURSIVE k (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k WHERE i < %lld)"
        " INSERT INTO metric SELECT r.id, k.i * 10, 0, k.i * 81920, 2.0 + 3.0 / k.i, 'finite',"
        " 0.5 + 1.0 / k.i, 0.003, 100000 + k.i FROM run r CROSS JOIN k;"
        "WITH RECURSIVE k (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k WHERE i < %lld)"
        " INSERT INTO checkpoint SELECT r.id, k.i * 100, 0, k.i * 819200,"
        " printf('checkpoints/step-%%08d', k.i * 100), 112768, r.hash, 2.0 + 3.0 / k.i, 'finite',"
        " 'complete', 1 FROM run r CROSS JOIN k;"
        "INSERT INTO evaluation SELECT run_id, step, 'validation', 0, tokens, train_loss + 0.1,"
        " 'finite', train_loss * 1.44, 65536 FROM checkpoint;"
        "UPDATE progress SET (step, tokens, loss, tokens_per_s) = (SELECT step, tokens, loss,"
        " tokens_per_s FROM metric m WHERE m.run_id = progress.run_id ORDER BY step DESC LIMIT 1)",
        (long long)(b->metrics / b->runs), (long long)(b->checkpoints / b->runs));
    return stmt_exec(c->db, sql, err);
}

ErrCode bench_build_study(const char *dir, ScaleBench *b, Err *err)
{
    char path[FSX_PATH_BYTES];
    struct stat st;
    Catalog *c = NULL;
    CatalogStudy study = {.name = "bench", .resolved = "{}", .slaw_version = SLAW_VERSION};
    double t = bench_now_s();
    ErrCode rc = ERR_OK;
    TRY(fsx_mkdirs(dir, err));
    TRY(fsx_join(path, dir, "study.yaml", err));
    TRY(fsx_replace(path, "version: 1\n", 11, err));
    TRY(fsx_join(path, dir, CATALOG_FILE, err));
    TRY(catalog_open(path, &c, err));
    TRY(stmt_exec(c->db, "PRAGMA synchronous = OFF; PRAGMA cache_size = -200000", err));
    TRY(catalog_begin(c, err));
    TRY(catalog_study_put(c, &study, 1, err));
    for (int64_t i = 0; i < b->runs; i++) {
        TRY(add_run(c, i, b->runs, err));
    }
    TRY(add_rows(c, b, err));
    TRY(catalog_commit(c, err));
    TRY(stmt_exec(c->db, "PRAGMA wal_checkpoint(TRUNCATE)", err));
    b->build_s = bench_now_s() - t;
    b->database_mb = stat(path, &st) == 0 ? (double)st.st_size * 1e-6 : 0.0;

done:
    catalog_close(c);
    return rc;
}
