/* check_page.h -- what every answer promises of the page it is printed on. */
#ifndef TESTS_SUPPORT_CHECK_PAGE_H
#define TESTS_SUPPORT_CHECK_PAGE_H

#include <stddef.h>

/* Fails the running test when a line has more than `width` characters. */
void check_fits(const char *text, size_t width);
/* Fails it when LaTeX would stop: ^ or _ outside of mathematics, or a dollar that is not closed in its
 * line; comments aside. */
void check_latex(const char *text);

#endif
