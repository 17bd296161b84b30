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

/* The enumeration at a path is the names of a registry, in its order. */
static void expect_names(const char *path, size_t n, const char *(*name)(size_t i))
{
    const json_t *list = at(path);
    ck_assert_uint_eq(json_array_size(list), n);
    for (size_t i = 0; i < n; i++) {
        const char *word = json_string_value(json_array_get(list, i));
        ck_assert_msg(word && strcmp(word, name(i)) == 0, "place %zu holds %s, the registry %s", i,
                      word ? word : "nothing", name(i));
    }
}

static const char *form_name(size_t i)
{
    return form_at(i)->name;
}

START_TEST(laws_are_the_registered_forms)
{
    const json_t *by_default = at("definitions/analysis/properties/laws/default");
    expect_names("definitions/analysis/properties/laws/items/enum", form_count(), form_name);
    for (size_t i = 0; i < json_array_size(by_default); i++) {
        ck_assert_ptr_nonnull(form_find(json_string_value(json_array_get(by_default, i))));
    }
}
END_TEST

static const char *arch_name(size_t i)
{
    return arch_at(i)->name;
}

static const char *launcher_name(size_t i)
{
    return launcher_at(i)->name;
}

START_TEST(architectures_and_launchers_are_the_registered_ones)
{
    expect_names("definitions/architecture/enum", arch_count(), arch_name);
    expect_names("definitions/execution/properties/launcher/enum", launcher_count(), launcher_name);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "registries", .set_up = set_up, .tear_down = tear_down});
}
