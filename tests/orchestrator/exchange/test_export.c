/* Rows out of a catalog, and event files against an independent reader and published checksums. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/attempt.h"
#include "catalog/metric.h"
#include "orchestrator/exchange/export.h"
#include "orchestrator/exchange/tfevents.h"
#include "tests/analysis/obs/small_catalog.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"

#define OK(call) ck_assert_msg((call) == ERR_OK, "%s", err.msg)

static Catalog *open_small(bool is_writer)
{
    char path[FSX_PATH_BYTES];
    Catalog *c = NULL;
    Err err = ERR_INIT;
    OK(fsx_join(path, tmp.path, CATALOG_FILE, &err));
    OK(is_writer ? catalog_open(path, &c, &err) : catalog_open_readonly(path, &c, &err));
    return c;
}

/* Exports to <tmp>/out; the text replaces what is in *text. */
static int64_t export_to(Catalog *c, ExportWhat what, TableOutFormat format, Buf *text)
{
    char path[FSX_PATH_BYTES];
    OutFile out;
    int64_t rows = 0;
    Err err = ERR_INIT;
    OK(fsx_join(path, tmp.path, "out", &err));
    OK(outfile_open(&out, path, &err));
    OK(export_table(c, what, format, &out, &rows, &err));
    OK(outfile_commit(&out, &err));
    buf_clear(text);
    OK(fsx_read(path, (size_t)1 << 26, text, &err));
    return rows;
}

START_TEST(observations_have_every_digit)
{
    Buf text = BUF_INIT;
    small_catalog(tmp.path, 2);
    Catalog *c = open_small(false);
    ck_assert_int_eq(export_to(c, EXPORT_OBSERVATIONS, TABLE_OUT_CSV, &text),
                     4 * SMALL_CHECKPOINTS);
    static const char header[] =
        "run,name,architecture,size,seed,task,step,N,N_total,D,C_6nd,"
        "C_exact,C_paper,loss,bits_per_byte,train_loss,state,is_final,seconds,"
        "core_seconds,training.optimizer.adamw.lr\n";
    ck_assert_msg(strncmp(buf_str(&text), header, strlen(header)) == 0, "%.200s", buf_str(&text));
    /* the first row: llama-20k, step 12; its loss by the law of small_catalog.h */
    const char *row = buf_str(&text) + strlen(header);
    double loss = 1.2 + 9.0 * pow(20480.0, -0.2) + 60.0 * pow(12.0 * 8192.0, -0.27);
    char want[256];
    (void)snprintf(want, sizeof want,
                   "%064x,llama-20k,llama,20k,1,validation,12,20480,36864,98304,%.17g,", 1,
                   6.0 * 20480.0 * 98304.0);
    ck_assert_msg(strncmp(row, want, strlen(want)) == 0, "%.200s", row);
    const char *cell = row;
    for (int i = 0; i < 13; i++) {
        cell = strchr(cell, ',') + 1;
    }
    ck_assert_double_eq(strtod(cell, NULL), loss);
    ck_assert_ptr_nonnull(strstr(row, ",done,0,,,0.001\n"));
    ck_assert_ptr_nonnull(strstr(row, ",done,1,,,0.001\n"));
    catalog_close(c);
    buf_release(&text);
}
END_TEST

/* Two sizes, and of one run an attempt on three threads. */
static Catalog *open_begun(int64_t run)
{
    Err err = ERR_INIT;
    small_catalog(tmp.path, 2);
    Catalog *c = open_small(true);
    OK(catalog_attempt_begin(c, run, 0, CATALOG_NONE, 1700000000500, &err));
    OK(stmt_exec(c->db, "UPDATE attempt SET threads = 3", &err));
    return c;
}

static void add_three(Catalog *c, const CatalogMetric *metric)
{
    Err err = ERR_INIT;
    for (size_t i = 0; i < 3; i++) {
        OK(catalog_metric_upsert(c, &metric[i], &err));
    }
}

/* Run 1 reported two speeds on 3 threads: at 98304 tokens 24 s of 4096 a second, at twice the tokens
 * 12 s of 8192 a second more, and on at that speed.  Run 2 never said its threads. */
