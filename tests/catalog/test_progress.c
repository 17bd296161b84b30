/* The table `progress` against the query that it replaces, which reads metrics, checkpoints,
 * evaluations and attempts themselves: after any sequence of operations both say the same. */
#include <check.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "catalog/checkpoint.h"
#include "catalog/evaluation.h"
#include "catalog/ingest.h"
#include "catalog/metric.h"
#include "catalog/migrate.h"
#include "catalog/reindex.h"
#include "catalog/run_status.h"
#include "catalog/stmt.h"
#include "common/rng.h"
#include "tests/catalog/fixture.h"
#include "tests/catalog/study.h"
#include "tests/support/suite.h"

/* What the catalog of version 2 asked, in the columns of `progress`. */
static const char oracle_sql[] =
    "SELECT r.id, r.state, r.tokens, r.flops_exact, r.checkpoints,"
    " coalesce(m.step, 0), coalesce(m.tokens, 0), m.loss, m.tokens_per_s,"
    " (SELECT count(*) FROM checkpoint c WHERE c.run_id = r.id AND c.state = 'complete'),"
    " (SELECT count(*) FROM checkpoint c WHERE c.run_id = r.id AND c.state = 'removed'),"
    " coalesce((SELECT max(step) FROM checkpoint c WHERE c.run_id = r.id"
    "   AND c.state = 'complete'), 0),"
    " coalesce((SELECT max(c.tokens) FROM checkpoint c WHERE c.run_id = r.id), 0),"
    " coalesce(e.step, 0), e.loss, e.bits_per_byte,"
    " (SELECT count(*) FROM attempt t WHERE t.run_id = r.id),"
    " (SELECT coalesce(max(number), -1) FROM attempt t WHERE t.run_id = r.id), a.threads, a.cores"
    " FROM run r"
    " LEFT JOIN attempt a ON a.run_id = r.id"
    "   AND a.number = (SELECT max(x.number) FROM attempt x WHERE x.run_id = r.id)"
    " LEFT JOIN metric m ON m.run_id = r.id"
    "   AND m.step = (SELECT max(x.step) FROM metric x WHERE x.run_id = r.id)"
    " LEFT JOIN evaluation e ON e.run_id = r.id AND e.task = 'validation'"
    "   AND e.step = (SELECT max(x.step) FROM evaluation x"
    "     WHERE x.run_id = r.id AND x.task = 'validation')"
    " ORDER BY r.id";

static char *rows_of(Catalog *c, const char *sql)
{
    Buf out = BUF_INIT;
    Stmt q = stmt_begin(c->db, sql);
    while (stmt_row(&q)) {
        for (int i = 0; i < sqlite3_column_count(q.raw); i++) {
            bool is_real = sqlite3_column_type(q.raw, i) == SQLITE_FLOAT;
            const char *text = (const char *)sqlite3_column_text(q.raw, i);
            if (is_real) {
                buf_printf(&out, "|%a", sqlite3_column_double(q.raw, i));
            } else {
                buf_printf(&out, "|%s", text ? text : "NULL");
            }
        }
        buf_putc(&out, '\n');
    }
    OK(stmt_finish(&q, &err));
    return buf_detach(&out);
}

static void check_progress(Catalog *c, const char *what)
{
    char *got = rows_of(c, "SELECT * FROM progress ORDER BY run_id");
    char *want = rows_of(c, oracle_sql);
    ck_assert_msg(strcmp(got, want) == 0, "%s\nprogress:\n%swant:\n%s", what, got, want);
    free(got);
    free(want);
}

/* Random numbers of one test, in order. */
static uint64_t draws;

static int64_t draw(int64_t n)
{
    return (int64_t)(rng_u64(7, rng_stream(RNG_SAMPLER, 0), draws++) % (uint64_t)n);
}

