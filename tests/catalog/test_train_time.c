#include <check.h>
#include <math.h>
#include <string.h>

#include "catalog/checkpoint.h"
#include "catalog/metric.h"
#include "catalog/train_time.h"
#include "tests/catalog/fixture.h"
#include "tests/support/suite.h"

static CatalogTrainTime *row;
static size_t n;

static void report(int64_t run, int64_t attempt, int64_t step, double tokens_per_s)
{
    const CatalogMetric m = {.run_id = run,
                             .step = step,
                             .attempt = attempt,
                             .tokens = 100 * step,
                             .loss = 3.0,
                             .grad_norm = 1.0,
                             .lr = 1e-3,
                             .tokens_per_s = tokens_per_s};
    OK(catalog_metric_upsert(s.c, &m, &err));
}

static void checkpoint(int64_t run, int64_t step)
{
    const CatalogCheckpoint k = {.run_id = run,
                                 .step = step,
                                 .tokens = 100 * step,
                                 .path = "checkpoints/step",
                                 .bytes = 1,
                                 .digest = "d",
                                 .train_loss = 3.0,
                                 .created_ms = 1};
    OK(catalog_checkpoint_upsert(s.c, &k, &err));
}

static void threads(int64_t run, int64_t attempt, int count)
{
    char sql[128];
    (void)snprintf(sql, sizeof sql,
                   "UPDATE attempt SET threads = %d WHERE run_id = %lld AND number = %lld", count,
                   (long long)run, (long long)attempt);
    OK(stmt_exec(s.c->db, sql, &err));
}

static void list(void)
{
    OK(catalog_train_time_list(s.c, &a, &row, &n, &err));
}

START_TEST(time_is_summed_over_reports)
{
    int64_t one = sample_begin(s.c, 0, 0), two = sample_begin(s.c, 1, 0);
    threads(one, 0, 2);
    threads(two, 0, 1);
    report(one, 0, 10, 500.0);  /* 1000 tokens: 2 s */
    report(one, 0, 20, 250.0);  /* 4 s */
    report(two, 0, 10, 1000.0); /* 1 s */
    checkpoint(one, 5);         /* within the first report: 1 s */
    checkpoint(one, 10);
    checkpoint(one, 15); /* half of the second */
    checkpoint(one, 20);
    checkpoint(one, 30); /* after the last: at its rate */
    checkpoint(two, 10);
    list();
    ck_assert_uint_eq(n, 6);
    static const double want[] = {1.0, 2.0, 4.0, 6.0, 10.0, 1.0};
    for (size_t i = 0; i < n; i++) {
        ck_assert_double_eq_tol(row[i].seconds, want[i], 1e-12);
        ck_assert_double_eq_tol(row[i].core_seconds, (i < 5 ? 2.0 : 1.0) * want[i], 1e-12);
    }
    ck_assert_str_eq(row[0].run, sample_run(0).hash);
    ck_assert_str_eq(row[5].run, sample_run(1).hash);
    ck_assert_int_eq(row[3].step, 20);
    ck_assert_double_eq(row[3].tokens, 2000.0);
}
END_TEST

/* The second attempt began at step 10 and trained 11 to 20 again, on other threads. */
START_TEST(what_was_repeated_counts_once)
{
    int64_t one = sample_begin(s.c, 0, 0);
    report(one, 0, 10, 500.0);
    report(one, 0, 20, 500.0);
    threads(one, 0, 1);
    (void)sample_begin(s.c, 0, 1);
    threads(one, 1, 4);
    report(one, 1, 20, 1000.0);
    checkpoint(one, 20);
    list();
    ck_assert_uint_eq(n, 1);
    ck_assert_double_eq_tol(row[0].seconds, 2.0 + 1.0, 1e-12);
    ck_assert_double_eq_tol(row[0].core_seconds, 2.0 + 4.0, 1e-12);
}
END_TEST

START_TEST(a_rate_that_is_missing_is_the_one_before)
{
    int64_t one = sample_begin(s.c, 0, 0), two = sample_begin(s.c, 1, 0);
    report(one, 0, 10, 500.0);
    report(one, 0, 20, (double)NAN);
    report(two, 0, 10, (double)NAN);
    checkpoint(one, 20);
    checkpoint(two, 10);
    checkpoint(two, 20);
    list();
    ck_assert_double_eq_tol(row[0].seconds, 4.0, 1e-12);
    ck_assert(isnan(row[0].core_seconds)); /* threads were never said */
    ck_assert(isnan(row[1].seconds));
    ck_assert(isnan(row[2].seconds));
}
END_TEST

/* The order of the runs in the catalog is not that of their digits. */
START_TEST(a_sorted_list_is_looked_up)
{
    int64_t two = sample_begin(s.c, 7, 0), one = sample_begin(s.c, 2, 0);
    report(one, 0, 10, 500.0);
    report(two, 0, 10, 100.0);
    for (int64_t step = 10; step <= 30; step += 10) {
        checkpoint(two, step);
        checkpoint(one, step);
    }
    list();
    catalog_train_time_sort(row, n);
    for (int i = 2; i <= 7; i += 5) {
        for (int64_t step = 10; step <= 30; step += 10) {
            const CatalogTrainTime *t = catalog_train_time_find(row, n, sample_run(i).hash, step);
            ck_assert_ptr_nonnull(t);
            ck_assert_double_eq_tol(t->seconds, (i == 2 ? 0.2 : 1.0) * (double)step, 1e-12);
        }
    }
    ck_assert_ptr_null(catalog_train_time_find(row, n, sample_run(2).hash, 11));
    ck_assert_ptr_null(catalog_train_time_find(row, n, sample_run(3).hash, 10));
    catalog_train_time_sort(NULL, 0);
    ck_assert_ptr_null(catalog_train_time_find(NULL, 0, sample_run(2).hash, 10));
}
END_TEST

START_TEST(retired_runs_are_left_out)
{
    int64_t one = sample_begin(s.c, 0, 0), two = sample_begin(s.c, 1, 0);
    report(one, 0, 10, 500.0);
    report(two, 0, 10, 500.0);
    checkpoint(one, 10);
    checkpoint(two, 10);
    OK(catalog_run_set_state(s.c, one, CATALOG_RUN_RETIRED, NULL, 1, &err));
    list();
    ck_assert_uint_eq(n, 1);
    ck_assert_str_eq(row[0].run, sample_run(1).hash);
    ck_assert_double_eq_tol(row[0].seconds, 2.0, 1e-12);
}
END_TEST

int main(void)
{
    return test_main(
        (TestPlan){.name = "train_time", .set_up = fixture_open, .tear_down = fixture_close});
}
