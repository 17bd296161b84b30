/* The tables one by one: what is put in comes out, and every promised refusal. */
#include <check.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/checkpoint.h"
#include "catalog/corpus.h"
#include "catalog/evaluation.h"
#include "catalog/fit.h"
#include "catalog/metric.h"
#include "catalog/observation.h"
#include "catalog/run_status.h"
#include "catalog/stmt.h"
#include "catalog/study.h"
#include "tests/catalog/fixture.h"
#include "tests/support/suite.h"

START_TEST(statements_stick_to_their_first_failure)
{
    Stmt q = stmt_begin(s.c->db, "SELECT no_such_column FROM run WHERE id = ?1");
    stmt_bind_i64(&q, 5);
    ck_assert(!stmt_row(&q));
    FAILS(ERR_DB, stmt_finish(&q, &err));
    HAS(err.msg, "no_such_column");
    q = stmt_begin(s.c->db, "SELECT ?1");
    stmt_bind_i64(&q, 1);
    stmt_bind_f64(&q, 2.0); /* one parameter too many */
    stmt_bind_text(&q, "x");
    stmt_bind_null(&q);
    ck_assert(!stmt_row(&q) && !stmt_step(&q));
    FAILS(ERR_DB, stmt_finish(&q, &err));
}
END_TEST

/* The first column of the one row of a kept statement with one parameter; -1: no row. */
static int64_t ask_kept(Catalog *c, const char *sql, int64_t param)
{
    Stmt q = stmt_kept(&c->stmts, sql);
    stmt_bind_i64(&q, param);
    int64_t v = stmt_row(&q) ? stmt_col_i64(&q) : -1;
    OK(stmt_finish(&q, &err));
    return v;
}

static size_t n_kept(const Catalog *c)
{
    size_t n = 0;
    for (size_t i = 0; i < STMT_CACHE_SLOTS; i++) {
        n += c->stmts.slot[i].raw != NULL;
    }
    return n;
}

START_TEST(kept_statements_start_anew_each_time)
{
    static const char sql[] = "SELECT coalesce(?1, -7)";
    size_t before = n_kept(s.c);
    ck_assert_int_eq(ask_kept(s.c, sql, 3), 3);
    ck_assert_int_eq(ask_kept(s.c, sql, 4), 4);
    ck_assert_uint_eq(n_kept(s.c), before + 1);
    Stmt q = stmt_kept(&s.c->stmts, sql); /* the parameter of the time before is gone */
    ck_assert(stmt_row(&q));
    ck_assert_int_eq(stmt_col_i64(&q), -7);
    ck_assert_int_eq(ask_kept(s.c, sql, 5), 5); /* inside its own loop: another one */
    ck_assert(!stmt_row(&q));
    OK(stmt_finish(&q, &err));
    q = stmt_kept(&s.c->stmts, "SELECT nonsense");
    ck_assert(!stmt_row(&q));
    FAILS(ERR_DB, stmt_finish(&q, &err));
    ck_assert_uint_eq(n_kept(s.c), before + 1);
}
END_TEST

START_TEST(a_kept_statement_that_failed_can_be_used_again)
{
    (void)sample_begin(s.c, 0, 0);
    FAILS(ERR_CONFLICT, catalog_attempt_begin(s.c, 1, 0, CATALOG_NONE, 1, &err));
    OK(catalog_attempt_begin(s.c, 1, 1, CATALOG_NONE, 1, &err));
    FAILS(ERR_CONFLICT, catalog_attempt_begin(s.c, 99, 0, CATALOG_NONE, 1, &err));
    OK(catalog_attempt_begin(s.c, 1, 2, CATALOG_NONE, 1, &err));
}
END_TEST

