/* check, plan and schema as a user runs them. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/fsx.h"
#include "common/json.h"
#include "tests/support/run_slaw.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static TmpDir tmp;

static void make_tmp(void)
{
    tmp = tmpdir_open();
}

static void remove_tmp(void)
{
    tmpdir_close(&tmp);
}

/* Runs `slaw args` inside the test's folder; standard output to out, standard error to
 * stderr.txt there.  @ stands for the source folder.  Returns the exit status. */
static int slaw(const char *args, Buf *out)
{
    return run_slaw(tmp.path, args, SLAW_SOURCE_DIR, "2>stderr.txt", out);
}

static void expect_stderr(const char *says)
{
    Buf text = BUF_INIT;
    Err err = ERR_INIT;
    char path[FSX_PATH_BYTES];
    ck_assert_int_eq(fsx_join(path, tmp.path, "stderr.txt", &err), ERR_OK);
    ck_assert_int_eq(fsx_read(path, 1 << 20, &text, &err), ERR_OK);
    ck_assert_msg(strstr(buf_str(&text), says) != NULL, "no \"%s\" in:\n%s", says, buf_str(&text));
    buf_release(&text);
}

static json_t *parsed(const Buf *text)
{
    json_error_t why;
    json_t *v = json_loads(buf_str(text), 0, &why);
    ck_assert_msg(v != NULL, "%s in %s", why.text, buf_str(text));
    ck_assert_int_eq(json_integer_value(json_object_get(v, "schema")), 1);
    return v;
}

static json_int_t number(const json_t *v, const char *key)
{
    return json_integer_value(json_object_get(v, key));
}

START_TEST(check_counts_runs_and_checkpoints)
{
    Buf out = BUF_INIT;
    ck_assert_int_eq(slaw("check @/experiments/milli.yaml", &out), 0);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "checkpoints  1,376\n"));
    ck_assert_int_eq(slaw("check @/experiments/paper.yaml --json", &out), 0);
    json_t *v = parsed(&out);
    ck_assert_int_eq(number(v, "runs"), 24);
    ck_assert_int_eq(number(v, "checkpoints"), 1376);
    json_decref(v);
    buf_release(&out);
}
END_TEST

START_TEST(check_reports_every_problem_and_exits_65)
{
    Buf out = BUF_INIT;
    ck_assert_int_eq(slaw("check @/tests/orchestrator/spec/bad/four_at_once.yaml", &out), 65);
    ck_assert_uint_eq(out.len, 0);
    expect_stderr("four_at_once.yaml:5:25: matrix.architecture must be one of");
    expect_stderr("  hint: did you mean \"llama\"?");
    expect_stderr(":14:22: checkpoints.count must be a whole number");
    ck_assert_int_eq(slaw("check @/tests/orchestrator/spec/bad/four_at_once.yaml --json", &out),
                     65);
    json_t *v = parsed(&out);
    const json_t *first = json_object_get(v, "error");
    ck_assert_uint_ge(json_array_size(json_object_get(v, "problems")), 4);
    ck_assert_int_eq(number(first, "line"), 5);
    ck_assert_int_eq(number(first, "column"), 25);
    ck_assert_ptr_nonnull(json_object_get(first, "file"));
    ck_assert_ptr_nonnull(json_object_get(first, "message"));
    ck_assert_ptr_nonnull(json_object_get(first, "hint"));
    json_decref(v);
    buf_release(&out);
}
END_TEST

START_TEST(plan_prints_a_table_and_starts_nothing)
{
    Buf out = BUF_INIT;
    ck_assert_int_eq(slaw("plan @/experiments/milli.yaml --flops-per-second 100G", &out), 0);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "llama-20k"));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "milli: 24 runs, 1,376 checkpoints"));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "2 workers of 100G FLOP/s.\n"));
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_join(path, tmp.path, "runs", &err), ERR_OK);
    ck_assert(!fsx_exists(path));
    ck_assert_int_eq(slaw("plan @/experiments/milli.yaml --flops-per-second 0", &out), 2);
    buf_release(&out);
}
END_TEST

