/* slaw gc on a study of the real programs: every rule, what it must leave alone, and what the
 * other verbs make of the rest; killed at random moments; beside a scheduler. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catalog/checkpoint.h"
#include "catalog/gc.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/fsx.h"
#include "common/json.h"
#include "common/rng.h"
#include "tests/support/catalog_dump.h"
#include "tests/support/run_slaw.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

enum { N_RUNS = 4, N_CHECKPOINTS = 5, LAST_STEP = 40 };

static const char study_text[] =
    "version: 1\n"
    "study: base\n"
    "corpus: {text: [\"text*.txt\"], validation: 1024, tokenizer: bytes}\n"
    "matrix:\n"
    "  architecture: [llama, tnl]\n"
    "  size: [xs]\n"
    "  seed: [1, 2]\n"
    "sizes:\n"
    "  xs: {layers: 2, width: 16, heads: 1}\n"
    "training:\n"
    "  tokens: 5120\n"
    "  sequence: 32\n"
    "  batch: 128\n"
    "  optimizer: {adamw: {lr: 3e-3}}\n"
    "  schedule: {constant: {warmup: 5}}\n"
    "  precision: f32\n"
    "checkpoints: {count: 5, spacing: log, first: 256}\n"
    "evaluation: [validation]\n"
    "execution: {workers: 2}\n";

static TmpDir tmp;
static int n_copies;

/* ---------------------------------------------------------------- helpers */

static int slaw(const char *args, Buf *out)
{
    return run_slaw(tmp.path, args, NULL, "2>stderr.txt", out);
}

static int slaw_status(const char *args)
{
    Buf out = BUF_INIT;
    int status = slaw(args, &out);
    buf_release(&out);
    return status;
}

static void shell(const char *command, Buf *out)
{
    char piece[4096];
    FILE *f = popen(command, "re"); /* NOLINT(cert-env33-c): a test's own text */
    ck_assert_ptr_nonnull(f);
    for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;) {
        buf_add(out, piece, n);
    }
    ck_assert_msg(pclose(f) == 0, "%s", command);
}

static void stderr_text(Buf *out)
{
    Err err = ERR_INIT;
    char path[FSX_PATH_BYTES];
    buf_clear(out);
    ck_assert_int_eq(fsx_join(path, tmp.path, "stderr.txt", &err), ERR_OK);
    ck_assert_int_eq(fsx_read(path, 1 << 20, out, &err), ERR_OK);
}

/* A fresh copy of the finished study; its path lives until the next but three. */
static const char *copy_study(void)
{
    static char path[4][512];
    static int next;
    char command[1200];
    Buf out = BUF_INIT;
    next = (next + 1) % 4;
    (void)snprintf(path[next], sizeof path[next], "%s/copy-%d-%d", tmp.path, (int)getpid(),
                   n_copies++);
    (void)snprintf(command, sizeof command, "cp -a '%s/runs/base' '%s'", tmp.path, path[next]);
    shell(command, &out);
    buf_release(&out);
    return path[next];
}

static void remove_study(const char *dir)
{
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_remove_tree(dir, &err), ERR_OK);
}

/* Names and contents of all files but the catalog's. */
static Buf listing(const char *dir)
{
    Buf out = BUF_INIT;
    char command[1200];
    (void)snprintf(
        command, sizeof command,
        "cd '%s' && find . -type f ! -name 'catalog.db*' ! -name lock -print0 | sort -z |"
        " xargs -0 sha256sum && find . -type d | sort",
        dir);
    shell(command, &out);
    return out;
}

static int count(const char *dir, const char *what)
{
    Buf out = BUF_INIT;
    char command[1200];
    (void)snprintf(command, sizeof command, "find '%s/runs' %s | wc -l", dir, what);
    shell(command, &out);
    int n = atoi(buf_str(&out));
    buf_release(&out);
    return n;
}