START_TEST(kept_statements_go_by_text_and_survive_a_change_of_the_schema)
{
    char text[64];
    for (int i = 0; i < 3; i++) { /* one address, other texts */
        (void)snprintf(text, sizeof text, "SELECT ?1 + %d", i * 100);
        ck_assert_int_eq(ask_kept(s.c, text, 1), 1 + i * 100);
    }
    static char many[2 * STMT_CACHE_SLOTS][32]; /* more than there is room for */
    for (int64_t round = 0; round < 2; round++) {
        for (int i = 0; i < 2 * STMT_CACHE_SLOTS; i++) {
            (void)snprintf(many[i], sizeof many[i], "SELECT ?1 + %d", i);
            ck_assert_int_eq(ask_kept(s.c, many[i], round), round + i);
        }
    }
    static const char sql[] = "SELECT count(*) FROM run WHERE id > ?1";
    ck_assert_int_eq(ask_kept(s.c, sql, 0), 0);
    (void)sample_begin(s.c, 0, 0);
    OK(stmt_exec(s.c->db, "ALTER TABLE run ADD COLUMN more TEXT", &err));
    ck_assert_int_eq(ask_kept(s.c, sql, 0), 1);
}
END_TEST

START_TEST(nan_and_infinities_are_kept_apart_from_missing)
{
    const double value[] = {1.5, (double)NAN, (double)INFINITY, -(double)INFINITY};
    const char *const kind[] = {"finite", "nan", "inf", "-inf"};
    for (size_t i = 0; i < 4; i++) {
        Stmt q = stmt_begin(s.c->db, "SELECT ?1, ?2, ?1 IS NULL, ?2, ?3, ?4 IS NULL");
        stmt_bind_loss(&q, value[i]);
        stmt_bind_f64(&q, value[i]);
        stmt_bind_finite(&q, value[i]);
        ck_assert(stmt_row(&q));
        double back = stmt_col_loss(&q);
        ck_assert(i == 1 ? isnan(back) : back == value[i]);
        ck_assert_int_eq(stmt_col_i64(&q), i != 0);
        ck_assert_str_eq(stmt_col_text(&q, &a), kind[i]);
        back = stmt_col_f64(&q);
        ck_assert(i == 1 ? isnan(back) : back == value[i]);
        ck_assert_int_eq(stmt_col_i64(&q), i != 0);
        OK(stmt_finish(&q, &err));
        arena_release(&a);
    }
}
END_TEST

START_TEST(text_columns_need_memory)
{
    arena_seal(&a);
    Stmt q = stmt_begin(s.c->db, "SELECT 'text', NULL");
    ck_assert(stmt_row(&q));
    ck_assert_ptr_null(stmt_col_text(&q, &a));
    ck_assert_ptr_null(stmt_col_text(&q, &a));
    FAILS(ERR_NOMEM, stmt_finish(&q, &err));
    CatalogRun *runs = NULL;
    size_t n = 0;
    (void)sample_begin(s.c, 0, 0);
    FAILS(ERR_NOMEM, catalog_run_list(s.c, &a, &runs, &n, &err));
}
END_TEST

START_TEST(the_study_row_is_one_and_keeps_its_birthday)
{
    CatalogStudy got;
    FAILS(ERR_NOTFOUND, catalog_study_get(s.c, &a, &got, &err));
    CatalogStudy put = {.name = "milli", .resolved = "{}", .slaw_version = "0.1.0"};
    OK(catalog_study_put(s.c, &put, 100, &err));
    put.source_path = "milli.yaml";
    put.source_sha256 = "abc";
    OK(catalog_study_put(s.c, &put, 200, &err));
    OK(catalog_study_get(s.c, &a, &got, &err));
    ck_assert_str_eq(got.name, "milli");
    ck_assert_str_eq(got.source_path, "milli.yaml");
    ck_assert_int_eq(got.created_ms, 100);
    ck_assert_int_eq(got.updated_ms, 200);
}
END_TEST

