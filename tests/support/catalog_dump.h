/* catalog_dump.h -- a study's catalog as text, for comparing one study with another. */
#ifndef TESTS_SUPPORT_CATALOG_DUMP_H
#define TESTS_SUPPORT_CATALOG_DUMP_H

#include <stddef.h>

/* Everything that no interruption may change: all tables without times, pids, hosts and
 * attempt numbers, every float to its last bit; and how many attempts of each run are done,
 * and how many are running.  The caller frees it.  Fails the running test on an error. */
char *catalog_dump(const char *study_dir);

/* The same for a program that goes on: NULL, and a sentence in why [n], when it cannot. */
char *catalog_dump_try(const char *study_dir, char *why, size_t n);

/* Only what was planned and computed, by the runs' hashes: equal also when a run had to be trained
 * again or got another number in the catalog. */
char *catalog_results_try(const char *study_dir, char *why, size_t n);

/* The answer to one query, columns separated by '|'; "" when the catalog cannot answer (yet).
 * Lives until the next call. */
const char *catalog_ask(const char *study_dir, const char *sql);

#endif
