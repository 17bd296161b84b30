/* The catalog deleted, cut short, overwritten, replaced: each time `slaw run` makes it again from
 * the files with a notice, or says clearly what is wrong and touches nothing.  Nothing that is
 * done is trained again. */
#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/fsx.h"
#include "tests/support/catalog_dump.h"
#include "tests/support/run_slaw.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"
#include "tests/support/words.h"

static const char study_text[] = "version: 1\n"
                                 "study: lost\n"
                                 "corpus: {text: [\"text/*.txt\"], validation: 2048}\n"
                                 "matrix: {architecture: [llama], size: [xs], seed: [%s]}\n"
                                 "sizes: {xs: {layers: 2, width: 16, heads: 1}}\n"
                                 "training: {tokens: 5120, sequence: 64, batch: 256,"
                                 " optimizer: {adamw: {lr: 3e-3}},"
                                 " schedule: {constant: {warmup: 5}}}\n"
                                 "checkpoints: {count: 4, spacing: linear, first: 1280}\n"
                                 "evaluation: [validation]\n"
                                 "execution: {retries: 1, workers: 2, threads: 1}\n";

static TmpDir tmp;
static char dir[FSX_PATH_BYTES], db[FSX_PATH_BYTES], *whole;
static Buf out, bytes;

/* Runs `slaw args`; both streams are in out. */
static int slaw(const char *args)
{
    return run_slaw(tmp.path, args, dir, "2>&1", &out);
}

static void says(const char *part)
{
    ck_assert_msg(strstr(buf_str(&out), part) != NULL, "\"%s\" not in: %s", part, buf_str(&out));
}

/* A study of two runs, done; its catalog in `bytes`, its rows in `whole`. */
static void setup(void)
{
    char path[FSX_PATH_BYTES], text[2048];
    Err err = ERR_INIT;
    tmp = tmpdir_open();
    ck_assert_int_eq(fsx_path(path, &err, "%s/text", tmp.path), ERR_OK);
    ck_assert_int_eq(fsx_mkdirs(path, &err), ERR_OK);
    ck_assert_int_eq(fsx_path(dir, &err, "%s/study", tmp.path), ERR_OK);
    ck_assert_int_eq(fsx_join(db, dir, "catalog.db", &err), ERR_OK);
    words_write(&tmp, "text/0.txt");
    (void)snprintf(text, sizeof text, study_text, "1, 2");
    (void)tmpdir_write(&tmp, "lost.yaml", text);
    (void)snprintf(text, sizeof text, study_text, "8, 9");
    (void)tmpdir_write(&tmp, "other.yaml", text);
    words_use_fake_worker();
    (void)setenv("SLAW_FAKE", "", 1);
    ck_assert_int_eq(slaw("run lost.yaml --dir @"), 0);
    whole = catalog_dump(dir);
    ck_assert_int_eq(fsx_read(db, 64 << 20, &bytes, &err), ERR_OK);
}

static void teardown(void)
{
    free(whole);
    buf_release(&out);
    buf_release(&bytes);
    tmpdir_close(&tmp);
}

static void put_db(const void *data, size_t n)
{
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_replace(db, data, n, &err), ERR_OK);
}

/* `slaw run` has nothing to do, and the rows are all there. */
static void check_whole(const char *what)
{
    ck_assert_msg(slaw("run lost.yaml --dir @") == 0, "%s: %s", what, buf_str(&out));
    ck_assert_msg(strstr(buf_str(&out), "nothing to do") != NULL, "%s: %s", what, buf_str(&out));
    char *got = catalog_dump(dir);
    ck_assert_msg(strcmp(got, whole) == 0, "%s:\n%s\nnot\n%s", what, got, whole);
    free(got);
}

START_TEST(deleted)
{
    ck_assert_int_eq(unlink(db), 0);
    ck_assert_int_eq(slaw("status @"), 65);
    says("slaw reindex");
    check_whole("deleted");
    says("rebuilding it");
}
END_TEST

START_TEST(cut_short_at_many_lengths)
{
    for (size_t i = 0; i <= 24; i++) {
        size_t n = i < 4 ? i * i * 25 : bytes.len * (i - 3) / 22;
        char what[64];
        n = n < bytes.len ? n : bytes.len - 1;
        (void)snprintf(what, sizeof what, "cut at %zu of %zu", n, bytes.len);
        put_db(bytes.data, n);
        check_whole(what);
        says("rebuilding it");
    }
}
END_TEST