START_TEST(a_run_comes_back_as_it_was_put)
{
    CatalogRun put = sample_run(5), *got = NULL;
    size_t n = 0;
    int64_t id = 0, again = 0;
    OK(catalog_run_upsert(s.c, &put, 77, &id, &err));
    OK(catalog_run_list(s.c, &a, &got, &n, &err));
    ck_assert_uint_eq(n, 1);
    ck_assert_int_eq(got->id, id);
    ck_assert_str_eq(got->hash, put.hash);
    ck_assert_str_eq(got->name, put.name);
    ck_assert_str_eq(got->dir, put.dir);
    ck_assert_str_eq(got->architecture, put.architecture);
    ck_assert_str_eq(got->size, put.size);
    ck_assert_str_eq(got->axes, put.axes);
    ck_assert_str_eq(got->config, put.config);
    ck_assert(got->seed == 5 && got->position == 5 && got->params == 20035);
    ck_assert(got->params_total == 28227 && got->tokens == 4000 && got->steps == 40);
    ck_assert(got->batch_tokens == 100 && got->checkpoints == 4);
    ck_assert(got->flops_6nd == 120042.5 && got->flops_exact == 150000.25);
    ck_assert(got->flops_paper == 140000.125);
    ck_assert(got->state == CATALOG_RUN_WAITING && !got->reason && got->updated_ms == 77);

    OK(catalog_run_set_state(s.c, id, CATALOG_RUN_FAILED, "disk full", 88, &err));
    put.position = 9;
    OK(catalog_run_upsert(s.c, &put, 99, &again, &err));
    ck_assert_int_eq(again, id);
    OK(catalog_run_list(s.c, &a, &got, &n, &err));
    ck_assert(n == 1 && got->position == 9 && got->state == CATALOG_RUN_FAILED);
    ck_assert_str_eq(got->reason, "disk full");
    ck_assert_int_eq(got->updated_ms, 88);
}
END_TEST

START_TEST(runs_refuse_what_breaks_a_rule)
{
    CatalogRun one = sample_run(1), two = sample_run(2);
    int64_t id = 0;
    OK(catalog_run_upsert(s.c, &one, 1, &id, &err));
    two.dir = one.dir;
    FAILS(ERR_CONFLICT, catalog_run_upsert(s.c, &two, 1, &id, &err));
    HAS(err.msg, two.name);
    two = sample_run(2);
    two.hash = "abc";
    FAILS(ERR_CONFLICT, catalog_run_upsert(s.c, &two, 1, &id, &err));
    two = sample_run(2);
    two.flops_exact = (double)NAN; /* binds NULL; the column is NOT NULL */
    FAILS(ERR_CONFLICT, catalog_run_upsert(s.c, &two, 1, &id, &err));
    FAILS(ERR_NOTFOUND, catalog_run_set_state(s.c, 42, CATALOG_RUN_DONE, NULL, 1, &err));
}
END_TEST

static CatalogRunState state_of(Catalog *c, int64_t id)
{
    CatalogRun *runs = NULL;
    size_t n = 0;
    CatalogRunState state = CATALOG_N_RUN_STATES;
    OK(catalog_run_list(c, &a, &runs, &n, &err));
    for (size_t i = 0; i < n; i++) {
        state = runs[i].id == id ? runs[i].state : state;
    }
    return state;
}

START_TEST(runs_leave_the_study_and_come_back)
{
    int64_t id[4], again = 0, n = 0;
    for (int i = 0; i < 4; i++) {
        id[i] = sample_begin(s.c, i, 0);
    }
    CatalogCheckpoint last = {.run_id = id[2],
                              .step = 40,
                              .tokens = 4000,
                              .path = "checkpoints/step-00000040",
                              .digest = "d"};
    OK(catalog_checkpoint_upsert(s.c, &last, &err));
    OK(catalog_run_set_state(s.c, id[2], CATALOG_RUN_DONE, NULL, 1, &err));
    const int64_t keep[] = {id[3], id[0]};
    OK(catalog_run_retire_others(s.c, keep, 2, 5, &n, &err));
    ck_assert_int_eq(n, 2);
    ck_assert_int_eq(state_of(s.c, id[0]), CATALOG_RUN_WAITING);
    ck_assert_int_eq(state_of(s.c, id[1]), CATALOG_RUN_RETIRED);
    ck_assert_int_eq(state_of(s.c, id[2]), CATALOG_RUN_RETIRED);
    OK(catalog_run_retire_others(s.c, keep, 2, 5, &n, &err));
    ck_assert_int_eq(n, 0);
    CatalogRun r = sample_run(1);
    OK(catalog_run_upsert(s.c, &r, 6, &again, &err));
    ck_assert_int_eq(again, id[1]);
    ck_assert_int_eq(state_of(s.c, id[1]), CATALOG_RUN_WAITING);
    r = sample_run(2);
    OK(catalog_run_upsert(s.c, &r, 6, &again, &err));
    ck_assert_int_eq(state_of(s.c, id[2]), CATALOG_RUN_DONE); /* its last checkpoint is there */
    OK(catalog_run_retire_others(s.c, NULL, 0, 7, NULL, &err));
    ck_assert_int_eq(state_of(s.c, id[3]), CATALOG_RUN_RETIRED);
}
END_TEST