static json_t *gc_json(const char *dir, const char *options, int status)
{
    Buf out = BUF_INIT;
    char args[1200];
    json_error_t why;
    (void)snprintf(args, sizeof args, "gc '%s' --json %s", dir, options);
    int got = slaw(args, &out);
    json_t *v = json_loads(buf_str(&out), 0, &why);
    Buf text = BUF_INIT;
    stderr_text(&text);
    ck_assert_msg(got == status, "%s: exit status %d: %s", args, got, buf_str(&text));
    ck_assert_msg(v != NULL, "%s: %s", why.text, buf_str(&out));
    ck_assert_int_eq(json_integer_value(json_object_get(v, "schema")), 1);
    buf_release(&out);
    buf_release(&text);
    return v;
}

static int64_t number(const json_t *v, const char *key)
{
    ck_assert_ptr_nonnull(json_object_get(v, key));
    return json_integer_value(json_object_get(v, key));
}

static int status_of(const char *verb, const char *dir)
{
    char args[1200];
    (void)snprintf(args, sizeof args, "%s '%s'", verb, dir);
    return slaw_status(args);
}

static Catalog *open_catalog(const char *dir)
{
    Err err = ERR_INIT;
    Catalog *c = NULL;
    char path[FSX_PATH_BYTES];
    ck_assert_int_eq(fsx_join(path, dir, CATALOG_FILE, &err), ERR_OK);
    ck_assert_msg(catalog_open(path, &c, &err) == ERR_OK, "%s", err.msg);
    return c;
}

static void setup(void)
{
    static const char *const word[] = {"scale", "law", "of ", "a", "the", "model", "and", "loss"};
    Buf text = BUF_INIT;
    if (access("/dev/shm", W_OK) == 0) {
        (void)setenv("TMPDIR", "/dev/shm", 0);
    }
    (void)unsetenv("SLAW_WORKER");
    tmp = tmpdir_open();
    for (uint64_t i = 0; i < 12000; i++) {
        buf_printf(&text, "%s%s", word[rng_u64(5, 0, i) % 8], i % 11 == 10 ? ".\n" : " ");
    }
    for (int i = 0; i < 4; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "text%d.txt", i);
        (void)tmpdir_write(&tmp, name, buf_str(&text) + 37 * i);
    }
    (void)tmpdir_write(&tmp, "base.yaml", study_text);
    int status = slaw_status("run base.yaml --quiet");
    buf_clear(&text);
    stderr_text(&text);
    ck_assert_msg(status == 0, "%s", buf_str(&text));
    buf_release(&text);
}

static void teardown(void)
{
    tmpdir_close(&tmp);
}

/* ---------------------------------------------------------------- rules */

typedef struct Rule {
    const char *option;
    int models, states; /* that are left of N_RUNS runs */
} Rule;

static const Rule rules[] = {
    {"--keep all", N_RUNS *N_CHECKPOINTS, N_RUNS * 2},
    {"", N_RUNS *N_CHECKPOINTS, 0}, /* weights, the default of a study file */
    {"--keep last:2", N_RUNS * 2, 0},
    {"--keep last", N_RUNS, 0},
    {"--keep none", 0, 0},
};

/* Both dumps are equal from section `from` ("# 3": checkpoints, 4: metrics, 5: evaluations) to
 * before section `to` (NULL: the end). */
static void check_rows(const char *got, const char *want, const char *from, const char *to)
{
    got = strstr(got, from);
    want = strstr(want, from);
    ck_assert(got && want);
    size_t n = to ? (size_t)(strstr(got, to) - got) : strlen(got), same = 0;
    while (same < n && got[same] == want[same]) {
        same++;
    }
    ck_assert_msg(same == n && (to || want[n] == '\0'), "%.200s\nis not\n%.200s", got + same,
                  want + same);
}

static void check_catalog(const char *dir, const char *rows_before)
{
    char *rows = catalog_dump(dir);
    check_rows(rows, rows_before, "# 4", "# 6");
    free(rows);
    ck_assert_str_eq(catalog_ask(dir, "SELECT count(*) FROM observation"), "20");
}

/* What the other verbs make of it: nothing is damaged, nothing is trained, nothing is lost. */
static void check_others(const char *dir)
{
    ck_assert_int_eq(status_of("verify", dir), 0);
    int models = count(dir, "-name model.safetensors");
    ck_assert_int_eq(status_of("run --quiet", dir), 0);
    ck_assert_str_eq(catalog_ask(dir, "SELECT count(*) FROM attempt"), "4");
    ck_assert_int_eq(count(dir, "-name model.safetensors"), models);
    char *rows = catalog_dump(dir);
    ck_assert_int_eq(status_of("reindex", dir), 0);
    char *again = catalog_dump(dir);
    check_rows(again, rows, "# 3", NULL);
    free(rows);
    free(again);
}

