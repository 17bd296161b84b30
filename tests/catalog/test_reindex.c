#include "catalog/reindex.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalog/checkpoint.h"
#include "catalog/fit_log.h"
#include "catalog/record.h"
#include "catalog/stmt.h"
#include "tests/catalog/fixture.h"
#include "tests/catalog/study.h"
#include "tests/support/suite.h"

static Buf said;

static void note(void *ctx, const char *text)
{
    (void)ctx;
    buf_printf(&said, "%s\n", text);
}

/* Closes the catalog, rebuilds it from the files and opens it again. */
static ReindexTotals reindex(void)
{
    ReindexTotals t;
    catalog_close(s.c);
    s.c = NULL;
    buf_clear(&said);
    OK(catalog_reindex(s.tmp.path, note, NULL, &t, &err));
    OK(catalog_open(s.db, &s.c, &err));
    return t;
}

static void same_after_reindex(void)
{
    char *want = sample_dump(s.c);
    (void)reindex();
    char *got = sample_dump(s.c);
    ck_assert_msg(strcmp(got, want) == 0, "rebuilt:\n%s\noriginal:\n%s\nsaid: %s", got, want,
                  buf_str(&said));
    free(got);
    free(want);
}

static CatalogRunState state_of(Catalog *c, int position, char reason[64])
{
    CatalogRun *runs = NULL;
    size_t n = 0;
    OK(catalog_run_list(c, &a, &runs, &n, &err));
    CatalogRunState state = CATALOG_N_RUN_STATES;
    for (size_t i = 0; i < n; i++) {
        if (runs[i].position == position) {
            state = runs[i].state;
            (void)snprintf(reason, 64, "%s", runs[i].reason ? runs[i].reason : "");
        }
    }
    return state;
}

START_TEST(a_rebuilt_catalog_equals_the_original)
{
    sample_study(&s);
    char *want = sample_dump(s.c);
    ReindexTotals t = reindex();
    char *got = sample_dump(s.c);
    ck_assert_msg(strcmp(got, want) == 0, "rebuilt:\n%s\noriginal:\n%s", got, want);
    ck_assert(t.runs == 5 && t.attempts == 6 && t.checkpoints == 11 && t.metrics == 11);
    ck_assert(t.evaluations == 11 && t.fits == 0 && t.damaged_lines == 0 && t.problems == 0);
    ck_assert_str_eq(buf_str(&said), "");
    free(got);
    free(want);
    same_after_reindex(); /* and once more from the rebuilt one */
}
END_TEST

START_TEST(a_lost_catalog_comes_back)
{
    sample_study(&s);
    char *want = sample_dump(s.c);
    fixture_lose();
    (void)reindex();
    fixture_expect(want);
}
END_TEST

START_TEST(a_damaged_catalog_and_its_log_are_replaced)
{
    sample_study(&s);
    char *want = sample_dump(s.c);
    catalog_close(s.c);
    s.c = NULL;
    char wal[FSX_PATH_BYTES];
    OK(fsx_path(wal, &err, "%s-wal", s.db));
    sample_write(s.db, "no database at all, but long enough to be read as one.", 54);
    sample_write(wal, "a log that belongs to something else", 36);
    (void)reindex();
    fixture_expect(want);
    HAS(buf_str(&said), "fitted laws in the old catalog cannot be read");
}
END_TEST

START_TEST(a_log_that_waits_does_not_reach_the_new_catalog)
{
    Catalog *reader = NULL;
    sample_study(&s);
    char *want = sample_dump(s.c);
    OK(stmt_exec(s.c->db, "PRAGMA wal_autocheckpoint = 0; UPDATE run SET name = 'only in the log'",
                 &err));
    OK(catalog_open_readonly(s.db, &reader, &err)); /* keeps the log alive over the close */
    (void)reindex();
    catalog_close(reader);
    fixture_expect(want);
}
END_TEST

