/* check_page.h -- what is printed, against what it promises and what it has to say. */
#ifndef TESTS_SUPPORT_CHECK_PAGE_H
#define TESTS_SUPPORT_CHECK_PAGE_H

#include <stddef.h>

#include "common/buf.h"

/* Fails the running test when a line has more than `width` characters. */
void check_fits(const char *text, size_t width);
/* Fails it when LaTeX would stop: ^ or _ outside of mathematics, or a dollar that is not closed in its
 * line; comments aside. */
void check_latex(const char *text);
/* Fails it unless the text has each of n words. */
void check_words(const char *text, size_t n, const char *const *words);

/* How many times `what` stands in the text. */
size_t occurrences(const char *text, const char *what);

/* Fails the running test unless `write` turns each row's first text into its second. */
void check_texts(size_t n, const char *const row[][2], void (*write)(const char *given, Buf *out));

#endif