START_TEST(every_rule_leaves_what_it_says)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        const char *dir = copy_study();
        char *rows = catalog_dump(dir), dry_options[64];
        int64_t before = tree_bytes(dir);
        (void)snprintf(dry_options, sizeof dry_options, "%s --dry-run", rules[i].option);
        Buf files = listing(dir);
        json_t *dry = gc_json(dir, dry_options, 0);
        Buf still = listing(dir);
        check_rows(buf_str(&still), buf_str(&files), "", NULL); /* a dry run changes nothing */
        char *same = catalog_dump(dir);
        check_rows(same, rows, "", NULL);
        json_t *v = gc_json(dir, rules[i].option, 0);
        ck_assert_int_eq(count(dir, "-name model.safetensors"), rules[i].models);
        ck_assert_int_eq(count(dir, "-name state.safetensors"), rules[i].states);
        ck_assert_int_eq(count(dir, "-name manifest.json"), N_RUNS * N_CHECKPOINTS);
        ck_assert_int_eq(count(dir, "-name removed.json"),
                         N_RUNS * N_CHECKPOINTS - rules[i].models);
        ck_assert_int_eq(number(v, "checkpoints"), N_RUNS * N_CHECKPOINTS - rules[i].models);
        ck_assert_int_eq(number(v, "states"), N_RUNS * 2 - rules[i].states);
        static const char *const key[] = {"checkpoints", "states", "leftovers", "bytes"};
        for (size_t k = 0; k < 4; k++) {
            ck_assert_int_eq(number(dry, key[k]), number(v, key[k]));
        }
        check_catalog(dir, rows);
        ck_assert_int_eq(status_of("verify", dir), 0);
        Buf out = BUF_INIT;
        char command[700];
        (void)snprintf(command, sizeof command,
                       "cat /dev/null $(find '%s' -name removed.json) | wc -c", dir);
        shell(command, &out);
        /* what was written was added; the catalog is left out, as SQLite moves its pages */
        (void)snprintf(command, sizeof command, "cat '%s'/catalog.db* | wc -c", dir);
        Buf db = BUF_INIT, old_db = BUF_INIT;
        shell(command, &db);
        (void)snprintf(command, sizeof command, "cat '%s/runs/base'/catalog.db* | wc -c", tmp.path);
        shell(command, &old_db);
        int64_t now = tree_bytes(dir) - atoll(buf_str(&db)) - atoll(buf_str(&out));
        ck_assert_int_eq(before - atoll(buf_str(&old_db)) - now, number(v, "bytes"));
        json_t *none = gc_json(dir, rules[i].option, 0); /* nothing is left to do */
        ck_assert_int_eq(number(none, "bytes"), 0);
        check_others(dir);
        json_decref(none);
        json_decref(dry);
        json_decref(v);
        buf_release(&out);
        buf_release(&db);
        buf_release(&old_db);
        buf_release(&files);
        buf_release(&still);
        free(rows);
        free(same);
        remove_study(dir);
    }
}
END_TEST

/* Changing the rule in the study file trains nothing, and the next gc goes by it. */
START_TEST(the_study_file_says_the_rule)
{
    static const char old[] = "first: 256}";
    const char *dir = copy_study(), *at = strstr(study_text, old);
    char args[1200];
    Buf text = BUF_INIT;
    ck_assert_ptr_nonnull(at);
    buf_printf(&text, "%.*sfirst: 256, keep: {last: 2}}%s", (int)(at - study_text), study_text,
               at + sizeof old - 1);
    (void)tmpdir_write(&tmp, "base.yaml", buf_str(&text));
    (void)snprintf(args, sizeof args, "run base.yaml --dir '%s' --quiet", dir);
    ck_assert_int_eq(slaw_status(args), 0);
    (void)snprintf(args, sizeof args, "gc base.yaml --dir '%s'", dir);
    ck_assert_int_eq(slaw_status(args), 0);
    ck_assert_int_eq(count(dir, "-name model.safetensors"), N_RUNS * 2);
    ck_assert_str_eq(catalog_ask(dir, "SELECT count(*) FROM attempt"), "4");
    (void)tmpdir_write(&tmp, "base.yaml", study_text);
    buf_release(&text);
}
END_TEST

