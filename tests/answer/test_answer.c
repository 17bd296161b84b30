/* The tree as JSON and CSV, and its limits. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/answer/fixture.h"
#include "tests/support/suite.h"

static const Column column[] = {
    {.key = "group", .heading = "group"},
    {.key = "test.p", .heading = "p", .format = NUMBER_P},
    {.key = "test.method"},
    {.key = "value", .heading = "value", .interval = "interval"},
    {.heading = "only for people"},
};
enum { N = sizeof column / sizeof column[0] };

/* Every kind of node once. */
static void build(void)
{
    const Interval between = {0.5, 1.0, 3.0, "bootstrap"};
    AnswerNode *top = answer_top(&a);
    answer_set(top, "source", value_text("a \"b\"\n"));
    answer_set(top, "nothing", value_real((double)NAN));
    AnswerNode *part = answer_section(top, "A part");
    answer_show(part, &(Column){.key = "n", .heading = "points"}, value_size(3));
    answer_say(part, "verdict", SAY_VERDICT, "%s is ahead.", "x");
    AnswerNode *t = answer_table(part, "rows", "Rows", column, N);
    AnswerNode *row = answer_row(t, value_text("x,\"y\""), value_real(0.25), value_text("F"),
                                 value_between(2.0, &between), value_text("hidden"));
    answer_set(answer_object(row, "more"), "is_good", value_bool(true));
    answer_row(t, value_text("z"), value_none(), value_none(), value_real(0.1), value_none());
    AnswerNode *list = answer_list(top, "warnings");
    answer_say(list, NULL, SAY_WARNING, "beware");
    answer_set_json(top, "config", json_pack("{s:i}", "a", 1));
    answer_set_interval(top, "alone", &between);
}

static const char *json_line(void)
{
    return rendered(FORMAT_JSON, (AnswerStyle){.is_one_line = true}, ERR_OK);
}

static const char *csv(const char *table, ErrCode want)
{
    return rendered(FORMAT_CSV, (AnswerStyle){.table = table}, want);
}

START_TEST(json_has_every_key_and_no_more)
{
    build();
    ck_assert_str_eq(
        json_line(),
        "{\"schema\":1,\"source\":\"a \\\"b\\\"\\u000a\",\"nothing\":null,\"n\":3,"
        "\"verdict\":\"x is ahead.\",\"rows\":[{\"group\":\"x,\\\"y\\\"\",\"test\":{\"p\":0.25,"
        "\"method\":\"F\"},\"value\":2,\"interval\":{\"se\":0.5,\"lo\":1,\"hi\":3,\"method\":"
        "\"bootstrap\"},\"more\":{\"is_good\":true}},{\"group\":\"z\",\"test\":{\"p\":null,"
        "\"method\":null},\"value\":0.1}],\"warnings\":[\"beware\"],\"config\":{\"a\":1},"
        "\"alone\":{\"se\":0.5,\"lo\":1,\"hi\":3,\"method\":\"bootstrap\"}}\n");
}
END_TEST

/* Only a column's key is a path: other keys may be names of the user's, as of a benchmark. */
START_TEST(several_values_are_set_at_once_and_a_name_may_have_dots)
{
    AnswerNode *mean = answer_object(answer_top(&a), "mean.of");
    answer_set_all(mean, "n  share why", value_size(2), value_real(0.5), value_none());
    answer_set(mean, "arc.easy", value_real(0.25));
    ck_assert_str_eq(json_line(), "{\"schema\":1,\"mean.of\":{\"n\":2,\"share\":0.5,"
                                  "\"why\":null,\"arc.easy\":0.25}}\n");
}
END_TEST

START_TEST(an_interval_has_its_default_key_and_may_be_flat)
{
    const Interval between = {(double)NAN, 1.0, 3.0, NULL};
    static const Column flat[] = {{.key = "loss", .has_flat = true}, {.key = "alpha"}};
    AnswerNode *t = answer_table(answer_top(&a), "rows", NULL, flat, 2);
    answer_row(t, value_between(2.0, &between), value_between(0.5, &between));
    json_t *v = answer_json(answer_top(&a));
    const json_t *row = json_array_get(json_object_get(v, "rows"), 0);
    ck_assert_double_eq(json_number_value(json_object_get(row, "lo")), 1.0);
    const json_t *both = json_object_get(row, "intervals");
    ck_assert_uint_eq(json_object_size(both), 2);
    ck_assert(json_is_null(json_object_get(json_object_get(both, "alpha"), "se")));
    json_decref(v);
}
END_TEST

