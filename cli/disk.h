/* disk.h -- the file system where a study lies or will lie. */
#ifndef CLI_DISK_H
#define CLI_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/fsx.h"

typedef struct Disk {
    char dir[FSX_PATH_BYTES]; /* the folder, or the nearest one above it that exists */
    const char *type;         /* "ext4", "nfs", ...; "unknown" */
    bool is_network;
    bool is_memory; /* it does not survive a restart */
    int64_t free_bytes, total_bytes;
} Disk;

/* ERR_IO when not even / can be asked. */
ErrCode disk_of(const char *dir, Disk *ret, Err *err);

typedef struct DiskSpeed {
    double sync_s;      /* of a small write until it is on disk */
    double bytes_per_s; /* of a large one */
} DiskSpeed;

/* Writes a few MB to a file without a name in d->dir, which is gone afterwards; some tenths of a
 * second.  False where that cannot be done. */
bool disk_speed(const Disk *d, DiskSpeed *ret);

#endif
