#include "common/yaml.h"

#include <math.h>
#include <string.h>

#include "tests/support/suite.h"

typedef struct Parsed {
    Arena arena;
    Problems problems;
    YamlNode *root;
    ErrCode rc;
    Err err;
} Parsed;

static Parsed parse_bytes(const char *text, size_t n)
{
    Parsed p = {.problems = PROBLEMS_INIT, .err = ERR_INIT};
    p.rc = yaml_parse(text, n, &p.arena, &p.problems, &p.root, &p.err);
    return p;
}

static Parsed parse(const char *text)
{
    return parse_bytes(text, strlen(text));
}

static void parsed_release(Parsed *p)
{
    problems_release(&p->problems);
    arena_release(&p->arena);
}

/* Values by the core schema of YAML 1.2.2, section 10.3.2. */
static const struct {
    const char *text;
    NodeKind kind;
    double value;
} scalar[] = {
    {"10", NODE_INTEGER, 10},
    {"-7", NODE_INTEGER, -7},
    {"010", NODE_INTEGER, 10},
    {"0o17", NODE_INTEGER, 15},
    {"0xfF", NODE_INTEGER, 255},
    {"9223372036854775807", NODE_INTEGER, 9223372036854775807.0},
    {"9223372036854775808", NODE_REAL, 9223372036854775808.0},
    {"1e3", NODE_REAL, 1000},
    {"3e-3", NODE_REAL, 3e-3},
    {"-.5", NODE_REAL, -.5},
    {"12.", NODE_REAL, 12},
    {".inf", NODE_REAL, (double)INFINITY},
    {"-.INF", NODE_REAL, -(double)INFINITY},
    {"true", NODE_BOOL, 1},
    {"FALSE", NODE_BOOL, 0},
    {"~", NODE_NULL, 0},
    {"null", NODE_NULL, 0},
    {"yes", NODE_TEXT, 0},
    {"on", NODE_TEXT, 0},
    {"1:30", NODE_TEXT, 0},
    {"1_000", NODE_TEXT, 0},
    {"0b1", NODE_TEXT, 0},
    {"0x", NODE_TEXT, 0},
    {"0x-1", NODE_TEXT, 0},
    {"1e", NODE_TEXT, 0},
    {".", NODE_TEXT, 0},
    {"10M", NODE_TEXT, 0},
    {"nan", NODE_TEXT, 0},
    {"'10'", NODE_TEXT, 0},
    {"\"true\"", NODE_TEXT, 0},
};

START_LOOP_TEST(plain_scalars_follow_the_core_schema, sizeof scalar / sizeof scalar[0])
{
    Parsed p = parse(scalar[_i].text);
    ck_assert_int_eq(p.rc, ERR_OK);
    const YamlNode *n = p.root;
    ck_assert_msg(n->kind == scalar[_i].kind, "%s is %s", scalar[_i].text, yaml_kind_name(n));
    double got = n->kind == NODE_INTEGER ? (double)n->as.integer
                 : n->kind == NODE_REAL  ? n->as.real
                 : n->kind == NODE_BOOL  ? (double)n->as.boolean
                                         : 0.0;
    ck_assert_msg(got == scalar[_i].value, "%s is %g", scalar[_i].text, got);
    parsed_release(&p);
}
END_TEST

START_TEST(nodes_know_their_place)
{
    Parsed p = parse("# one\na: 1\nb:\n  c: [x, \"y z\"]\n  é: {d: 2}\n");
    ck_assert_int_eq(p.rc, ERR_OK);
    const YamlNode *list = yaml_get(yaml_get(p.root, "b"), "c");
    ck_assert_int_eq(list->kind, NODE_LIST);
    ck_assert_uint_eq(list->n, 2);
    ck_assert_int_eq(list->item[1]->at.line, 4);
    ck_assert_int_eq(list->item[1]->at.column, 10);
    ck_assert_str_eq(list->item[1]->text, "y z");
    const YamlNode *d = yaml_get(yaml_get(yaml_get(p.root, "b"), "é"), "d");
    ck_assert_int_eq(d->at.line, 5);
    ck_assert_int_eq(d->at.column, 10); /* characters, not bytes */
    ck_assert_int_eq(yaml_get_key(p.root, "b")->at.line, 3);
    ck_assert_ptr_null(yaml_get(p.root, "zz"));
    ck_assert_ptr_null(yaml_get(list, "c"));
    parsed_release(&p);
}
END_TEST

START_TEST(an_empty_file_is_null)
{
    Parsed p = parse("# nothing\n");
    ck_assert_int_eq(p.rc, ERR_OK);
    ck_assert_int_eq(p.root->kind, NODE_NULL);
    parsed_release(&p);
}
END_TEST

START_TEST(a_byte_order_mark_is_skipped)
{
    Parsed p = parse("\xEF\xBB\xBF"
                     "a: 1\n");
    ck_assert_int_eq(p.rc, ERR_OK);
    ck_assert_ptr_nonnull(yaml_get(p.root, "a"));
    ck_assert_int_eq(p.root->at.column, 1);
    parsed_release(&p);
}
END_TEST

START_TEST(an_alias_is_its_anchor)
{
    Parsed p = parse("a: &x [1, 2]\nb: *x\n");
    ck_assert_int_eq(p.rc, ERR_OK);
    ck_assert_ptr_eq(yaml_get(p.root, "a"), yaml_get(p.root, "b"));
    parsed_release(&p);
}
END_TEST