/* Its flat ends are there, null, also where nothing is known of it. */
START_TEST(an_interval_may_stand_alone_under_a_prefix)
{
    const Interval between = {(double)NAN, 1.0, 3.0, NULL},
                   none = {(double)NAN, (double)NAN, (double)NAN, NULL};
    static const Column alone = {
        .key = "new_run", .interval = "new_run", .has_flat = true, .flat = "predict_"};
    AnswerNode *t = answer_table(answer_top(&a), "rows", NULL, &alone, 1);
    answer_row(t, value_between((double)NAN, &between));
    answer_row(t, value_between((double)NAN, &none));
    json_t *v = answer_json(answer_top(&a));
    const json_t *row = json_array_get(json_object_get(v, "rows"), 0);
    ck_assert_double_eq(json_number_value(json_object_get(row, "predict_hi")), 3.0);
    ck_assert_double_eq(json_number_value(json_object_get(json_object_get(row, "new_run"), "lo")),
                        1.0);
    row = json_array_get(json_object_get(v, "rows"), 1);
    ck_assert(json_is_null(json_object_get(row, "predict_lo")));
    ck_assert(json_is_null(json_object_get(row, "new_run")));
    json_decref(v);
    ck_assert_str_eq(csv(NULL, ERR_OK), "predict_se,predict_lo,predict_hi\n,1,3\n,,\n");
}
END_TEST

START_TEST(csv_is_one_table_in_full)
{
    build();
    const char *want = "group,test.p,test.method,value,se,lo,hi,only for people\n"
                       "\"x,\"\"y\"\"\",0.25,F,2,0.5,1,3,hidden\n"
                       "z,,,0.1,,,,\n";
    ck_assert_str_eq(csv(NULL, ERR_OK), want);
    ck_assert_str_eq(csv("rows", ERR_OK), want);
    (void)csv("row", ERR_USAGE);
    ck_assert_str_eq(err.hint, "did you mean rows?");
    AnswerNode *t = answer_table(answer_top(&a), NULL, NULL, &(Column){.key = "long"}, 1);
    answer_table_use(t, TABLE_FOR_CSV);
    ck_assert_str_eq(csv(NULL, ERR_OK), "long\n");
    answer_release(&a);
    answer_show(answer_top(&a), &(Column){.key = "version", .heading = "version"},
                value_text("1,2"));
    ck_assert_str_eq(csv(NULL, ERR_OK), "version\n\"1,2\"\n");
    answer_release(&a);
    answer_set(answer_top(&a), "x", value_count(1));
    (void)csv(NULL, ERR_USAGE);
    ck_assert_str_eq(err.hint, "--format json has all of it");
}
END_TEST

/* Row i of a table that is made: a text that changes, numbers that repeat. */
static void make(void *ctx, size_t i, Value *v)
{
    char *name = ctx;
    (void)snprintf(name, 16, "r%zu%s", i, i == 1 ? "\xFF\"" : "");
    v[0] = value_text(name);
    v[1] = value_real(i < 2 ? 0.1 : (double)NAN);
    v[2] = value_count(i == 0 ? -7 : 12);
    v[3] = value_bool(i == 2);
    v[4] = value_json_text("{\"a\":[1]}");
    v[5] = value_none();
}

static void count_pieces(void *ctx, Buf *piece)
{
    size_t *n = ctx;
    *n += piece->len;
    buf_clear(piece);
}

