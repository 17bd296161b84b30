#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/map.h"
#include "tests/support/suite.h"

START_TEST(an_empty_map_has_nothing)
{
    Map m = MAP_INIT(NULL);
    Err err = ERR_INIT;
    ck_assert_uint_eq(map_find_text(&m, "x"), MAP_NONE);
    ck_assert_ptr_null(map_get_text(&m, "x"));
    ck_assert_int_eq(map_ok(&m, "names", &err), ERR_OK);
    map_release(&m);
    map_release(&m);
}
END_TEST

START_TEST(keys_are_numbered_in_the_order_they_came)
{
    enum { N = 20000 };
    Arena arena = ARENA_INIT;
    Map m = MAP_INIT(&arena);
    char key[32];
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < N; i++) {
            (void)snprintf(key, sizeof key, "run %zu", (i * 7919) % N);
            ck_assert_uint_eq(map_add_text(&m, key), i);
        }
        ck_assert_uint_eq(m.n, N);
    }
    for (size_t i = 0; i < N; i++) {
        (void)snprintf(key, sizeof key, "run %zu", (i * 7919) % N);
        ck_assert_uint_eq(map_find_text(&m, key), i);
        ck_assert_str_eq(map_text(&m, i), key);
    }
    ck_assert_uint_eq(map_find_text(&m, "run 20000"), MAP_NONE);
    ck_assert_uint_le(2 * m.n, m.n_slots);
    map_release(&m);
    ck_assert_uint_eq(map_find_text(&m, "run 1"), MAP_NONE);
    arena_release(&arena);
}
END_TEST

START_TEST(keys_are_bytes_of_any_length)
{
    Map m = MAP_INIT(NULL);
    ck_assert_uint_eq(map_add(&m, "a\0b", 3), 0);
    ck_assert_uint_eq(map_add(&m, "a\0c", 3), 1);
    ck_assert_uint_eq(map_add(&m, "a", 1), 2);
    ck_assert_uint_eq(map_add(&m, "", 0), 3);
    ck_assert_uint_eq(map_add(&m, "a\0b", 3), 0);
    ck_assert_uint_eq(map_find(&m, "a\0c", 3), 1);
    ck_assert_uint_eq(map_find(&m, "", 0), 3);
    ck_assert_uint_eq(map_find(&m, "a\0", 2), MAP_NONE);
    map_release(&m);
}
END_TEST

START_TEST(a_key_has_a_value)
{
    Map m = MAP_INIT(NULL);
    int one = 1, two = 2;
    map_reserve(&m, 100);
    size_t room = m.room;
    map_set(&m, map_add_text(&m, "one"), &one);
    map_set(&m, map_add_text(&m, "two"), &two);
    ck_assert_uint_eq(map_add_text(&m, "three"), 2);
    ck_assert_ptr_eq(map_get_text(&m, "one"), &one);
    ck_assert_ptr_eq(map_get(&m, "two", 3), &two);
    ck_assert_ptr_null(map_get_text(&m, "three"));
    ck_assert_ptr_null(map_get_text(&m, "four"));
    map_set(&m, 0, &two);
    ck_assert_ptr_eq(map_get_text(&m, "one"), &two);
    ck_assert_uint_eq(m.room, room);
    map_release(&m);
}
END_TEST

START_TEST(keys_are_borrowed_or_kept)
{
    Arena arena = ARENA_INIT;
    Map kept = MAP_INIT(&arena), borrowed = MAP_INIT(NULL);
    char key[] = "loss";
    (void)map_add_text(&kept, key);
    (void)map_add_text(&borrowed, key);
    ck_assert_ptr_eq(map_text(&borrowed, 0), key);
    key[0] = 'm';
    ck_assert_str_eq(map_text(&kept, 0), "loss");
    ck_assert_uint_eq(map_find_text(&kept, "loss"), 0);
    const char *text = map_text(&kept, 0);
    map_release(&kept);
    map_release(&borrowed);
    ck_assert_str_eq(text, "loss"); /* as long as the arena */
    arena_release(&arena);
}
END_TEST

START_TEST(memory_that_is_short_sticks)
{
    Arena sealed = ARENA_INIT;
    arena_seal(&sealed);
    Map m = MAP_INIT(&sealed);
    Err err = ERR_INIT;
    ck_assert_uint_eq(map_add_text(&m, "x"), MAP_NONE);
    ck_assert_uint_eq(m.n, 0);
    ck_assert_int_eq(map_ok(&m, "names", &err), ERR_NOMEM);
    map_release(&m);
    m = MAP_INIT(NULL);
    map_reserve(&m, SIZE_MAX / 4);
    ck_assert_int_eq(map_ok(&m, "names", &err), ERR_NOMEM);
    ck_assert_uint_eq(map_add_text(&m, "x"), 0); /* what is there is still right */
    map_release(&m);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "map"});
}
