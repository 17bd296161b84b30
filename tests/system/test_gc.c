/* slaw gc on a study of the real programs: every rule, what it must leave alone, and what the
 * other verbs make of the rest. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog/checkpoint.h"
#include "catalog/gc.h"
#include "tests/support/catalog_dump.h"
#include "tests/support/suite.h"
#include "tests/system/gc_study.h"

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
        shell(&out, "cat /dev/null $(find '%s' -name removed.json) | wc -c", dir);
        /* what was written was added; the catalog is left out, as SQLite moves its pages */
        Buf db = BUF_INIT, old_db = BUF_INIT;
        shell(&db, "cat '%s'/catalog.db* | wc -c", dir);
        shell(&old_db, "cat '%s/runs/base'/catalog.db* | wc -c", gc_tmp.path);
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
    const char *dir = copy_study(), *at = strstr(gc_study_text, old);
    char args[1200];
    Buf text = BUF_INIT;
    ck_assert_ptr_nonnull(at);
    buf_printf(&text, "%.*sfirst: 256, keep: {last: 2}}%s", (int)(at - gc_study_text),
               gc_study_text, at + sizeof old - 1);
    (void)tmpdir_write(&gc_tmp, "base.yaml", buf_str(&text));
    (void)snprintf(args, sizeof args, "run base.yaml --dir '%s' --quiet", dir);
    ck_assert_int_eq(slaw_status(args), 0);
    (void)snprintf(args, sizeof args, "gc base.yaml --dir '%s'", dir);
    ck_assert_int_eq(slaw_status(args), 0);
    ck_assert_int_eq(count(dir, "-name model.safetensors"), N_RUNS * 2);
    ck_assert_str_eq(catalog_ask(dir, "SELECT count(*) FROM attempt"), "4");
    (void)tmpdir_write(&gc_tmp, "base.yaml", gc_study_text);
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
    Buf out = BUF_INIT;
    json_decref(gc_json(dir, "--keep last:1", 0));
    shell(&out,
          "cd '%s'/runs/tnl*1-*/checkpoints/step-00000040 && printf X |"
          " dd of=model.safetensors bs=1 seek=20000 conv=notrunc status=none",
          dir);
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
    shell(&out, "cd '%s' && cat runs/*/checkpoints/*/*", dir);
    Buf whole = BUF_INIT;
    const char *other = copy_study();
    json_decref(gc_json(other, "--keep last:1", 0));
    shell(&whole, "cd '%s' && cat runs/*/checkpoints/*/*", other);
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
    shell(NULL, "printf x >>\"$(ls -d '%s'/runs/tnl*2-*)/checkpoints/step-00000002/manifest.json\"",
          dir);
    json_t *v = gc_json(dir, "--keep none", 1);
    ck_assert_int_eq(count(dir, "-name model.safetensors"), N_CHECKPOINTS);
    ck_assert_uint_eq(json_array_size(json_object_get(v, "skipped")), 1);
    json_decref(v);
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
    shell(NULL,
          "python3 -c \"import sqlite3; c = sqlite3.connect('%s/catalog.db');"
          " c.execute('DELETE FROM evaluation WHERE run_id = 1 AND step = 2'); c.commit()\"",
          dir);
    json_t *v = gc_json(dir, "--keep none", 0);
    ck_assert_int_eq(number(v, "checkpoints"), N_RUNS * N_CHECKPOINTS - 1);
    ck_assert_int_eq(count(dir, "-path '*step-00000002/model.safetensors'"), 1);
    json_decref(v);
}
END_TEST

int main(void)
{
    return test_main(
        (TestPlan){.name = "gc", .open = gc_open, .close = gc_close, .timeout = 240.0});
}
