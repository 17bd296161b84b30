#include <stdint.h>
#include <string.h>

#include "common/arena.h"
#include "tests/support/suite.h"

START_TEST(memory_is_zeroed_aligned_and_distinct)
{
    Arena a = ARENA_INIT;
    unsigned char *last = NULL;
    for (size_t n = 0; n < 300; n += 7) {
        unsigned char *p = arena_alloc(&a, n);
        ck_assert_ptr_nonnull(p);
        ck_assert_uint_eq((uintptr_t)p % 64, 0);
        for (size_t i = 0; i < n; i++) {
            ck_assert_uint_eq(p[i], 0);
        }
        memset(p, 0xAB, n);
        ck_assert_ptr_ne(p, last);
        last = p;
    }
    arena_release(&a);
}
END_TEST

START_TEST(small_pieces_stand_close)
{
    Arena a = ARENA_INIT;
    unsigned char *one = arena_small(&a, 3), *two = arena_small(&a, 16);
    ck_assert_ptr_eq(two, one + 16);
    unsigned char *large = arena_alloc(&a, 1);
    ck_assert_ptr_eq(large, one + 64);
    ck_assert_ptr_eq(arena_small(&a, 1), large + 64);
    for (size_t i = 0; i < 100000; i++) { /* over many blocks */
        unsigned char *p = arena_small(&a, 33);
        ck_assert_uint_eq((uintptr_t)p % 16, 0);
        ck_assert_uint_eq(p[32], 0);
        memset(p, 0xAB, 33);
    }
    ck_assert_ptr_null(arena_small(&a, SIZE_MAX));
    arena_seal(&a);
    ck_assert_ptr_null(arena_small(&a, 1));
    arena_release(&a);
}
END_TEST

START_TEST(a_sealed_arena_gives_nothing)
{
    Arena a = ARENA_INIT;
    ck_assert(arena_reserve(&a, 1000));
    ck_assert_ptr_nonnull(arena_alloc(&a, 10));
    arena_seal(&a);
    ck_assert_ptr_null(arena_alloc(&a, 10));
    ck_assert(!arena_reserve(&a, 10));
    arena_release(&a);
    ck_assert_ptr_nonnull(arena_alloc(&a, 10)); /* usable again */
    arena_release(&a);
}
END_TEST

START_TEST(a_product_that_overflows_is_refused)
{
    Arena a = ARENA_INIT;
    ck_assert_ptr_null(arena_array(&a, SIZE_MAX / 2, 3));
    ck_assert_ptr_null(arena_alloc(&a, SIZE_MAX));
    ck_assert_ptr_nonnull(arena_array(&a, 0, 8));
    arena_release(&a);
}
END_TEST

START_TEST(strings_are_copied_and_formatted)
{
    Arena a = ARENA_INIT;
    char text[] = "tnl";
    char *copy = arena_strdup(&a, text);
    text[0] = 'x';
    ck_assert_str_eq(copy, "tnl");
    ck_assert_ptr_null(arena_strdup(&a, NULL));
    ck_assert_str_eq(arena_printf(&a, "%s-%d", "a", 42), "a-42");
    arena_release(&a);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "arena"});
}