START_TEST(runs_are_found_by_name_folder_and_prefix)
{
    CatalogRun got, twin = sample_run(5);
    char hash[65];
    int64_t id = 0;
    for (int i = 0; i < 4; i++) {
        (void)sample_begin(s.c, i, 0);
    }
    OK(catalog_run_find(s.c, "tnl-20k-1", &a, &got, &err));
    ck_assert_int_eq(got.seed, 1);
    OK(catalog_run_find(s.c, "hgrn2-20k-2-222222222222", &a, &got, &err));
    ck_assert_int_eq(got.seed, 2);
    OK(catalog_run_find(s.c, "3333", &a, &got, &err));
    ck_assert_int_eq(got.seed, 3);
    FAILS(ERR_NOTFOUND, catalog_run_find(s.c, "333", &a, &got, &err)); /* too short to be meant */
    FAILS(ERR_NOTFOUND, catalog_run_find(s.c, "tnl-20k-7", &a, &got, &err));
    HAS(err.hint, "did you mean tnl-20k-1?");
    FAILS(ERR_NOTFOUND, catalog_run_find(s.c, "zzzzzzzzzzzzz", &a, &got, &err));
    HAS(err.hint, "slaw ls");

    memset(hash, '3', 64);
    hash[64] = '\0';
    hash[40] = '4';
    twin.hash = hash;
    twin.dir = "runs/twin";
    OK(catalog_run_upsert(s.c, &twin, 1, &id, &err));
    FAILS(ERR_INVALID, catalog_run_find(s.c, "33333", &a, &got, &err));
    HAS(err.hint, "cosformer2-20k-3");
    HAS(err.hint, twin.name);
    twin = sample_run(6);
    twin.name = "tnl-20k-1"; /* a name may repeat: an older configuration of the same cell */
    OK(catalog_run_upsert(s.c, &twin, 1, &id, &err));
    FAILS(ERR_INVALID, catalog_run_find(s.c, "tnl-20k-1", &a, &got, &err));
    HAS(err.hint, "111111111111");
    HAS(err.hint, "666666666666");
}
END_TEST

START_TEST(attempts_begin_once_and_end)
{
    CatalogAttempt t, *list = NULL;
    size_t n = 0;
    int64_t next = -1, id = sample_begin(s.c, 1, 0);
    FAILS(ERR_CONFLICT, catalog_attempt_begin(s.c, id, 0, 5, 1, &err));
    FAILS(ERR_CONFLICT, catalog_attempt_begin(s.c, 99, 0, 5, 1, &err)); /* no such run */
    OK(catalog_attempt_next_number(s.c, id, &next, &err));
    ck_assert_int_eq(next, 1);
    OK(catalog_attempt_next_number(s.c, 99, &next, &err));
    ck_assert_int_eq(next, 0);
    OK(catalog_attempt_begin(s.c, id, 1, 5, 3000, &err));
    OK(catalog_attempt_get(s.c, id, 1, &a, &t, &err));
    ck_assert(t.state == CATALOG_ATTEMPT_RUNNING && t.pid == 5 && !t.host && !t.isa && !t.reason);
    ck_assert(t.resumed_step == CATALOG_NONE && t.ended_ms == CATALOG_NONE);
    ck_assert(t.exit_code == CATALOG_NONE && t.exit_signal == CATALOG_NONE);
    ck_assert(t.ingested_bytes == 0 && t.ingested_seq == -1 && t.damaged_lines == 0);
    CatalogAttemptEnd e = {.state = CATALOG_ATTEMPT_FAILED,
                           .exit_code = CATALOG_NONE,
                           .exit_signal = 9,
                           .reason = "killed by SIGKILL",
                           .ended_ms = 4000};
    OK(catalog_attempt_end(s.c, id, 1, &e, &err));
    FAILS(ERR_NOTFOUND, catalog_attempt_end(s.c, id, 7, &e, &err));
    FAILS(ERR_NOTFOUND, catalog_attempt_get(s.c, id, 7, &a, &t, &err));
    OK(catalog_attempt_list(s.c, id, &a, &list, &n, &err));
    ck_assert_uint_eq(n, 2);
    ck_assert(list[1].state == CATALOG_ATTEMPT_FAILED && list[1].exit_signal == 9);
    ck_assert(list[1].ended_ms == 4000 && list[1].exit_code == CATALOG_NONE);
    ck_assert_str_eq(list[1].reason, "killed by SIGKILL");
}
END_TEST

