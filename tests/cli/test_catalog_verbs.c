/* status, ls, show, logs, verify and reindex as a user runs them: the slaw program on the
 * sample study. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog/metric.h"
#include "catalog/record.h"
#include "orchestrator/sched/lock.h"
#include "tests/cli/sample_study.h"
#include "tests/support/suite.h"

/* The answer of a verb with --json. */
static json_t *slaw_json(const Sample *s, const char *args, int want_status)
{
    Buf out = BUF_INIT;
    ck_assert_int_eq(slaw(s, args, &out), want_status);
    json_error_t why;
    json_t *v = json_loads(buf_str(&out), 0, &why);
    ck_assert_msg(v != NULL, "%s: %s in: %s", args, why.text, buf_str(&out));
    ck_assert_int_eq(json_integer_value(json_object_get(v, "schema")), 1);
    buf_release(&out);
    return v;
}

static json_int_t number(const json_t *v, const char *outer, const char *key)
{
    const json_t *at = json_object_get(outer ? json_object_get(v, outer) : v, key);
    ck_assert_msg(json_is_integer(at), "%s.%s", outer ? outer : "", key);
    return json_integer_value(at);
}

START_TEST(status_tells_where_it_stands)
{
    Sample s = open_study();
    Buf out = BUF_INIT;
    ck_assert_int_eq(slaw(&s, "status @", &out), 0);
    HAS(buf_str(&out), "Study sample in ");
    HAS(buf_str(&out), "llama-20k-0       done     40/40          4/4");
    HAS(buf_str(&out),
        "2 of 4 runs done, 0 running, 1 waiting, 1 failed; 10 of 16 checkpoints; 62 %");
    HAS(buf_str(&out), "No scheduler is at work");
    HAS(buf_str(&out), "hgrn2-20k-2 failed: cannot be executed");
    HAS(buf_str(&out), "attempt-000/stderr.log");
    HAS(buf_str(&out), "slaw retry");
    ck_assert_ptr_null(strstr(buf_str(&out), "llama-20k-4")); /* retired */
    buf_release(&out);
    sample_close(&s);
}
END_TEST

START_TEST(status_json_has_the_fields_of_the_contract)
{
    Sample s = open_study();
    json_t *v = slaw_json(&s, "status @ --json", 0);
    ck_assert_str_eq(json_string_value(json_object_get(v, "study")), "sample");
    ck_assert_int_eq(number(v, "runs", "total"), 4);
    ck_assert_int_eq(number(v, "runs", "done"), 2);
    ck_assert_int_eq(number(v, "runs", "running"), 0);
    ck_assert_int_eq(number(v, "runs", "waiting"), 1);
    ck_assert_int_eq(number(v, "runs", "failed"), 1);
    ck_assert_int_eq(number(v, "checkpoints", "planned"), 16);
    ck_assert_int_eq(number(v, "checkpoints", "complete"), 10);
    /* equal runs: 4000 + 4000 + 0 + 2000 of 16000 tokens */
    ck_assert_double_eq_tol(json_number_value(json_object_get(v, "progress")), 0.625, 1e-12);
    ck_assert(json_is_null(json_object_get(v, "eta_s"))); /* nothing runs: no speed */
    const json_t *failures = json_object_get(v, "failures");
    ck_assert_uint_eq(json_array_size(failures), 1);
    const json_t *f = json_array_get(failures, 0);
    ck_assert_str_eq(json_string_value(json_object_get(f, "run")), "hgrn2-20k-2");
    ck_assert_int_eq(number(f, NULL, "attempt"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(f, "reason")), "cannot be executed");
    HAS(json_string_value(json_object_get(f, "log")), "attempt-000/stderr.log");
    json_decref(v);
    sample_close(&s);
}
END_TEST

START_TEST(status_estimates_the_time_left_while_something_runs)
{
    Sample s = open_study();
    Err err = ERR_INIT;
    OK(catalog_open(s.db, &s.c, &err));
    OK(catalog_run_set_state(s.c, 4, CATALOG_RUN_RUNNING, NULL, 1, &err));
    catalog_close(s.c);
    s.c = NULL;
    json_t *v = slaw_json(&s, "status @ --json", 0);
    /* 2000 tokens are left; the sample's newest step reports 1000.5 tokens/s */
    ck_assert_double_eq_tol(json_number_value(json_object_get(v, "eta_s")), 2000.0 / 1000.5, 1e-9);
    json_decref(v);
    sample_close(&s);
}
END_TEST

