/* wire.h -- the worker protocol: what slaw-worker tells the scheduler.
 *
 * One JSON object a line, at most WIRE_LINE_BYTES, ending in '\n':
 *
 *   {"v":1,"seq":4,"run":"<12 hex>","attempt":0,"t":1763900000123,
 *    "event":"checkpoint","step":1220, ... ,"sum":"89abcdef01234567"}
 *
 * The same bytes go to the attempt's events.jsonl (one write(2) a line, the
 * source of truth) and to the inherited socket (for latency; losing it loses
 * nothing).  `seq` counts from 0 in an attempt.  `sum` is the XXH3-64 of all
 * bytes before its own `,"sum"`, so a torn or damaged line is recognised.
 * `t` is UTC milliseconds.  Losses that are NaN or infinite are the strings
 * "nan", "inf", "-inf" (json_real_or_name).  Events and their members:
 *
 *   hello       version, pid, host, isa, parameters, resumed_step, threads, cores
 *   share       threads, cores: as in hello, when they have changed
 *   step        step, tokens, loss [nats/token], grad_norm, lr, tokens_per_s
 *   evaluation  step, tokens, task, loss [nats/token], bits_per_byte, items
 *   checkpoint  step, tokens, path (relative to the run folder), bytes,
 *               digest (XXH3-128 of manifest.json), train_loss
 *   bye         status: "done" | "interrupted" | "diverged" | "failed", step, reason,
 *               peak_rss_bytes (most memory it had resident)
 *
 * threads are those at work; cores is "0,2-3", where alone they run, or null.
 *
 * The other way goes one kind of line, a wish of the scheduler:
 *
 *   {"v":1,"command":"threads","n":2,"cores":"0-1"}
 *
 * Between two steps the worker goes over to n threads (at most as many as it was started for)
 * on these cores ("cores" may be absent: where it is).  No result depends on it, so a line
 * that is lost loses nothing but speed.
 *
 * A reader skips members, events and commands that it does not know.
 */
#ifndef COMMON_WIRE_H
#define COMMON_WIRE_H

#include <jansson.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/err.h"

enum { WIRE_VERSION = 1, WIRE_LINE_BYTES = 8192 };

#define WIRE_COMMAND_THREADS "threads"

/* Environment by which a launcher tells a worker about its attempt. */
#define WIRE_ENV_SOCKET  "SLAW_SOCKET_FD" /* decimal descriptor; absent: files only */
#define WIRE_ENV_ATTEMPT "SLAW_ATTEMPT"   /* decimal attempt number */

typedef struct WireHead {
    int64_t seq;
    const char *run;
    int64_t attempt;
    UnixMs t;
} WireHead;

/* Appends the finished line to out.  Steals `body`, an object with "event" and its
 * members.  ERR_INVALID if the line would be too long; ERR_NOMEM. */
ErrCode wire_format(WireHead head, json_t *body, Buf *out, Err *err);

/* Parses one line without its '\n' and checks sum and version.  ERR_FORMAT with
 * the reason.  The caller owns *ret. */
ErrCode wire_parse(const char *line, size_t n, json_t **ret, Err *err);

#endif
