#include "common/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include "common/clock.h"

static atomic_int max_level = LOG_WARN;

void log_set_level(LogLevel level)
{
    atomic_store(&max_level, (int)level);
}

void log_line(LogLevel level, const char *module, const char *fmt, ...)
{
    static const char *const name[] = {"error", "warn", "info", "debug"};
    if ((int)level > atomic_load(&max_level)) {
        return;
    }
    char when[CLOCK_TEXT_BYTES], text[1024];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    (void)fprintf(stderr, "ts=%s level=%s mod=%s %s\n", clock_iso8601(clock_unix_ms(), when),
                  name[level], module, text);
}