START_TEST(a_watch_ends_when_nothing_is_left)
{
    Sample s = open_study();
    Err err = ERR_INIT;
    Buf out = BUF_INIT;
    OK(catalog_open(s.db, &s.c, &err));
    OK(catalog_run_set_state(s.c, 4, CATALOG_RUN_FAILED, "x", 1, &err));
    catalog_close(s.c);
    s.c = NULL;
    ck_assert_int_eq(slaw(&s, "status @ --watch --json", &out), 0);
    ck_assert_uint_eq(strcspn(buf_str(&out), "\n"), out.len - 1); /* one object, one line */
    ck_assert_int_eq(slaw(&s, "status @ --watch --interval 0", &out), 2);
    buf_release(&out);
    sample_close(&s);
}
END_TEST

START_TEST(ls_lists_and_filters)
{
    Sample s = open_study();
    Buf out = BUF_INIT;
    ck_assert_int_eq(slaw(&s, "ls @", &out), 0);
    HAS(buf_str(&out), "tnl-20k-1         done  ");
    ck_assert_int_eq(slaw(&s, "ls @ --wide", &out), 0);
    HAS(buf_str(&out), "tnl-20k-1         111111111111  done  ");
    HAS(buf_str(&out),
        "2.5088"); /* 2.385 + 1/42 + 0.1, run 1's last validation loss, to 4 digits */
    ck_assert_int_eq(slaw(&s, "ls @ --state failed --state waiting", &out), 0);
    ck_assert_ptr_null(strstr(buf_str(&out), "tnl"));
    HAS(buf_str(&out), "hgrn2-20k-2");
    HAS(buf_str(&out), "cosformer2-20k-3");
    json_t *v = slaw_json(&s, "ls @ --json --architecture tnl", 0);
    const json_t *rows = json_object_get(v, "runs");
    ck_assert_uint_eq(json_array_size(rows), 1);
    ck_assert_int_eq(number(json_array_get(rows, 0), NULL, "N"), 20007);
    ck_assert_int_eq(number(json_array_get(rows, 0), NULL, "D"), 4000);
    ck_assert_int_eq(number(json_array_get(rows, 0), "checkpoints", "complete"), 4);
    ck_assert_int_eq(number(json_array_get(rows, 0), NULL, "attempts"), 2);
    json_decref(v);
    ck_assert_int_eq(slaw(&s, "ls @ --state dome", &out), 2);
    HAS(buf_str(&out), "did you mean \"done\"?");
    buf_release(&out);
    sample_close(&s);
}
END_TEST

START_TEST(show_tells_everything_of_a_run)
{
    Sample s = open_study();
    Buf out = BUF_INIT;
    ck_assert_int_eq(slaw(&s, "show @ tnl-20k-1", &out), 0);
    HAS(buf_str(&out), "N [parameters]       20,007");
    HAS(buf_str(&out), "N with embeddings    28,199");
    HAS(buf_str(&out), "killed by SIGKILL");
    HAS(buf_str(&out), "2.4188      2.5088     3.6132"); /* step 40 of run 1 */
    HAS(buf_str(&out), "model.layers");
    json_t *v = slaw_json(&s, "show @ 1111 --json", 0);
    ck_assert_int_eq(number(v, NULL, "N"), 20007);
    ck_assert_uint_eq(json_array_size(json_object_get(v, "attempts")), 2);
    const json_t *marks = json_object_get(v, "checkpoints");
    ck_assert_uint_eq(json_array_size(marks), 4);
    const json_t *e = json_array_get(json_object_get(json_array_get(marks, 3), "evaluations"), 0);
    ck_assert(json_real_value(json_object_get(e, "loss")) == 2.385 + 1.0 / 42.0 + 0.1);
    ck_assert(json_is_object(json_object_get(v, "config")));
    json_decref(v);
    ck_assert_int_eq(slaw(&s, "show @ tnl-20k-2", &out), 65);
    HAS(buf_str(&out), "hint: did you mean ");
    buf_release(&out);
    sample_close(&s);
}
END_TEST