START_TEST(plan_measures_the_worker_or_says_null)
{
    Buf out = BUF_INIT;
    ck_assert_int_eq(slaw("plan @/experiments/milli.yaml --json", &out), 0);
    json_t *v = parsed(&out);
    ck_assert(json_number_value(json_object_get(v, "seconds")) > 0.0);
    const json_t *cells = json_object_get(v, "cells");
    int64_t both = number(v, "memory_bytes"), largest = 0;
    for (size_t i = 0; i < json_array_size(cells); i++) {
        int64_t one = number(json_array_get(cells, i), "memory_bytes");
        largest = one > largest ? one : largest;
    }
    ck_assert_int_gt(both, largest); /* two workers */
    ck_assert_int_lt(both, 2 * largest);
    ck_assert_int_gt(largest, (1 + 1 + 2) * 4 * 6450000); /* 6.45M parameters, gradients, m, v */
    json_decref(v);
    ck_assert_int_eq(slaw("plan @/experiments/milli.yaml --measure 0 --json", &out), 0);
    v = parsed(&out);
    ck_assert(json_is_null(json_object_get(v, "seconds")));
    ck_assert_int_lt(llabs(number(v, "memory_bytes") - both), 1000000); /* pages of the program */
    json_decref(v);
    ck_assert_int_eq(slaw("plan @/experiments/milli.yaml --measure -1", &out), 2);
    expect_stderr("--measure takes 0 to 3600 seconds");
    /* A worker that cannot be run: no times, and everything else as before. */
    ck_assert_int_eq(setenv("SLAW_WORKER", "/nonexistent", 1), 0);
    ck_assert_int_eq(slaw("plan @/experiments/milli.yaml --json", &out), 0);
    ck_assert_int_eq(unsetenv("SLAW_WORKER"), 0);
    v = parsed(&out);
    ck_assert(json_is_null(json_object_get(v, "seconds")));
    ck_assert_int_eq(number(v, "checkpoints"), 1376);
    expect_stderr("times are unknown");
    json_decref(v);
    buf_release(&out);
}
END_TEST

START_TEST(a_time_beyond_all_numbers_is_unknown)
{
    Buf out = BUF_INIT;
    ck_assert_int_eq(slaw("plan @/experiments/milli.yaml --flops-per-second 1e-300 --json", &out),
                     0);
    json_t *v = parsed(&out);
    ck_assert(json_is_null(json_object_get(v, "seconds")));
    json_decref(v);
    buf_release(&out);
}
END_TEST

/* Programs that are no worker: `plan` says why it knows no times, and goes on. */
START_TEST(plan_goes_on_without_a_probe_that_answers)
{
    static const struct {
        const char *script, *why;
    } worker[] = {
        {"#!/bin/sh\necho nonsense\n", "printed no JSON object"},
        {"#!/bin/sh\necho '[1]'\n", "printed no JSON object"},
        {"#!/bin/sh\necho '{}'\n", "answered for 0 cells, not 24"},
        {"#!/bin/sh\nexit 3\n", "ended with status 3"},
        {"#!/bin/sh\nyes | head -c 100000000\n", "does not answer"},
        {"#!/no/such/interpreter\n", "times are unknown"},
    };
    Buf out = BUF_INIT;
    for (size_t i = 0; i < sizeof worker / sizeof worker[0]; i++) {
        const char *path = tmpdir_write(&tmp, "worker", worker[i].script);
        ck_assert_int_eq(chmod(path, 0755), 0);
        ck_assert_int_eq(setenv("SLAW_WORKER", path, 1), 0);
        ck_assert_int_eq(slaw("plan @/experiments/milli.yaml --json", &out), 0);
        json_t *v = parsed(&out);
        ck_assert(json_is_null(json_object_get(v, "seconds")));
        expect_stderr("times are unknown");
        expect_stderr(worker[i].why);
        json_decref(v);
    }
    ck_assert_int_eq(unsetenv("SLAW_WORKER"), 0);
    buf_release(&out);
}
END_TEST

