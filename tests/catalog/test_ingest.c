/* The rule under test: however a file is cut, the catalog ends the same, and nothing
 * that was written whole is lost or taken twice. */
#include <check.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/ingest.h"
#include "catalog/metric.h"
#include "catalog/stmt.h"
#include "common/json.h"
#include "tests/catalog/fixture.h"
#include "tests/support/suite.h"

static struct {
    char path[FSX_PATH_BYTES]; /* of events.jsonl */
    int64_t id;
    CatalogRun run;
    Buf events;
} f;

static void open_events(void)
{
    fixture_open();
    memset(&f, 0, sizeof f);
    f.run = sample_run(3);
    OK(fsx_join(f.path, s.tmp.path, "events.jsonl", &err));
    f.id = sample_begin(s.c, 3, 0);
}

static void close_events(void)
{
    buf_release(&f.events);
    fixture_close();
}

/* Makes the file hold the first n bytes. */
static void write_part(const char *path, const Buf *b, size_t n)
{
    sample_write(path, buf_str(b), n);
}

static IngestResult ingest(int64_t attempt)
{
    IngestResult r;
    OK(catalog_ingest(s.c, f.id, attempt, f.path, NULL, &r, &err));
    return r;
}

/* Forgets what was ingested, so that a catalog can be used again. */
static void forget(void)
{
    OK(stmt_exec(s.c->db,
                 "BEGIN IMMEDIATE; DELETE FROM metric; DELETE FROM evaluation;"
                 " DELETE FROM checkpoint; UPDATE attempt SET state = 'running', pid = NULL,"
                 " host = NULL, isa = NULL, resumed_step = NULL, ended_ms = NULL, reason = NULL,"
                 " ingested_bytes = 0, ingested_seq = -1, damaged_lines = 0; COMMIT",
                 &err));
}

static char *dump_of_whole(void)
{
    write_part(f.path, &f.events, f.events.len);
    (void)ingest(0);
    char *dump = sample_dump(s.c);
    forget();
    return dump;
}

START_TEST(a_file_becomes_rows_and_a_summary)
{
    sample_events(&f.events, &f.run, 0, 10, 40, "done");
    write_part(f.path, &f.events, f.events.len);
    IngestResult r = ingest(0);
    ck_assert_int_eq(r.events, 14); /* hello, 4 x (step, evaluation, checkpoint), bye */
    ck_assert_int_eq(r.damaged, 0);
    ck_assert_int_eq(r.bytes, (int64_t)f.events.len);
    ck_assert(r.has_hello && r.has_bye);
    ck_assert_int_eq(r.bye, CATALOG_ATTEMPT_DONE);
    ck_assert_int_eq(r.step, 40);
    ck_assert_int_eq(r.tokens, 4000);
    ck_assert_int_eq(r.checkpoint_step, 40);
    /* 2.385 + 1/44 and 0.1 more, as sample_events() writes them; exact, no tolerance */
    ck_assert(r.loss == 2.385 + 1.0 / 44.0);
    ck_assert(r.validation_loss == 2.385 + 1.0 / 44.0 + 0.1);

    CatalogAttempt t;
    OK(catalog_attempt_get(s.c, f.id, 0, &a, &t, &err));
    ck_assert_int_eq(t.state, CATALOG_ATTEMPT_DONE);
    ck_assert_int_eq(t.pid, 4321);
    ck_assert_str_eq(t.host, "alba");
    ck_assert_str_eq(t.isa, "avx2");
    ck_assert_int_eq(t.resumed_step, 0);
    ck_assert_ptr_null(t.reason);
    ck_assert_int_eq(t.ingested_seq, 13);
    ck_assert_int_eq(t.ended_ms, 1763900000013);
}
END_TEST

