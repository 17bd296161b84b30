#include "catalog/record.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/catalog/sample.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"

START_TEST(every_record_reads_back)
{
    Err err = ERR_INIT;
    Arena a = ARENA_INIT;
    CatalogStudy study = {.name = "milli",
                          .source_path = "milli.yaml",
                          .source_sha256 = NULL,
                          .resolved = "{\"version\":1,\"study\":\"milli\"}",
                          .slaw_version = "0.1.0"};
    OK(study_record_write(tmp.path, &study, &err));
    study = (CatalogStudy){0};
    OK(study_record_read(tmp.path, &a, &study, &err));
    ck_assert_str_eq(study.name, "milli");
    ck_assert_str_eq(study.source_path, "milli.yaml");
    ck_assert_ptr_null(study.source_sha256);
    ck_assert_str_eq(study.resolved, "{\"study\":\"milli\",\"version\":1}"); /* canonical */

    CatalogRun put = sample_run(4), got;
    OK(run_record_write(tmp.path, &put, &err));
    FAILS(ERR_NOTFOUND, run_record_read(tmp.path, &a, &got, &err)); /* config.json is needed, too */
    HAS(err.msg, "config.json");
    (void)tmpdir_write(&tmp, "config.json", put.config);
    OK(run_record_read(tmp.path, &a, &got, &err));
    ck_assert_str_eq(got.hash, put.hash);
    ck_assert_str_eq(got.name, put.name);
    ck_assert_str_eq(got.architecture, put.architecture);
    ck_assert_str_eq(got.size, put.size);
    ck_assert_str_eq(got.axes, put.axes);
    ck_assert_str_eq(got.config, put.config);
    ck_assert(got.seed == put.seed && got.position == put.position && got.params == put.params);
    ck_assert(got.params_total == put.params_total && got.tokens == put.tokens);
    ck_assert(got.steps == put.steps && got.batch_tokens == put.batch_tokens);
    ck_assert(got.checkpoints == put.checkpoints && got.flops_6nd == put.flops_6nd);
    ck_assert(got.flops_exact == put.flops_exact && got.flops_paper == put.flops_paper);

    StatusRecord s = {put.hash, CATALOG_RUN_FAILED, "disk full", 3, 20, 40, 2};
    OK(status_record_write(tmp.path, &s, &err));
    s = (StatusRecord){0};
    OK(status_record_read(tmp.path, &a, &s, &err));
    ck_assert_str_eq(s.run, put.hash);
    ck_assert_str_eq(s.reason, "disk full");
    ck_assert(s.state == CATALOG_RUN_FAILED && s.attempts == 3 && s.step == 20);
    ck_assert(s.steps == 40 && s.checkpoints == 2);

    ExitRecord e = {CATALOG_ATTEMPT_FAILED, CATALOG_NONE, 9, NULL, 5, 1763900000000, 12345678};
    OK(exit_record_write(tmp.path, &e, &err));
    e = (ExitRecord){0};
    OK(exit_record_read(tmp.path, &a, &e, &err));
    ck_assert(e.state == CATALOG_ATTEMPT_FAILED && e.code == CATALOG_NONE && e.signal == 9);
    ck_assert(!e.reason && e.started_ms == 5 && e.ended_ms == 1763900000000);
    ck_assert_int_eq(e.peak_rss_bytes, 12345678);
    arena_release(&a);
}
END_TEST

START_TEST(bad_input_is_not_written)
{
    Err err = ERR_INIT;
    CatalogStudy study = {.name = "milli", .resolved = "{", .slaw_version = "0.1.0"};
    FAILS(ERR_FORMAT, study_record_write(tmp.path, &study, &err));
    HAS(err.msg, "milli");
    CatalogRun r = sample_run(1);
    r.axes = "[1]";
    FAILS(ERR_FORMAT, run_record_write(tmp.path, &r, &err));
    HAS(err.msg, "axes");
    StatusRecord s = {.run = "x"};
    FAILS(ERR_IO, status_record_write("/nonexistent", &s, &err));
    char path[FSX_PATH_BYTES];
    OK(fsx_join(path, tmp.path, "run.json", &err));
    ck_assert(!fsx_exists(path));
}
END_TEST

typedef enum Kind { STUDY, RUN, STATUS, EXIT, CORPUS } Kind;

