/* Dispatch: which table a process gets. */
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"
#include "trainer/core/kern.h"

/* Check runs each test in a process of its own, so the first kern_get is still to come. */
static const char *isa_under(const char *cap)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
    ck_assert_int_eq(setenv("SLAW_ISA", cap, 1), 0);
    return kern_get()->isa;
}

static size_t rank_of(const char *isa)
{
    size_t i = 0;
    while (strcmp(kern_isa_name(i), isa) != 0) {
        i++;
    }
    return i;
}

START_TEST(scalar_can_be_asked_for)
{
    ck_assert_str_eq(isa_under("scalar"), "scalar");
}
END_TEST

START_TEST(a_cap_is_obeyed)
{
    if (!kern_isa_name(1)) {
        return; /* this build knows the twins only */
    }
    ck_assert_uint_le(rank_of(isa_under(kern_isa_name(1))), 1);
}
END_TEST

START_TEST(a_cap_does_not_hide_a_table_asked_for_by_name)
{
    const char *best = "scalar";
    (void)isa_under("scalar");
    for (size_t i = 0; kern_isa_name(i); i++) {
        best = kern_for_isa(kern_isa_name(i)) ? kern_isa_name(i) : best;
    }
    ck_assert_str_eq(kern_for_isa(best)->isa, best);
}
END_TEST

START_TEST(every_isa_says_what_became_of_it)
{
    (void)isa_under("scalar");
    ck_assert_str_eq(kern_isa_status(0), "used");
    size_t n = 1;
    for (; kern_isa_name(n); n++) {
        const char *want =
            kern_for_isa(kern_isa_name(n)) ? "capped by SLAW_ISA" : "not supported by this CPU";
        ck_assert_str_eq(kern_isa_status(n), want);
    }
    ck_assert_ptr_null(kern_isa_status(n));
}
END_TEST

START_TEST(a_cap_that_names_nothing_is_ignored)
{
    size_t used = rank_of(isa_under("mmx"));
    for (size_t i = 0; kern_isa_name(i); i++) {
        const char *want = !kern_for_isa(kern_isa_name(i)) ? "not supported by this CPU"
                           : i == used                     ? "used"
                                                           : "supported";
        ck_assert_str_eq(kern_isa_status(i), want);
    }
}
END_TEST

START_TEST(without_a_cap_the_strongest_table_wins)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
    ck_assert_int_eq(unsetenv("SLAW_ISA"), 0);
    size_t best = rank_of(kern_get()->isa);
    for (size_t i = best + 1; kern_isa_name(i); i++) {
        ck_assert_ptr_null(kern_for_isa(kern_isa_name(i)));
    }
}
END_TEST

START_TEST(an_unknown_cap_is_none)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
    ck_assert_int_eq(unsetenv("SLAW_ISA"), 0);
    ck_assert_str_eq(isa_under("quantum"), kern_get()->isa);
    ck_assert_ptr_null(kern_for_isa("quantum"));
}
END_TEST

START_TEST(no_table_has_a_hole)
{
    for (size_t i = 0; kern_isa_name(i); i++) {
        const Kern *k = kern_for_isa(kern_isa_name(i));
        /* every member is a pointer: read the table as an array of them */
        for (size_t at = 0; k && at < sizeof *k; at += sizeof(void *)) {
            void *entry;
            memcpy(&entry, (const char *)k + at, sizeof entry);
            ck_assert_msg(entry != NULL, "%s: entry %zu is empty", k->isa, at / sizeof entry);
        }
    }
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "kern"});
}