START_TEST(two_pieces_at_every_byte_give_the_same_rows)
{
    sample_events(&f.events, &f.run, 0, 10, 10, "interrupted");
    char *want = dump_of_whole();
    for (size_t cut = 0; cut <= f.events.len; cut++) {
        /* in one transaction that is undone: thousands of commits would only test the disk */
        OK(catalog_begin(s.c, &err));
        write_part(f.path, &f.events, cut);
        IngestResult first = ingest(0);
        ck_assert_int_le(first.bytes, (int64_t)cut);
        ck_assert_int_eq(first.damaged, 0);
        write_part(f.path, &f.events, f.events.len);
        IngestResult rest = ingest(0);
        ck_assert_int_eq(first.events + rest.events, 5);
        char *got = sample_dump(s.c);
        ck_assert_msg(strcmp(got, want) == 0, "cut at byte %zu:\n%s\nnot\n%s", cut, got, want);
        free(got);
        catalog_rollback(s.c);
    }
    free(want);
}
END_TEST

START_TEST(byte_by_byte_gives_the_same_rows)
{
    sample_events(&f.events, &f.run, 0, 10, 10, "done");
    char *want = dump_of_whole();
    for (size_t n = 0; n <= f.events.len; n++) {
        write_part(f.path, &f.events, n);
        (void)ingest(0);
    }
    fixture_expect(want);
}
END_TEST

START_TEST(a_torn_last_line_waits_at_every_length)
{
    sample_events(&f.events, &f.run, 0, 10, 10, NULL);
    size_t whole = f.events.len;
    sample_line(&f.events, f.run.hash, 0, 4,
                json_pack("{s:s, s:s, s:i}", "event", "bye", "status", "done", "step", 10));
    write_part(f.path, &f.events, whole);
    ck_assert_int_eq(ingest(0).events, 4);
    for (size_t n = whole; n < f.events.len; n++) {
        write_part(f.path, &f.events, n);
        IngestResult r = ingest(0);
        ck_assert_int_eq(r.events + r.damaged, 0);
        ck_assert_int_eq(r.bytes, (int64_t)whole);
    }
    write_part(f.path, &f.events, f.events.len);
    ck_assert(ingest(0).has_bye);
}
END_TEST

typedef struct Damage {
    int n;
    int64_t offset;
    char why[256];
} Damage;

static void note_damage(void *ctx, int64_t offset, const char *why)
{
    Damage *d = ctx;
    d->n++;
    d->offset = offset;
    (void)snprintf(d->why, sizeof d->why, "%s", why);
}

static IngestResult ingest_noting(Damage *d)
{
    IngestHooks hooks = {.ctx = d, .on_damage = note_damage};
    IngestResult r;
    OK(catalog_ingest(s.c, f.id, 0, f.path, &hooks, &r, &err));
    return r;
}

static int64_t damaged_lines(void)
{
    CatalogAttempt t;
    OK(catalog_attempt_get(s.c, f.id, 0, &a, &t, &err));
    return t.damaged_lines;
}

START_TEST(a_flipped_byte_loses_that_line_alone)
{
    sample_events(&f.events, &f.run, 0, 10, 20, "done");
    const char *second = strchr(buf_str(&f.events), '\n') + 1;
    size_t from = (size_t)(second - buf_str(&f.events));
    size_t n = strcspn(second, "\n");
    for (size_t i = from; i < from + n; i += 7) {
        f.events.data[i] ^= 1; /* never makes a newline: no byte of the line is '\v' or '\b' */
        write_part(f.path, &f.events, f.events.len);
        Damage d = {0};
        IngestResult r = ingest_noting(&d);
        ck_assert_msg(r.damaged == 1 && r.events == 7, "byte %zu: %" PRId64 " damaged", i,
                      r.damaged);
        ck_assert_int_eq(d.n, 1);
        ck_assert_int_eq(d.offset, (int64_t)from);
        ck_assert_int_eq(damaged_lines(), 1);
        f.events.data[i] ^= 1;
        forget();
    }
}
END_TEST