START_TEST(fits_and_generation_work_on_what_is_left)
{
    const char *dir = copy_study();
    char args[1200];
    Buf before = BUF_INIT, after = BUF_INIT, text = BUF_INIT;
    (void)snprintf(args, sizeof args, "fit '%s' --json --starts 20 --bootstrap 0", dir);
    int status = slaw(args, &before);
    json_decref(gc_json(dir, "--keep last:1", 0));
    ck_assert_int_eq(slaw(args, &after), status);
    ck_assert_str_eq(buf_str(&after), buf_str(&before));
    ck_assert_uint_gt(before.len, 100);

    (void)snprintf(args, sizeof args, "generate \"$(ls -d '%s'/runs/llama*1-*)\" --tokens 5 --json",
                   dir);
    ck_assert_int_eq(slaw(args, &after), 0); /* the newest has its weights */
    ck_assert_ptr_nonnull(strstr(buf_str(&after), "\"tokens\":5"));
    (void)snprintf(args, sizeof args,
                   "generate \"$(ls -d '%s'/runs/llama*1-*)/checkpoints/step-00000002\"", dir);
    ck_assert_int_ne(slaw(args, &after), 0);
    stderr_text(&text);
    ck_assert_msg(strstr(buf_str(&text), "removed by slaw gc"), "%s", buf_str(&text));
    json_decref(gc_json(dir, "--keep none", 0));
    (void)snprintf(args, sizeof args, "generate \"$(ls -d '%s'/runs/llama*1-*)\" --tokens 5", dir);
    ck_assert_int_ne(slaw(args, &after), 0);
    stderr_text(&text);
    ck_assert_msg(strstr(buf_str(&text), "slaw gc removed the weights"), "%s", buf_str(&text));
    buf_release(&before);
    buf_release(&after);
    buf_release(&text);
}
END_TEST

/* The one checkpoint that was kept is damaged: it is made again, and nothing else is. */
START_TEST(damage_after_gc_is_repaired)
{
    const char *dir = copy_study();
    char command[1200];
    Buf out = BUF_INIT;
    json_decref(gc_json(dir, "--keep last:1", 0));
    (void)snprintf(command, sizeof command,
                   "cd '%s'/runs/tnl*1-*/checkpoints/step-00000040 && printf X |"
                   " dd of=model.safetensors bs=1 seek=20000 conv=notrunc status=none",
                   dir);
    shell(command, &out);
    ck_assert_int_eq(status_of("verify", dir), 1);
    ck_assert_int_eq(status_of("run --quiet", dir), 0);
    ck_assert_int_eq(status_of("verify", dir), 0);
    ck_assert_str_eq(catalog_ask(dir, "SELECT count(*) FROM attempt"), "5");
    ck_assert_str_eq(catalog_ask(dir, "SELECT count(*) FROM run WHERE state = 'done'"), "4");
    ck_assert_int_eq(count(dir, "-name model.safetensors"), N_RUNS);
    ck_assert_int_eq(count(dir, "-name damaged.json"), 0);
    json_t *v = gc_json(dir, "--keep last:1", 0); /* the states of the new attempt */
    ck_assert_int_eq(number(v, "checkpoints"), 0);
    ck_assert_int_eq(number(v, "states"), 2);
    buf_clear(&out);
    (void)snprintf(command, sizeof command, "cd '%s' && cat runs/*/checkpoints/*/*", dir);
    shell(command, &out);
    Buf whole = BUF_INIT;
    const char *other = copy_study();
    json_decref(gc_json(other, "--keep last:1", 0));
    (void)snprintf(command, sizeof command, "cd '%s' && cat runs/*/checkpoints/*/*", other);
    shell(command, &whole);
    ck_assert_uint_eq(out.len, whole.len);
    ck_assert_int_eq(memcmp(out.data, whole.data, whole.len), 0);
    json_decref(v);
    buf_release(&out);
    buf_release(&whole);
}
END_TEST