START_TEST(checkpoints_keep_their_losses_and_states)
{
    CatalogCheckpoint *list = NULL;
    size_t n = 0;
    int64_t step = -1, complete = -1, id = sample_begin(s.c, 1, 0);
    OK(catalog_checkpoint_progress(s.c, id, &step, &complete, &err));
    ck_assert(step == 0 && complete == 0);
    const double loss[] = {2.5, (double)NAN, -(double)INFINITY};
    for (int64_t i = 0; i < 3; i++) {
        CatalogCheckpoint k = {.run_id = id,
                               .step = 10 * (3 - i),
                               .attempt = 1,
                               .tokens = 7,
                               .path = "p",
                               .bytes = 5,
                               .digest = "d",
                               .train_loss = loss[i],
                               .created_ms = 6};
        OK(catalog_checkpoint_upsert(s.c, &k, &err));
    }
    OK(catalog_checkpoint_set_state(s.c, id, 30, CATALOG_CHECKPOINT_CORRUPT, &err));
    FAILS(ERR_NOTFOUND,
          catalog_checkpoint_set_state(s.c, id, 31, CATALOG_CHECKPOINT_CORRUPT, &err));
    OK(catalog_checkpoint_list(s.c, id, &a, &list, &n, &err));
    ck_assert_uint_eq(n, 3);
    ck_assert(list[0].step == 10 && isinf(list[0].train_loss) && list[0].train_loss < 0.0);
    ck_assert(list[1].step == 20 && isnan(list[1].train_loss));
    ck_assert(list[2].step == 30 && list[2].train_loss == 2.5);
    ck_assert(list[2].state == CATALOG_CHECKPOINT_CORRUPT && list[2].created_ms == 6);
    OK(catalog_checkpoint_progress(s.c, id, &step, &complete, &err));
    ck_assert(step == 20 && complete == 2);
    CatalogCheckpoint old = {.run_id = id, .step = 20, .attempt = 0, .path = "q", .digest = "e"};
    OK(catalog_checkpoint_upsert(s.c, &old, &err)); /* an older attempt: no change */
    OK(catalog_checkpoint_list(s.c, id, &a, &list, &n, &err));
    ck_assert_str_eq(list[1].path, "p");
}
END_TEST

START_TEST(the_tail_of_metrics_is_the_newest_in_order)
{
    CatalogMetric *list = NULL;
    size_t n = 0;
    int64_t id = sample_begin(s.c, 1, 0);
    for (int64_t step = 1; step <= 9; step++) {
        CatalogMetric m = {.run_id = id,
                           .step = step,
                           .tokens = step * 100,
                           .loss = step == 9 ? (double)INFINITY : 3.0,
                           .grad_norm = (double)NAN,
                           .lr = 0.1,
                           .tokens_per_s = (double)INFINITY};
        OK(catalog_metric_upsert(s.c, &m, &err));
    }
    OK(catalog_metric_tail(s.c, id, 3, &a, &list, &n, &err));
    ck_assert_uint_eq(n, 3);
    ck_assert(list[0].step == 7 && list[2].step == 9);
    ck_assert(isinf(list[2].loss) && isnan(list[2].grad_norm) && isnan(list[2].tokens_per_s));
    CatalogMetric orphan = {.run_id = 99, .step = 1};
    FAILS(ERR_CONFLICT, catalog_metric_upsert(s.c, &orphan, &err));
}
END_TEST