START_TEST(logs_print_the_files_of_an_attempt)
{
    Sample s = open_study();
    Buf out = BUF_INIT;
    ck_assert_int_eq(slaw(&s, "logs @ tnl-20k-1", &out), 0);
    HAS(buf_str(&out), "attempt 1 of tnl-20k-1 printed nothing");
    sample_write(sample_path(&s, 1, "attempt-000/stderr.log"), "oh no\n", 6);
    ck_assert_int_eq(slaw(&s, "logs @ tnl-20k-1 --attempt 0", &out), 0);
    HAS(buf_str(&out), "stderr.log <==\noh no\n");
    ck_assert_int_eq(slaw(&s, "logs @ tnl-20k-1 --attempt 0 --follow", &out), 0); /* it is over */
    HAS(buf_str(&out), "oh no");
    ck_assert_int_eq(slaw(&s, "logs @ tnl-20k-1 --events", &out), 0);
    ck_assert_ptr_eq(strstr(buf_str(&out), "{\"v\":1"), out.data); /* the lines, nothing else */
    HAS(buf_str(&out), "\"event\":\"bye\"");
    ck_assert_int_eq(slaw(&s, "logs @ tnl-20k-1 --attempt 7", &out), 65);
    HAS(buf_str(&out), "has no attempt 7");
    HAS(buf_str(&out), "0 to 1");
    json_t *v = slaw_json(&s, "logs @ tnl-20k-1 --json", 0);
    ck_assert_int_eq(number(v, NULL, "attempt"), 1);
    HAS(json_string_value(json_object_get(v, "events")), "attempt-001/events.jsonl");
    json_decref(v);
    buf_release(&out);
    sample_close(&s);
}
END_TEST

START_TEST(verify_lists_what_is_bad_and_fails)
{
    Sample s = open_study();
    Buf out = BUF_INIT;
    ck_assert_int_eq(slaw(&s, "verify @", &out), 0);
    HAS(buf_str(&out), "11 of 11 checkpoints are good");
    const char *model = sample_path(&s, 0, "checkpoints/step-00000020/model.safetensors");
    sample_write(model, "other bytes", 11);
    ck_assert_int_eq(slaw(&s, "verify @", &out), 1);
    HAS(buf_str(&out), "  corrupt  model.safetensors has 11 bytes");
    HAS(buf_str(&out), "10 of 11 checkpoints are good");
    json_t *v = slaw_json(&s, "verify @ --json", 1);
    ck_assert_int_eq(number(v, "checkpoints", "corrupt"), 1);
    ck_assert_int_eq(number(json_array_get(json_object_get(v, "bad"), 0), NULL, "step"), 20);
    json_decref(v);
    ck_assert_int_eq(slaw(&s, "verify @ tnl-20k-1", &out), 0); /* one run alone */
    HAS(buf_str(&out), "4 of 4 checkpoints are good");
    ck_assert_int_eq(slaw(&s, "status @", &out), 0);
    HAS(buf_str(&out), "; 9 of 16 checkpoints;"); /* the catalog learned it */
    buf_release(&out);
    sample_close(&s);
}
END_TEST

START_TEST(verify_marks_nothing_while_a_scheduler_works)
{
    Sample s = open_study();
    Buf out = BUF_INIT;
    Err err = ERR_INIT;
    Lock lock = LOCK_INIT;
    OK(lock_acquire(s.tmp.path, &lock, &err));
    sample_write(sample_path(&s, 0, "checkpoints/step-00000020/model.safetensors"), "other", 5);
    ck_assert_int_eq(slaw(&s, "verify @", &out), 1);
    HAS(buf_str(&out), "nothing is marked");
    HAS(buf_str(&out), "10 of 11 checkpoints are good");
    ck_assert(!fsx_exists(sample_path(&s, 0, "checkpoints/step-00000020/" RECORD_DAMAGED)));
    ck_assert_int_eq(slaw(&s, "status @", &out), 0);
    HAS(buf_str(&out), "; 10 of 16 checkpoints;");
    lock_release(&lock);
    json_t *v = slaw_json(&s, "verify @ --json", 1);
    ck_assert(json_is_true(json_object_get(v, "marked")));
    json_decref(v);
    ck_assert(fsx_exists(sample_path(&s, 0, "checkpoints/step-00000020/" RECORD_DAMAGED)));
    ck_assert_int_eq(slaw(&s, "status @", &out), 0);
    HAS(buf_str(&out), "; 9 of 16 checkpoints;");
    buf_release(&out);
    sample_close(&s);
}
END_TEST