START_TEST(blocks_of_zeros_and_endless_lines_are_skipped)
{
    static char zeros[300000];
    sample_events(&f.events, &f.run, 0, 10, 10, NULL);
    buf_add(&f.events, zeros, sizeof zeros);
    buf_putc(&f.events, '\n');
    sample_line(&f.events, f.run.hash, 0, 4,
                json_pack("{s:s, s:s, s:i}", "event", "bye", "status", "done", "step", 10));
    write_part(f.path, &f.events, f.events.len);
    Damage d = {0};
    IngestResult r = ingest_noting(&d);
    ck_assert_int_eq(r.damaged, 1);
    ck_assert_int_eq(r.events, 5);
    ck_assert_int_eq(r.bytes, (int64_t)f.events.len);
    ck_assert(r.has_bye);
}
END_TEST

START_TEST(lines_that_cannot_be_used_say_why)
{
    const struct {
        const char *hash;
        int64_t attempt;
        json_t *body;
        const char *why;
    } bad[] = {
        {"99999999999999", 0, json_pack("{s:s}", "event", "hello"), "run 999999999999"},
        {"33333333333333", 1, json_pack("{s:s}", "event", "hello"), "attempt 1"},
        {"33333333333333", 0, json_pack("{s:s}", "event", "hello"), "\"pid\""},
        {"33333333333333", 0,
         json_pack("{s:s, s:i, s:i, s:s, s:f}", "event", "step", "step", 1, "tokens", 100, "loss",
                   "high", "lr", 0.1),
         "\"loss\""},
        {"33333333333333", 0, json_pack("{s:s, s:s}", "event", "bye", "status", "bored"), "bored"},
        {"33333333333333", 0, json_pack("{s:s, s:s}", "event", "bye", "status", "running"),
         "running"},
        {"33333333333333", 0, json_pack("{s:i}", "event", 5), "\"event\""},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        sample_line(&f.events, bad[i].hash, bad[i].attempt, 0, bad[i].body);
        write_part(f.path, &f.events, f.events.len);
        Damage d = {0};
        IngestResult r = ingest_noting(&d);
        ck_assert_int_eq(r.damaged, 1);
        ck_assert_int_eq(r.events, 0);
        HAS(d.why, bad[i].why);
        close_events();
        open_events();
    }
}
END_TEST

START_TEST(unknown_events_and_members_are_skipped)
{
    sample_line(&f.events, f.run.hash, 0, 0,
                json_pack("{s:s, s:i}", "event", "weather", "degrees", 21));
    sample_line(&f.events, f.run.hash, 0, 1,
                json_pack("{s:s, s:i, s:i, s:s, s:f, s:i}", "event", "step", "step", 1, "tokens",
                          100, "loss", "nan", "lr", 0.1, "new_member", 7));
    write_part(f.path, &f.events, f.events.len);
    IngestResult r = ingest(0);
    ck_assert_int_eq(r.events, 2);
    ck_assert_int_eq(r.damaged, 0);
    ck_assert(isnan(r.loss));
}
END_TEST

START_TEST(a_second_ingestion_changes_nothing)
{
    sample_events(&f.events, &f.run, 0, 10, 20, "done");
    write_part(f.path, &f.events, f.events.len);
    (void)ingest(0);
    char *want = sample_dump(s.c);
    int64_t before = sqlite3_total_changes(s.c->db);
    IngestResult r = ingest(0);
    ck_assert_int_eq(r.events + r.damaged, 0);
    ck_assert(!r.has_bye && r.step == -1 && isnan(r.loss));
    ck_assert_int_eq(r.bytes, (int64_t)f.events.len);
    ck_assert_int_eq(sqlite3_total_changes(s.c->db), before);
    fixture_expect(want);
}
END_TEST

START_TEST(repeated_lines_are_taken_once)
{
    sample_events(&f.events, &f.run, 0, 10, 10, NULL);
    Buf twice = BUF_INIT;
    buf_add(&twice, f.events.data, f.events.len);
    buf_add(&twice, f.events.data, f.events.len);
    write_part(f.path, &twice, twice.len);
    IngestResult r = ingest(0);
    ck_assert_int_eq(r.events, 4);
    ck_assert_int_eq(r.damaged, 0);
    ck_assert_int_eq(r.bytes, (int64_t)twice.len);
    buf_release(&twice);
}
END_TEST