static double draw_loss(void)
{
    const double odd[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
    int64_t i = draw(12);
    return i < 3 ? odd[i] : 1.0 + (double)draw(1000) / 64.0;
}

enum { N_RUNS = 6 };

static void one_metric(Catalog *c, int64_t id, int64_t step, int64_t attempt)
{
    CatalogMetric m = {.run_id = id,
                       .step = step,
                       .attempt = attempt,
                       .tokens = step * 100 + attempt,
                       .loss = draw_loss(),
                       .grad_norm = 1.0,
                       .lr = 0.1,
                       .tokens_per_s = draw_loss()};
    OK(catalog_metric_upsert(c, &m, &err));
}

static void one_checkpoint(Catalog *c, int64_t id, int64_t step, int64_t attempt)
{
    CatalogCheckpoint k = {.run_id = id,
                           .step = step,
                           .attempt = attempt,
                           .tokens = step * 100 - attempt, /* a later attempt's may be fewer */
                           .path = "p",
                           .digest = "d",
                           .train_loss = draw_loss(),
                           .state = (CatalogCheckpointState)draw(CATALOG_N_CHECKPOINT_STATES)};
    OK(catalog_checkpoint_upsert(c, &k, &err));
}

static void one_evaluation(Catalog *c, int64_t id, int64_t step, int64_t attempt)
{
    CatalogEvaluation e = {.run_id = id,
                           .step = step,
                           .task = draw(4) ? "validation" : "other",
                           .attempt = attempt,
                           .tokens = step * 100,
                           .loss = draw_loss(),
                           .bits_per_byte = draw_loss(),
                           .items = 9};
    OK(catalog_evaluation_upsert(c, &e, &err));
}

static void change_mark(Catalog *c, int64_t id, int64_t step)
{
    char sql[160];
    (void)snprintf(
        sql, sizeof sql,
        "UPDATE checkpoint SET state = '%s' WHERE run_id = %" PRId64 " AND step <= %" PRId64,
        catalog_checkpoint_state_name((CatalogCheckpointState)draw(CATALOG_N_CHECKPOINT_STATES)),
        id, step);
    OK(stmt_exec(c->db, sql, &err));
}

static void one_attempt(Catalog *c, int64_t id, int64_t number)
{
    char sql[160];
    (void)catalog_attempt_begin(c, id, number, CATALOG_NONE, 5, &err); /* or it exists */
    (void)snprintf(sql, sizeof sql,
                   "UPDATE attempt SET threads = %" PRId64 ", cores = %s WHERE run_id = %" PRId64
                   " AND number = %" PRId64,
                   draw(5), draw(2) ? "NULL" : "'0-3'", id, number);
    OK(stmt_exec(c->db, sql, &err));
}

/* What a person may do. */
static void take_out(Catalog *c, int64_t id, int64_t step)
{
    static const char *const table[] = {"metric", "evaluation", "checkpoint", "attempt"};
    char sql[160];
    int64_t t = draw(4);
    (void)snprintf(sql, sizeof sql, "DELETE FROM %s WHERE run_id = %" PRId64 " AND %s %s %" PRId64,
                   table[t], id, t == 3 ? "number" : "step",
                   draw(3) ? "=" : ">=", t == 3 ? step % 3 : step);
    OK(stmt_exec(c->db, sql, &err));
}

static void one_change(Catalog *c, int i)
{
    int64_t id = 0, step = 1 + draw(12), attempt = draw(3);
    CatalogRun r = sample_run(i);
    r.tokens += draw(3);
    r.flops_exact += (double)draw(2);
    r.checkpoints += draw(2);
    OK(catalog_run_upsert(c, &r, 3, &id, &err));
    switch (draw(8)) {
    case 0:
        OK(catalog_run_set_state(c, id, (CatalogRunState)draw(CATALOG_N_RUN_STATES), NULL, 2,
                                 &err));
        break;
    case 1:
        one_attempt(c, id, attempt);
        break;
    case 2:
        one_checkpoint(c, id, step, attempt);
        break;
    case 3:
        change_mark(c, id, step);
        break;
    case 5:
        take_out(c, id, step);
        break;
    case 4:
        one_evaluation(c, id, step, attempt);
        break;
    default:
        one_metric(c, id, step, attempt);
        break;
    }
}

START_TEST(progress_equals_what_it_stands_for_after_every_change)
{
    draws = 0;
    OK(catalog_begin(s.c, &err));
    for (int i = 0; i < 3000; i++) {
        char what[32];
        (void)snprintf(what, sizeof what, "change %d", i);
        one_change(s.c, (int)draw(N_RUNS));
        check_progress(s.c, what);
    }
    OK(catalog_commit(s.c, &err));
}
END_TEST

START_TEST(a_change_that_is_undone_is_undone_here_too)
{
    draws = 1 << 20;
    for (int i = 0; i < 40; i++) {
        OK(catalog_begin(s.c, &err));
        for (int j = 0; j < 20; j++) {
            one_change(s.c, (int)draw(N_RUNS));
        }
        if (draw(2)) {
            OK(catalog_commit(s.c, &err));
        } else {
            catalog_rollback(s.c);
        }
        check_progress(s.c, "after the transaction");
    }
}
END_TEST

START_TEST(ingested_and_rebuilt_catalogs_have_it)
{
    ReindexTotals t;
    sample_study(&s);
    check_progress(s.c, "ingested");
    char *before = rows_of(s.c, "SELECT * FROM progress ORDER BY run_id");
    catalog_close(s.c);
    s.c = NULL;
    OK(catalog_reindex(s.tmp.path, NULL, NULL, &t, &err));
    OK(catalog_open(s.db, &s.c, &err));
    check_progress(s.c, "rebuilt");
    char *after = rows_of(s.c, "SELECT * FROM progress ORDER BY run_id");
    ck_assert_str_eq(after, before);
    free(before);
    free(after);
}
END_TEST

/* A catalog of version 2 with the sample study's rows, as an older program leaves it. */
static void make_version_2(const char *from, const char *path)
{
    sqlite3 *db = NULL;
    static const char *const table[] = {"study",      "corpus", "run",        "attempt",
                                        "checkpoint", "metric", "evaluation", "fit"};
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    OK(migrate(db, path, (Migrations){migrations_of_this_program().list, 2}, &err));
    Stmt q = stmt_begin(db, "ATTACH ?1 AS full");
    stmt_bind_text(&q, from);
    ck_assert(stmt_step(&q));
    OK(stmt_finish(&q, &err));
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char sql[96];
        (void)snprintf(sql, sizeof sql, "INSERT INTO main.%s SELECT * FROM full.%s", table[i],
                       table[i]);
        OK(stmt_exec(db, sql, &err));
    }
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

START_TEST(an_older_catalog_gets_it_by_migration)
{
    Catalog *old = NULL;
    char path[FSX_PATH_BYTES], copy[FSX_PATH_BYTES];
    sample_study(&s);
    OK(fsx_join(path, s.tmp.path, "old.db", &err));
    make_version_2(s.db, path);
    FAILS(ERR_FORMAT, catalog_open_readonly(path, &old, &err));
    OK(catalog_open(path, &old, &err));
    check_progress(old, "migrated");
    char *got = rows_of(old, "SELECT * FROM progress ORDER BY run_id");
    char *want = rows_of(s.c, "SELECT * FROM progress ORDER BY run_id");
    ck_assert_str_eq(got, want);
    free(got);
    free(want);
    draws = 1 << 24; /* and it is kept from then on */
    for (int i = 0; i < 200; i++) {
        one_change(old, (int)draw(N_RUNS));
    }
    check_progress(old, "changed after the migration");
    OK(fsx_path(copy, &err, "%s.v2.bak", path));
    ck_assert(fsx_exists(copy));
    catalog_close(old);
}
END_TEST

static void copy_file(const char *from, const char *to)
{
    Buf b = BUF_INIT;
    OK(fsx_read(from, 64 << 20, &b, &err));
    sample_write(to, b.data, b.len);
    buf_release(&b);
}

static int64_t version_of(const char *path)
{
    sqlite3 *db = NULL;
    ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    Stmt q = stmt_begin(db, "PRAGMA user_version");
    int64_t v = stmt_row(&q) ? stmt_col_i64(&q) : -1;
    OK(stmt_finish(&q, &err));
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    return v;
}

/* Opens the catalog in a process of its own, which is killed after `us` microseconds. */
static void open_and_kill(const char *path, int64_t us)
{
    pid_t pid = fork();
    if (pid == 0) {
        Catalog *c = NULL;
        _exit(catalog_open(path, &c, &err) == ERR_OK ? 0 : 1);
    }
    struct timespec t = {.tv_nsec = us * 1000};
    (void)nanosleep(&t, NULL); /* the moment is what is varied */
    (void)kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(a_kill_in_the_middle_of_a_migration_loses_nothing)
{
    char base[FSX_PATH_BYTES], path[FSX_PATH_BYTES], copy[FSX_PATH_BYTES];
    sample_study(&s);
    OK(fsx_join(base, s.tmp.path, "base.db", &err));
    make_version_2(s.db, base);
    char *want = sample_dump(s.c);
    for (int64_t i = 0; i < 60; i++) {
        Catalog *c = NULL;
        OK(fsx_path(path, &err, "%s/%d/k.db", s.tmp.path, (int)i));
        OK(fsx_path(copy, &err, "%s.v2.bak", path));
        copy_file(base, path);
        if (i % 10 == 9) { /* and what an earlier one left of its copy */
            char part[FSX_PATH_BYTES];
            OK(fsx_path(part, &err, "%s.part", copy));
            sample_write(part, "half", 4);
        }
        open_and_kill(path, i * 250);
        if (fsx_exists(copy)) {
            ck_assert_int_eq(version_of(copy), 2);
        }
        OK(catalog_open(path, &c, &err));
        check_progress(c, "migrated after a kill");
        char *got = sample_dump(c);
        ck_assert_str_eq(got, want);
        free(got);
        catalog_close(c);
        ck_assert_int_eq(version_of(path), 3);
        ck_assert_int_eq(version_of(copy), 2); /* the copy is whole, once there is a version 3 */
    }
    free(want);
}
END_TEST

START_TEST(the_views_have_the_columns_and_values_of_version_1)
{
    static const char old_view[] =
        "SELECT r.position, r.name, r.architecture, r.size, r.seed, r.state, r.params AS N,"
        " r.tokens AS D, (SELECT max(m.step) FROM metric m WHERE m.run_id = r.id) AS step, r.steps,"
        " (SELECT count(*) FROM checkpoint c WHERE c.run_id = r.id AND c.state = 'complete')"
        "  AS complete, r.checkpoints AS planned,"
        " (SELECT e.loss FROM evaluation e WHERE e.run_id = r.id AND e.task = 'validation'"
        "  ORDER BY e.step DESC LIMIT 1) AS validation_loss,"
        " (SELECT count(*) FROM attempt a WHERE a.run_id = r.id) AS attempts, r.reason"
        " FROM run r ORDER BY r.position";
    sample_study(&s);
    Stmt now = stmt_begin(s.c->db, "SELECT * FROM run_status"), old = stmt_begin(s.c->db, old_view);
    ck_assert_int_eq(sqlite3_column_count(now.raw), sqlite3_column_count(old.raw));
    for (int i = 0; i < sqlite3_column_count(now.raw); i++) {
        ck_assert_str_eq(sqlite3_column_name(now.raw, i), sqlite3_column_name(old.raw, i));
    }
    OK(stmt_finish(&now, &err));
    OK(stmt_finish(&old, &err));
    char *got = rows_of(s.c, "SELECT * FROM run_status"), *want = rows_of(s.c, old_view);
    ck_assert_str_eq(got, want);
    free(got);
    free(want);
}
END_TEST

typedef struct Walk {
    int n, stop_after;
    char names[256];
} Walk;

static ErrCode on_status(void *ctx, const CatalogRunStatus *r, Err *ret)
{
    Walk *w = ctx;
    size_t at = strlen(w->names);
    (void)snprintf(w->names + at, sizeof w->names - at, "%s ", r->name);
    w->n++;
    return w->n == w->stop_after ? err_set(ret, ERR_INTERRUPTED, "enough") : ERR_OK;
}

START_TEST(runs_are_walked_with_and_without_a_filter)
{
    sample_study(&s);
    Walk w = {0};
    OK(catalog_run_status_each(s.c, NULL, on_status, &w, &err));
    ck_assert_str_eq(w.names, "llama-20k-0 tnl-20k-1 hgrn2-20k-2 cosformer2-20k-3 ");
    const char *const names[] = {"tnl", "llama", "' OR 1 --"};
    CatalogRunFilter f = {.architectures = names, .n_architectures = 3};
    w = (Walk){0};
    OK(catalog_run_status_each(s.c, &f, on_status, &w, &err));
    ck_assert_str_eq(w.names, "llama-20k-0 tnl-20k-1 ");
    f.states = 1u << CATALOG_RUN_RETIRED | 1u << CATALOG_RUN_WAITING;
    w = (Walk){0};
    OK(catalog_run_status_each(s.c, &f, on_status, &w, &err));
    ck_assert_str_eq(w.names, "llama-20k-4 ");
    w = (Walk){.stop_after = 2};
    FAILS(ERR_INTERRUPTED, catalog_run_status_each(s.c, NULL, on_status, &w, &err));
    ck_assert_str_eq(err.msg, "enough");
    ck_assert_int_eq(w.n, 2);
}
END_TEST

typedef struct Indexed {
    int n;
    CatalogRunIndex run[8];
    char hash[8][65];
} Indexed;

static ErrCode on_index(void *ctx, const CatalogRunIndex *r, Err *ret)
{
    Indexed *x = ctx;
    if (x->n == 5) {
        return err_set(ret, ERR_CONFLICT, "more than there are");
    }
    (void)snprintf(x->hash[x->n], 65, "%s", r->hash);
    x->run[x->n++] = *r;
    return ERR_OK;
}

START_TEST(the_index_of_runs_knows_the_next_attempt)
{
    sample_study(&s);
    Indexed x = {0};
    OK(catalog_run_index_each(s.c, on_index, &x, &err));
    ck_assert_int_eq(x.n, 5);
    const int64_t next[] = {1, 2, 1, 1, 1};
    for (int i = 0; i < 5; i++) {
        ck_assert_str_eq(x.hash[i], sample_run(i).hash);
        ck_assert_int_eq(x.run[i].position, i);
        ck_assert_int_eq(x.run[i].next_attempt, next[i]);
    }
    ck_assert_int_eq(x.run[4].state, CATALOG_RUN_RETIRED);
    FAILS(ERR_CONFLICT, catalog_run_index_each(s.c, on_index, &x, &err));
}
END_TEST

START_TEST(totals_of_the_table_are_those_of_the_list)
{
    CatalogRunStatus *list = NULL;
    size_t n = 0;
    CatalogTotals got;
    draws = 1 << 26;
    for (int i = 0; i < 300; i++) {
        one_change(s.c, (int)draw(N_RUNS));
        OK(catalog_run_status_list(s.c, &a, &list, &n, &err));
        OK(catalog_totals_read(s.c, &got, &err));
        CatalogTotals want = catalog_totals(list, n);
        ck_assert_int_eq(got.runs, want.runs);
        ck_assert_mem_eq(got.by_state, want.by_state, sizeof got.by_state);
        ck_assert_int_eq(got.checkpoints_complete, want.checkpoints_complete);
        ck_assert_int_eq(got.checkpoints_planned, want.checkpoints_planned);
        ck_assert_double_eq_tol(got.flops_done, want.flops_done, 1e-9 * want.flops_planned);
        ck_assert_double_eq_tol(got.progress, want.progress, 1e-12);
        ck_assert_int_eq(isnan(got.eta_s), isnan(want.eta_s));
        arena_release(&a);
    }
}
END_TEST

START_TEST(why_a_run_is_not_at_work)
{
    char why[CATALOG_WHY_BYTES];
    CatalogRunStatus r = {.state = CATALOG_RUN_WAITING};
    ck_assert_str_eq(catalog_run_why(&r, why), "never started");
    r.attempts = 1;
    ck_assert_str_eq(catalog_run_why(&r, why), "interrupted before its first report");
    r.step = 40;
    ck_assert_str_eq(catalog_run_why(&r, why), "interrupted at step 40");
    r.reason = "to be retried: signal 9";
    ck_assert_str_eq(catalog_run_why(&r, why), "to be retried: signal 9");
    r.state = CATALOG_RUN_RUNNING;
    ck_assert_str_eq(catalog_run_why(&r, why), "");
    r.state = CATALOG_RUN_DONE;
    ck_assert_str_eq(catalog_run_why(&r, why), "");
    r.state = CATALOG_RUN_FAILED;
    r.reason = NULL;
    ck_assert_str_eq(catalog_run_why(&r, why), "no reason is on record");
}
END_TEST

int main(void)
{
    return test_main(
        (TestPlan){.name = "progress", .set_up = fixture_open, .tear_down = fixture_close});
}
