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
    ck_assert_uint_ne(frame_find(&s.frame, "lr"), FRAME_NONE); /* an axis of the matrix */
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
    ck_assert_ptr_nonnull(strstr(err.msg, "no catalog.db"));
    ck_assert_int_eq(obs_source_open("/nonexistent.csv", &s, &err), ERR_NOTFOUND);
}
END_TEST

int main(void)
{
    return test_main(
        (TestPlan){.name = "analysis/obs/source", .set_up = tmp_open, .tear_down = tmp_close});
}
