#include "cli/disk.h"

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
    const char *name;
    uint32_t magic;
    bool is_network, is_memory;
} type_table[] = {
    {"ext4", EXT4_SUPER_MAGIC, false, false},
    {"xfs", 0x58465342U, false, false},
    {"btrfs", BTRFS_SUPER_MAGIC, false, false},
    {"zfs", 0x2fc12fc1U, false, false},
    {"overlay", OVERLAYFS_SUPER_MAGIC, false, false},
    {"tmpfs", TMPFS_MAGIC, false, true},
    {"ramfs", RAMFS_MAGIC, false, true},
    {"nfs", NFS_SUPER_MAGIC, true, false},
    {"smb", SMB_SUPER_MAGIC, true, false},
    {"cifs", 0xff534d42U, true, false},
    {"lustre", 0x0bd00bd0U, true, false},
    {"gpfs", 0x47504653U, true, false},
    {"beegfs", 0x19830326U, true, false},
    {"panfs", 0xaad7aaeaU, true, false},
    {"ceph", 0x00c36400U, true, false},
    {"afs", AFS_SUPER_MAGIC, true, false},
    {"9p", V9FS_MAGIC, true, false},
    {"fuse", FUSE_SUPER_MAGIC, false, false},
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
