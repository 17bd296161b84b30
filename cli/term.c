#include "cli/term.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "answer/render.h"

int term_width(int fd)
{
    struct winsize size;
    /* Read before any thread starts. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *columns = getenv("COLUMNS");
    char *end = NULL;
    long n = columns ? strtol(columns, &end, 10) : 0;
    if (columns && end != columns && *end == '\0' && n >= ANSWER_LEAST_WIDTH && n <= 10000) {
        return (int)n;
    }
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= ANSWER_LEAST_WIDTH) {
        return size.ws_col;
    }
    return ANSWER_PIPE_WIDTH;
}

bool term_has_color(int fd)
{
    /* Read before any thread starts. NOLINTBEGIN(concurrency-mt-unsafe) */
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    /* NOLINTEND(concurrency-mt-unsafe) */
    return isatty(fd) == 1 && !(no_color && no_color[0]) && !(term && strcmp(term, "dumb") == 0);
}