START_TEST(corpora_and_fits_are_listed)
{
    CatalogCorpus corpus = {.digest = "d", .manifest = "{}", .validation_bytes_per_token = 1.25};
    CatalogCorpus *corpora = NULL;
    CatalogFit fit = {
        .created_ms = 5, .law = "chinchilla", .group = "llama", .result = "{\"E\":1}"};
    CatalogFit *fits = NULL;
    size_t n = 0;
    int64_t id = 0;
    OK(catalog_corpus_put(s.c, &corpus, &err));
    corpus.manifest = "{\"v\":2}";
    OK(catalog_corpus_put(s.c, &corpus, &err));
    OK(catalog_corpus_list(s.c, &a, &corpora, &n, &err));
    ck_assert(n == 1 && corpora[0].validation_bytes_per_token == 1.25);
    ck_assert_str_eq(corpora[0].manifest, "{\"v\":2}");
    OK(catalog_fit_add(s.c, &fit, &id, &err));
    fit.group = NULL;
    FAILS(ERR_CONFLICT, catalog_fit_add(s.c, &fit, &id, &err));
    OK(catalog_fit_list(s.c, &a, &fits, &n, &err));
    ck_assert(n == 1 && fits[0].id == id && fits[0].created_ms == 5);
    ck_assert_str_eq(fits[0].law, "chinchilla");
    ck_assert_str_eq(fits[0].result, "{\"E\":1}");
}
END_TEST

/* A checkpoint and its evaluation at one step. */
static void add_point(Catalog *c, int64_t id, int64_t step, double loss)
{
    CatalogCheckpoint k = {.run_id = id,
                           .step = step,
                           .tokens = step * 100,
                           .path = "p",
                           .digest = "d",
                           .train_loss = (double)NAN};
    CatalogEvaluation e = {.run_id = id,
                           .step = step,
                           .task = "validation",
                           .tokens = step * 100,
                           .loss = loss,
                           .bits_per_byte = loss * 1.5,
                           .items = 9};
    OK(catalog_checkpoint_upsert(c, &k, &err));
    OK(catalog_evaluation_upsert(c, &e, &err));
}

START_TEST(observations_leave_out_what_a_law_must_not_see)
{
    CatalogObservation *o = NULL;
    CatalogEvaluation *e = NULL;
    size_t n = 0;
    int64_t kept = sample_begin(s.c, 2, 0), gone = sample_begin(s.c, 1, 0);
    add_point(s.c, kept, 10, 3.5);
    add_point(s.c, kept, 20, (double)NAN);
    add_point(s.c, kept, 30, 3.25);
    add_point(s.c, kept, 35, 3.125);
    add_point(s.c, kept, 40, 3.0);
    add_point(s.c, gone, 10, 3.75);
    OK(catalog_checkpoint_set_state(s.c, kept, 30, CATALOG_CHECKPOINT_CORRUPT, &err));
    OK(catalog_checkpoint_set_state(s.c, kept, 35, CATALOG_CHECKPOINT_REMOVED, &err));
    OK(catalog_run_set_state(s.c, gone, CATALOG_RUN_RETIRED, NULL, 1, &err));
    OK(catalog_observation_list(s.c, &a, &o, &n, &err));
    ck_assert_uint_eq(n, 3);
    ck_assert(o[0].step == 10 && o[1].step == 35 && o[2].step == 40);
    ck_assert(o[0].n == 20014.0 && o[0].n_total == 28206.0 && o[0].d == 1000.0);
    ck_assert(o[0].c_6nd == 120042.5 * 1000.0 && o[0].c_exact == 150000.25 * 1000.0);
    ck_assert(o[0].c_paper == 140000.125 * 1000.0);
    ck_assert(o[0].loss == 3.5 && o[0].bits_per_byte == 5.25 && isnan(o[0].train_loss));
    ck_assert(!o[0].is_final && o[2].is_final && o[0].state == CATALOG_RUN_WAITING);
    ck_assert_str_eq(o[0].architecture, "hgrn2");
    ck_assert_str_eq(o[0].task, "validation");
    OK(catalog_evaluation_list(s.c, kept, &a, &e, &n, &err));
    ck_assert_uint_eq(n, 5);
    ck_assert(isnan(e[1].loss) && isnan(e[1].bits_per_byte) && e[0].items == 9);
}
END_TEST

