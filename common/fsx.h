/* fsx.h -- files that are whole or absent.
 *
 * Everything another process may read is written by fsx_replace(): temporary
 * file beside the target, write, fsync, rename, fsync of the folder.  A reader
 * therefore sees the old bytes or the new ones, never a mixture, also after a
 * crash of the machine.
 */
#ifndef COMMON_FSX_H
#define COMMON_FSX_H

#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/span.h"

enum { FSX_PATH_BYTES = 4096 };

/* a "/" b into out; ERR_INVALID if it does not fit. */
ErrCode fsx_join(char out[FSX_PATH_BYTES], const char *a, const char *b, Err *err);

/* printf into a path buffer; ERR_INVALID if it does not fit. */
ErrCode fsx_path(char out[FSX_PATH_BYTES], Err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* mkdir -p, mode 0777 less the umask.  Existing folders are fine. */
ErrCode fsx_mkdirs(const char *path, Err *err);

/* Replaces `path` with the n bytes, atomically and durably.  ERR_IO. */
ErrCode fsx_replace(const char *path, const void *bytes, size_t n, Err *err);

/* The same without the two syncs: whole or absent for every reader and after any kill, but after
 * a loss of power perhaps the old content.  For notes that can be made again from what is
 * durable.  ERR_IO. */
ErrCode fsx_note(const char *path, const void *bytes, size_t n, Err *err);

/* The same as fsx_replace(), but when the bytes are on disk beside `path` and only the rename is
 * left to do, `gate` is asked.  Its error is returned, and nothing has happened. */
typedef ErrCode (*FsxGate)(void *ctx, Err *err);
ErrCode fsx_replace_gated(const char *path, const void *bytes, size_t n, FsxGate gate, void *ctx,
                          Err *err);

/* The same as fsx_replace() for a content that lies in n pieces, written one after the other. */
ErrCode fsx_replace_spans(const char *path, const Span *piece, size_t n, Err *err);

/* Whole file into *ret (appended).  ERR_NOTFOUND if it does not exist;
 * ERR_INVALID if larger than max_bytes; ERR_IO otherwise. */
ErrCode fsx_read(const char *path, size_t max_bytes, Buf *ret, Err *err);

/* Gives a file to `sink` block by block, in order; a sink's error ends it and is returned.
 * A sink may not read files by this call or fsx_read() itself.
 * ERR_NOTFOUND, ERR_IO, the sink's. */
typedef ErrCode (*FsxSink)(void *ctx, const void *bytes, size_t n, Err *err);
ErrCode fsx_each_block(const char *path, FsxSink sink, void *ctx, Err *err);

/* write(2) until all is written. */
ErrCode fsx_write_all(int fd, const void *bytes, size_t n, const char *name, Err *err);

/* fsync of the folder itself, after a rename or a creation in it. */
ErrCode fsx_sync_dir(const char *path, Err *err);
/* The same of the folder that path is in. */
ErrCode fsx_sync_parent(const char *path, Err *err);

/* fsync of a file that was written without it; one that does not exist is fine.  ERR_IO. */
ErrCode fsx_sync_file(const char *path, Err *err);

/* Records ERR_NOTFOUND, "NAME: no such file", for a `path` that is not there and that the user knows
 * as `name`; the hint is a file of similar name or kind beside it, or the folder that is not there
 * either.  Reads that folder, so it is for what a user has typed. */
ErrCode fsx_no_such(const char *path, const char *name, Err *err);

/* Names of the entries of a folder but those that begin with a dot, sorted, in the arena; none when it
 * does not exist.  ERR_IO, ERR_NOMEM. */
ErrCode fsx_list(const char *dir, Arena *a, const char ***ret, size_t *ret_n, Err *err);

bool fsx_exists(const char *path);
bool fsx_is_dir(const char *path);

/* rm -rf; a missing path is fine. */
ErrCode fsx_remove_tree(const char *path, Err *err);

#endif
