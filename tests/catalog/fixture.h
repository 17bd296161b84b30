/* fixture.h -- what a test of a catalog starts with:
 * tcase_add_checked_fixture(tc, fixture_open, fixture_close). */
#ifndef TESTS_CATALOG_FIXTURE_H
#define TESTS_CATALOG_FIXTURE_H

#include "common/arena.h"
#include "tests/catalog/sample.h"

extern Sample s; /* an open, empty catalog */
extern Arena a;
extern Err err;

void fixture_open(void);
void fixture_close(void);

/* Closes the catalog and removes its file. */
void fixture_lose(void);

/* Fails unless the catalog's sample_dump() is `want`, which it frees. */
void fixture_expect(char *want);

#endif