START_TEST(fits_are_kept)
{
    sample_study(&s);
    CatalogFit put = {.created_ms = 5, .law = "chinchilla", .group = "tnl", .result = "{}"};
    CatalogFit *fits = NULL;
    size_t n = 0;
    int64_t id = 0;
    OK(catalog_fit_add(s.c, &put, &id, &err));
    ck_assert_int_eq(reindex().fits, 1);
    OK(catalog_fit_list(s.c, &a, &fits, &n, &err));
    ck_assert_uint_eq(n, 1);
    ck_assert_str_eq(fits[0].law, "chinchilla");
    ck_assert_int_eq(fits[0].created_ms, 5);
}
END_TEST

static void on_damage(void *ctx, size_t line, const char *why)
{
    int *n = ctx;
    ck_assert_uint_gt(line, 0);
    ck_assert_str_ne(why, "");
    (*n)++;
}

START_TEST(fits_come_back_from_their_file)
{
    CatalogFit put[] = {
        {.id = 2, .created_ms = 5, .law = "chinchilla", .group = "tnl", .result = "{\"E\":1.5}"},
        {.id = 4, .created_ms = 6, .law = "a\"b", .group = "", .result = "{\"A\":1e+22,\"n\":3}"}};
    CatalogFit *fits = NULL;
    size_t n = 0;
    int64_t id = 0;
    sample_study(&s);
    for (size_t i = 0; i < 2; i++) {
        OK(catalog_fit_add(s.c, &put[i], &id, &err));
        ck_assert_int_eq(id, put[i].id);
    }
    FAILS(ERR_CONFLICT, catalog_fit_add(s.c, &put[0], &id, &err));
    OK(fit_log_append(s.tmp.path, put, 2, &err));
    fixture_lose();
    ck_assert_int_eq(reindex().fits, 2);
    OK(catalog_fit_list(s.c, &a, &fits, &n, &err));
    ck_assert_uint_eq(n, 2);
    for (size_t i = 0; i < 2; i++) {
        ck_assert(fits[i].id == put[i].id && fits[i].created_ms == put[i].created_ms);
        ck_assert_str_eq(fits[i].law, put[i].law);
        ck_assert_str_eq(fits[i].group, put[i].group);
        ck_assert_str_eq(fits[i].result, put[i].result);
    }
}
END_TEST

START_TEST(torn_and_damaged_lines_of_the_fits_file_are_skipped)
{
    TmpDir t = tmpdir_open();
    char path[FSX_PATH_BYTES];
    Buf whole = BUF_INIT;
    CatalogFit f[] = {{.id = 1, .law = "x", .group = "g", .result = "{\"E\":1}"},
                      {.id = 2, .law = "y", .group = "g", .result = "{\"E\":2}"}};
    CatalogFit *got = NULL;
    size_t n = 0;
    int damaged = 0;
    OK(fit_log_read(t.path, on_damage, &damaged, &a, &got, &n, &err)); /* there is none */
    ck_assert(n == 0 && damaged == 0);
    OK(fit_log_append(t.path, f, 2, &err));
    OK(fsx_join(path, t.path, FIT_LOG_FILE, &err));
    OK(fsx_read(path, 1 << 20, &whole, &err));
    size_t first = strcspn(buf_str(&whole), "\n") + 1;
    for (size_t cut = 0; cut < whole.len; cut++) { /* torn at every byte, then appended to */
        sample_write(path, whole.data, cut);
        OK(fit_log_append(t.path, &f[1], 1, &err));
        damaged = 0;
        OK(fit_log_read(t.path, on_damage, &damaged, &a, &got, &n, &err));
        ck_assert_uint_eq(n, cut + 1 >= first ? 2 : 1); /* the newline alone may be missing */
        bool is_torn = cut != 0 && cut != first && cut + 1 != first && cut + 1 != whole.len;
        ck_assert_msg(damaged == is_torn, "%zu: %d", cut, damaged);
        ck_assert_int_eq(got[n - 1].id, 2);
    }
    for (size_t at = 0; at < whole.len; at++) { /* each byte flipped */
        whole.data[at] = (char)(whole.data[at] ^ 1);
        sample_write(path, whole.data, whole.len);
        whole.data[at] = (char)(whole.data[at] ^ 1);
        damaged = 0;
        OK(fit_log_read(t.path, on_damage, &damaged, &a, &got, &n, &err));
        /* without the first newline both are one line; without the last, a line all the same */
        size_t want = at + 1 == first ? 0 : 1;
        ck_assert_msg(n == want && damaged >= 1, "%zu: %zu, %d", at, n, damaged);
    }
    OK(fit_log_append(t.path, f, 2, &err)); /* one id twice: the later counts */
    f[0].law = "z";
    OK(fit_log_append(t.path, f, 1, &err));
    OK(fit_log_read(t.path, NULL, NULL, &a, &got, &n, &err));
    ck_assert_uint_eq(n, 2);
    ck_assert_str_eq(got[0].law, "z");
    FAILS(ERR_IO, fit_log_append("/proc/nowhere", f, 1, &err));
    buf_release(&whole);
    tmpdir_close(&t);
}
END_TEST