static void write_study(const char *folder)
{
    static const char text[] = "{version: 1, study: mini, matrix: {architecture: llama, size: a},\n"
                               " sizes: {a: {layers: 2, width: 32, heads: 1}},\n"
                               " training: {tokens: 1M, sequence: 128, batch: 1024,\n"
                               "            optimizer: {adamw: {lr: 1e-3}}},\n"
                               " checkpoints: {count: 5, first: 10k}}\n";
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_path(path, &err, "%s/%s", tmp.path, folder), ERR_OK);
    ck_assert_int_eq(fsx_mkdirs(path, &err), ERR_OK);
    ck_assert_int_eq(fsx_path(path, &err, "%s/%s/study.yaml", tmp.path, folder), ERR_OK);
    ck_assert_int_eq(fsx_replace(path, text, strlen(text), &err), ERR_OK);
}

/* "state" of the only cell of a plan. */
static void expect_state(const char *args, const char *want)
{
    Buf out = BUF_INIT;
    ck_assert_int_eq(slaw(args, &out), 0);
    json_t *v = parsed(&out);
    const json_t *cell = json_array_get(json_object_get(v, "cells"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(cell, "state")), want);
    json_decref(v);
    buf_release(&out);
}

START_TEST(a_study_is_a_file_or_a_directory)
{
    Buf out = BUF_INIT;
    write_study("runs/mini");
    ck_assert_int_eq(slaw("plan runs/mini --flops-per-second 1G --json", &out), 0);
    json_t *v = parsed(&out);
    const char *dir =
        json_string_value(json_object_get(json_array_get(json_object_get(v, "cells"), 0), "dir"));
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_path(path, &err, "%s/runs/mini/%s", tmp.path, dir), ERR_OK);
    ck_assert_int_eq(fsx_mkdirs(path, &err), ERR_OK);
    ck_assert_int_eq(fsx_path(path, &err, "%s/runs/mini/%s/status.json", tmp.path, dir), ERR_OK);
    Buf status = BUF_INIT;
    buf_printf(
        &status, "{\"run\":\"%s\",\"state\":\"done\",\"step\":977}",
        json_string_value(json_object_get(json_array_get(json_object_get(v, "cells"), 0), "id")));
    ck_assert_int_eq(fsx_replace(path, buf_str(&status), status.len, &err), ERR_OK);
    buf_release(&status);
    json_decref(v);
    expect_state("plan runs/mini --flops-per-second 1G --json", "done");
    expect_state("plan runs/mini/study.yaml --flops-per-second 1G --json", "done");
    write_study("elsewhere");
    expect_state("plan elsewhere/study.yaml --flops-per-second 1G --json", "done"); /* runs/mini */
    expect_state("plan elsewhere --flops-per-second 1G --json", "new");
    expect_state("plan elsewhere/study.yaml --dir x --flops-per-second 1G --json", "new");
    ck_assert_int_eq(slaw("plan elsewhere --dir x", &out), 2);
    ck_assert_int_eq(slaw("plan runs", &out), 65);
    expect_stderr("runs/study.yaml: no such file");
    buf_release(&out);
}
END_TEST

/* A study of seconds: its own text, sixteen steps. */
static void write_tiny(const char *lr, const char *seeds)
{
    Buf text = BUF_INIT;
    for (int i = 0; i < 2000; i++) {
        buf_printf(&text, "the %d lines of a text are %d words long.\n", i, i * 7 % 100);
    }
    (void)tmpdir_write(&tmp, "t.txt", buf_str(&text));
    buf_clear(&text);
    buf_printf(&text,
               "{version: 1, study: tiny, corpus: {text: [t.txt], validation: 512},\n"
               " matrix: {architecture: llama, size: a, seed: [%s]},\n"
               " sizes: {a: {layers: 1, width: 32, heads: 1}},\n"
               " training: {tokens: 16k, sequence: 64, batch: 1024,\n"
               "   optimizer: {adamw: {lr: %s}}, schedule: {constant: {warmup: 2}}},\n"
               " checkpoints: {count: 3, first: 1k}}\n",
               seeds, lr);
    (void)tmpdir_write(&tmp, "tiny.yaml", buf_str(&text));
    buf_release(&text);
}

