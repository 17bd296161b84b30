#include "tests/catalog/fixture.h"

#include <check.h>
#include <stdlib.h>
#include <unistd.h>

Sample s;
Arena a;
Err err;

void fixture_open(void)
{
    s = sample_open();
    a = ARENA_INIT;
    err = ERR_INIT;
}

void fixture_close(void)
{
    arena_release(&a);
    sample_close(&s);
}

void fixture_lose(void)
{
    catalog_close(s.c);
    s.c = NULL;
    ck_assert_int_eq(unlink(s.db), 0);
}

void fixture_expect(char *want)
{
    char *got = sample_dump(s.c);
    ck_assert_str_eq(got, want);
    free(got);
    free(want);
}