START_TEST(ids_come_back_and_gaps_are_filled)
{
    sample_study(&s);
    for (int i = 0; i < 5; i++) { /* as the scheduler writes it: with the id, here other ones */
        CatalogRun r = sample_run(i);
        r.id = 10 - 2 * i;
        OK(run_record_write(sample_path(&s, i, ""), &r, &err));
    }
    (void)reindex();
    for (int i = 0; i < 5; i++) {
        char sql[96];
        (void)snprintf(sql, sizeof sql, "SELECT id FROM run WHERE position = %d", i);
        Stmt q = stmt_begin(s.c->db, sql);
        ck_assert(stmt_row(&q));
        ck_assert_int_eq(stmt_col_i64(&q), 10 - 2 * i);
        OK(stmt_finish(&q, &err));
    }
    int64_t id = 0;
    CatalogRun r = sample_run(5);
    OK(catalog_run_upsert(s.c, &r, 1, &id, &err));
    ck_assert_int_eq(id, 11);
    s.c->free_id = 1;
    static const int64_t want[] = {1, 3, 5, 7};
    for (int i = 6; i < 10; i++) {
        r = sample_run(i);
        OK(catalog_run_upsert(s.c, &r, 1, &id, &err));
        ck_assert_int_eq(id, want[i - 6]);
    }
    r = sample_run(0); /* a known one keeps its own */
    OK(catalog_run_upsert(s.c, &r, 1, &id, &err));
    ck_assert_int_eq(id, 10);
}
END_TEST

START_TEST(two_runs_with_one_id_are_both_kept)
{
    sample_study(&s);
    for (int i = 0; i < 2; i++) {
        CatalogRun r = sample_run(i);
        r.id = 3;
        OK(run_record_write(sample_path(&s, i, ""), &r, &err));
    }
    ReindexTotals t = reindex();
    ck_assert(t.runs == 5 && t.problems == 1);
    HAS(buf_str(&said), "another run has the id 3 as well");
}
END_TEST