START_TEST(every_duplicate_key_is_reported)
{
    Parsed p = parse("a: 1\nb: 2\na: 3\nc: {d: 1, d: 2}\n");
    ck_assert_int_eq(p.rc, ERR_OK);
    problems_sort(&p.problems);
    ck_assert_uint_eq(p.problems.n, 2);
    ck_assert_int_eq(p.problems.item[0].at.line, 3);
    ck_assert_ptr_nonnull(strstr(p.problems.item[0].message, "also on line 1"));
    ck_assert_int_eq(p.problems.item[1].at.column, 11);
    ck_assert_int_eq(yaml_get(p.root, "a")->as.integer, 1);
    parsed_release(&p);
}
END_TEST

static const struct {
    const char *text;
    int line, column;
    const char *says;
} bad[] = {
    {"a: [1, 2\n", 2, 1, "expected ',' or ']'"},
    {"a: 1\n---\nb: 2\n", 2, 1, "second document"},
    {"a: !!str 1\n", 1, 4, "tags"},
    {"? [a]\n: 1\n", 1, 3, "a key must be one word"},
    {"{\"\": 1}\n", 1, 2, "a key is missing"},
    {"a: &x [*x]\n", 1, 8, "inside the node"},
    {"a: *x\n", 1, 4, "no anchor"},
    {"a: \"x\\0y\"\n", 1, 4, "NUL"},
    {"a: 1\nb: \xff\n", 2, 4, "UTF-8"},
    {"a: 1\nb: \x01\n", 2, 4, "control characters"},
    {"a: b: c\n", 1, 5, "mapping values are not allowed"},
    {"a:\n\t- 1\n", 2, 1, "cannot start any token"},
};

START_LOOP_TEST(bad_text_is_refused_with_its_place, sizeof bad / sizeof bad[0])
{
    Parsed p = parse(bad[_i].text);
    ck_assert_int_eq(p.rc, ERR_INVALID);
    ck_assert_uint_eq(p.problems.n, 1);
    const Problem *q = &p.problems.item[0];
    ck_assert_msg(strstr(q->message, bad[_i].says) != NULL, "%s: %s", bad[_i].text, q->message);
    ck_assert_msg(q->at.line == bad[_i].line && q->at.column == bad[_i].column, "%s at %d:%d",
                  q->message, q->at.line, q->at.column);
    parsed_release(&p);
}
END_TEST

/* Frees the text. */
static void check_refused(Buf *b, const char *words)
{
    Parsed p = parse(buf_str(b));
    ck_assert_int_eq(p.rc, ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(p.err.msg, words));
    parsed_release(&p);
    buf_release(b);
}

START_TEST(deep_nesting_is_refused)
{
    Buf b = BUF_INIT;
    for (int i = 0; i < 1000000; i++) {
        buf_putc(&b, '[');
    }
    check_refused(&b, "64 deep");
}
END_TEST

START_TEST(aliases_that_multiply_are_refused)
{
    Buf b = BUF_INIT; /* ten times ten times ... a billion values from 400 bytes */
    buf_puts(&b, "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n");
    for (int i = 1; i < 9; i++) {
        buf_printf(&b, "a%d: &a%d [", i, i);
        for (int j = 0; j < 10; j++) {
            buf_printf(&b, "%s*a%d", j ? "," : "", i - 1);
        }
        buf_puts(&b, "]\n");
    }
    check_refused(&b, "200000 values");
}
END_TEST

START_TEST(a_large_text_is_refused_unread)
{
    static char text[YAML_MAX_BYTES + 1];
    Parsed p = parse_bytes(text, sizeof text);
    ck_assert_int_eq(p.rc, ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(p.problems.item[0].message, "4 MiB"));
    parsed_release(&p);
}
END_TEST

START_TEST(writing_reads_back)
{
    json_t *v = json_loads(
        "{\"version\":1,\"study\":\"a b\",\"odd\":[\"yes\",\"1e3\",\"true\",\"\",\"x: "
        "y\",\"\\u00e9\\\"\\n\"],"
        "\"sizes\":{\"20k\":{\"layers\":2},\"1\":{}},\"lr\":0.003,\"n\":null,\"big\":1e18,"
        "\"list\":[{\"where\":{\"size\":[\"20k\"]},\"set\":{\"a.b\":58}},{\"where\":{},\"set\":{}}]"
        ","
        "\"none\":[],\"flag\":false}",
        0, NULL);
    ck_assert_ptr_nonnull(v);
    Buf out = BUF_INIT;
    yaml_write(v, &out);
    Parsed p = parse(buf_str(&out));
    ck_assert_msg(p.rc == ERR_OK, "%s\n%s", p.err.msg, buf_str(&out));
    const YamlNode *odd = yaml_get(p.root, "odd");
    for (size_t i = 0; i < odd->n; i++) {
        ck_assert_int_eq(odd->item[i]->kind, NODE_TEXT);
        ck_assert_str_eq(odd->item[i]->text,
                         json_string_value(json_array_get(json_object_get(v, "odd"), i)));
    }
    ck_assert(yaml_get(p.root, "lr")->as.real == 0.003);
    ck_assert_int_eq(yaml_get(p.root, "n")->kind, NODE_NULL);
    ck_assert_int_eq(yaml_get(p.root, "flag")->kind, NODE_BOOL);
    ck_assert_uint_eq(yaml_get(p.root, "none")->n, 0);
    const YamlNode *list = yaml_get(p.root, "list");
    ck_assert_uint_eq(list->n, 2);
    ck_assert_int_eq(yaml_get(yaml_get(list->item[0], "set"), "a.b")->as.integer, 58);
    ck_assert_int_eq(yaml_get(list->item[1], "where")->kind, NODE_MAP);
    ck_assert_int_eq(yaml_get(yaml_get(p.root, "sizes"), "1")->kind, NODE_MAP);
    parsed_release(&p);
    buf_release(&out);
    json_decref(v);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "yaml"});
}
