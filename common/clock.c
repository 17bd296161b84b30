#include "common/clock.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

static struct timespec now(clockid_t id)
{
    struct timespec t = {0};
    (void)clock_gettime(id, &t); /* cannot fail for these two clocks */
    return t;
}

MonoNs clock_mono_ns(void)
{
    struct timespec t = now(CLOCK_MONOTONIC);
    return (MonoNs)t.tv_sec * NS_PER_S + t.tv_nsec;
}

UnixMs clock_unix_ms(void)
{
    struct timespec t = now(CLOCK_REALTIME);
    return (UnixMs)t.tv_sec * MS_PER_S + t.tv_nsec / NS_PER_MS;
}

const char *clock_iso8601(UnixMs t, char out[CLOCK_TEXT_BYTES])
{
    time_t s = (time_t)(t / MS_PER_S);
    struct tm tm = {0};
    (void)gmtime_r(&s, &tm);
    char date[24];
    (void)strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(out, CLOCK_TEXT_BYTES, "%s.%03dZ", date, (int)(t % MS_PER_S));
    return out;
}

const char *clock_duration(double seconds, char out[CLOCK_TEXT_BYTES])
{
    if (!isfinite(seconds) || seconds < 0.0 || seconds > 1e15) {
        (void)snprintf(out, CLOCK_TEXT_BYTES, "-");
        return out;
    }
    int64_t s = llround(seconds);
    if (s < 60) {
        (void)snprintf(out, CLOCK_TEXT_BYTES, "%lld s", (long long)s);
    } else if (s < 3600) {
        (void)snprintf(out, CLOCK_TEXT_BYTES, "%lld min %02lld s", (long long)(s / 60),
                       (long long)(s % 60));
    } else if (s < 86400) {
        (void)snprintf(out, CLOCK_TEXT_BYTES, "%lld h %02lld min", (long long)(s / 3600),
                       (long long)(s / 60 % 60));
    } else {
        (void)snprintf(out, CLOCK_TEXT_BYTES, "%lld d %02lld h", (long long)(s / 86400),
                       (long long)(s / 3600 % 24));
    }
    return out;
}