START_TEST(what_a_dead_scheduler_left_is_settled)
{
    char reason[64];
    sample_study(&s);
    /* run 0: status.json still says running though its attempt is done */
    CatalogRun r = sample_run(0);
    StatusRecord running = {.run = r.hash, .state = CATALOG_RUN_RUNNING, .steps = 40};
    OK(status_record_write(sample_path(&s, 0, ""), &running, &err));
    /* run 3: running, its attempt without bye and without exit.json */
    r = sample_run(3);
    running.run = r.hash;
    OK(status_record_write(sample_path(&s, 3, ""), &running, &err));
    ck_assert_int_eq(unlink(sample_path(&s, 3, "attempt-000/exit.json")), 0);
    Buf lines = BUF_INIT;
    sample_events(&lines, &r, 0, 10, 20, NULL);
    sample_write(sample_path(&s, 3, "attempt-000/events.jsonl"), buf_str(&lines), lines.len);
    buf_release(&lines);
    /* run 2: status.json was never written */
    ck_assert_int_eq(unlink(sample_path(&s, 2, "status.json")), 0);
    (void)reindex();
    ck_assert_int_eq(state_of(s.c, 0, reason), CATALOG_RUN_DONE);
    /* nobody has judged it yet: the next scheduler will, as if the catalog had not been lost */
    ck_assert_int_eq(state_of(s.c, 3, reason), CATALOG_RUN_RUNNING);
    ck_assert_int_eq(state_of(s.c, 2, reason), CATALOG_RUN_WAITING);
    CatalogAttempt t;
    OK(catalog_attempt_get(s.c, 4, 0, &a, &t, &err));
    ck_assert_int_eq(t.state, CATALOG_ATTEMPT_RUNNING);
    /* an attempt that another one followed is over, whatever its files lack */
    OK(fsx_mkdirs(sample_path(&s, 3, "attempt-001"), &err));
    (void)reindex();
    OK(catalog_attempt_get(s.c, 4, 0, &a, &t, &err));
    ck_assert_int_eq(t.state, CATALOG_ATTEMPT_LOST);
    OK(catalog_attempt_get(s.c, 4, 1, &a, &t, &err));
    ck_assert_int_eq(t.state, CATALOG_ATTEMPT_RUNNING);
}
END_TEST

static CatalogCheckpointState checkpoint_state(Catalog *c, int64_t run_id, int64_t step)
{
    CatalogCheckpoint *k = NULL;
    size_t n = 0;
    CatalogCheckpointState state = CATALOG_N_CHECKPOINT_STATES;
    OK(catalog_checkpoint_list(c, run_id, &a, &k, &n, &err));
    for (size_t i = 0; i < n; i++) {
        state = k[i].step == step ? k[i].state : state;
    }
    return state;
}

START_TEST(checkpoints_are_looked_for)
{
    sample_study(&s);
    OK(fsx_remove_tree(sample_path(&s, 0, "checkpoints/step-00000010"), &err));
    sample_write(sample_path(&s, 0, "checkpoints/step-00000020/manifest.json"), "{}", 2);
    sample_write(sample_path(&s, 0, "checkpoints/step-00000030/" RECORD_REMOVED), "{}", 2);
    ReindexTotals t = reindex();
    ck_assert_int_eq(t.problems, 2);
    ck_assert_int_eq(checkpoint_state(s.c, 1, 10), CATALOG_CHECKPOINT_MISSING);
    ck_assert_int_eq(checkpoint_state(s.c, 1, 20), CATALOG_CHECKPOINT_CORRUPT);
    ck_assert_int_eq(checkpoint_state(s.c, 1, 30), CATALOG_CHECKPOINT_REMOVED);
    ck_assert_int_eq(checkpoint_state(s.c, 1, 40), CATALOG_CHECKPOINT_COMPLETE);
    HAS(buf_str(&said), "step-00000010/manifest.json: is missing");
    HAS(buf_str(&said), "step-00000020/manifest.json: has other bytes");
}
END_TEST

START_TEST(a_checkpoint_without_its_event_is_taken_from_the_manifest)
{
    CatalogRun r = sample_run(3);
    sample_study(&s);
    char *before = sample_dump(s.c);
    sample_checkpoint(sample_path(&s, 3, ""), &r, 30);
    sample_write(sample_path(&s, 3, "checkpoints/step-00000040/model.safetensors"), "half", 4);
    r = sample_run(2); /* another run's manifest in a folder of run 3: no checkpoint of it */
    sample_checkpoint(sample_path(&s, 3, "stolen"), &r, 50);
    char stolen[FSX_PATH_BYTES];
    OK(fsx_path(stolen, &err, "%s", sample_path(&s, 3, "stolen/checkpoints/step-00000050")));
    ck_assert_int_eq(rename(stolen, sample_path(&s, 3, "checkpoints/step-00000050")), 0);
    ReindexTotals t = reindex();
    ck_assert_int_eq(t.checkpoints, 12);
    ck_assert_int_eq(t.evaluations, 12);
    ck_assert_int_eq(t.problems, 1);
    HAS(buf_str(&said), "step-00000030: its event was never written");
    HAS(buf_str(&said), "not a manifest of this run and step");
    /* the row is the one that the event would have made */
    CatalogCheckpoint *k = NULL;
    size_t n = 0;
    OK(catalog_checkpoint_list(s.c, 4, &a, &k, &n, &err));
    ck_assert_uint_eq(n, 3);
    ck_assert(k[2].step == 30 && k[2].tokens == 3000 && k[2].bytes > 400);
    ck_assert_str_eq(k[2].path, "checkpoints/step-00000030");
    ck_assert(k[2].train_loss == 2.385 + 1.0 / 34.0 + 0.01); /* sample_events()'s rule */
    free(before);
}
END_TEST

