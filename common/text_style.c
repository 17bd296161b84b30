#include "common/text_style.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char *variable(const char *name)
{
    /* read before any thread starts. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *v = getenv(name);
    return v ? v : "";
}

/* COLUMNS as a sensible number, else 0. */
static int columns(void)
{
    enum { LEAST = 20, MOST = 10000 };
    const char *text = variable("COLUMNS");
    char *end;
    long n = strtol(text, &end, 10);
    return end != text && *end == '\0' && n >= LEAST && n <= MOST ? (int)n : 0;
}

TextStyle text_style_of(int fd)
{
    TextStyle s = TEXT_STYLE_PLAIN;
    struct winsize w = {0};
    if (isatty(fd) == 1) {
        s.has_color = !variable("NO_COLOR")[0] && strcmp(variable("TERM"), "dumb") != 0;
        s.width = ioctl(fd, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 ? w.ws_col : s.width;
    }
    s.width = columns() ? columns() : s.width;
    return s;
}