START_TEST(why_names_the_settings_that_were_changed)
{
    Buf out = BUF_INIT;
    write_tiny("1e-3", "1, 2");
    ck_assert_int_eq(slaw("run tiny.yaml", &out), 0);
    ck_assert_int_eq(slaw("plan tiny.yaml --measure 0 --why", &out), 0);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "\nllama-a-s1  done\nllama-a-s2  done\n"));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "To do: 0 runs.\n"));
    write_tiny("2e-3", "1");
    ck_assert_int_eq(slaw("plan tiny.yaml --measure 0 --why --wide --width 300", &out), 0);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "llama-a  would run: new; runs/llama-a-s1-"));
    ck_assert_ptr_nonnull(
        strstr(buf_str(&out), " differs in training.optimizer.adamw.lr: 0.001 -> 0.002\n"));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "not in the study file any more; its files stay; "
                                                "llama-a takes its place: "
                                                "training.optimizer.adamw.lr: 0.001 -> 0.002"));
    ck_assert_int_eq(slaw("plan tiny.yaml --measure 0", &out), 0);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "Not in the study file any more: 2 runs;"));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "To do: 1 run.\n")); /* not "1 runs" */
    ck_assert_int_eq(slaw("plan tiny.yaml --measure 0 --json", &out), 0);
    json_t *v = parsed(&out);
    ck_assert_uint_eq(json_array_size(json_object_get(v, "retired")), 2);
    json_decref(v);
    write_tiny("1e-3", "1, 2, 3"); /* the old ones count again */
    ck_assert_int_eq(slaw("plan tiny.yaml --measure 0 --why", &out), 0);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "llama-a-s2  done\nllama-a-s3  would run: new\n"));
    ck_assert_ptr_null(strstr(buf_str(&out), "any more"));
    buf_release(&out);
}
END_TEST

/* The number of lines. */
static size_t lines_of(const Buf *text)
{
    size_t n = 0;
    for (const char *p = buf_str(text); (p = strchr(p, '\n')) != NULL; p++) {
        n++;
    }
    return n;
}

START_TEST(many_runs_are_summed_up)
{
    Buf out = BUF_INIT, seeds = BUF_INIT;
    for (int i = 0; i < 201; i++) {
        buf_printf(&seeds, "%s%d", i ? ", " : "", i);
    }
    write_tiny("1e-3", buf_str(&seeds));
    ck_assert_int_eq(slaw("plan tiny.yaml --measure 0", &out), 0);
    ck_assert_uint_lt(lines_of(&out), 16);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "tiny: 201 runs, 603 checkpoints"));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "--all lists every run."));
    ck_assert_int_eq(slaw("plan tiny.yaml --measure 0 --why", &out), 0);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "201  would run: new     llama-a-s0"));
    ck_assert_uint_lt(lines_of(&out), 16);
    ck_assert_int_eq(slaw("plan tiny.yaml --measure 0 --all", &out), 0);
    ck_assert_uint_gt(lines_of(&out), 201);
    ck_assert_int_eq(slaw("plan tiny.yaml --measure 0 --all --why", &out), 0);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "llama-a-s200  would run: new\n"));
    buf_release(&out);
    buf_release(&seeds);
}
END_TEST

