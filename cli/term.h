/* term.h -- what standard output and standard error are connected to. */
#ifndef CLI_TERM_H
#define CLI_TERM_H

#include <stdbool.h>

/* Characters a line of the file descriptor: COLUMNS when it is a number of at least 20, else the
 * terminal's, else ANSWER_PIPE_WIDTH. */
int term_width(int fd);
/* A terminal that shows colours, and NO_COLOR is not set. */
bool term_has_color(int fd);

#endif
