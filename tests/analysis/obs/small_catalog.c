#include "tests/analysis/obs/small_catalog.h"

#include <check.h>
#include <math.h>
#include <stdio.h>

#include "catalog/catalog.h"
#include "catalog/checkpoint.h"
#include "catalog/evaluation.h"
#include "catalog/run.h"
#include "catalog/study.h"
#include "common/fsx.h"

#define OK(call) ck_assert_msg((call) == ERR_OK, "%s", err.msg)

static void add_run(Catalog *c, const char *arch, size_t size, int64_t position, double above)
{
    static const char *const size_name[] = {"20k", "85k", "334k", "906k", "2.8m", "6.5m"};
    static const int64_t params[] = {20480, 85600, 334000, 906000, 2800000, 6500000};
    char hash[65], name[64], dir[96];
    Err err = ERR_INIT;
    int64_t id = 0;
    (void)snprintf(hash, sizeof hash, "%064llx", (unsigned long long)(position + 1));
    (void)snprintf(name, sizeof name, "%s-%s", arch, size_name[size]);
    (void)snprintf(dir, sizeof dir, "runs/%s-000000000000", name);
    double n = (double)params[size];
    const CatalogRun run = {.hash = hash,
                            .name = name,
                            .dir = dir,
                            .architecture = arch,
                            .size = size_name[size],
                            .seed = 1,
                            .axes =
                                "{\"architecture\":\"x\",\"training.optimizer.adamw.lr\":0.001}",
                            .config = "{}",
                            .position = position,
                            .params = params[size],
                            .params_total = params[size] + 16384,
                            .tokens = 8192000,
                            .steps = 1000,
                            .batch_tokens = 8192,
                            .flops_6nd = 6.0 * n,
                            .flops_exact = 6.5 * n,
                            .flops_paper = 7.0 * n,
                            .checkpoints = SMALL_CHECKPOINTS};
    OK(catalog_run_upsert(c, &run, 1, &id, &err));
    for (int k = 0; k < SMALL_CHECKPOINTS; k++) {
        int64_t step = (int64_t)lround(12.0 * pow(1000.0 / 12.0, k / (SMALL_CHECKPOINTS - 1.0)));
        double d = 8192.0 * (double)step;
        double loss = above * (1.2 + 9.0 * pow(n, -0.2) + 60.0 * pow(d, -0.27));
        const CatalogCheckpoint point = {.run_id = id,
                                         .step = step,
                                         .tokens = step * 8192,
                                         .path = "checkpoints/step",
                                         .bytes = 1,
                                         .digest = "d",
                                         .train_loss = loss,
                                         .created_ms = 1};
        const CatalogEvaluation score = {.run_id = id,
                                         .step = step,
                                         .task = "validation",
                                         .tokens = step * 8192,
                                         .loss = loss,
                                         .bits_per_byte = loss / log(2.0),
                                         .items = 65536};
        OK(catalog_checkpoint_upsert(c, &point, &err));
        OK(catalog_evaluation_upsert(c, &score, &err));
    }
    OK(catalog_run_set_state(c, id, CATALOG_RUN_DONE, NULL, 1, &err));
}

void small_catalog(const char *dir, size_t n_sizes)
{
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    Catalog *c = NULL;
    OK(fsx_join(path, dir, CATALOG_FILE, &err));
    OK(catalog_open(path, &c, &err));
    const CatalogStudy study = {
        .name = "small",
        .resolved =
            "{\"analysis\":{\"laws\":[\"chinchilla\",\"paper_power\"],\"by\":\"architecture\"}}",
        .slaw_version = "0"};
    OK(catalog_begin(c, &err)); /* one transaction: one fsync */
    OK(catalog_study_put(c, &study, 1, &err));
    for (size_t i = 0; i < 2 * n_sizes; i++) {
        add_run(c, i < n_sizes ? "llama" : "tnl", i % n_sizes, (int64_t)i,
                i < n_sizes ? 1.0 : 1.03);
    }
    OK(catalog_commit(c, &err));
    catalog_close(c);
}
