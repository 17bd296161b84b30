/* term.h -- what standard output and standard error are connected to. */
#ifndef CLI_TERM_H
#define CLI_TERM_H

#include <stdbool.h>

/* Characters a line of the file descriptor: COLUMNS when it is a number of at least 20, else the
 * terminal's (at least ANSWER_LEAST_WIDTH), else ANSWER_PIPE_WIDTH. */
int term_width(int fd);
/* Lines of its window; TERM_HEIGHT when it says none. */
enum { TERM_HEIGHT = 24 };
int term_height(int fd);
/* A terminal whose cursor can be moved: TERM is not "dumb". */
bool term_is_screen(int fd);
/* A terminal that shows colours, and NO_COLOR is not set. */
bool term_has_color(int fd);

#endif