/* ---------------------------------------------------------------- what it leaves alone */

START_TEST(runs_that_are_not_done_are_left_alone)
{
    const char *dir = copy_study();
    Err err = ERR_INIT;
    Catalog *c = open_catalog(dir);
    ck_assert_int_eq(catalog_run_set_state(c, 1, CATALOG_RUN_WAITING, NULL, 1, &err), ERR_OK);
    ck_assert_int_eq(catalog_run_set_state(c, 2, CATALOG_RUN_FAILED, "x", 1, &err), ERR_OK);
    ck_assert_int_eq(
        catalog_checkpoint_set_state(c, 3, LAST_STEP, CATALOG_CHECKPOINT_CORRUPT, &err), ERR_OK);
    catalog_close(c);
    json_t *v = gc_json(dir, "--keep none", 1); /* 1: run 3 should be looked at */
    ck_assert_uint_eq(json_array_size(json_object_get(v, "runs")), 1);
    ck_assert_uint_eq(json_array_size(json_object_get(v, "skipped")), 3);
    ck_assert_int_eq(count(dir, "-name model.safetensors"), 3 * N_CHECKPOINTS);
    ck_assert_int_eq(count(dir, "-name state.safetensors"), 3 * 2);
    json_decref(v);
}
END_TEST

START_TEST(a_manifest_that_was_changed_is_noticed_first)
{
    const char *dir = copy_study();
    char command[1200];
    Buf out = BUF_INIT;
    (void)snprintf(
        command, sizeof command,
        "printf x >>\"$(ls -d '%s'/runs/tnl*2-*)/checkpoints/step-00000002/manifest.json\"", dir);
    shell(command, &out);
    json_t *v = gc_json(dir, "--keep none", 1);
    ck_assert_int_eq(count(dir, "-name model.safetensors"), N_CHECKPOINTS);
    ck_assert_uint_eq(json_array_size(json_object_get(v, "skipped")), 1);
    json_decref(v);
    buf_release(&out);
}
END_TEST

START_TEST(an_open_evaluation_keeps_its_weights)
{
    const char *dir = copy_study();
    Err err = ERR_INIT;
    Arena a = ARENA_INIT;
    CatalogEvaluation *list = NULL;
    size_t n = 0;
    Catalog *c = open_catalog(dir);
    ck_assert_int_eq(catalog_evaluation_list(c, 1, &a, &list, &n, &err), ERR_OK);
    ck_assert_uint_eq(n, N_CHECKPOINTS);
    json_t *one = json_pack("[s]", "validation"), *two = json_pack("[s, s]", "validation", "other");
    ck_assert(!gc_is_needed(one, list, n, LAST_STEP));
    ck_assert(gc_is_needed(two, list, n, LAST_STEP));
    ck_assert(gc_is_needed(one, list, n, 3)); /* there is no row of step 3 */
    ck_assert(!gc_is_needed(NULL, list, n, 3));
    json_decref(one);
    json_decref(two);
    arena_release(&a);
    catalog_close(c);
    char command[1200];
    Buf out = BUF_INIT;
    (void)snprintf(
        command, sizeof command,
        "python3 -c \"import sqlite3; c = sqlite3.connect('%s/catalog.db');"
        " c.execute('DELETE FROM evaluation WHERE run_id = 1 AND step = 2'); c.commit()\"",
        dir);
    shell(command, &out);
    json_t *v = gc_json(dir, "--keep none", 0);
    ck_assert_int_eq(number(v, "checkpoints"), N_RUNS * N_CHECKPOINTS - 1);
    ck_assert_int_eq(count(dir, "-path '*step-00000002/model.safetensors'"), 1);
    json_decref(v);
    buf_release(&out);
}
END_TEST