static ErrCode read_kind(Kind k, const char *dir, Arena *a, Err *err)
{
    CatalogStudy study;
    CatalogRun run;
    StatusRecord status;
    ExitRecord end;
    CatalogCorpus corpus;
    switch (k) {
    case STUDY:
        return study_record_read(dir, a, &study, err);
    case RUN:
        return run_record_read(dir, a, &run, err);
    case STATUS:
        return status_record_read(dir, a, &status, err);
    case EXIT:
        return exit_record_read(dir, a, &end, err);
    case CORPUS:
        return corpus_record_read(dir, a, &corpus, err);
    }
    return ERR_OK;
}

static const struct {
    Kind kind;
    const char *file, *text, *part;
} bad[] = {
    {STUDY, "study.json", "[]", "study.json: must be a JSON object"},
    {STUDY, "study.json", "{\"schema\":1}", "study.json: \"name\""},
    {STUDY, "study.json", "{\"schema\":2,\"name\":\"x\"}", "schema 2, this program knows 1"},
    {STUDY, "study.json", "{\"schema\":1,\"name\":\"x\",\"slaw_version\":\"1\"}", "\"resolved\""},
    {STUDY, "study.json", "{\"schema\":1,\"name\":\"x\",\"source_path\":5}",
     "\"source_path\" must be a string or null"},
    {STUDY, "study.json", "{\"name\":\"x\"", "study.json:1:"},
    {RUN, "config.json", "{\"schema\":1}", "config.json: \"run\""},
    {STATUS, "status.json", "{}", "status.json: \"schema\""},
    {STATUS, "status.json", "{\"schema\":1,\"run\":\"x\",\"state\":\"bored\"}", "bored"},
    {STATUS, "status.json", "{\"schema\":1,\"run\":\"x\",\"state\":\"done\"}", "\"attempts\""},
    {EXIT, "exit.json", "{\"schema\":1,\"state\":\"waiting\"}", "waiting"},
    {EXIT, "exit.json", "{\"schema\":1,\"state\":\"done\",\"code\":\"0\"}", "\"code\""},
    {EXIT, "exit.json", "{\"schema\":1,\"state\":\"done\",\"code\":0}", "\"started_ms\""},
    {CORPUS, "manifest.json", "{\"schema\":1,\"digest\":\"d\"}", "\"validation\""},
    {CORPUS, "manifest.json", "{\"schema\":1,\"digest\":\"d\",\"validation\":{\"tokens\":1}}",
     "\"bytes_per_token\""},
};

START_LOOP_TEST(damaged_records_name_file_and_member, sizeof bad / sizeof bad[0])
{
    Err err = ERR_INIT;
    Arena a = ARENA_INIT;
    FAILS(ERR_NOTFOUND, read_kind(bad[_i].kind, tmp.path, &a, &err));
    (void)tmpdir_write(&tmp, bad[_i].file, bad[_i].text);
    FAILS(ERR_FORMAT, read_kind(bad[_i].kind, tmp.path, &a, &err));
    HAS(err.msg, bad[_i].part);
    HAS(err.msg, tmp.path);
    arena_release(&a);
}
END_TEST

START_TEST(a_run_record_of_another_run_is_refused)
{
    Err err = ERR_INIT;
    Arena a = ARENA_INIT;
    CatalogRun one = sample_run(1), two = sample_run(2), got;
    OK(run_record_write(tmp.path, &two, &err));
    (void)tmpdir_write(&tmp, "config.json", one.config);
    FAILS(ERR_FORMAT, run_record_read(tmp.path, &a, &got, &err));
    HAS(err.msg, "run.json: of run 222222222222, config.json of run 111111111111");
    arena_release(&a);
}
END_TEST

START_TEST(a_corpus_gives_its_bytes_per_token)
{
    Err err = ERR_INIT;
    Arena a = ARENA_INIT;
    CatalogCorpus c;
    static const char canonical[] =
        "{\"digest\":\"d\",\"schema\":1,\"validation\":{\"bytes_per_token\":2.5}}";
    (void)tmpdir_write(
        &tmp, "manifest.json",
        "{\"schema\": 1, \"digest\": \"d\", \"validation\": {\"bytes_per_token\": 2.5}}");
    OK(corpus_record_read(tmp.path, &a, &c, &err));
    ck_assert(c.validation_bytes_per_token == 2.5);
    ck_assert_str_eq(c.digest, "d");
    ck_assert_str_eq(c.manifest, canonical);
    arena_release(&a);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "record", .set_up = tmp_open, .tear_down = tmp_close});
}
