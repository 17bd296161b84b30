#include "orchestrator/spec/validate.h"

#include <string.h>

#include "common/json.h"
#include "tests/support/suite.h"

/* ' stands for " in schemas. */
static Schema *schema_of(const char *text, ErrCode want)
{
    char json[1024];
    size_t n = strlen(text);
    ck_assert_uint_lt(n, sizeof json);
    for (size_t i = 0; i <= n; i++) {
        json[i] = text[i] == '\'' ? '"' : text[i];
    }
    Schema *s = NULL;
    Err err = ERR_INIT;
    ErrCode rc = schema_open(json, n, &s, &err);
    ck_assert_msg(rc == want, "%s: %s", text, err.msg);
    return s;
}

/* Canonical JSON of `yaml` checked against `schema`, or "line:column: message" lines. */
static const char *checked(const char *schema, const char *yaml)
{
    static char out[2048];
    Arena arena = ARENA_INIT;
    Problems problems = PROBLEMS_INIT;
    problems_of(&problems, "f", NULL);
    YamlNode *root = NULL;
    Err err = ERR_INIT;
    Buf text = BUF_INIT;
    Schema *s = schema_of(schema, ERR_OK);
    ck_assert_msg(yaml_parse(yaml, strlen(yaml), &arena, &problems, &root, &err) == ERR_OK, "%s",
                  err.msg);
    json_t *v = schema_check(s, schema_at(s, ""), root, "x", &problems);
    schema_fill(s, schema_at(s, ""), v);
    problems_sort(&problems);
    problems_any(&problems) ? problems_text(&problems, TEXT_STYLE_PLAIN, &text)
                            : json_canonical(v, &text);
    (void)snprintf(out, sizeof out, "%s", buf_str(&text));
    json_decref(v);
    buf_release(&text);
    problems_release(&problems);
    schema_close(s);
    arena_release(&arena);
    return out;
}