START_TEST(foreign_folders_are_reported_and_left_out)
{
    sample_study(&s);
    char path[FSX_PATH_BYTES];
    CatalogRun r = sample_run(0);
    OK(fsx_path(path, &err, "%s/runs/copy-of-run/config.json", s.tmp.path));
    sample_write(path, r.config, strlen(r.config));
    OK(fsx_path(path, &err, "%s/runs/copy-of-run", s.tmp.path));
    OK(run_record_write(path, &r, &err));
    OK(fsx_path(path, &err, "%s/runs/notes/todo.txt", s.tmp.path));
    sample_write(path, "x", 1);
    OK(fsx_path(path, &err, "%s/runs/README", s.tmp.path));
    sample_write(path, "x", 1);
    ReindexTotals t = reindex();
    ck_assert_int_eq(t.runs, 5);
    ck_assert_int_eq(t.problems, 2);
    HAS(buf_str(&said),
        "copy-of-run: left out: the folder of this run is llama-20k-0-000000000000");
    HAS(buf_str(&said), "notes: left out: ");
}
END_TEST

START_TEST(damaged_lines_and_records_are_reported)
{
    sample_study(&s);
    char path[FSX_PATH_BYTES];
    sample_write(sample_path(&s, 0, "status.json"), "{", 1);
    sample_write(sample_path(&s, 1, "attempt-000/exit.json"), "{", 1);
    OK(fsx_join(path, s.tmp.path, "study.json", &err));
    sample_write(path, "{", 1);
    FILE *f = fopen(sample_path(&s, 3, "attempt-000/events.jsonl"), "ae");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_gt(fprintf(f, "{\"v\":1}\n"), 0);
    ck_assert_int_eq(fclose(f), 0);
    char reason[64];
    ReindexTotals t = reindex();
    ck_assert_int_eq(t.problems, 3);
    ck_assert_int_eq(t.damaged_lines, 1);
    HAS(buf_str(&said), "torn or damaged; skipped");
    ck_assert_int_eq(state_of(s.c, 0, reason), CATALOG_RUN_DONE);
}
END_TEST

START_TEST(a_folder_that_is_no_study_is_refused)
{
    TmpDir t = tmpdir_open();
    ReindexTotals totals;
    FAILS(ERR_NOTFOUND, catalog_reindex(t.path, NULL, NULL, &totals, &err));
    HAS(err.msg, "not the folder of a study");
    (void)tmpdir_write(&t, "study.json", "{");
    OK(catalog_reindex(t.path, NULL, NULL, &totals, &err)); /* nothing in it, but it is one */
    ck_assert(totals.runs == 0 && totals.problems == 1);
    tmpdir_close(&t);
}
END_TEST

START_TEST(a_reindex_that_fails_leaves_the_old_catalog)
{
    ReindexTotals t;
    sample_study(&s);
    char *want = sample_dump(s.c);
    char path[FSX_PATH_BYTES];
    OK(fsx_path(path, &err, "%s.new/x", s.db)); /* a folder where the new file would go */
    sample_write(path, "x", 1);
    FAILS(ERR_DB, catalog_reindex(s.tmp.path, NULL, NULL, &t, &err));
    fixture_expect(want);
}
END_TEST

int main(void)
{
    int status = test_main(
        (TestPlan){.name = "reindex", .set_up = fixture_open, .tear_down = fixture_close});
    buf_release(&said);
    return status;
}