START_TEST(status_of_many_runs_shows_those_that_need_a_look)
{
    Sample s = open_study();
    Buf out = BUF_INIT;
    ck_assert_int_eq(slaw(&s, "status @", &out), 0);
    HAS(buf_str(&out), "interrupted at step 20"); /* why run 3 waits */
    add_waiting(&s, 220);
    ck_assert_int_eq(slaw(&s, "status @", &out), 0);
    HAS(buf_str(&out), "2 of 224 runs done, 0 running, 221 waiting, 1 failed");
    HAS(buf_str(&out), "hgrn2-20k-2  failed");
    HAS(buf_str(&out), "223 more: slaw ls ");
    ck_assert_ptr_null(strstr(buf_str(&out), "more-7"));
    ck_assert_int_eq(slaw(&s, "status @ --all", &out), 0);
    HAS(buf_str(&out), "more-219");
    HAS(buf_str(&out), "never started");
    ck_assert_ptr_null(strstr(buf_str(&out), " more: slaw ls "));
    json_t *v = slaw_json(&s, "status @ --json", 0);
    ck_assert_int_eq(number(v, "runs", "waiting"), 221);
    ck_assert_uint_eq(json_array_size(json_object_get(v, "failures")), 1);
    ck_assert_ptr_null(json_object_get(v, "waiting"));
    json_decref(v);
    v = slaw_json(&s, "status @ --json --all", 0);
    ck_assert_uint_eq(json_array_size(json_object_get(v, "waiting")), 221);
    json_decref(v);
    ck_assert_int_eq(slaw(&s, "ls @ --state waiting", &out), 0);
    HAS(buf_str(&out), "never started");
    buf_release(&out);
    sample_close(&s);
}
END_TEST

START_TEST(reindex_brings_a_lost_catalog_back)
{
    Sample s = open_study();
    Buf out = BUF_INIT;
    Err err = ERR_INIT;
    ck_assert_int_eq(unlink(s.db), 0);
    ck_assert_int_eq(slaw(&s, "status @", &out), 65);
    HAS(buf_str(&out), "no such file");
    HAS(buf_str(&out), "slaw reindex");
    ck_assert_int_eq(slaw(&s, "verify @", &out), 65); /* makes none */
    ck_assert(!fsx_exists(s.db));
    ck_assert_int_eq(slaw(&s, "reindex @", &out), 0);
    HAS(buf_str(&out), "runs         5\n");
    HAS(buf_str(&out), "checkpoints  11\n");
    json_t *v = slaw_json(&s, "reindex @ --json --quiet", 0);
    ck_assert_int_eq(number(v, NULL, "runs"), 5);
    ck_assert_int_eq(number(v, NULL, "problems"), 1); /* this study.yaml is none */
    ck_assert_uint_eq(json_array_size(json_object_get(v, "warnings")), 1);
    ck_assert_int_eq(number(v, NULL, "attempts"), 6);
    ck_assert_int_eq(number(v, NULL, "metrics"), 11);
    ck_assert_int_eq(number(v, NULL, "evaluations"), 11);
    json_decref(v);
    ck_assert_int_eq(slaw(&s, "status @", &out), 0);
    HAS(buf_str(&out), "2 of 4 runs done");

    sample_write(s.db, "nonsense that is long enough to be looked at as a database", 58);
    ck_assert_int_eq(slaw(&s, "ls @", &out), 65);
    HAS(buf_str(&out), "hint: slaw reindex");
    OK(fsx_remove_tree(sample_path(&s, 3, ""), &err));
    ck_assert_int_eq(slaw(&s, "reindex @", &out), 0);
    HAS(buf_str(&out), "runs         4\n");
    buf_release(&out);
    sample_close(&s);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "catalog verbs"});
}
