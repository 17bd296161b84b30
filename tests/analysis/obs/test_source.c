#include <check.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/obs/obs.h"
#include "common/fsx.h"
#include "tests/analysis/obs/small_catalog.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"

START_TEST(a_catalog_becomes_observations)
{
    Err err = ERR_INIT;
    ObsSource s;
    Obs obs;
    small_catalog(tmp.path, 3);
    ck_assert_msg(obs_source_open(tmp.path, &s, &err) == ERR_OK, "%s", err.msg);
    ck_assert(s.is_study);
    ck_assert_str_eq(s.dir, tmp.path);
    ck_assert_str_eq(s.analysis.name, "small");
    ck_assert_str_eq(s.analysis.by, "architecture");
    ck_assert_uint_eq(s.analysis.n_laws, 2);
    ck_assert_str_eq(s.analysis.law[1], "paper_power");
    ck_assert_uint_ne(frame_find(&s.frame, "training.optimizer.adamw.lr"), FRAME_NONE);
    ObsOptions o = {.by = "architecture", .task = "validation", .where = {"lr=1e-3"}, .n_where = 1};
    ck_assert_msg(obs_select(&s.frame, &o, &obs, &err) == ERR_OK, "%s", err.msg);
    ck_assert_uint_eq(obs.n_groups, 2);
    ck_assert_int_eq(obs.convention, OBS_PAPER);
    const ObsGroup *g = &obs.group[0];
    ck_assert_str_eq(g->name, "llama");
    ck_assert_uint_eq(g->data.n, 3 * SMALL_CHECKPOINTS);
    ck_assert_uint_eq(g->data.n_runs, 3);
    ck_assert_str_eq(g->run_name[2], "llama-334k");
    size_t last = SMALL_CHECKPOINTS - 1;
    ck_assert_double_eq(g->data.tokens[last], 8192000.0);
    ck_assert_double_eq(g->data.flops[last], 7.0 * 20480.0 * 8192000.0);
    double loss = 1.2 + 9.0 * pow(20480.0, -0.2) + 60.0 * pow(8192000.0, -0.27);
    ck_assert_double_eq(g->data.loss[last], loss); /* every bit, through SQLite and back */
    ck_assert_double_eq(g->bits_per_byte[last], loss / log(2.0));
    obs_release(&obs);
    o.task = "other";
    ck_assert_int_eq(obs_select(&s.frame, &o, &obs, &err), ERR_INVALID);
    obs_source_release(&s);
    char path[FSX_PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/catalog.db", tmp.path);
    ck_assert_int_eq(obs_source_open(path, &s, &err), ERR_OK); /* the database by itself */
    ck_assert_str_eq(s.dir, tmp.path);
    obs_source_release(&s);
}
END_TEST

/* Groups of the study in dir by `by` where `where` holds; the names of all, with spaces, into out. */
static ErrCode groups_of(const char *dir, const char *by, const char *where, Buf *out, Err *err)
{
    ObsSource s;
    Obs obs;
    ObsOptions o = {.by = by, .where = {where}, .n_where = where ? 1 : 0};
    ck_assert_msg(obs_source_open(dir, &s, err) == ERR_OK, "%s", err->msg);
    ErrCode rc = obs_select(&s.frame, &o, &obs, err);
    buf_clear(out);
    for (size_t g = 0; rc == ERR_OK && g < obs.n_groups; g++) {
        buf_printf(out, "%s ", obs.group[g].name);
    }
    if (rc == ERR_OK) {
        ck_assert_str_eq(obs.by, by);
        obs_release(&obs);
    }
    obs_source_release(&s);
    return rc;
}

static void expect_groups(const char *dir, const char *by, const char *where, const char *want)
{
    Buf out = BUF_INIT;
    Err err = ERR_INIT;
    ck_assert_msg(groups_of(dir, by, where, &out, &err) == ERR_OK, "%s", err.msg);
    ck_assert_str_eq(buf_str(&out), want);
    buf_release(&out);
}

static void expect_refusal(const char *dir, const char *by, const char *where, const char *msg,
                           const char *hint)
{
    Buf out = BUF_INIT;
    Err err = ERR_INIT;
    ck_assert_int_eq(groups_of(dir, by, where, &out, &err), ERR_INVALID);
    ck_assert_msg(strstr(err.msg, msg) && strstr(err.hint, hint), "%s | %s", err.msg, err.hint);
    buf_release(&out);
}

static void change(const char *dir, const char *sql)
{
    char path[FSX_PATH_BYTES];
    sqlite3 *db = NULL;
    (void)snprintf(path, sizeof path, "%s/catalog.db", dir);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

static void digest(const char *path, char ret[SHA256_HEX_BYTES])
{
    Err err = ERR_INIT;
    ObsSource s;
    ck_assert_msg(obs_source_open(path, &s, &err) == ERR_OK, "%s", err.msg);
    memcpy(ret, s.frame.digest, SHA256_HEX_BYTES);
    obs_source_release(&s);
}

/* The digest of a catalog's observations does not know their order, and knows every bit of them. */
START_TEST(a_digest_names_the_observations)
{
    char first[SHA256_HEX_BYTES], other[SHA256_HEX_BYTES];
    small_catalog(tmp.path, 2);
    digest(tmp.path, first);
    ck_assert_uint_eq(strlen(first), 64);
    change(tmp.path, "UPDATE run SET position = 50 - position");
    digest(tmp.path, other);
    ck_assert_str_eq(first, other);
    change(tmp.path, "UPDATE evaluation SET loss = loss * (1 + 4e-16) WHERE run_id = 3 AND "
                     "step = (SELECT max(step) FROM evaluation)");
    digest(tmp.path, other);
    ck_assert_str_ne(first, other);
}
END_TEST

/* As `printf 'N,D,loss\n1,2,3\n' | sha256sum` gives it. */
START_TEST(a_digest_names_the_bytes_of_a_file)
{
    char path[FSX_PATH_BYTES], got[SHA256_HEX_BYTES];
    (void)tmpdir_write(&tmp, "a.csv", "N,D,loss\n1,2,3\n");
    (void)snprintf(path, sizeof path, "%s/a.csv", tmp.path);
    digest(path, got);
    ck_assert_str_eq(got, "059fb5ed8543c074277d63332758b5afe30f2caf630d9da77dc467d049d5e7ad");
}
END_TEST

START_TEST(what_is_no_source_is_refused)
{
    Err err = ERR_INIT;
    ObsSource s;
    ck_assert_int_eq(obs_source_open(tmp.path, &s, &err), ERR_NOTFOUND);
    ck_assert_ptr_nonnull(strstr(err.msg, "catalog.db: no such file"));
    ck_assert_int_eq(obs_source_open("/nonexistent.csv", &s, &err), ERR_NOTFOUND);
}
END_TEST

START_TEST(an_axis_is_known_by_the_end_of_its_path)
{
    const char *all = "llama/0.001 tnl/0.001 ";
    small_catalog(tmp.path, 2);
    expect_groups(tmp.path, "architecture,lr", NULL, all);
    expect_groups(tmp.path, "architecture, adamw.lr", "lr=1e-3", all);
    expect_groups(tmp.path, "architecture,training.optimizer.adamw.lr", "adamw.lr<=0.001", all);
    expect_groups(tmp.path, "lr", NULL, "0.001 ");
    expect_refusal(tmp.path, "lr", "lr=3e-3", "none of its 32 rows", "");
    expect_refusal(tmp.path, "mw.lr", NULL, "there is no column \"mw.lr\"", "columns are");
    expect_refusal(tmp.path, "lt", NULL, "there is no column \"lt\"", "");
}
END_TEST

/* Two axes of one last word, and an axis whose last word is a column: only whole names will do. */
START_TEST(an_end_that_two_columns_have_is_refused)
{
    const char *both = "training.optimizer.adamw.lr, training.optimizer.muon.lr";
    small_catalog(tmp.path, 2);
    change(tmp.path, "UPDATE run SET axes = replace(axes, '}', "
                     "',\"training.optimizer.muon.lr\":1,\"options.x.seed\":7}')");
    expect_refusal(tmp.path, "lr", NULL, "\"lr\" may mean several columns", both);
    expect_refusal(tmp.path, "seed", NULL, "\"seed\" may mean several", "seed, options.x.seed");
    expect_refusal(tmp.path, "size", "lr=1", "\"lr\" may mean several columns", both);
    expect_groups(tmp.path, "adamw.lr,muon.lr,x.seed", NULL, "0.001/1/7 ");
}
END_TEST

/* An import's column `lr` is the study's axis, whatever its path is. */
START_TEST(an_import_has_the_studys_axes)
{
    static const char text[] = "architecture,N,D,loss,lr,note\ngpt,1e6,1e8,3,0.003,x\n";

    char digest_of[SHA256_HEX_BYTES], path[FSX_PATH_BYTES];
    Buf manifest = BUF_INIT;
    Err err = ERR_INIT;
    small_catalog(tmp.path, 1);
    (void)snprintf(path, sizeof path, "%s/imports", tmp.path);
    ck_assert_int_eq(fsx_mkdirs(path, &err), ERR_OK);
    ck_assert_int_eq(hash_sha256(text, sizeof text - 1, digest_of, &err), ERR_OK);
    buf_printf(&manifest, "{\"observations\":\"a.csv\",\"sha256\":\"%s\"}", digest_of);
    (void)tmpdir_write(&tmp, "imports/a.csv", text);
    (void)tmpdir_write(&tmp, "imports/a.json", buf_str(&manifest));
    expect_groups(tmp.path, "architecture,lr", NULL, "llama/0.001 tnl/0.001 gpt/0.003 ");
    expect_groups(tmp.path, "note", "lr=3e-3", "x ");
    buf_release(&manifest);
}
END_TEST

int main(void)
{
    return test_main(
        (TestPlan){.name = "analysis/obs/source", .set_up = tmp_open, .tear_down = tmp_close});
}