START_TEST(overwritten_with_garbage)
{
    for (size_t i = 0; i < 12; i++) {
        Buf bad = BUF_INIT;
        char what[64];
        buf_add(&bad, bytes.data, bytes.len);
        size_t from = i == 0 ? 0 : bytes.len * i / 12, n = i == 0 ? bytes.len : 4096;
        for (size_t k = from; k < from + n && k < bytes.len; k++) {
            bad.data[k] = (char)(k * 37 + i);
        }
        (void)snprintf(what, sizeof what, "garbage from %zu", from);
        put_db(bad.data, bad.len);
        check_whole(what);
        buf_release(&bad);
    }
}
END_TEST

/* Runs SQL on the catalog as some program would. */
static void sql(const char *path, const char *text)
{
    sqlite3 *c = NULL;
    ck_assert_int_eq(sqlite3_open(path, &c), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(c, text, NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(c), SQLITE_OK);
}

static void check_untouched(const Buf *want)
{
    Buf now = BUF_INIT;
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_read(db, 64 << 20, &now, &err), ERR_OK);
    ck_assert(now.len == want->len && memcmp(now.data, want->data, now.len) == 0);
    buf_release(&now);
}

START_TEST(of_a_newer_program)
{
    Buf newer = BUF_INIT;
    Err err = ERR_INIT;
    sql(db, "PRAGMA user_version = 99; CREATE TABLE later (x); PRAGMA journal_mode = DELETE");
    ck_assert_int_eq(fsx_read(db, 64 << 20, &newer, &err), ERR_OK);
    ck_assert_int_eq(slaw("run lost.yaml --dir @"), 65);
    says("written by a newer slaw");
    ck_assert_int_eq(slaw("status @"), 65);
    says("written by a newer slaw");
    check_untouched(&newer);
    ck_assert_int_eq(slaw("reindex @"), 0); /* as the hint says */
    check_whole("rebuilt by this program");
    buf_release(&newer);
}
END_TEST

START_TEST(another_programs_database)
{
    Buf other = BUF_INIT;
    Err err = ERR_INIT;
    ck_assert_int_eq(unlink(db), 0);
    sql(db, "CREATE TABLE photos (name TEXT); INSERT INTO photos VALUES ('cat.jpg')");
    ck_assert_int_eq(fsx_read(db, 64 << 20, &other, &err), ERR_OK);
    ck_assert_int_eq(slaw("run lost.yaml --dir @"), 65);
    says("a database of another program");
    says("move it away");
    check_untouched(&other);
    ck_assert_int_eq(unlink(db), 0);
    check_whole("moved away");
    buf_release(&other);
}
END_TEST

START_TEST(of_another_study)
{
    char path[FSX_PATH_BYTES], aside[FSX_PATH_BYTES];
    Buf other = BUF_INIT;
    Err err = ERR_INIT;
    ck_assert_int_eq(slaw("run other.yaml --dir other"), 0);
    ck_assert_int_eq(fsx_path(path, &err, "%s/other/catalog.db", tmp.path), ERR_OK);
    sql(path, "INSERT INTO fit (created_ms, law, group_name, result) VALUES (1, 'x', 'y', '{}')");
    ck_assert_int_eq(fsx_read(path, 64 << 20, &other, &err), ERR_OK);
    put_db(other.data, other.len);
    check_whole("another study's");
    says("knows nothing of runs/llama-xs-s");
    ck_assert_str_eq(catalog_ask(dir, "SELECT count(*) FROM fit"), "0"); /* the other's law */
    ck_assert_int_eq(fsx_path(aside, &err, "%s.aside", db), ERR_OK);
    ck_assert(fsx_exists(aside));
    buf_release(&other);
}
END_TEST

START_TEST(empty_but_whole)
{
    ck_assert_int_eq(unlink(db), 0);
    put_db("", 0);
    check_whole("no bytes");
    sql(db, "DELETE FROM fit; DELETE FROM evaluation; DELETE FROM metric; DELETE FROM checkpoint;"
            "DELETE FROM attempt; DELETE FROM run; DELETE FROM study");
    check_whole("no rows");
}
END_TEST

int main(void)
{
    return test_main((TestPlan){
        .name = "catalog lost", .set_up = setup, .tear_down = teardown, .timeout = 200.0});
}