START_TEST(leavings_of_the_killed_go)
{
    const char *dir = copy_study();
    char command[3000];
    Buf out = BUF_INIT;
    (void)snprintf(command, sizeof command,
                   "set -e; cd '%s'/runs/llama*1-*; echo half >status.json.tmp.77;"
                   " echo half >attempt-000/exit.json.tmp.77; mkdir checkpoints/step-00000003;"
                   " echo half >checkpoints/step-00000003/model.safetensors.tmp.77;"
                   " echo half >checkpoints/step-00000002/removed.json.tmp.77;"
                   " echo half >checkpoints/step-00000002/damaged.json.tmp.77;"
                   " echo mine >checkpoints/step-00000002/notes.txt;"
                   " cp -r state/step-00000040 state/step-00000039; cd ../..;"
                   " echo old >study.json.tmp.77; touch -d '2 hours ago' study.json.tmp.77;"
                   " echo live >study.json.tmp.78",
                   dir);
    shell(command, &out);
    json_t *dry = gc_json(dir, "--keep all --dry-run", 0);
    json_t *v = gc_json(dir, "--keep all", 0);
    ck_assert_int_eq(number(v, "leftovers"), 6);
    ck_assert_int_eq(number(v, "states"), 1); /* beyond the newest two */
    ck_assert_int_eq(number(dry, "leftovers"), 6);
    ck_assert_int_eq(number(dry, "bytes"), number(v, "bytes"));
    ck_assert_int_eq(count(dir, "-name '*.tmp.77'"), 0);
    ck_assert_int_eq(count(dir, "-name step-00000003"), 0);
    ck_assert_int_eq(count(dir, "-name notes.txt"), 1);
    (void)snprintf(command, sizeof command, "ls '%s' | grep -c 'study.json.tmp'", dir);
    buf_clear(&out);
    shell(command, &out);
    ck_assert_int_eq(atoi(buf_str(&out)), 1);
    json_decref(v);
    json_decref(dry);
    buf_release(&out);
}
END_TEST

START_TEST(it_is_refused_beside_a_scheduler)
{
    const char *dir = copy_study();
    char path[FSX_PATH_BYTES], args[1200];
    Err err = ERR_INIT;
    Buf text = BUF_INIT;
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    static const char holder[] =
        "{\"schema\":1,\"pid\":4711,\"host\":\"alba\",\"since\":\"2026-05-04T03:02:01.123Z\"}\n";
    ck_assert_int_eq(fsx_join(path, dir, "lock", &err), ERR_OK);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &all), 0);
    ck_assert_int_eq(fsx_write_all(fd, holder, strlen(holder), path, &err), ERR_OK);
    (void)snprintf(args, sizeof args, "gc '%s' --keep none", dir);
    ck_assert_int_eq(slaw_status(args), 69);
    stderr_text(&text);
    ck_assert_msg(strstr(buf_str(&text), "process 4711 on host alba"), "%s", buf_str(&text));
    ck_assert_int_eq(count(dir, "-name removed.json"), 0);
    json_t *v = gc_json(dir, "--keep none --dry-run", 0); /* looking is allowed */
    ck_assert_int_eq(number(v, "checkpoints"), N_RUNS * N_CHECKPOINTS);
    json_decref(v);
    (void)close(fd);
    ck_assert_int_eq(slaw_status(args), 0);
    (void)snprintf(args, sizeof args, "gc '%s' --keep some", dir);
    ck_assert_int_eq(slaw_status(args), 2);
    buf_release(&text);
}
END_TEST

static bool mount_own(const char *dir)
{
    return (unshare(CLONE_NEWNS) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", dir, "tmpfs", 0, "size=16m") == 0;
}

/* Without room for a line in the lock, a page of the log, or a removed.json. */
START_TEST(it_makes_room_on_a_disk_that_is_full)
{
    const char *dir = copy_study();
    char disk[512], study[600], command[1800];
    Err err = ERR_INIT;
    Buf out = BUF_INIT;
    (void)snprintf(disk, sizeof disk, "%s/disk", tmp.path);
    (void)snprintf(study, sizeof study, "%s/base", disk);
    ck_assert_int_eq(fsx_mkdirs(disk, &err), ERR_OK);
    if (!mount_own(disk)) {
        (void)fprintf(stderr, "no mounts here (%s): not tested\n", strerror(errno));
        return;
    }
    (void)snprintf(command, sizeof command,
                   "cp -a '%s' '%s'; head -c 100M /dev/zero >'%s/fill' 2>/dev/null ||"
                   " test \"$(stat -f -c %%a '%s')\" = 0",
                   dir, study, disk, disk);
    shell(command, &out);
    json_t *dry = gc_json(dir, "--keep last:2 --dry-run", 0);
    json_t *v = gc_json(study, "--keep last:2", 0);
    ck_assert_int_eq(number(v, "bytes"), number(dry, "bytes"));
    ck_assert_int_eq(number(v, "states"), N_RUNS * 2);
    ck_assert_int_eq(count(study, "-name model.safetensors"), N_RUNS * 2);
    ck_assert_int_eq(status_of("verify", study), 0);
    json_decref(v);
    json_decref(dry);
    buf_release(&out);
    ck_assert_int_eq(umount(disk), 0);
}
END_TEST

/* ---------------------------------------------------------------- killed */

static pid_t start_gc(const char *dir, const char *rule)
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        (void)dup2(null, STDOUT_FILENO);
        (void)execl(SLAW_BIN_DIR "/slaw", "slaw", "gc", dir, "--keep", rule, (char *)NULL);
        _exit(127);
    }
    return pid;
}

