#include "orchestrator/cli/disk.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/clock.h"

/* What statfs(2) calls a file system; the ones with a number are not in linux/magic.h everywhere. */
static const struct {
    uint32_t magic;
    const char *name;
    bool is_network, is_memory;
} type_table[] = {
    {EXT4_SUPER_MAGIC, "ext4", false, false},
    {0x58465342U, "xfs", false, false},
    {BTRFS_SUPER_MAGIC, "btrfs", false, false},
    {0x2fc12fc1U, "zfs", false, false},
    {OVERLAYFS_SUPER_MAGIC, "overlay", false, false},
    {TMPFS_MAGIC, "tmpfs", false, true},
    {RAMFS_MAGIC, "ramfs", false, true},
    {NFS_SUPER_MAGIC, "nfs", true, false},
    {SMB_SUPER_MAGIC, "smb", true, false},
    {0xff534d42U, "cifs", true, false},
    {0x0bd00bd0U, "lustre", true, false},
    {0x47504653U, "gpfs", true, false},
    {0x19830326U, "beegfs", true, false},
    {0xaad7aaeaU, "panfs", true, false},
    {0x00c36400U, "ceph", true, false},
    {AFS_SUPER_MAGIC, "afs", true, false},
    {V9FS_MAGIC, "9p", true, false},
    {FUSE_SUPER_MAGIC, "fuse", false, false},
};

ErrCode disk_of(const char *dir, Disk *ret, Err *err)
{
    Disk d = {.type = "unknown"};
    ErrCode rc = fsx_path(d.dir, err, "%s", dir);
    if (rc != ERR_OK) {
        return rc;
    }
    while (!fsx_is_dir(d.dir)) {
        char *slash = strrchr(d.dir, '/');
        if (!slash) {
            (void)strcpy(d.dir, "."); /* NOLINT: FSX_PATH_BYTES are there */
            break;
        }
        slash[slash == d.dir] = '\0'; /* "/" stays "/" */
    }
    struct statfs s;
    if (statfs(d.dir, &s) != 0) {
        return err_sys(err, "%s", d.dir);
    }
    d.free_bytes = (int64_t)s.f_bavail * (int64_t)s.f_bsize;
    d.total_bytes = (int64_t)s.f_blocks * (int64_t)s.f_bsize;
    for (size_t i = 0; i < sizeof type_table / sizeof type_table[0]; i++) {
        if (type_table[i].magic == (uint32_t)s.f_type) {
            d.type = type_table[i].name;
            d.is_network = type_table[i].is_network;
            d.is_memory = type_table[i].is_memory;
        }
    }
    *ret = d;
    return ERR_OK;
}

/* Time to write n bytes and to have them on disk [s]; NaN when that failed. */
static double time_write(int fd, const char *bytes, size_t n)
{
    Err ignored = ERR_INIT;
    MonoNs start = clock_mono_ns();
    bool is_good = fsx_write_all(fd, bytes, n, "a probe", &ignored) == ERR_OK && fsync(fd) == 0;
    return is_good ? (double)(clock_mono_ns() - start) / (double)NS_PER_S : (double)NAN;
}

bool disk_speed(const Disk *d, DiskSpeed *ret)
{
    enum { SMALL = 4096, LARGE = 4 << 20, SMALL_WRITES = 5 };
    int fd = open(d->dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0) {
        return false;
    }
    char *bytes = calloc(1, LARGE);
    double small = 0.0, large = (double)NAN;
    if (bytes) {
        for (int i = 0; i < SMALL_WRITES; i++) {
            small += time_write(fd, bytes, SMALL) / SMALL_WRITES;
        }
        large = time_write(fd, bytes, LARGE);
    }
    free(bytes);
    (void)close(fd);
    *ret = (DiskSpeed){.sync_s = small, .bytes_per_s = LARGE / large};
    return isfinite(small) && isfinite(large) && large > 0.0;
}
