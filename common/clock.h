/* clock.h -- two clocks, two types, so that they cannot be mixed.
 *
 * MonoNs measures intervals and never jumps; UnixMs is what is stored and
 * printed (UTC).  Nothing in the results depends on either.
 */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stddef.h>
#include <stdint.h>

typedef int64_t MonoNs; /* CLOCK_MONOTONIC [ns] */
typedef int64_t UnixMs; /* milliseconds since 1970-01-01 UTC */

enum { NS_PER_MS = 1000000, MS_PER_S = 1000, CLOCK_TEXT_BYTES = 32 };
#define NS_PER_S INT64_C(1000000000)

MonoNs clock_mono_ns(void);
UnixMs clock_unix_ms(void);

/* "2026-05-04T03:02:01.123Z" into out [CLOCK_TEXT_BYTES]; returns out. */
const char *clock_iso8601(UnixMs t, char out[CLOCK_TEXT_BYTES]);

/* "8 s", "3 min 05 s", "1 h 12 min", "4 d 06 h" into out; returns out.  NaN or negative: "-". */
const char *clock_duration(double seconds, char out[CLOCK_TEXT_BYTES]);

#endif