static MonoNs time_of_gc(const char *rule)
{
    const char *dir = copy_study();
    int status = 0;
    MonoNs start = clock_mono_ns();
    pid_t pid = start_gc(dir, rule);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    MonoNs took = clock_mono_ns() - start;
    remove_study(dir);
    return took;
}

/* Each round: killed at a random moment; then the study must be sound as it is, for every second
 * round tries that, and the next gc must end where one ends that was never killed. */
START_TEST(killed_at_any_moment_it_is_finished_by_the_next)
{
    enum { ROUNDS = 24 };
    const char *whole = copy_study();
    char want_dir[512];
    (void)snprintf(want_dir, sizeof want_dir, "%s", whole);
    json_decref(gc_json(want_dir, "--keep last:1", 0));
    Buf want = listing(want_dir);
    char *want_rows = catalog_dump(want_dir);
    double span_us = (double)time_of_gc("last:1") / 1000.0;
    int n_killed = 0;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        const char *dir = copy_study();
        int status = 0;
        pid_t pid = start_gc(dir, "last:1");
        (void)usleep((useconds_t)(rng_uniform(9, 0, round) * 1.2 * span_us));
        (void)kill(pid, SIGKILL);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        n_killed += WIFSIGNALED(status);
        if (round % 2 == 0) {
            ck_assert_int_eq(status_of("verify", dir), 0);
            ck_assert_int_eq(status_of("run --quiet", dir), 0);
            ck_assert_str_eq(catalog_ask(dir, "SELECT count(*) FROM attempt"), "4");
        }
        if (round % 4 == 1) {
            ck_assert_int_eq(status_of("reindex", dir), 0);
            ck_assert_int_eq(status_of("verify", dir), 0);
        }
        json_decref(gc_json(dir, "--keep last:1", 0));
        Buf got = listing(dir);
        if (round % 2 != 0) { /* slaw run notes the time in files of its own */
            check_rows(buf_str(&got), buf_str(&want), "", NULL);
        }
        char *rows = catalog_dump(dir);
        check_rows(rows, want_rows, "# 3", NULL);
        free(rows);
        buf_release(&got);
        remove_study(dir);
    }
    ck_assert_int_ge(n_killed, ROUNDS / 3);
    free(want_rows);
    buf_release(&want);
}
END_TEST

/* Killed after removed.json was written, and the rule has become milder since. */
START_TEST(what_the_rule_keeps_now_is_taken_back)
{
    const char *dir = copy_study();
    char command[1200];
    Buf out = BUF_INIT;
    (void)snprintf(command, sizeof command,
                   "echo '{\"schema\":1,\"rule\":\"none\",\"files\":{}}' >"
                   "\"$(ls -d '%s'/runs/tnl*2-*)/checkpoints/step-00000040/removed.json\"",
                   dir);
    shell(command, &out);
    json_decref(gc_json(dir, "--keep last:1", 0));
    ck_assert_int_eq(count(dir, "-path '*tnl*2-*step-00000040/removed.json'"), 0);
    ck_assert_int_eq(count(dir, "-name model.safetensors"), N_RUNS);
    ck_assert_int_eq(status_of("verify", dir), 0);
    buf_release(&out);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "gc", .timeout = 240.0, .open = setup, .close = teardown});
}
