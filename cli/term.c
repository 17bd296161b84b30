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
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col < ANSWER_LEAST_WIDTH ? ANSWER_LEAST_WIDTH : size.ws_col;
    }
    return ANSWER_PIPE_WIDTH;
}

int term_height(int fd)
{
    struct winsize size;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 1 ? size.ws_row : TERM_HEIGHT;
}

bool term_is_screen(int fd)
{
    /* Read before any thread starts. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *term = getenv("TERM");
    return isatty(fd) == 1 && !(term && strcmp(term, "dumb") == 0);
}

bool term_has_color(int fd)
{
    /* Read before any thread starts. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *no_color = getenv("NO_COLOR");
    return term_is_screen(fd) && !(no_color && no_color[0]);
}
