/* debian.h -- files of Debian packages, without installing them.
 *
 * `apt-get download` and `dpkg-deb -x`, so no root, no maintainer script and no trigger.
 * Downloads are kept in $XDG_CACHE_HOME/slaw/packages (~/.cache/slaw/packages) for the
 * next study; without a home to write to they live in the corpus folder while it is made.
 */
#ifndef TRAINER_DATA_DEBIAN_H
#define TRAINER_DATA_DEBIAN_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/fsx.h"
#include "common/hash.h"
#include "trainer/data/corpus.h"

enum { DEBIAN_VERSION_BYTES = 128 };

typedef struct DebianPackage {
    const char *name;                   /* set by the caller */
    char version[DEBIAN_VERSION_BYTES]; /* "1:1.99.1-7.3" */
    char file[256];                     /* name of the .deb */
    char sha256[SHA256_HEX_BYTES];      /* of the .deb */
    int64_t n_bytes;                    /* of the .deb */
    char root[FSX_PATH_BYTES];          /* its files, as if installed below this folder */
} DebianPackage;

typedef struct DebianCache {
    char dir[FSX_PATH_BYTES]; /* holds the .deb files */
    int lock_fd;
    bool is_private; /* below the corpus folder: removed at the end */
} DebianCache;

/* Opens the cache and takes its lock, waiting for another process.  ERR_IO. */
ErrCode debian_cache_open(const char *corpus_dir, DebianCache *ret, Err *err);

/* Gets the n packages that the cache lacks, unpacks all, and fills their fields.  ERR_UNAVAILABLE:
 * no apt-get or dpkg-deb, no such package, no network; ERR_FORMAT: a damaged .deb; ERR_IO. */
ErrCode debian_fetch(DebianCache *c, DebianPackage *packages, size_t n, CorpusProgress progress,
                     void *ctx, Err *err);

/* Removes what was unpacked and gives the lock back.  Takes a cache that was not opened. */
void debian_cache_close(DebianCache *c);

#define DEBIAN_CACHE_INIT ((DebianCache){.lock_fd = -1})

#endif
