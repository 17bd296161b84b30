/* The words that the study file may use are exactly those that the programs know: enumerations
 * of schemas/study.schema.json against the registries, in their order. */
#include <string.h>

#include "analysis/forms/form.h"
#include "common/json.h"
#include "orchestrator/launch/launch.h"
#include "tests/support/suite.h"
#include "trainer/arch/arch.h"

static json_t *schema;

static void set_up(void)
{
    schema = json_load_file(SLAW_SOURCE_DIR "/schemas/study.schema.json", 0, NULL);
    ck_assert_ptr_nonnull(schema);
}

static void tear_down(void)
{
    json_decref(schema);
}

/* The value at a path of member names, separated by '/'. */
static const json_t *at(const char *path)
{
    char word[64];
    const json_t *v = schema;
    for (const char *p = path; *p; p += *p == '/') {
        size_t n = strcspn(p, "/");
        ck_assert_uint_lt(n, sizeof word);
        memcpy(word, p, n);
        word[n] = '\0';
        v = json_object_get(v, word);
        ck_assert_msg(v != NULL, "the schema has no %s at %s", word, path);
        p += n;
    }
    return v;
}

static void expect_word(const json_t *list, size_t i, const char *want)
{
    const char *word = json_string_value(json_array_get(list, i));
    ck_assert_msg(word && strcmp(word, want) == 0, "place %zu holds %s, the registry %s", i,
                  word ? word : "nothing", want);
}

START_TEST(laws_are_the_registered_forms)
{
    const json_t *laws = at("definitions/analysis/properties/laws/items/enum");
    const json_t *by_default = at("definitions/analysis/properties/laws/default");
    ck_assert_uint_eq(json_array_size(laws), form_count());
    for (size_t i = 0; i < form_count(); i++) {
        expect_word(laws, i, form_at(i)->name);
    }
    for (size_t i = 0; i < json_array_size(by_default); i++) {
        ck_assert_ptr_nonnull(form_find(json_string_value(json_array_get(by_default, i))));
    }
}
END_TEST

START_TEST(architectures_are_the_registered_ones)
{
    const json_t *names = at("definitions/architecture/enum");
    ck_assert_uint_eq(json_array_size(names), arch_count());
    for (size_t i = 0; i < arch_count(); i++) {
        expect_word(names, i, arch_at(i)->name);
    }
}
END_TEST

START_TEST(launchers_are_the_registered_ones)
{
    const json_t *names = at("definitions/execution/properties/launcher/enum");
    ck_assert_uint_eq(json_array_size(names), launcher_count());
    for (size_t i = 0; i < launcher_count(); i++) {
        expect_word(names, i, launcher_at(i)->name);
    }
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "registries", .set_up = set_up, .tear_down = tear_down});
}