/* Schema, value, what comes out: JSON, or what the problem says. */
static const struct {
    const char *schema, *yaml, *want;
} row[] = {
    {"{'type':'integer','minimum':2}", "2", "2"},
    {"{'type':'integer','minimum':2}", "1", "f:1:1: x must be at least 2, not 1\n"},
    {"{'type':'integer'}", "2.0", "2"},
    {"{'type':'integer'}", "2.5", "f:1:1: x must be a whole number, not 2.5\n"},
    {"{'type':'number','exclusiveMaximum':1}", "1", "f:1:1: x must be less than 1, not 1\n"},
    {"{'type':'number','exclusiveMinimum':1}", "1", "f:1:1: x must be more than 1, not 1\n"},
    {"{'type':'number','maximum':1}", "0x10", "f:1:1: x must be at most 1, not 0x10\n"},
    {"{'type':'number'}", ".inf", "f:1:1: x must be a number, not .inf\n"},
    {"{'type':'boolean'}", "true", "true"},
    {"{'type':'string'}", "3", "f:1:1: x must be text, not 3\n  hint: quote it: \"3\"\n"},
    {"{'type':'string','pattern':'^[a-c]+$'}", "abc", "\"abc\""},
    {"{'type':['integer','string'],'slaw-quantity':'count'}", "1.5k", "1500"},
    {"{'type':['number','string'],'slaw-quantity':'count'}", "1e18", "1e+18"},
    {"{'type':['integer','string'],'slaw-quantity':'bytes'}", "2GiB", "2147483648"},
    {"{'type':['number','string'],'slaw-quantity':'seconds'}", "90min", "5400"},
    {"{'type':['number','string'],'slaw-quantity':'seconds','maximum':60}", "2min",
     "f:1:1: x must be at most 60, not 2min\n"},
    {"{'type':['number','string'],'slaw-quantity':'seconds'}", "2 weeks",
     "f:1:1: x must be a time such as 30s or 90min, not \"2 weeks\"\n"
     "  hint: the units are s, min, h and d\n"},
    {"{'type':'string','enum':['log','linear']}", "liner",
     "f:1:1: x must be one of log, linear, not \"liner\"\n  hint: did you mean \"linear\"?\n"},
    {"{'const':1}", "2", "f:1:1: x must be 1, not 2\n"},
    {"{'type':'array','items':{'type':'integer'},'minItems':1,'maxItems':2}", "[1, 2]", "[1,2]"},
    {"{'type':'array','items':{'type':'integer'},'maxItems':1}", "[1, 2]",
     "f:1:1: x must have at most 1 item, not 2\n"},
    {"{'type':'array','items':{'type':'integer'}}", "[1, a, b]",
     "f:1:5: x must be a whole number, not \"a\"\nf:1:8: x must be a whole number, not \"b\"\n"},
    {"{'type':'object','properties':{'a':{'type':'integer','default':7}}}", "{}", "{\"a\":7}"},
    {"{'type':'object','properties':{'a':{'type':'object','default':{},"
     "'properties':{'b':{'type':'integer','default':7}}}}}",
     "{}", "{\"a\":{\"b\":7}}"},
    {"{'type':'object','required':['a'],'properties':{'a':{'type':'integer'}}}", "{}",
     "f:1:1: x has no \"a\"\n"},
    {"{'type':'object','additionalProperties':false,'properties':{'warm':{'type':'integer'}}}",
     "{worm: 1}", "f:1:2: x: there is no key \"worm\" here\n  hint: did you mean \"warm\"?\n"},
    {"{'type':'object','patternProperties':{'^n':{'type':'integer'}},'additionalProperties':false}",
     "{n1: 5}", "{\"n1\":5}"},
    {"{'type':'object','minProperties':1}", "{}", "f:1:1: x may not be empty\n"},
    {"{'type':'object','maxProperties':1}", "{a: 1, b: 2}", "f:1:1: x must have 1 key, not 2\n"},
    {"{'oneOf':[{'type':'string'},{'type':'array','items':{'type':'string'}}]}", "[a]", "[\"a\"]"},
    {"{'oneOf':[{'type':'string'},{'type':'array','title':'a list of names'}]}", "{a: 1}",
     "f:1:1: x must be text or a list of names, not a mapping\n"},
    {"{'$ref':'#/definitions/n','definitions':{'n':{'type':'integer'}}}", "5", "5"},
};

START_LOOP_TEST(each_keyword_does_its_work, sizeof row / sizeof row[0])
{
    const char *got = checked(row[_i].schema, row[_i].yaml);
    ck_assert_msg(strcmp(got, row[_i].want) == 0, "%s on %s:\n got  %s\n want %s", row[_i].schema,
                  row[_i].yaml, got, row[_i].want);
}
END_TEST

START_TEST(a_schema_that_is_not_understood_is_refused)
{
    static const char *const bad[] = {"{'multipleOf':2}",
                                      "{'properties':{'a':{'format':'date'}}}",
                                      "{'items':{'oneOf':[{'not':{}}]}}",
                                      "{'pattern':'['}",
                                      "{'patternProperties':{'(':{}}}",
                                      "{'$ref':'#/definitions/x'}",
                                      "{'$ref':'other.json'}",
                                      "{'type'",
                                      "[1]"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_ptr_null(schema_of(bad[i], ERR_FORMAT));
    }
}
END_TEST

START_TEST(paths_lead_to_subschemas)
{
    Err err = ERR_INIT;
    Schema *s = NULL;
    ck_assert_msg(schema_open(study_schema_text, study_schema_text_bytes, &s, &err) == ERR_OK, "%s",
                  err.msg);
    const json_t *lr = schema_at(s, "training.optimizer.adamw.lr");
    ck_assert_str_eq(json_string_value(json_object_get(lr, "type")), "number");
    ck_assert_ptr_nonnull(schema_at(s, "sizes.20k.layers"));
    ck_assert_ptr_null(schema_at(s, "training.nothing"));
    ck_assert_ptr_null(schema_at(s, "sizes.%.layers"));
    ck_assert_ptr_nonnull(schema_definition(s, "size"));
    ck_assert_ptr_null(schema_definition(s, "nothing"));
    schema_close(s);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "validate"});
}
