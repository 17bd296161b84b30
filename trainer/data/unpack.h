/* unpack.h -- three containers that Debian packages keep text in.
 *
 * All of them read untrusted bytes: damage is ERR_FORMAT, never a crash, and no
 * container may grow beyond UNPACK_MAX_BYTES.
 */
#ifndef TRAINER_DATA_UNPACK_H
#define TRAINER_DATA_UNPACK_H

#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"

#define UNPACK_MAX_BYTES ((size_t)256 << 20)

/* gzip, also dictd's .dict.dz (RFC 1952 with an extra field).  ERR_FORMAT, ERR_NOMEM. */
ErrCode unpack_gzip(const char *bytes, size_t n, Buf *ret, Err *err);

/* Called with each text of a container. */
typedef ErrCode (*UnpackText)(void *ctx, const char *text, size_t n, Err *err);

/* An R lazy-load data base (Rdata.rdb): blocks of [uint32 big-endian length][zlib stream], each
 * a serialised object ("X\n", XDR, versions 2 and 3; R Internals, section 1.8).  Every block
 * that is a plain character vector is one text, an element a line; others are passed over. */
ErrCode unpack_rdb(const char *bytes, size_t n, UnpackText text, void *ctx, Err *err);

/* bible.data of the Bible Retrieval System: "EC02" at 0; big-endian uint32 window size at
 * 0x54, number of windows n at 0x58, n + 1 file offsets from 0x5c; each window is an LZW
 * stream of compress(1) without its three header bytes (16 bits, block mode). */
ErrCode unpack_bible(const char *bytes, size_t n, Buf *ret, Err *err);

#endif