START_TEST(observations_have_their_training_time)
{
    Buf text = BUF_INIT;
    Catalog *c = open_begun(1);
    const CatalogMetric metric[] = {
        {1, 12, 0, 98304, 5.5, 0.25, 0.001, 4096.0},
        {1, 24, 0, 196608, 5.0, 0.25, 0.001, 8192.0},
        {2, 12, 0, 98304, 5.5, 0.25, 0.001, 98304.0},
    };
    add_three(c, metric);
    (void)export_to(c, EXPORT_OBSERVATIONS, TABLE_OUT_CSV, &text);
    ck_assert_msg(strstr(buf_str(&text), ",12,20480,36864,98304,") != NULL, "%.400s",
                  buf_str(&text));
    ck_assert_ptr_nonnull(strstr(buf_str(&text), ",done,0,24,72,0.001\n"));
    ck_assert_ptr_nonnull(strstr(buf_str(&text), ",done,1,1012,3036,0.001\n"));
    ck_assert_ptr_nonnull(strstr(buf_str(&text), ",done,0,1,,0.001\n"));
    (void)export_to(c, EXPORT_OBSERVATIONS, TABLE_OUT_JSONL, &text);
    ck_assert_ptr_nonnull(strstr(
        buf_str(&text), "\"seconds\":24,\"core_seconds\":72,\"training.optimizer.adamw.lr\""));
    ck_assert_ptr_nonnull(strstr(buf_str(&text), "\"seconds\":1,\"core_seconds\":null,"));
    (void)export_to(c, EXPORT_CHECKPOINTS, TABLE_OUT_CSV, &text);
    ck_assert_ptr_null(strstr(buf_str(&text), "seconds"));
    catalog_close(c);
    buf_release(&text);
}
END_TEST

START_TEST(a_loss_that_is_not_finite_keeps_its_name)
{
    Buf text = BUF_INIT;
    small_catalog(tmp.path, 1);
    Catalog *c = open_small(true);
    const CatalogMetric metric[] = {
        {1, 1, 0, 8192, 5.5, 0.25, 0.001, 4096.0},
        {1, 2, 0, 16384, (double)NAN, (double)NAN, 0.001, (double)NAN},
        {1, 3, 0, 24576, -(double)INFINITY, 1.0, 0.001, 1.0},
    };
    add_three(c, metric);
    ck_assert_int_eq(export_to(c, EXPORT_METRICS, TABLE_OUT_CSV, &text), 3);
    ck_assert_ptr_nonnull(strstr(buf_str(&text), ",5.5,0.25,0.001,4096,0,0.001\n"));
    ck_assert_ptr_nonnull(strstr(buf_str(&text), ",nan,,0.001,,0,0.001\n"));
    ck_assert_ptr_nonnull(strstr(buf_str(&text), ",-inf,1,0.001,1,0,0.001\n"));
    ck_assert_int_eq(export_to(c, EXPORT_METRICS, TABLE_OUT_JSONL, &text), 3);
    ck_assert_ptr_nonnull(
        strstr(buf_str(&text), "\"loss\":\"nan\",\"grad_norm\":null,\"lr\":0.001"));
    ck_assert_ptr_nonnull(strstr(buf_str(&text), "\"step\":1,\"N\":20480,"));
    catalog_close(c);
    buf_release(&text);
}
END_TEST

/* Each has as many rows as the catalog's own count, and a cell that only it has. */
START_TEST(every_table_can_be_had)
{
    static const struct {
        const char *name, *words;
        int64_t rows;
    } c[] = {{"attempts", ",0,running,,1700000000500,,,,,3,,,", 1},
             {"runs", "flops_per_token_6nd", 4},
             {"checkpoints", ",checkpoints/step,1,d,1,", 4 * (int64_t)SMALL_CHECKPOINTS},
             {"evaluations", ",65536,0,", 4 * (int64_t)SMALL_CHECKPOINTS},
             {"metrics", "tokens_per_s", 0}};
    Buf text = BUF_INIT;
    Err err = ERR_INIT;
    Catalog *catalog = open_begun(2);
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        ExportWhat what;
        OK(export_what_parse(c[i].name, &what, &err));
        ck_assert_int_eq(export_to(catalog, what, TABLE_OUT_CSV, &text), c[i].rows);
        ck_assert_msg(strstr(buf_str(&text), c[i].words) != NULL, "%s: %.300s", c[i].name,
                      buf_str(&text));
    }
    ExportWhat none;
    ck_assert_int_eq(export_what_parse("weights", &none, &err), ERR_USAGE);
    catalog_close(catalog);
    buf_release(&text);
}
END_TEST

