#include "tests/orchestrator/sched/fixture.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/exit_code.h"
#include "common/fsx.h"
#include "common/json.h"
#include "tests/support/catalog_dump.h"

static const char config_text[] =
    "{\"schema\":1,\"run\":\"\",\"name\":\"r%d\",\"study\":\"fixture\",\"size\":\"s%d\","
    "\"model\":{\"architecture\":\"llama\",\"layers\":2,\"width\":%d,\"heads\":1,\"head_width\":%d,"
    "\"mlp_width\":32,\"vocabulary\":256,\"norm_eps\":1e-6},"
    "\"corpus\":{\"text\":[\"none\"],\"tokenizer\":\"bytes\",\"validation\":64,\"repeat\":true},"
    "\"training\":{\"tokens\":%d,\"sequence\":64,\"batch\":64,\"optimizer\":{\"adamw\":{"
    "\"lr\":0.001,\"betas\":[0.9,0.95],\"eps\":1e-8,\"weight_decay\":0.1}},"
    "\"schedule\":{\"constant\":{\"warmup\":1}},\"clip\":1.0,\"precision\":\"f32\","
    "\"diverged_above\":20},"
    "\"checkpoints\":{\"count\":%d,\"spacing\":\"linear\",\"first\":64,\"keep\":\"weights\"},"
    "\"evaluation\":[\"validation\"],\"seed\":%d,\"threads\":1}";

static void make_run(Fixture *f, int i)
{
    char text[2048], hash[SHA256_HEX_BYTES], size[16];
    Err err = ERR_INIT;
    RunConfig c;
    const RunModel *model = NULL;
    int width = 16 * (i + 1);
    (void)snprintf(text, sizeof text, config_text, i, i, width, width, FIXTURE_STEPS * 64,
                   FIXTURE_CHECKPOINTS, i + 1);
    f->json[i] = json_loads(text, 0, NULL);
    ck_assert_ptr_nonnull(f->json[i]);
    ck_assert_msg(run_config_identity(f->json[i], hash, &err) == ERR_OK, "%s", err.msg);
    ck_assert_int_eq(json_object_set_new(f->json[i], "run", json_string(hash)), 0);
    ck_assert_msg(run_config_from_json(f->json[i], &c, &err) == ERR_OK, "%s", err.msg);
    f->axes[i] = json_pack("{s:s,s:i}", "architecture", "llama", "seed", i + 1);
    (void)snprintf(size, sizeof size, "s%d", i);
    ck_assert_int_eq(
        run_models_get(&f->models, &c.shape, size, 64, c.precision, &f->arena, &model, &err),
        ERR_OK);
    ck_assert_int_eq(run_spec_fill(&c, f->json[i], model, &f->arena, &f->runs[i], &err), ERR_OK);
    f->runs[i].cell = (size_t)i;
}

static ErrCode describe(const void *ctx, const RunSpec *r, json_t **ret_json, json_t **ret_axes,
                        Err *err)
{
    const Fixture *f = ctx;
    (void)err;
    *ret_json = json_incref(f->json[r->cell]);
    *ret_axes = json_incref(f->axes[r->cell]);
    return ERR_OK;
}

