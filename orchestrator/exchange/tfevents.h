/* tfevents.h -- scalars as TensorBoard reads them: one folder a run with one event file.
 *
 * An event file is a sequence of TFRecords (little endian):
 *
 *   uint64 n | uint32 masked CRC32C of those 8 bytes | n bytes | uint32 masked CRC32C of them
 *   masked(c) = (c >> 15 | c << 17) + 0xa282ead8
 *
 * each holding a protobuf Event: 1 wall_time (double) [s since 1970], 2 step (int64), 3 file_version
 * (string, "brain.Event:2", in the first), 5 summary: 1 value: 1 tag (string), 2 simple_value
 * (float).  Formats: tensorflow/core/util/event.proto, framework/summary.proto, and
 * lib/io/record_writer.h; CRC32C: RFC 3720, appendix B.4.
 *
 * Tags: train/loss, train/grad_norm, train/lr, train/tokens_per_s, train/tokens by step of the run;
 * and of every task <task>/loss and <task>/bits_per_byte.  A metric has no clock of its own: its
 * wall_time is the start of its attempt plus the tokens since then over the tokens per second that
 * were reported.
 */
#ifndef ORCHESTRATOR_EXCHANGE_TFEVENTS_H
#define ORCHESTRATOR_EXCHANGE_TFEVENTS_H

#include <stdint.h>

#include "catalog/catalog.h"
#include "common/buf.h"

/* CRC32C (Castagnoli) of n bytes. */
uint32_t crc32c(const void *bytes, size_t n);

/* Appends one record with an event. */
void tfevents_scalar(Buf *out, double wall_time, int64_t step, const char *tag, float value);
void tfevents_version(Buf *out, double wall_time);

typedef struct TfTotals {
    int64_t runs, scalars;
} TfTotals;

/* Writes <dir>/<run's name>-<hash12>/events.out.tfevents.<seconds>.slaw for every run with a metric or
 * an evaluation; a file of an earlier export is replaced whole.  ERR_IO, ERR_DB, ERR_NOMEM. */
ErrCode tfevents_export(Catalog *c, const char *dir, TfTotals *ret, Err *err);

#endif