START_TEST(an_older_attempt_never_overwrites_a_newer_one)
{
    CatalogMetric *m = NULL;
    size_t n = 0;
    OK(catalog_attempt_begin(s.c, f.id, 1, CATALOG_NONE, 3000, &err));
    sample_events(&f.events, &f.run, 1, 20, 30, NULL);
    write_part(f.path, &f.events, f.events.len);
    (void)ingest(1);
    buf_clear(&f.events);
    sample_events(&f.events, &f.run, 0, 10, 40, NULL); /* a lost worker that still writes */
    write_part(f.path, &f.events, f.events.len);
    (void)ingest(0);
    OK(catalog_metric_tail(s.c, f.id, 10, &a, &m, &n, &err));
    ck_assert_uint_eq(n, 4);
    const int64_t want[] = {0, 1, 1, 0};
    for (size_t i = 0; i < n; i++) {
        ck_assert_int_eq(m[i].step, 10 * (int64_t)(i + 1));
        ck_assert_int_eq(m[i].attempt, want[i]);
        ck_assert(m[i].tokens_per_s == 1000.5 + (double)want[i]);
    }
}
END_TEST

START_TEST(a_newer_attempt_replaces_the_same_steps)
{
    CatalogMetric *m = NULL;
    size_t n = 0;
    sample_events(&f.events, &f.run, 0, 10, 30, NULL);
    write_part(f.path, &f.events, f.events.len);
    (void)ingest(0);
    OK(catalog_attempt_begin(s.c, f.id, 1, CATALOG_NONE, 3000, &err));
    buf_clear(&f.events);
    sample_events(&f.events, &f.run, 1, 20, 40, "done");
    write_part(f.path, &f.events, f.events.len);
    (void)ingest(1);
    OK(catalog_metric_tail(s.c, f.id, 10, &a, &m, &n, &err));
    ck_assert_uint_eq(n, 4); /* nothing doubled */
    ck_assert_int_eq(m[0].attempt, 0);
    ck_assert_int_eq(m[1].attempt, 1);
    ck_assert_int_eq(m[3].attempt, 1);
}
END_TEST

START_TEST(a_bye_does_not_undo_how_the_scheduler_ended_it)
{
    CatalogAttempt t;
    CatalogAttemptEnd lost = {.state = CATALOG_ATTEMPT_LOST,
                              .exit_code = CATALOG_NONE,
                              .exit_signal = CATALOG_NONE,
                              .reason = "the scheduler died",
                              .ended_ms = 9};
    OK(catalog_attempt_end(s.c, f.id, 0, &lost, &err));
    sample_events(&f.events, &f.run, 0, 10, 10, "interrupted");
    write_part(f.path, &f.events, f.events.len);
    ck_assert(ingest(0).has_bye);
    OK(catalog_attempt_get(s.c, f.id, 0, &a, &t, &err));
    ck_assert_int_eq(t.state, CATALOG_ATTEMPT_LOST);
    ck_assert_str_eq(t.reason, "the scheduler died");
}
END_TEST

START_TEST(a_missing_or_shortened_file_brings_nothing)
{
    IngestResult r = ingest(0);
    ck_assert_int_eq(r.events, 0);
    ck_assert_int_eq(r.bytes, 0);
    sample_events(&f.events, &f.run, 0, 10, 10, NULL);
    write_part(f.path, &f.events, f.events.len);
    (void)ingest(0);
    write_part(f.path, &f.events, 20);
    r = ingest(0);
    ck_assert_int_eq(r.events + r.damaged, 0);
    ck_assert_int_eq(r.bytes, (int64_t)f.events.len);
}
END_TEST