void fixture_open(Fixture *f, size_t n_runs)
{
    Err err = ERR_INIT;
    memset(f, 0, sizeof *f);
    f->tmp = tmpdir_open();
    (void)snprintf(f->dir, sizeof f->dir, "%s/study", f->tmp.path);
    (void)snprintf(f->corpus, sizeof f->corpus, "%s/study/corpus", f->tmp.path);
    ck_assert_int_eq(fsx_mkdirs(f->corpus, &err), ERR_OK);
    (void)tmpdir_write(&f->tmp, "study/corpus/manifest.json",
                       "{\"schema\":1,\"digest\":\"none\",\"validation\":{\"documents\":1,"
                       "\"text_bytes\":64,\"tokens\":64,\"bytes_per_token\":1}}\n");
    /* slaw_test runs tests in the folder that holds fake-worker. */
    ck_assert_ptr_nonnull(getcwd(f->worker, sizeof f->worker - 16));
    (void)strcat(f->worker, "/fake-worker"); /* NOLINT: 16 bytes were kept */
    for (size_t i = 0; i < n_runs; i++) {
        make_run(f, (int)i);
    }
    f->study = (Study){.name = "fixture",
                       .file = "fixture.yaml",
                       .base_dir = f->tmp.path,
                       .resolved = json_pack("{s:s}", "study", "fixture"),
                       .runs = f->runs,
                       .n_runs = n_runs,
                       .source = {.ctx = f, .describe = describe},
                       .launcher = "local",
                       .trainer = "native",
                       .workers = 2,
                       .retries = 2};
    (void)snprintf(f->study.sha256, sizeof f->study.sha256, "%064d", 0);
    fixture_behave("");
}

void fixture_close(Fixture *f)
{
    for (size_t i = 0; i < FIXTURE_MAX_RUNS; i++) {
        json_decref(f->json[i]);
        json_decref(f->axes[i]);
    }
    run_models_release(&f->models);
    json_decref(f->study.resolved);
    arena_release(&f->arena);
    tmpdir_close(&f->tmp);
}

const char *fixture_dir(const Fixture *f, size_t run)
{
    static char dir[RUN_DIR_BYTES];
    run_spec_dir(&f->runs[run], dir);
    return dir;
}

void fixture_behave(const char *items)
{
    ck_assert_int_eq(setenv("SLAW_FAKE", items, 1), 0);
}

static void on_message(void *ctx, const char *text)
{
    Fixture *f = ctx;
    size_t n = strlen(f->log);
    (void)snprintf(f->log + n, sizeof f->log - n, "%s\n", text);
}

static void on_changed(void *ctx, const SchedView *v)
{
    Fixture *f = ctx;
    int64_t running = v->by_state[CATALOG_RUN_RUNNING];
    f->most_running = running > f->most_running ? running : f->most_running;
}

static void on_settled(void *ctx, const SchedView *v, const SchedRun *r)
{
    Fixture *f = ctx;
    ck_assert_int_gt(v->by_state[r->state], 0);
    f->n_settled++;
}

SchedOptions fixture_options(Fixture *f)
{
    SchedOptions o = {
        .dir = f->dir,
        .worker = f->worker,
        .corpus_dir = f->corpus,
        .launcher = launcher_find("local"),
        .workers = 2,
        .threads = 1,
        .retries = 2,
        .times = sched_times_default(),
        .observer = {
            .ctx = f, .message = on_message, .changed = on_changed, .settled = on_settled}};
    o.times.tick = 5;
    o.times.housekeeping = 20;
    o.times.backoff = 20;
    o.times.grace = 2000;
    o.times.grace_again = 300;
    return o;
}

SchedSummary fixture_run(Fixture *f, const SchedOptions *o)
{
    SchedSummary s = {0};
    Err err = ERR_INIT;
    ck_assert_msg(sched_run(&f->study, o, &s, &err) == ERR_OK, "%s\n%s", err.msg, f->log);
    return s;
}

const char *fixture_sql(const Fixture *f, const char *sql)
{
    return catalog_ask(f->dir, sql);
}

char *fixture_dump(const Fixture *f)
{
    return catalog_dump(f->dir);
}

pid_t fixture_fork(Fixture *f, const SchedOptions *o)
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        SchedSummary s = {0};
        Err err = ERR_INIT;
        ErrCode rc = sched_run(&f->study, o, &s, &err);
        if (rc != ERR_OK) {
            (void)fprintf(stderr, "scheduler: %s\n", err.msg);
        }
        _exit(rc != ERR_OK ? 9 : s.is_interrupted ? EXIT_RESUMABLE : 0);
    }
    return pid;
}
