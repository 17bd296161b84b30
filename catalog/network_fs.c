#include "catalog/network_fs.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

/* What statfs(2) gives as f_type.
 * Sources: [m] include/uapi/linux/magic.h of Linux 6; [s] fs/smb/common/smb2pdu.h; [c] the table
 * of GNU coreutils 9, src/stat.c human_fstype(), entries that it calls "remote", which lists the
 * file systems that are not in Linux itself. */
static const struct {
    uint32_t type;
    const char *name;
} network[] = {
    {0x00006969, "NFS"},         /* [m] NFS_SUPER_MAGIC */
    {0x0000517b, "SMB"},         /* [m] SMB_SUPER_MAGIC */
    {0xff534d42, "CIFS"},        /* [m] CIFS_SUPER_MAGIC */
    {0xfe534d42, "SMB"},         /* [m][s] SMB2_SUPER_MAGIC */
    {0x0bd00bd0, "Lustre"},      /* [c] */
    {0x47504653, "GPFS"},        /* [c] "GPFS" */
    {0x19830326, "BeeGFS"},      /* [c] fhgfs */
    {0x00c36400, "Ceph"},        /* [m] CEPH_SUPER_MAGIC */
    {0x5346414f, "AFS"},         /* [m] AFS_SUPER_MAGIC */
    {0x6b414653, "AFS"},         /* [m] AFS_FS_MAGIC, "kAFS" */
    {0x73757245, "Coda"},        /* [m] CODA_SUPER_MAGIC */
    {0x01021997, "9p"},          /* [m] V9FS_MAGIC */
    {0x0000564c, "NCP"},         /* [m] NCP_SUPER_MAGIC */
    {0xaad7aaea, "PanFS"},       /* [c] panfs */
    {0x20030528, "OrangeFS"},    /* [c] pvfs2 */
    {0x7461636f, "OCFS2"},       /* [m] OCFS2_SUPER_MAGIC: one disk, several machines */
    {0x01161970, "GFS2"},        /* [c] gfs/gfs2: likewise */
    {0x61636673, "ACFS"},        /* [c] acfs */
    {0x013111a8, "IBRIX"},       /* [c] ibrix */
    {0xbeefdead, "StorNext"},    /* [c] snfs */
    {0xbacbacbc, "VMware HGFS"}, /* [c] vmhgfs */
    {0x786f4256, "VirtualBox"},  /* [c] vboxsf */
};

enum { FUSE = 0x65735546 }; /* [m] FUSE_SUPER_MAGIC; also of fuseblk and virtiofs */

/* FUSE stands for sshfs and GlusterFS as well as for ntfs-3g on a disk of ours: the latter
 * is of type "fuseblk" in /proc/self/mountinfo ("... 8:17 / /mnt ... - fuseblk /dev/sdb1 ..."). */
static bool is_block_device(const char *dir)
{
    char line[4096], want[48];
    struct stat st;
    FILE *f = stat(dir, &st) == 0 ? fopen("/proc/self/mountinfo", "re") : NULL;
    bool is_block = false;
    if (!f) {
        return false;
    }
    (void)snprintf(want, sizeof want, " %u:%u ", major(st.st_dev), minor(st.st_dev));
    while (!is_block && fgets(line, sizeof line, f)) {
        const char *type = strstr(line, " - ");
        is_block = strstr(line, want) && type && strncmp(type, " - fuseblk ", 11) == 0;
    }
    (void)fclose(f);
    return is_block;
}

const char *network_fs_name(const char *dir)
{
    struct statfs fs;
    if (statfs(dir, &fs) != 0) {
        return NULL;
    }
    uint32_t type = (uint32_t)fs.f_type; /* sign-extended on some machines */
    if (type == FUSE) {
        return is_block_device(dir) ? NULL : "FUSE";
    }
    for (size_t i = 0; i < sizeof network / sizeof network[0]; i++) {
        if (network[i].type == type) {
            return network[i].name;
        }
    }
    return NULL;
}