START_TEST(schema_is_the_file)
{
    Buf out = BUF_INIT, file = BUF_INIT;
    Err err = ERR_INIT;
    ck_assert_int_eq(slaw("schema", &out), 0);
    ck_assert_int_eq(fsx_read(SLAW_SOURCE_DIR "/schemas/study.schema.json", 1 << 20, &file, &err),
                     ERR_OK);
    ck_assert_str_eq(buf_str(&out), buf_str(&file));
    buf_release(&out);
    buf_release(&file);
}
END_TEST

static const char *member(const json_t *v, const char *object, const char *key)
{
    const char *text = json_string_value(json_object_get(json_object_get(v, object), key));
    ck_assert_msg(text != NULL, "%s.%s", object, key);
    return text;
}

START_TEST(doctor_says_what_is_there)
{
    Buf out = BUF_INIT;
    ck_assert_int_eq(setenv("SLAW_ISA", "scalar", 1), 0);
    ck_assert_int_eq(slaw("doctor --measure 0.02 --json", &out), 0);
    json_t *v = parsed(&out);
    ck_assert(json_is_true(json_object_get(v, "usable")));
    ck_assert_str_eq(member(v, "worker", "version"), SLAW_VERSION);
    ck_assert_str_eq(member(v, "isa", "used"), "scalar");
    ck_assert_str_eq(member(v, "isa", "cap"), "scalar");
    ck_assert_str_eq(json_string_value(json_object_get(v, "bf16")), "emulated");
    ck_assert_int_ge(number(json_object_get(v, "cores"), "allowed"), 1);
    ck_assert_int_eq(number(json_object_get(v, "memory"), "total_bytes") > 0, 1);
    ck_assert(json_number_value(json_object_get(json_object_get(v, "speed"), "f32")) > 1e6);
    ck_assert(json_number_value(json_object_get(json_object_get(v, "speed"), "bf16")) > 1e6);
    ck_assert_str_eq(member(v, "disk", "dir"), "."); /* runs is not there yet */
    ck_assert_int_eq(member(v, "libraries", "sqlite")[0], '3');
    json_decref(v);
    ck_assert_int_eq(setenv("SLAW_ISA", "nonsense", 1), 0);
    ck_assert_int_eq(slaw("doctor --measure 0 /dev/shm/a/b", &out), 0);
    ck_assert_int_eq(unsetenv("SLAW_ISA"), 0);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "Hint: isa: SLAW_ISA names no ISA"));
    ck_assert_ptr_null(strstr(buf_str(&out), "speed"));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "disk of          /dev/shm\n"));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "Runs can be trained here."));
    buf_release(&out);
}
END_TEST

START_TEST(doctor_is_69_without_a_worker)
{
    static const char other[] = "#!/bin/sh\necho '{\"version\":\"99\",\"isa\":\"avx512bf16\"}'\n";
    Buf out = BUF_INIT;
    ck_assert_int_eq(setenv("SLAW_WORKER", "/nonexistent", 1), 0);
    ck_assert_int_eq(slaw("doctor", &out), 69);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "SLAW_WORKER names /nonexistent"));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "Nothing can be trained here."));
    ck_assert_int_eq(setenv("SLAW_WORKER", "/bin/false", 1), 0);
    ck_assert_int_eq(slaw("doctor --json", &out), 69);
    json_t *v = parsed(&out);
    ck_assert(json_is_null(json_object_get(v, "isa")));
    ck_assert_str_eq(member(v, "worker", "error"), "slaw-worker describe ended with status 1");
    json_decref(v);
    const char *path = tmpdir_write(&tmp, "worker", other);
    ck_assert_int_eq(chmod(path, 0755), 0);
    ck_assert_int_eq(setenv("SLAW_WORKER", path, 1), 0);
    ck_assert_int_eq(slaw("doctor --measure 0", &out), 0);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "are of different versions"));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "bf16             hardware"));
    ck_assert_int_eq(unsetenv("SLAW_WORKER"), 0);
    buf_release(&out);
}
END_TEST

int main(void)
{
    return test_main(
        (TestPlan){.name = "study_verbs", .set_up = make_tmp, .tear_down = remove_tmp});
}