/* The same in every format as if they had been added, and a million of them are flushed piece by piece. */
START_TEST(rows_can_be_made_when_they_are_shown)
{
    static const Column made[] = {{.key = "a.b.name", .heading = "name"},
                                  {.key = "a.x", .heading = "x"},
                                  {.key = "n", .heading = "n"},
                                  {.key = "is_last"},
                                  {.key = "json"},
                                  {.heading = "never", .rank = 1}};
    char name[16];
    Buf shown = BUF_INIT, added = BUF_INIT;
    Err failure = ERR_INIT;
    for (int format = 0; format < N_FORMATS; format++) {
        for (int is_added = 0; is_added < 2; is_added++) {
            Answer rows = ANSWER_INIT;
            AnswerNode *t = answer_table(answer_top(&rows), "rows", NULL, made, 6);
            for (size_t i = 0; is_added && i < 3; i++) {
                Value v[6];
                make(name, i, v);
                (void)answer_row_of(t, v, 6);
            }
            if (!is_added) {
                answer_table_rows(t, 3, make, name);
            }
            ck_assert_int_eq(answer_render(&rows, (AnswerFormat)format,
                                           &(AnswerStyle){.is_one_line = true},
                                           is_added ? &added : &shown, &failure),
                             ERR_OK);
            answer_release(&rows);
        }
        ck_assert_str_eq(buf_str(&shown), buf_str(&added));
        buf_clear(&shown);
        buf_clear(&added);
    }
    Answer rows = ANSWER_INIT;
    size_t n_bytes = 0;
    AnswerNode *t = answer_table(answer_top(&rows), "rows", NULL, made, 6);
    answer_table_rows(t, 100000, make, name);
    const AnswerStyle style = {.flush = count_pieces, .flush_ctx = &n_bytes};
    ck_assert_int_eq(answer_render(&rows, FORMAT_JSON, &style, &shown, &failure), ERR_OK);
    ck_assert_uint_gt(n_bytes, (size_t)4 << 20);
    ck_assert_uint_lt(shown.cap, (size_t)4 << 20);
    answer_release(&rows);
    buf_release(&shown);
    buf_release(&added);
}
END_TEST

/* Bytes that are no UTF-8 would make invalid JSON and pages. */
START_TEST(texts_become_utf8)
{
    static const struct {
        const char *given, *want;
    } row[] = {{"gr\xC3\xB6\xC3\x9F"
                "e",
                "gr\xC3\xB6\xC3\x9F"
                "e"},
               {"\xFF"
                "a",
                "\xEF\xBF\xBD"
                "a"},
               {"cut \xE2\x82", "cut \xEF\xBF\xBD\xEF\xBF\xBD"},
               {"\xC0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD"},
               {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
               {"a\tb\x1b[1m", "a b [1m"}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        answer_set(answer_top(&a), "x", value_text(row[i].given));
        json_t *v = answer_json(answer_top(&a));
        ck_assert_str_eq(json_string_value(json_object_get(v, "x")), row[i].want);
        json_decref(v);
        answer_release(&a);
    }
}
END_TEST

/* A sealed arena is memory that is short: everything goes on, and it is told at the end. */
START_TEST(short_memory_is_told_once)
{
    (void)answer_top(&a);
    arena_seal(&a.arena);
    for (int i = 0; i < 10000; i++) {
        AnswerNode *t =
            answer_table(answer_section(answer_top(&a), "part %d", i), "t", "T", column, N);
        answer_say(answer_object(t, "o"), "s", SAY_NOTE, "text");
        answer_row(t, value_text("x"), value_none(), value_none(), value_none(), value_none());
    }
    ck_assert_int_eq(answer_ok(&a, &err), ERR_NOMEM);
    ck_assert_int_eq(answer_render(&a, FORMAT_TEXT, &(AnswerStyle){0}, &out, &err), ERR_NOMEM);
    ck_assert_uint_eq(out.len, 0);
    answer_release(&a);
    arena_seal(&a.arena);
    answer_set(answer_top(&a), "x", value_count(1));
    ck_assert_int_eq(answer_render(&a, FORMAT_JSON, &(AnswerStyle){0}, &out, &err), ERR_NOMEM);
    answer_release(&a);
    answer_set_json(answer_top(&a), "x", NULL);
    ck_assert_int_eq(answer_ok(&a, &err), ERR_NOMEM);
}
END_TEST

int main(void)
{
    return test_main(
        (TestPlan){.name = "answer", .set_up = fixture_open, .tear_down = fixture_close});
}