START_TEST(errors_are_told_apart_and_change_nothing)
{
    IngestResult r = {.events = 77};
    FAILS(ERR_NOTFOUND, catalog_ingest(s.c, f.id, 5, f.path, NULL, &r, &err));
    HAS(err.msg, "no attempt 5");
    FAILS(ERR_IO, catalog_ingest(s.c, f.id, 0, s.tmp.path, NULL, &r, &err)); /* a folder */
    ck_assert_int_eq(r.events, 77);

    sample_events(&f.events, &f.run, 0, 10, 20, "done");
    write_part(f.path, &f.events, f.events.len);
    OK(stmt_exec(s.c->db,
                 "CREATE TEMP TRIGGER no BEFORE INSERT ON checkpoint WHEN new.step = 20"
                 " BEGIN SELECT raise(ABORT, 'no room'); END",
                 &err));
    char *before = sample_dump(s.c);
    ErrCode rc = catalog_ingest(s.c, f.id, 0, f.path, NULL, &r, &err);
    ck_assert_int_eq(rc, ERR_CONFLICT); /* how SQLite classes raise(ABORT) */
    HAS(err.msg, "no room");
    char *after = sample_dump(s.c);
    ck_assert_str_eq(after, before);
    free(after);

    OK(catalog_begin(s.c, &err)); /* the same inside a caller's transaction: it goes on */
    ck_assert_int_ne(catalog_ingest(s.c, f.id, 0, f.path, NULL, &r, &err), ERR_OK);
    OK(catalog_commit(s.c, &err));
    after = sample_dump(s.c);
    ck_assert_str_eq(after, before);
    free(after);
    free(before);
}
END_TEST

START_TEST(rows_of_a_callers_transaction_go_with_it)
{
    sample_events(&f.events, &f.run, 0, 10, 20, "done");
    write_part(f.path, &f.events, f.events.len);
    char *before = sample_dump(s.c);
    OK(catalog_begin(s.c, &err));
    ck_assert_int_eq(ingest(0).events, 8);
    catalog_rollback(s.c);
    char *after = sample_dump(s.c);
    ck_assert_str_eq(after, before);
    free(after);
    free(before);
    ck_assert_int_eq(ingest(0).events, 8);
}
END_TEST

START_TEST(a_step_line_makes_the_same_row_both_ways)
{
    static const char *const names[] = {"nan", "inf", "-inf"};
    char *dump[2] = {NULL, NULL};
    for (int is_long = 0; is_long < 2; is_long++) { /* a member more: the parser's business */
        for (int i = 0; i < 60; i++) {
            json_t *odd = i % 4 < 3 ? json_string(names[i % 4]) : json_real(1.0 / (i + 1));
            json_t *body = json_pack("{s:s, s:i, s:i, s:o, s:o, s:f, s:f}", "event", "step", "step",
                                     i + 1, "tokens", 100 * i, "loss", odd, "grad_norm",
                                     json_real(i % 3 ? 0.3 * i : 1e-9 * i), "lr", 0.1 / (i + 1),
                                     "tokens_per_s", 1000.0 * i);
            if (is_long) {
                (void)json_object_set_new(body, "more", json_true());
            }
            sample_line(&f.events, f.run.hash, 0, i, body);
        }
        write_part(f.path, &f.events, f.events.len);
        ck_assert_int_eq(ingest(0).events, 60);
        OK(stmt_exec(s.c->db, "UPDATE attempt SET ingested_bytes = 0", &err));
        dump[is_long] = sample_dump(s.c);
        close_events();
        open_events();
    }
    ck_assert_str_eq(dump[0], dump[1]);
    free(dump[0]);
    free(dump[1]);
}
END_TEST

static void count_event(void *ctx, const json_t *event)
{
    int *n = ctx;
    const char *name = json_string_value(json_object_get(event, "event"));
    ck_assert(name && strcmp(name, "step") != 0);
    (*n)++;
}

START_TEST(every_applied_event_but_steps_is_shown_to_the_hook)
{
    int n = 0;
    IngestHooks hooks = {.ctx = &n, .on_event = count_event};
    IngestResult r;
    sample_events(&f.events, &f.run, 0, 10, 20, "done");
    write_part(f.path, &f.events, f.events.len);
    OK(catalog_ingest(s.c, f.id, 0, f.path, &hooks, &r, &err));
    ck_assert_int_eq(n, 6);
    ck_assert_int_eq(r.events, 8);
}
END_TEST

int main(void)
{
    return test_main(
        (TestPlan){.name = "ingest", .set_up = open_events, .tear_down = close_events});
}