START_TEST(a_file_is_whole_or_absent)
{
    char path[FSX_PATH_BYTES];
    OutFile out;
    Err err = ERR_INIT;
    OK(fsx_join(path, tmp.path, "x", &err));
    OK(outfile_open(&out, path, &err));
    outfile_write(&out, "half", 4);
    outfile_abandon(&out);
    ck_assert_int_eq(tree_bytes(tmp.path), 0);
    OK(fsx_join(path, tmp.path, "no/such/folder", &err));
    ck_assert_int_eq(outfile_open(&out, path, &err), ERR_IO);
}
END_TEST

/* RFC 3720, appendix B.4, and the check value of the catalogue of CRC algorithms. */
START_TEST(checksums_are_the_published_ones)
{
    unsigned char zeros[32] = {0}, ones[32], rising[32];
    memset(ones, 0xff, sizeof ones);
    for (unsigned i = 0; i < sizeof rising; i++) {
        rising[i] = (unsigned char)i;
    }
    ck_assert_uint_eq(crc32c(zeros, sizeof zeros), 0x8a9136aau);
    ck_assert_uint_eq(crc32c(ones, sizeof ones), 0x62a8ab43u);
    ck_assert_uint_eq(crc32c(rising, sizeof rising), 0x46dd794eu);
    ck_assert_uint_eq(crc32c("123456789", 9), 0xe3069283u);
}
END_TEST

#ifdef READ_TFEVENTS
static void read_back(const char *dir, Buf *out)
{
    char command[2 * FSX_PATH_BYTES], chunk[4096];
    size_t n;
    (void)snprintf(command, sizeof command, "%s %s", READ_TFEVENTS, dir);
    FILE *p = popen(command, "r");
    ck_assert_ptr_nonnull(p);
    buf_clear(out);
    while ((n = fread(chunk, 1, sizeof chunk, p)) > 0) {
        buf_add(out, chunk, n);
    }
    ck_assert_int_eq(pclose(p), 0);
}

START_TEST(event_files_read_back)
{
    char dir[FSX_PATH_BYTES];
    Buf out = BUF_INIT;
    TfTotals totals;
    Err err = ERR_INIT;
    small_catalog(tmp.path, 1);
    Catalog *c = open_small(true);
    OK(catalog_attempt_begin(c, 1, 0, CATALOG_NONE, 1700000000500, &err));
    const CatalogMetric metric[] = {
        {1, 1, 0, 8192, 5.5, 0.25, 0.001, 4096.0},
        {1, 300, 0, 2457600, (double)NAN, (double)NAN, 0.0005, 1224704.0},
    };
    OK(catalog_metric_upsert(c, &metric[0], &err));
    OK(catalog_metric_upsert(c, &metric[1], &err));
    OK(fsx_join(dir, tmp.path, "tb", &err));
    OK(tfevents_export(c, dir, &totals, &err));
    OK(tfevents_export(c, dir, &totals, &err)); /* again: the same files */
    ck_assert_int_eq(totals.runs, 2);
    ck_assert_int_eq(totals.scalars, 5 + 4 + 4 * SMALL_CHECKPOINTS);
    read_back(dir, &out);
    /* 8192 tokens at 4096 a second: 2 s after the start; the rest, 2449408, at 1224704: 2 s more */
    static const char *const line[] = {
        "llama-20k-000000000000 train/loss 1 5.5 1700000002.500\n",
        "llama-20k-000000000000 train/grad_norm 1 0.25 1700000002.500\n",
        "llama-20k-000000000000 train/tokens 1 8192 1700000002.500\n",
        "llama-20k-000000000000 train/loss 300 nan 1700000004.500\n",
        "llama-20k-000000000000 train/lr 300 0.000500000024 1700000004.500\n",
        "tnl-20k-000000000000 validation/loss 1000 ",
    };
    for (size_t i = 0; i < sizeof line / sizeof line[0]; i++) {
        ck_assert_msg(strstr(buf_str(&out), line[i]) != NULL, "no %s in\n%s", line[i],
                      buf_str(&out));
    }
    ck_assert_ptr_null(strstr(buf_str(&out), "train/grad_norm 300"));
    size_t lines = 0;
    for (const char *p = buf_str(&out); (p = strchr(p, '\n')) != NULL; p++) {
        lines++;
    }
    ck_assert_uint_eq(lines, (size_t)totals.scalars);
    catalog_close(c);
    buf_release(&out);
}
END_TEST
#endif

int main(void)
{
    return test_main((TestPlan){.name = "export", .set_up = tmp_open, .tear_down = tmp_close});
}