START_TEST(status_counts_work_and_not_runs)
{
    CatalogRunStatus *st = NULL;
    size_t n = 0;
    int64_t id[4];
    for (int i = 0; i < 4; i++) {
        id[i] = sample_begin(s.c, i, 0);
    }
    OK(catalog_run_set_state(s.c, id[0], CATALOG_RUN_DONE, NULL, 1, &err));
    OK(catalog_run_set_state(s.c, id[1], CATALOG_RUN_RUNNING, NULL, 1, &err));
    OK(catalog_run_set_state(s.c, id[2], CATALOG_RUN_FAILED, "why", 1, &err));
    CatalogMetric m = {
        .run_id = id[1], .step = 20, .tokens = 2000, .loss = 3.0, .lr = 0.1, .tokens_per_s = 500.0};
    OK(catalog_metric_upsert(s.c, &m, &err));
    add_point(s.c, id[1], 10, 3.5);
    OK(catalog_run_status_list(s.c, &a, &st, &n, &err));
    ck_assert_uint_eq(n, 4);
    ck_assert(st[0].tokens_seen == 4000 && st[0].step == 0 && isnan(st[0].train_loss));
    ck_assert(st[1].tokens_seen == 2000 && st[1].step == 20 && st[1].tokens_per_s == 500.0);
    ck_assert(st[1].complete == 1 && st[1].planned == 4 && st[1].validation_loss == 3.5);
    ck_assert(st[1].validation_step == 10 && st[1].bits_per_byte == 5.25 && st[1].attempts == 1);
    ck_assert_str_eq(st[2].reason, "why");
    CatalogTotals t = catalog_totals(st, n);
    ck_assert(t.runs == 4 && t.by_state[CATALOG_RUN_DONE] == 1);
    ck_assert(t.by_state[CATALOG_RUN_FAILED] == 1 && t.checkpoints_planned == 16);
    /* all four runs cost the same: (4000 + 2000) of 16000 tokens are done */
    ck_assert_double_eq_tol(t.progress, 0.375, 1e-12);
    /* left: 2000 tokens of the running and 4000 of the waiting run, at 500 a second */
    ck_assert_double_eq_tol(t.eta_s, 12.0, 1e-9);
    st[1].tokens_per_s = (double)NAN;
    ck_assert(isnan(catalog_totals(st, n).eta_s));
    ck_assert(catalog_totals(st, 1).eta_s == 0.0);
    ck_assert(catalog_totals(NULL, 0).progress == 0.0);
}
END_TEST

START_TEST(names_of_states_read_back)
{
    CatalogRunState r;
    CatalogAttemptState t;
    CatalogCheckpointState k;
    for (int i = 0; i < CATALOG_N_RUN_STATES; i++) {
        ck_assert(catalog_run_state_parse(catalog_run_state_name((CatalogRunState)i), &r));
        ck_assert_int_eq((int)r, i);
    }
    for (int i = 0; i < CATALOG_N_ATTEMPT_STATES; i++) {
        ck_assert(
            catalog_attempt_state_parse(catalog_attempt_state_name((CatalogAttemptState)i), &t));
        ck_assert_int_eq((int)t, i);
    }
    for (int i = 0; i < CATALOG_N_CHECKPOINT_STATES; i++) {
        ck_assert(catalog_checkpoint_state_parse(
            catalog_checkpoint_state_name((CatalogCheckpointState)i), &k));
        ck_assert_int_eq((int)k, i);
    }
    ck_assert(!catalog_run_state_parse("bored", &r) && !catalog_run_state_parse(NULL, &r));
    ck_assert(!catalog_attempt_state_parse("", &t) && !catalog_checkpoint_state_parse("x", &k));
}
END_TEST

int main(void)
{
    return test_main(
        (TestPlan){.name = "rows", .set_up = fixture_open, .tear_down = fixture_close});
}
